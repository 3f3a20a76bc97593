# SPDX-License-Identifier: GPL-2.0-or-later
"""Many caches: whom a reading keeps waiting, and whether it has each once."""

import contextlib
import os
import signal
import subprocess
import sys

from harness import (BUILD, Failed, Skipped, check, client, equal,
                     memtel, must, oracle, read, wait_for, write)
from test_access import ASK, family, numbers

MODULE = f"{BUILD}/bench/memtel_caches.ko"
CACHES = "/sys/kernel/debug/memtel_caches"
MANY = 4500
MS = 10**6
CGROUP = "/sys/fs/cgroup"
# Destroys and makes caches again in turn, until it is ended.
CHURN = """
import itertools
for i in itertools.count():
    for what in ("destroy", "create"):
        for n in range(i % 3, 40, 3):
            size = "" if what == "destroy" else f" {72 + 8 * n}"
            with open("/sys/kernel/debug/memtel_oracle/run", "w") as file:
                file.write(f"{what} oracle-churn-{n}{size}")
"""


@contextlib.contextmanager
def many_caches(number):
    """So many more caches."""
    must("insmod", MODULE)
    try:
        write(f"{CACHES}/number", str(number))
        yield
    finally:
        must("rmmod", "memtel_caches")


@contextlib.contextmanager
def beside(*command):
    """A command that runs until the end."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.kill()


def dumping(name):
    """A command that makes dump after dump."""
    return (sys.executable, ASK, str(family()[0]), "loop",
            str(numbers()[name]), "86400")


def ended(group):
    """Kill all of a cgroup; was there nobody?"""
    pids = read(f"{group}/cgroup.procs").split()
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
    return not pids


def test_create_does_not_wait_for_a_reading():
    """4,500 caches are read, and one more is made as soon as if they were not."""
    ynl = client()
    with many_caches(MANY):
        ynl.do("source-hold", {"name": "slab"})
        alone = min(int(read(f"{CACHES}/create")) for _ in range(2))
        with beside(*dumping("cache-get")):
            beside_dumps = int(read(f"{CACHES}/create"))
        names = [row["name"] for row in ynl.dump("cache-get", {})]
        many = [name for name in names if name.startswith("memtel-many-")]
        equal((len(many), len(set(many))), (MANY, MANY), "caches and names")
    print(f"# the longest of 50 was {alone / MS:.2f} ms alone and "
          f"{beside_dumps / MS:.2f} ms beside dumps")
    check(beside_dumps < alone + 5 * MS, "kmem_cache_create() waited")


def reading():
    """How long a dump of all caches takes, ns."""
    return int(must(f"{BUILD}/bench/dump", "caches").split()[0])


def test_reading_is_by_cpus_that_counted():
    """Counts cost by the CPUs there are, however many may come."""
    if os.cpu_count() > 4:
        raise Skipped("has CPUs whose counts take their time")
    ynl = client()
    without = reading()
    ynl.do("source-hold", {"name": "slab"})
    counted = reading()
    print(f"# {without} ns without counts, {counted} ns with; possible CPUs: "
          + read("/sys/devices/system/cpu/possible").strip())
    check(counted < 3 * without, "counts take twice the rest")


def test_each_cache_once():
    """Caches come and go while dumps are made: the others are in each once."""
    ynl, number = client(), 300
    for counted in (False, True):
        for n in range(40):
            oracle(f"create oracle-churn-{n} {72 + 8 * n}")
        with many_caches(number):
            if counted:
                ynl.do("source-hold", {"name": "slab"})
            want = {f"memtel-many-{n}" for n in range(number)}
            with beside(sys.executable, "-c", CHURN):
                for _ in range(10):
                    rows = ynl.dump("cache-get", {})
                    names = [row["name"] for row in rows
                             if row["name"] in want]
                    equal(len(names), number, "rows of caches that stay")
                    equal(set(names), want, "their names")
                    ids = [row["id"] for row in rows if "id" in row]
                    equal(len(ids), len(set(ids)), "different ids")
        for n in range(40):
            # What the churn had destroyed when it was ended is not there.
            with contextlib.suppress(Failed):
                oracle(f"destroy oracle-churn-{n}")


def test_reader_in_a_small_cgroup():
    """One who waits for memory of its own keeps nobody else waiting."""
    group = f"{CGROUP}/small"
    ynl = client()
    for name in ("slab", "site", "reclaim"):
        ynl.do("source-hold", {"name": name})
    write(f"{CGROUP}/cgroup.subtree_control", "+memory")
    os.mkdir(group)
    try:
        write(f"{group}/memory.max", str(4 << 20))
        # Page cache keeps the group at its limit, and can be reclaimed.
        with contextlib.ExitStack() as stack:
            for loop in ("cat /usr/lib/x86_64-linux-gnu/*.so*",
                         f"{BUILD}/bench/dump caches 20",
                         f"{BUILD}/bench/dump everything 20"):
                stack.enter_context(beside(
                    "sh", "-c", f"echo $$ > {group}/cgroup.procs; "
                    f"while :; do {loop}; done"))
            wait_for(lambda: "max 0" not in read(f"{group}/memory.events"),
                     60, "the limit is met")
            for _ in range(5):
                memtel("status", timeout=30)
    finally:
        wait_for(lambda: ended(group), 30, "the readers are gone")
        os.rmdir(group)
