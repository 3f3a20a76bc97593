# SPDX-License-Identifier: GPL-2.0-or-later
"""Many caches: whom a reading keeps waiting, and whether it has each once."""

import contextlib
import glob
import os
import signal
import subprocess
import sys

from harness import (BUILD, Failed, Skipped, check, client, equal, load,
                     memtel, must, oracle, read, unload, wait_for, write)
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
        source = ynl.do("source-get", {"name": "slab"})
        check(source["slots-total"] >= 2 * MANY, "slots for twice the caches")
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


def test_memory_of_a_slot():
    """A slot more takes what the README says: no chunk more that stays empty."""
    memory = []
    for slots in (1023, 1024):
        unload()
        load(f"slab_slots={slots}")
        ynl = client()
        ynl.do("source-hold", {"name": "slab"})
        memory.append(ynl.do("source-get", {"name": "slab"})["memory-bytes"])
    places = os.cpu_count() * len(glob.glob("/sys/devices/system/node/node*"))
    # Two chunks may each have a slot more; and the slot itself, with its entries.
    more = memory[1] - memory[0]
    check(0 < more <= 2 * 32 * places + 512, f"{more} bytes more")


def test_slots_are_recycled():
    """A full table gives new caches the slots of old ones, and says so."""
    unload()
    load("slab_slots=256")
    ynl = client()
    ynl.do("source-hold", {"name": "slab"})

    def source():
        return ynl.do("source-get", {"name": "slab"})

    free = 256 - source()["slots-used"]
    for n in range(free + 8):
        oracle("create oracle-old 72")
        oracle("alloc oracle-old task 0 0 72 100")
        oracle("free oracle-old task 0 -1 100")
        oracle("destroy oracle-old")
        if source()["slots-used"] < 256 and n > free:
            break
    wait_for(lambda: source()["slots-used"] < 256, 10, "slots are recycled")
    oracle("create oracle-new 72")
    oracle("alloc oracle-new task 0 0 72 7")
    row, = ynl.dump("cache-get", {"name": "oracle-new"})
    check("id" in row, "no slot for the new cache")
    equal(sum(node.get("allocs", 0) for node in row["node"]), 7,
          "allocs of the new cache")
    # 64 slots of 100 each; those of caches of the kernel's that went are few.
    lost = source()["unplaced-allocs"]
    check(lost >= 50 * 100, f"{lost} lost allocs, not those of 50 slots")
    oracle("free oracle-new task 0 -1 7")
    oracle("destroy oracle-new")


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
