#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run every test for a kernel: check.py KERNEL

Each step prints TAP or the lines of Python's unittest; they are shown as they
come and counted. The last line is "N passed, N failed". A step that dies, or
whose kernel complained, is a failure of its own.
"""

import re
import subprocess
import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
PYTHON = "/usr/bin/python3"
VM = (PYTHON, "tests/vm/vm.py")
LINUX = "/usr/src/memtel-linux"
# Attaches and detaches all the time: in a VM for itself, see vm.py.
STRESS = "test_stress.py"
# Locks are contended where there are more than two CPUs; so faults go there.
LOCKS = ("test_zonelock.py", "test_faults.py")
# String instructions as loops, so that they count as what they do.
ICOUNT_CPU = "max,hypervisor=off,erms=off,fsrm=off"


def steps(kernel):
    """(name, command) of each step."""
    build = TOP / "build" / kernel
    env = (*VM, "build-env", kernel, "--")
    guest = ("--env", f"MEMTEL_BUILD={build}")
    tests = sorted(path.name for path in
                   (TOP / "tests/kselftest").glob("test_*.py")
                   if path.name not in (STRESS, *LOCKS))
    return (
        ("the VM's own tests",
         (PYTHON, "-m", "unittest", "-v", "test_scan")),
        ("static checks", (*env, PYTHON, "tests/static.py", LINUX,
                           str(build))),
        ("unit tests of userspace",
         (*env, "make", "-C", "tests/unit", f"O={build}/unit",
          f"USERSPACE={build}/userspace", "check")),
        ("tests in a VM",
         (*VM, "boot", kernel, "--timeout", "2400", *guest,
          "--out", str(build / "vm"), "--", PYTHON,
          "tests/kselftest/run.py", *tests)),
        ("tests in a VM of four CPUs",
         (*VM, "boot", kernel, "--timeout", "900", *guest, "--cpus", "4",
          "--out", str(build / "locks"), "--", PYTHON,
          "tests/kselftest/run.py", *LOCKS)),
        ("tests in a VM, coming and going",
         (*VM, "boot", kernel, "--timeout", "2400", *guest, "--one-thread",
          "--out", str(build / "stress"), "--", PYTHON,
          "tests/kselftest/run.py", STRESS)),
        ("costs, by instructions counted",
         (*VM, "boot", kernel, "--icount", "--cpu", ICOUNT_CPU, "--timeout",
          "600", *guest, "--out", str(build / "icount"), "--", PYTHON,
          "tests/bench/bench.py", "--gate")),
        ("packages, from source to purge",
         (PYTHON, "tests/packages/run.py", kernel)),
    )


class Count:
    """Counts results in what goes by."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def line(self, text):
        """One line of a step's output."""
        if re.match(r"ok \d+ .*# SKIP", text):
            self.skipped += 1
        elif re.match(r"ok \d+\b", text) or text.endswith(" ... ok"):
            self.passed += 1
        elif (re.match(r"not ok \d+\b", text)
              or re.search(r" \.\.\. (FAIL|ERROR)$", text)):
            self.failed += 1

    def total(self):
        """Results so far."""
        return self.passed + self.failed + self.skipped


def run(name, command, count):
    """Run a step; what it shows is counted, and so is its end."""
    print(f"=== {name}", flush=True)
    start, before, failed = time.monotonic(), count.total(), count.failed
    cwd = TOP / "tests/vm" if "unittest" in command else TOP
    with subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True,
                          errors="replace") as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            count.line(line.rstrip())
    if process.returncode and count.failed == failed:
        print(f"not ok - {name}: exit {process.returncode}")
        count.failed += 1
    if count.total() == before:
        print(f"not ok - {name}: no test ran")
        count.failed += 1
    print(f"=== {name}: {time.monotonic() - start:.0f} s", flush=True)


def main():
    """Run all steps."""
    if len(sys.argv) != 2:
        sys.exit(__doc__.splitlines()[0])
    count = Count()
    for name, command in steps(sys.argv[1]):
        run(name, command, count)
    print(f"{count.passed} passed, {count.failed} failed"
          + (f", {count.skipped} skipped" if count.skipped else ""))
    return 1 if count.failed else 0


if __name__ == "__main__":
    sys.exit(main())
