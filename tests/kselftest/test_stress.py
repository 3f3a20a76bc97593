# SPDX-License-Identifier: GPL-2.0-or-later
"""Under stress-ng: memtel beside perf, and everything coming and going."""

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
import time

from ask import Socket, attrs_in, find_family, number_of
from harness import (MODULE, SRC, check, client, equal, has_lockdep,
                     kernel_memory, kernel_memory_kb, memtel, must, our_probes,
                     sources, syscall, wait_for, write)
from perf_events import allocs_and_frees, slab_events
from pressure import cgroup
from test_access import numbers

STRESS = ("stress-ng", "--dentry", "2", "--dentries", "200", "--sock", "2",
          "--pipe", "2", "--fstat", "2")
# Four ways to use slabs, in bursts.
BURSTS = ("stress-ng", "--dentry", "1", "--dentries", "200", "--sock", "1",
          "--pipe", "1", "--fstat", "1")
SOURCES = tuple(sources())
# Where mistakes are looked for all takes ten times as long, and somebody holds the
# module in fewer of the loads: in more than one of so many.
ATTACHES, LOADS, LEAST, HELD = ((200, 40, 10_000, 4) if has_lockdep() else
                                (1000, 200, 100_000, 2))
LOADS = int(os.environ.get("MEMTEL_LOADS", LOADS))
SYS_DELETE_MODULE, SYS_FINIT_MODULE = 176, 313
# A command of the family, and an attribute of its answer.
STATUS_GET, EVENT_SEQUENCE = 1, 5


class Load:
    """stress-ng in the background: slabs on both nodes, from all contexts.

    With reclaiming, a cgroup that reads more files than it may keep as well.
    """

    def __init__(self, command=STRESS, reclaiming=False):
        self.commands = [command]
        if reclaiming:
            group = cgroup("stress", max="8M")
            self.commands.append((
                "nice", "-n", "19", "sh", "-c",
                f"echo $$ > {group}/cgroup.procs; while :; do find "
                "/usr/lib -name '*.so*' -type f | head -40 | xargs cat; done"))
        self.processes = []

    def __enter__(self):
        # Once, and waited for: what it reads from a busy host may take no time
        # of the guest's, which would be over before it began.
        must(*self.commands[0], "--timeout", "1", cwd="/tmp")
        # pylint: disable=consider-using-with
        for command in self.commands:
            self.processes.append(subprocess.Popen(
                command, cwd="/tmp", stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, start_new_session=True))
        time.sleep(2)
        return self

    def __exit__(self, *_):
        for process in self.processes:
            os.killpg(process.pid, 15)
            process.wait()


def hurry(is_on):
    """Have RCU wait for as short a time as it can, or as it likes."""
    write("/sys/kernel/rcu_expedited", str(int(bool(is_on))))


class Bursts(Load):
    """A load that runs for a part of the time, so that waiting takes none.

    Waiting for RCU is hurried.
    """

    runs_s, rests_s = 0.01, 0.09

    def __init__(self, command, **kwargs):
        super().__init__(command, **kwargs)
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.alternate)

    def alternate(self):
        """Let all run, and stop them again."""
        while not self.ended.is_set():
            for number, seconds in ((signal.SIGCONT, self.runs_s),
                                    (signal.SIGSTOP, self.rests_s)):
                for process in self.processes:
                    os.killpg(process.pid, number)
                time.sleep(seconds)

    def __enter__(self):
        super().__enter__()
        hurry(True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        hurry(False)
        self.ended.set()
        self.thread.join()
        for process in self.processes:
            os.killpg(process.pid, signal.SIGCONT)
        super().__exit__()


def by_memtel(ynl):
    """The same by memtel, all rows and what had no place."""
    allocs = frees = 0
    for row in ynl.dump("cache-get", {}):
        for node in row.get("node", []):
            if row["name"] != "kmalloc-large":
                allocs += node.get("allocs", 0)
            frees += node.get("frees", 0)
    source = ynl.do("source-get", {"name": "slab"})
    equal(source["recursions"], 0, "recursions")
    return (allocs + source["unplaced-allocs"],
            frees + source["unplaced-frees"])


def test_totals_equal_perf():
    """The same load, counted by memtel and by the kernel's own counters.

    They cannot be read at one instant while the system runs, so those are
    read between two readings of memtel at either end: what they saw lies
    between the inner and the outer difference of memtel's, exactly. The load
    is stopped before both ends, which makes the gap a few hundred events of
    the reading itself.
    """
    ynl = client()
    ynl.do("source-hold", {"name": "slab"})
    with slab_events() as counted:
        start = by_memtel(ynl), allocs_and_frees(counted), by_memtel(ynl)
        with Load():
            time.sleep(20)
        time.sleep(1)
        end = by_memtel(ynl), allocs_and_frees(counted), by_memtel(ynl)
    for i, what in enumerate(("allocations", "frees")):
        inner = end[0][i] - start[2][i]
        perf = end[1][i] - start[1][i]
        outer = end[2][i] - start[0][i]
        print(f"# {what}: perf {perf}, memtel between {inner} and {outer}"
              f" ({(outer - inner) * 100 / perf:.2f} % apart)")
        check(perf > LEAST, f"too little load: {perf} {what}")
        check(inner <= perf <= outer,
              f"{what}: perf {perf} is not in {inner}..{outer}")
        check(outer - inner < perf / 20, f"{what}: the bound says nothing")


def test_attach_and_detach():
    """All sources in turn under load, the memory of it all given back."""
    ynl = client()
    gets = {"slab": "cache-get", "site": "site-get",
            "reclaim": "reclaim-get", "shrinker": "shrinker-get",
            "zonelock": "lock-get", "fallback": "fallback-get"}
    seen = {source: 0 for source in SOURCES}
    with Bursts(BURSTS, reclaiming=True):
        for source in SOURCES * 3:
            ynl.do("source-hold", {"name": source})
            ynl.do("source-release", {"name": source})
        before = kernel_memory()["Percpu"]
        for i in range(ATTACHES // len(SOURCES) + 1):
            for source in SOURCES:
                ynl.do("source-hold", {"name": source})
                if i % 10 == 0:
                    seen[source] += len(ynl.dump(gets[source], {}))
                ynl.do("source-release", {"name": source})
        for source in {"slab", "reclaim", "zonelock"} & set(SOURCES):
            check(seen[source], f"no rows of {source}")
        equal(our_probes(), [], "probes")
        grown = kernel_memory()["Percpu"] - before
        check(grown < 2048, f"per-CPU memory grew by {grown} kB")
        for source in ynl.dump("source-get", {}):
            check("attached" not in source, f"{source['name']} still attached")


class Comer(contextlib.AbstractContextManager):
    """comer.py, and what it says."""

    def __init__(self):
        of = numbers()
        # pylint: disable=consider-using-with
        self.file = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            ("/usr/bin/python3", f"{SRC}/tests/kselftest/comer.py",
             str(of["cache-get"]), str(of["trigger-add"])), stdout=self.file)

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def sums(self):
        """(rounds, dumps, events) so far."""
        self.file.seek(0)
        rows = [tuple(map(int, line.split())) for line in self.file]
        return len(rows), *map(sum, zip(*rows))


def was_event():
    """Whether there was any event since memtel was loaded."""
    sock = Socket(number_of(find_family("memtel")))
    with sock.sock:
        sock.begin(STATUS_GET, b"")
        equal(sock.end(), 0, "errno of asking for the status")
    return any(dict(attrs_in(sock.bodies[0]))[EVENT_SEQUENCE])


def go():
    """Unload; returns how often a dump stood in the way."""
    busy = 0
    while True:
        try:
            syscall(SYS_DELETE_MODULE, b"memtel", os.O_NONBLOCK)
            return busy
        except BlockingIOError:
            busy += 1
            time.sleep(0.001)


def test_load_and_unload():
    """Loaded and unloaded under load, while somebody has triggers and dumps;
    nothing left behind. Each tenth time RCU takes its time.
    """
    # To read what debuggers want takes longer than all else.
    small = "/tmp/memtel.ko"
    must("strip", "-g", "-o", small, MODULE)
    busy = 0
    with Bursts(BURSTS, reclaiming=True), open(small, "rb") as module:
        with Comer() as comer:
            for i in range(LOADS):
                if i == LOADS // 5:
                    before = kernel_memory_kb()
                hurry(i % 10)
                busy += go()
                equal(our_probes(), [], "probes")
                syscall(SYS_FINIT_MODULE, module.fileno(), b"", 0)
                if i % 4 == 0:
                    wait_for(was_event, 60, "an event of the trigger's")
                time.sleep(0.03 * (i % 5))
        rounds, dumps, events = comer.sums()
        time.sleep(1)
        grown = kernel_memory_kb() - before
    print(f"# {LOADS} times: {rounds} times held, {dumps} dumps, {events} "
          f"events, {busy} times in use; memory grew by {grown} kB")
    check(rounds > LOADS // HELD, f"held {rounds} of {LOADS} times")
    check(dumps > LOADS and events > LOADS // 10,
          f"{dumps} dumps, {events} events")
    # A leaked table of slots (77 kB) a round would be 12 MB.
    check(grown < 4096, f"memory grew by {grown} kB")


def test_unload_while_in_use():
    """A hold does not keep the module; a holder that outlives it is fine."""
    ynl = client()
    ynl.do("source-hold", {"name": "slab"})
    memtel("enable", "slab")
    must("rmmod", "memtel")
    equal(our_probes(), [], "probes")
    memtel("status", status=3)
    must("insmod", MODULE)
    ynl = client()
    equal(ynl.dump("hold-get", {}), [], "holds in the new module")
