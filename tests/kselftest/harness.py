# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests in a running kernel share: KTAP, clients, oracles.

Tests run as root in a VM with nothing else to do. The client is the kernel's
own YNL library reading kmod/memtel.yaml, so that nobody here wrote it.
"""

import contextlib
import ctypes
import glob
import importlib.util
import os
import re
import subprocess
import sys
import time
import traceback

import yaml

SRC = os.environ["MEMTEL_SRC"]
BUILD = os.environ["MEMTEL_BUILD"]
MODULE = f"{BUILD}/kmod/memtel.ko"
ORACLE_MODULE = f"{BUILD}/oracle/memtel_oracle.ko"
MEMTEL = f"{BUILD}/userspace/memtel"
LINUX = "/usr/src/memtel-linux"
os.environ["LD_LIBRARY_PATH"] = f"{BUILD}/userspace"

# Each client reads the specification anew: the parser in C takes a tenth of it.
yaml.SafeLoader = yaml.CSafeLoader

sys.path.append(f"{LINUX}/tools/net/ynl")
# pylint: disable=import-error,wrong-import-position
from lib import NlError, YnlFamily  # noqa: E402
from lib import ynl as lib_ynl  # noqa: E402

__all__ = ["NlError", "check", "equal", "wait_for"]


# kselftest's exit status of what was left out.
SKIP = 4

CLIENTS = []


class Failed(Exception):
    """A test's expectation that did not hold."""


class Skipped(Exception):
    """Something that this machine truly cannot do."""


def check(condition, message):
    """Fail the test with a message unless the condition holds."""
    if not condition:
        raise Failed(message)


def equal(got, want, what):
    """Fail the test unless got is exactly what was wanted."""
    check(got == want, f"{what}: got {got!r}, want {want!r}")


def wait_for(condition, seconds, what):
    """Wait until a condition holds, at most so long."""
    end = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < end, f"not within {seconds} s: {what}")
        time.sleep(0.05)


def read(path):
    """A file's text."""
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path, text):
    """Write a text to a file in one go."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def run(*command, **kwargs):
    """Run a command; its output is captured as text."""
    return subprocess.run(command, capture_output=True, text=True,
                          timeout=kwargs.pop("timeout", 120), check=False,
                          **kwargs)


def must(*command, **kwargs):
    """Run a command that must succeed; returns what it printed."""
    done = run(*command, **kwargs)
    check(done.returncode == 0,
          f"{' '.join(command)}: exit {done.returncode}: {done.stderr}")
    return done.stdout


def memtel(*args, status=0, prefix=(), **kwargs):
    """Run memtel, which must exit with the given status."""
    done = run(*prefix, MEMTEL, *args, **kwargs)
    equal(done.returncode, status,
          f"exit of memtel {' '.join(args)} ({done.stderr.strip()})")
    return done


def load(*params):
    """Load memtel, which never sheds a source unless a parameter says so."""
    must("insmod", MODULE, "cost_limit_ppm=0", *params)


def unload():
    """Unload memtel if it is loaded; a dump that is being read holds it."""
    for _ in range(100):
        if not os.path.exists("/sys/module/memtel"):
            return
        done = run("rmmod", "memtel")
        if "in use" not in done.stderr:
            break
        time.sleep(0.05)
    equal(done.returncode, 0, f"exit of rmmod ({done.stderr.strip()})")


def client():
    """A new socket to the family, by the kernel's own library."""
    # The library looks families up once; a module loaded anew has a new id.
    lib_ynl.genl_family_name_to_id = None
    # An empty schema: the specification is checked when it is generated from.
    ynl = YnlFamily(f"{SRC}/kmod/memtel.yaml", "")
    CLIENTS.append(ynl)
    return ynl


def oracle(command):
    """Have the oracle module do something; see memtel_oracle.c."""
    try:
        write("/sys/kernel/debug/memtel_oracle/run", command)
    except OSError as error:
        raise Failed(f"oracle: {command}: {error}") from error


def our_probes():
    """Tracepoints that have a probe of memtel's now, as the kernel has it, and
    functions whose entry it hooks."""
    lines = read("/sys/kernel/debug/memtel_oracle/probes").splitlines()
    lines += read("/sys/kernel/tracing/enabled_functions").splitlines()
    return sorted(line.split()[0] for line in lines if "[memtel]" in line)


def syscall(number, *args):
    """What a system call returns; OSError where that is an errno."""
    libc = ctypes.CDLL(None, use_errno=True)
    done = libc.syscall(number, *args)
    if done < 0:
        raise OSError(ctypes.get_errno(), f"system call {number}")
    return done


@contextlib.contextmanager
def calls_of(function):
    """Counts calls of a function by a kprobe; yields what tells how many."""
    tracing = "/sys/kernel/tracing"
    write(f"{tracing}/kprobe_events", f"p:memtel_calls/calls {function}\n")
    enable = f"{tracing}/events/memtel_calls/calls/enable"
    write(enable, "1")
    try:
        yield lambda: sum(int(line.split()[1]) for line in
                          read(f"{tracing}/kprobe_profile").splitlines()
                          if line.split()[0] == "calls")
    finally:
        write(enable, "0")
        # To open it for writing removes all there are.
        write(f"{tracing}/kprobe_events", "")


def has_event(name):
    """Whether this kernel has a tracepoint, named as SYSTEM/EVENT."""
    return os.path.exists(f"/sys/kernel/tracing/events/{name}")


def is_rt():
    """Whether this is a PREEMPT_RT kernel."""
    return " PREEMPT_RT " in os.uname().version


def has_lockdep():
    """Whether this kernel looks for mistakes with locks, which takes its
    time."""
    return os.path.exists("/proc/lockdep")


def kernel_memory():
    """{what: kB} that the kernel has for itself and cannot give back.

    Caches first give back what is empty in them, and what KASAN keeps from use.
    """
    for path in glob.glob("/sys/kernel/slab/*/shrink"):
        if not os.path.islink(os.path.dirname(path)):
            with contextlib.suppress(OSError):  # Its cache may have gone.
                write(path, "1")
    return {key: int(value) for key, value in re.findall(
        r"^(SUnreclaim|VmallocUsed|Percpu|KernelStack): +(\d+) kB$",
        read("/proc/meminfo"), re.M)}


def kernel_memory_kb():
    """The sum of it, where a leak shows: the least of some, as what a load has for
    a moment is none."""
    sums = []
    for _ in range(5):
        sums.append(sum(kernel_memory().values()))
        time.sleep(0.1)
    return min(sums)


def keeps_freed():
    """Whether KASAN keeps freed objects back for a while, in use for SLUB."""
    return " kasan_quarantine_put\n" in read("/proc/kallsyms")


def contexts():
    """Contexts in which this kernel allows allocations, as the oracle has
    them."""
    return ("task", "softirq") if is_rt() else ("task", "softirq", "hardirq")


def lacks_zonelock():
    """Why this kernel cannot have the zonelock source, or None."""
    if is_rt():
        return "zone locks sleep on a PREEMPT_RT kernel"
    if not has_event("lock/contention_end"):
        return "the kernel lacks the tracepoint contention_end"
    return None


def sources():
    """The sources that this kernel can have."""
    return [name for name in ("slab", "site", "reclaim", "shrinker",
                              "zonelock", "fallback")
            if name != "zonelock" or not lacks_zonelock()]


def slab_probes():
    """What the slab source hooks on this kernel."""
    return [name for name in ("kfree", "kmalloc", "kmalloc_node",
                              "kmem_cache_alloc", "kmem_cache_alloc_node",
                              "kmem_cache_free") if has_event(f"kmem/{name}")]


def cache(ynl, name, **filters):
    """A cache's row by name."""
    return ynl.do("cache-get", {"name": name, **filters})


def node_of(row, nid):
    """A row's part for a node, or {}."""
    for node in row.get("node", []):
        if node["node-id"] == nid:
            return node
    return {}


class File:
    """A file's tests in their order, those whose names match a pattern: (name,
    function) of each; and what shows their results, once they have run."""

    def __init__(self, path, pattern=""):
        name = os.path.basename(path)[:-3]
        spec = importlib.util.spec_from_file_location(name, path)
        loaded = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(loaded)
        self.tests = [(f"{name[5:]}: {key[5:].replace('_', ' ')}", function)
                      for key, function in vars(loaded).items()
                      if key.startswith("test_") and re.search(pattern, key)]
        self.show = getattr(loaded, "show", lambda: None)


class Run:
    """Runs tests and prints KTAP."""

    def __init__(self, total):
        self.total = total
        self.number = 0
        self.failed = 0
        self.skipped = 0
        print(f"TAP version 13\n1..{total}", flush=True)

    def one(self, name, function):
        """Run one test."""
        self.number += 1
        start = time.monotonic()
        directive, lines = "", []
        try:
            function()
            word = "ok"
        except Skipped as skipped:
            word, directive = "ok", f" # SKIP {skipped}"
            self.skipped += 1
        except Failed as failed:
            word, lines = "not ok", str(failed).splitlines()
        except Exception:  # pylint: disable=broad-except
            word, lines = "not ok", traceback.format_exc().splitlines()
        # A socket left open would hold its sources into the next test.
        while CLIENTS:
            CLIENTS.pop().sock.close()
        self.failed += word != "ok"
        seconds = time.monotonic() - start
        print(f"{word} {self.number} - {name}{directive}")
        for line in lines:
            print(f"#   {line}")
        print(f"#   {seconds:.1f} s", flush=True)

    def status(self):
        """kselftest's exit status: 4 where nothing was tested."""
        if self.failed:
            return 1
        return SKIP if self.skipped == self.total else 0
