#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run every test: check.py [KERNEL|all]

With a kernel, a row of tests/vm/kernels.py, all that there is for it; with
"all" that for each. With neither all of the first, and of Debian's others what
tells soonest whether memtel works there; what is left out is named.

Each step prints TAP or the lines of Python's unittest, which are counted; as
many run at a time as there are CPUs, and each is shown when it has ended. The
last line is "N passed, N failed". A step that dies, or whose kernel complained,
is a failure of its own.
"""

import os
import re
import subprocess
import sys
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP / "tests/vm"))

# pylint: disable=wrong-import-position
from kernels import KERNELS, VmError, find_kernel  # noqa: E402
from shapes import CORE as SHAPES_CORE, FAULTS, SHAPES  # noqa: E402

PYTHON = "/usr/bin/python3"
VM = (PYTHON, "tests/vm/vm.py")
LINUX = "/usr/src/memtel-linux"
# What is timed comes out the same whatever else the host does: 4 ns for an
# instruction is about what emulation takes.
COUNTED = ("--icount", "2")
# Take long: in a VM for themselves.
STRESS, CHURN = "test_stress.py", "test_churn.py"
# Locks are contended where CPUs run in parallel, and more than two of them.
LOCKS = "test_zonelock.py"
# Has its CPUs taken away, by the host's clock.
STEAL = "test_steal.py"
# In Python, and not long: comes with those in C.
CLI = "test_cli.py"
# Twenty minutes of the guest's time, at 16 ns for an instruction.
SOAK = "test_soak.py"
LONG = ("--icount", "4", "--env", "MEMTEL_SOAK_SECONDS=1200")
# A million hostile messages; and so long each of libFuzzer's targets.
MESSAGES = ("--env", "MEMTEL_FUZZ_MESSAGES=1000000")
LOADS = ("--env", "MEMTEL_LOADS=10000")
FUZZ_SECONDS = 600
# Only this kernel has what these take.
DEBUG = "6.1-debug"
KUNIT = "test_kunit.py"
# Asks for memory that is not there; what the kernel says of that is no complaint.
INJECTION = "test_injection.py"
ALLOWED = ("--allow", "vmalloc error|percpu: allocation failed|"
           "page allocation failure")
MISTAKES = (KUNIT, INJECTION)
# Looks for data races, where CPUs run in parallel.
RACES = "6.1-kcsan"
FIRST = KERNELS[0].name
DEBIAN_KERNELS = [kernel for kernel in KERNELS if kernel.is_debian()]
# What depends most on the kernel.
CORE = ("test_family.py", "test_counts.py", "test_occupancy.py",
        "test_reclaim.py", "test_shrinker.py", "test_zonelock.py")
# So many lines of what was said of a failure are said again at the end.
SAID = 3
# What has CPUs at the same things: most of it comes by the load.
RACING = (STRESS, f"{CHURN}:cpus", f"{CHURN}:caches", "test_family.py",
          "test_counts.py", "test_sites.py")


@dataclass
class Step:
    """@is_one: it is a test itself, by its exit status."""

    name: str
    command: tuple
    is_one: bool = False


def build(kernel):
    """Where what is for a kernel is built."""
    return TOP / "build" / kernel


def in_env(kernel, *command):
    """A command in a kernel's root filesystem."""
    return (*VM, "build-env", kernel, "--", *command)


def in_vm(kernel, out, timeout_s, options, *command):
    """A command in a VM; what looks for mistakes takes its time."""
    times = 1 if find_kernel(kernel).is_debian() else 3
    return (*VM, "boot", kernel, "--timeout", str(timeout_s * times), "--env",
            f"MEMTEL_BUILD={build(kernel)}", *options,
            "--out", str(build(kernel) / out), "--", *command)


def kselftests(kernel, name, out, timeout_s, options, files):
    """Tests where the module is loaded."""
    return Step(f"{kernel}: {name}",
                in_vm(kernel, out, timeout_s, options, PYTHON,
                      "tests/kselftest/run.py", *files))


def collection(kernel, name, out, timeout_s, files):
    """The netlink contract in C and files in Python, as kselftest runs its
    collections."""
    return Step(f"{kernel}: {name}",
                in_vm(kernel, out, timeout_s, COUNTED, "make", "-s",
                      "-C", "tests/kselftest",
                      f"OUTPUT={build(kernel)}/kselftest",
                      f"TEST_PROGS={' '.join(files)}", "run_tests"))


def made(kernel):
    """All that the others need."""
    return Step(f"{kernel}: all is built",
                ("make", f"KERNEL={kernel}", "env"), True)


def others(excluded):
    """Files of tests but these."""
    return sorted(path.name for path in
                  (TOP / "tests/kselftest").glob("test_*.py")
                  if path.name not in excluded)


def shapes(kernel, is_usual):
    """A chain for each shape of host that is usual, or is not."""
    return [[kselftests(kernel, f"{shape.what}, in a VM",
                        f"shape-{shape.name}", shape.timeout_s,
                        (*COUNTED, *shape.boot_options()), shape.tests)]
            for shape in SHAPES if shape.is_usual == is_usual]


def analysis(*args):
    """A command in the tree of tools."""
    return in_env("analysis", *args)


def fuzzing(how):
    """libFuzzer on what userspace reads."""
    return Step("fuzzing of what userspace reads", analysis(
        "make", "-s", "-C", "tests/fuzz", f"O={build('analysis')}/fuzz", how,
        "check"))


def analyses(*names):
    """What tools find, all of them without a name."""
    return Step("analysis of " + (", ".join(names) or "all by tools"),
                analysis(PYTHON, "tests/analysis.py",
                         str(build("analysis")), *names))


def long_runs(kernel):
    """What make check has no time for: the shapes of host that are not usual; of
    the first kernel long runs, and hostile messages of the one that finds most
    mistakes, too."""
    messages = kselftests(kernel, "a million hostile messages in a VM", "fuzz",
                          3600, (*COUNTED, *MESSAGES), ("test_fuzz.py",))
    if kernel == RACES:
        return []
    rare = shapes(kernel, False)
    if kernel != FIRST:
        return [*rare, [messages]] if kernel == DEBUG else rare
    return [
        *rare,
        [kselftests(FIRST, "ten thousand loads in a VM", "loads", 3 * 3600,
                    (*COUNTED, *LOADS), (f"{STRESS}:load_and",))],
        [messages, kselftests(FIRST, "a long run in a VM", "soak", 3600, LONG,
                              (SOAK,))],
        [fuzzing(f"SECONDS_EACH={FUZZ_SECONDS}")],
        [analyses()]]


def alone(kernel):
    """What comes before all others of a kernel, with the machine for itself."""
    return [made(kernel),
            kselftests(kernel, "tests in a VM of CPUs in parallel", "locks", 300,
                       ("--cpus", "4"), (LOCKS,))]


def core(kernel):
    """What tells soonest whether memtel works, as one chain."""
    return [made(kernel),
            collection(kernel, "core tests in a VM", "core", 2400, CORE)]


def packages(*kernels):
    """What a distribution's users meet, as one chain: of one suite."""
    return [Step(f"{', '.join(kernels)}: packages, from source to purge",
                 (PYTHON, "tests/packages/run.py", *kernels))]


def suites():
    """The kernels of each suite, which has the same packages for all."""
    rows = {}
    for kernel in DEBIAN_KERNELS:
        rows.setdefault(kernel.suite, []).append(kernel.name)
    return rows.values()


def chains(kernel):
    """All tests of a kernel that is built but its packages', the longest first.

    The steps of a chain run one after another. A kernel that is there to find
    mistakes does that in what runs in the kernel.
    """
    if kernel == RACES:
        return [[kselftests(kernel, "data races, in a VM of CPUs in parallel",
                            "races", 3600, (), RACING)]]
    native = [Step(
        f"{kernel}: unit tests of userspace",
        in_env(kernel, "make", "-C", "tests/unit", f"O={build(kernel)}/unit",
               f"USERSPACE={build(kernel)}/userspace", "check"))]
    if kernel == FIRST:
        native += [
            Step("the VM's own tests",
                 (PYTHON, "-m", "unittest", "-v", "test_scan",
                  "test_shapes", "test_steal")),
            Step("static checks",
                 in_env(kernel, PYTHON, "tests/static.py", LINUX,
                        str(build(kernel)))),
            Step("costs, by instructions counted",
                 in_vm(kernel, "icount", 600,
                       ("--icount", "0", "--cpus", "1", "--nodes", "1"),
                       PYTHON, "tests/bench/bench.py", "--gate")),
            kselftests(kernel, "costs, in a VM whose CPUs are stolen", "steal",
                       300, ("--steal",), (STEAL,)),
            fuzzing("RUNS=20000"), analyses("cppcheck")]
    if kernel == DEBUG:
        native = [kselftests(kernel, "KUnit, and tests without memory",
                             "injection", 1800, (*COUNTED, *ALLOWED),
                             MISTAKES)]
    return [
        [kselftests(kernel, "tests in a VM, coming and going", "stress", 3600,
                    COUNTED, (STRESS, CHURN))],
        [kselftests(kernel, "tests in a VM", "vm", 3600, COUNTED,
                    others((STRESS, CHURN, LOCKS, FAULTS, SOAK, STEAL, CLI,
                            *SHAPES_CORE, *MISTAKES)))],
        native,
        [collection(kernel, "the netlink contract in a VM", "contract", 900,
                    (CLI,))],
        *shapes(kernel, True)]


class Count:
    """Counts results in what goes by, and keeps what failed with what was said of
    it, a text each."""

    def __init__(self):
        self.passed = self.skipped = 0
        self.failures = []
        self.left = 0  # lines that the last one's text may still get

    @property
    def failed(self):
        """How many failed."""
        return len(self.failures)

    def line(self, text):
        """One line of a step's output."""
        if self.left and text.startswith("#"):
            self.left -= 1
            self.failures[-1] += f"\n{text}"
            return
        self.left = 0
        # kselftest's runner has what its programs print behind a #.
        if re.match(r"(# )?ok \d+ .*# SKIP", text):
            self.skipped += 1
        elif re.match(r"(# )?ok \d+\b", text) or text.endswith(" ... ok"):
            self.passed += 1
        elif (re.match(r"(# )?not ok \d+\b", text)
              or re.search(r" \.\.\. (FAIL|ERROR)$", text)):
            self.failures.append(text)
            self.left = SAID

    def total(self):
        """Results so far."""
        return self.passed + self.failed + self.skipped

    def add(self, other):
        """Another's results, too."""
        self.passed += other.passed
        self.skipped += other.skipped
        self.failures += other.failures


class Runner:
    """Runs steps, and has the sum of their results."""

    def __init__(self):
        self.count = Count()
        self.lock = threading.Lock()

    def step(self, step, show):
        """Run a step; what it shows is counted, and so is its end."""
        show(f"=== {step.name}")
        start, count = time.monotonic(), Count()
        last = deque(maxlen=SAID)

        def fail(what):
            show(f"not ok - {step.name}: {what}")
            count.failures.append("\n".join([what, *last]))

        cwd = TOP / "tests/vm" if "unittest" in step.command else TOP
        with subprocess.Popen(step.command, cwd=cwd, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True,
                              errors="replace") as process:
            for line in process.stdout:
                line = line.rstrip()
                show(line)
                last.append(line)
                if not step.is_one:
                    count.line(line)
        if step.is_one and not process.returncode:
            show(f"ok - {step.name}")
            count.passed += 1
        if process.returncode and not count.failed:
            fail(f"exit {process.returncode}")
        if not count.total():
            fail("no test ran")
        show(f"=== {step.name}: {time.monotonic() - start:.0f} s")
        # In the sum, where all are, which step it was.
        count.failures = [f"{step.name}: {text}" for text in count.failures]
        with self.lock:
            self.count.add(count)

    def chain(self, steps):
        """One after another; each is shown when it has ended."""
        for step in steps:
            lines = []
            self.step(step, lines.append)
            with self.lock:
                print("\n".join(lines), flush=True)

    def beside(self, chains_):
        """As many chains at a time as there are CPUs, in their order."""
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(self.chain, chains_))


def check_whole(runner, kernel):
    """All there is for a kernel."""
    runner.chain(alone(kernel))
    made_of = [packages(kernel)] if find_kernel(kernel).is_debian() else []
    runner.beside([*chains(kernel), *made_of, *long_runs(kernel)])


def check_all(runner):
    """All there is for each kernel."""
    for kernel in KERNELS:
        runner.chain(alone(kernel.name))
        runner.beside([*chains(kernel.name), *long_runs(kernel.name)])
    runner.beside(packages(*kernels) for kernels in suites())


def check_usual(runner):
    """The first kernel's, and of the others what tells soonest."""
    runner.chain(alone(FIRST))
    rest = [kernel.name for kernel in DEBIAN_KERNELS if kernel.name != FIRST]
    runner.beside([*chains(FIRST), packages(FIRST), *map(core, rest)])
    left = ", ".join(name[5:-3] for name in others((*CORE, SOAK, STEAL,
                                                    *MISTAKES)))
    rare = ", ".join(shape.name for shape in SHAPES if not shape.is_usual)
    print("# Left to make check-all: long runs (fuzzing, soak), sanitizers, "
          f"coverage; hosts of the shapes {rare}; of {', '.join(rest)}: {left}, "
          "unit tests of userspace, packages")


def main():
    """Run what is asked for."""
    if len(sys.argv) > 2:
        sys.exit(__doc__.splitlines()[0])
    what = sys.argv[1] if len(sys.argv) == 2 else ""
    runner = Runner()
    if not what:
        check_usual(runner)
    elif what == "all":
        check_all(runner)
    else:
        try:
            check_whole(runner, find_kernel(what).name)
        except VmError as error:
            sys.exit(f"check.py: {error}")
    count = runner.count
    for failure in count.failures:
        print("# Failed: " + failure.replace("\n", "\n#   "))
    print(f"{count.passed} passed, {count.failed} failed"
          + (f", {count.skipped} skipped" if count.skipped else ""))
    return 1 if count.failed else 0


if __name__ == "__main__":
    sys.exit(main())
