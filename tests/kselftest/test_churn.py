# SPDX-License-Identifier: GPL-2.0-or-later
"""What a host may have come and go, many times, with everything on: all sources
held, a trigger that fires, dumps without end, load. No counter falls, memory
stays, and all of it ends.
"""

import errno
import glob
import itertools
import os

from ask import Socket
from harness import (Failed, Skipped, cache, check, client, equal, keeps_freed,
                     kernel_memory_kb, memtel, must, oracle, our_probes, read,
                     run, sources, write)
from test_access import ASK, family, numbers
from test_stress import BURSTS, Bursts
from test_trigger import MS, Reader

ROUNDS = 20
# In each round.
DUMPS = 5
OBJECTS = 100
COUNTERS = ("allocs", "frees", "bytes-requested", "bytes-allocated")
# Who shows rows with times, and what names such a row.
TIMED = {"reclaim": "reclaim-get", "shrinker": "shrinker-get",
         "zonelock": "lock-get"}
NAMES = ("kind", "node-id", "zone", "reason", "name", "id")


def totals(ynl):
    """Counters that may never fall: of caches, of times, and of losses."""
    found = {}
    for source in TIMED.keys() & sources():
        for row in ynl.dump(TIMED[source], {}):
            if "cgroup-id" in row:
                continue  # One of the most only, which another may replace.
            which = (source, *(row.get(key) for key in NAMES))
            for key, value in {**row, **row.get("timing", {})}.items():
                if key not in NAMES and isinstance(value, int):
                    found[(*which, key)] = value
    for row in ynl.dump("cache-get", {"only-active": True}):
        for node in row.get("node", []):
            for key in COUNTERS:
                found[row["name"], row.get("id"), node["node-id"], key] = \
                    node.get(key, 0)
    for source in ynl.dump("source-get", {}):
        equal("attached" in source, source["name"] in sources(),
              f"{source['name']} is attached")
        for key, value in source.items():
            if key.startswith(("un", "recursions", "failed")):
                found[source["name"], key] = value
    return found


def fallen(before, now):
    """Counters that are less than they were."""
    return [key for key, value in before.items() if now.get(key, value) < value]


class Dumping(Bursts):
    """A load, with dump after dump of caches and of who lost time."""

    runs_s = rests_s = 0.05

    def __init__(self, command, **kwargs):
        super().__init__(command, **kwargs)
        number, of = family()[0], numbers()
        self.commands += [("nice", "-n", "19", "/usr/bin/python3", ASK,
                           str(number), "loop", str(of[name]), "86400")
                          for name in ("cache-get", "stall-get")]


def many_times(come_and_go, rounds=ROUNDS):
    """Each round, and what must hold of it."""
    ynl, sub, sock = client(), Reader(), Socket(family()[0])
    cache_get = numbers()["cache-get"]
    memtel("enable", *sources())
    sub.add("slab-allocs", 100, 100 * MS, no_evidence=True)
    with Dumping(BURSTS, reclaiming=True):
        come_and_go()
        before, memory = totals(ynl), kernel_memory_kb()
        for i in range(1, rounds + 1):
            come_and_go()
            sub.read()
            for _ in range(DUMPS):
                sock.begin(cache_get, b"", True)
                equal(sock.end(), 0, "errno of a dump")
            if i % (rounds // 2) == 0:
                now = totals(ynl)
                equal(fallen(before, now), [], "counters that fell")
                before = now
        grown = kernel_memory_kb() - memory
    print(f"# memory grew by {grown} kB; {len(sub.events)} events")
    # A snapshot (36 kB) lost by each dump would be 3.6 MB.
    check(grown < 2048, f"memory grew by {grown} kB")
    check(len(sub.events) >= 2, "no event")
    sub.ynl.sock.close()
    sock.sock.close()
    memtel("disable", *sources())
    equal(client().dump("hold-get", {}), [], "holds")
    equal(our_probes(), [], "probes")


def need(path):
    """What a kernel may have been configured without."""
    if not os.path.exists(path):
        raise Skipped(f"this kernel has no {path}")


def test_cpus():
    """A CPU goes off and on."""
    online = "/sys/devices/system/cpu/cpu1/online"
    need(online)

    def come_and_go():
        for state in "01":
            write(online, state)

    many_times(come_and_go)


def goes_off(state):
    """Whether a block of memory does; what is in it may not want to move."""
    return not run("timeout", "3", "sh", "-c", f"echo offline >{state}"
                   ).returncode


def test_blocks_of_memory():
    """A block of memory goes off and on."""
    write("/proc/sys/vm/drop_caches", "3")
    states = glob.glob("/sys/devices/system/memory/memory*/state")
    state = next(filter(goes_off, states), None)
    if not state:
        raise Skipped("no block can be spared")
    write(state, "online")
    times = []

    def come_and_go():
        times.append(goes_off(state))
        if times[-1]:
            write(state, "online")

    many_times(come_and_go)
    print(f"# {sum(times)} of {len(times)} times")
    # What KASAN keeps from use does not move.
    least = 1 if keeps_freed() else ROUNDS // 2
    check(sum(times) >= least, f"off only {sum(times)} times")


def test_caches():
    """Caches are made and destroyed, by the thousand."""
    def come_and_go():
        for i in range(50):
            oracle(f"create churn-{i} {512 + 8 * i}")
        oracle("alloc churn-7 task -1 -1 64 10")
        oracle("free churn-7 task -1 -1 10")
        for i in range(50):
            oracle(f"destroy churn-{i}")

    many_times(come_and_go)


def test_network_namespaces():
    """Network namespaces are made, and end."""
    many_times(lambda: must(
        "sh", "-c", "for i in 1 2 3 4 5; do unshare --net true; done"))


def suspend():
    """To idle, until the oracle wakes the host; so soon now and then that it is
    not asleep yet, and does not go to sleep."""
    for _ in range(10):
        try:
            write("/sys/power/state", "freeze")
            return
        except OSError as error:
            equal(error.errno, errno.EBUSY, "errno of the suspend")
    raise Failed("woken too soon, ten times")


def test_suspended():
    """The host is suspended to idle; what was allocated before is freed after."""
    suspends = "/sys/power/suspend_stats/success"
    need(suspends)
    ynl, before = client(), int(read(suspends))
    count = OBJECTS * os.cpu_count()
    rounds = itertools.count(1)
    oracle("create churn-asleep 512")
    oracle("wake 1000")

    def come_and_go():
        oracle(f"alloc churn-asleep task -1 -1 512 {OBJECTS}")
        suspend()
        oracle(f"free churn-asleep task -1 -1 {OBJECTS}")
        want = count * next(rounds)
        nodes = cache(ynl, "churn-asleep")["node"]
        for key in ("allocs", "frees"):
            equal(sum(node[key] for node in nodes), want, key)

    try:
        many_times(come_and_go)
    finally:
        oracle("wake 0")
    oracle("destroy churn-asleep")
    # More, where Python writes what was refused a second time.
    done = int(read(suspends)) - before
    check(done >= next(rounds) - 1, f"only {done} suspends")
