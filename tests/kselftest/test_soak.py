# SPDX-License-Identifier: GPL-2.0-or-later
"""A long run: everything on, at full rate, for MEMTEL_SOAK_SECONDS.

Twenty minutes are left to make check-all, in a VM whose clock counts more time
for an instruction: what takes time is done as often, in less of the host's.
"""

import errno
import os
import re
import subprocess
import time

from ask import Socket
from harness import (check, client, equal, load, memtel, our_probes,
                     read, sources, unload, wait_for)
from pressure import cgroup, pressure
from test_access import ASK, family, numbers
from test_trigger import MS, Subscriber, sleep_in_shrinker

SECONDS = int(os.environ.get("MEMTEL_SOAK_SECONDS", "20"))
# Where memory is looked at; the first after a tenth of the time, when tables
# have what they ever will.
LOOKS = 10
LOAD = ("stress-ng", "--dentry", "1", "--dentries", "200", "--sock", "1",
        "--pipe", "1", "--timeout", "86400")
READER = ("echo $$ >{group}/cgroup.procs; while :; do "
          "cat /usr/lib/python3.*/*.py; done")
COUNTERS = ("allocs", "frees", "bytes-requested", "bytes-allocated")


def memory():
    """{what: kB} that cannot be given back."""
    return {key: int(value) for key, value in re.findall(
        r"^(SUnreclaim|VmallocUsed|Percpu|KernelStack): +(\d+) kB$",
        read("/proc/meminfo"), re.M)}


def start(*command, **kwargs):
    """Something that goes on until it is killed, with its children."""
    # pylint: disable=consider-using-with
    return subprocess.Popen(command, stdin=subprocess.PIPE,
                            stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL, cwd="/tmp",
                            start_new_session=True, **kwargs)


class Reader(Subscriber):
    """A subscriber that counts how often it was told of a loss."""

    def __init__(self):
        super().__init__()
        self.overruns = 0

    def read(self):
        """As a subscriber, whose buffer may have been full."""
        try:
            return super().read()
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise
            self.overruns += 1
            return self.events


def totals(ynl):
    """Counters that may never fall: of caches, and of losses."""
    found = {}
    for row in ynl.dump("cache-get", {"only-active": True}):
        for node in row.get("node", []):
            for key in COUNTERS:
                found[row["name"], row.get("id"), node["node-id"], key] = \
                    node.get(key, 0)
    for source in ynl.dump("source-get", {}):
        check("attached" in source, f"{source['name']} is not attached")
        for key, value in source.items():
            if key.startswith(("un", "recursions", "failed")):
                found[source["name"], key] = value
    return found


def test_everything_at_once():
    """Memory stays, counters grow only, each event is had or told lost."""
    number, _, groups = family()
    memtel("enable", *sources())
    ynl = client()
    group = cgroup("soak", max="6M")
    slow = Socket(number)
    equal(slow.join(groups["events"]), 0, "errno of joining")
    subs = [Reader() for _ in range(2)]
    for sub in subs:
        sub.add("slab-allocs", 1000, 100 * MS)
        sub.add("shrinker-time", 2 * MS, 100 * MS)
        sub.add("memcg-reclaim-time", MS, 100 * MS, no_evidence=True)
    pressure("shrinker 5 10")
    running = [start(*LOAD),
               start("sh", "-c", READER.format(group=group)),
               start("/usr/bin/python3", ASK, str(number), "loop",
                     str(numbers()["cache-get"]), "86400"),
               start("/usr/bin/python3", ASK, str(number), "loop",
                     str(numbers()["stall-get"]), "86400")]
    first = before = None
    begin = time.monotonic()
    try:
        for look in range(LOOKS + 1):
            while time.monotonic() < begin + SECONDS * look / LOOKS:
                sleep_in_shrinker()
                for sub in subs:
                    sub.read()
                time.sleep(0.1)
            now, counts = memory(), totals(ynl)
            if before:
                fallen = [key for key, value in before.items()
                          if counts.get(key, value) < value]
                equal(fallen, [], "counters that fell")
            before = counts
            if look == 1:
                first = now
            print(f"# {time.monotonic() - begin:.0f} s: {now}, "
                  f"{len(subs[0].events)} events", flush=True)
    finally:
        for process in running:
            os.killpg(process.pid, 9)
            process.wait()
    grown = sum(now.values()) - sum(first.values())
    print(f"# memory grew by {grown} kB")
    # 1 kB for each second, and what the load's own tasks make of it.
    check(grown < 4096 + SECONDS, f"memory grew by {grown} kB")
    unaccounted(ynl, subs)
    for sub in subs:
        sub.ynl.sock.close()
    slow.sock.close()
    memtel("disable", *sources())
    equal(ynl.dump("hold-get", {}), [], "holds")
    equal(our_probes(), [], "probes")
    os.rmdir(group)
    unload()
    load()


def unaccounted(ynl, subs):
    """Each number up to the last was seen, or its loss was told of."""
    time.sleep(2)
    status = ynl.do("status-get", {})
    last = status["event-sequence"]
    for sub in subs:
        wait_for(lambda sub=sub: sub.read()
                 and sub.events[-1]["sequence"] >= last, 10, "the last event")
        got = [event["sequence"] for event in sub.events]
        lost = got[-1] - got[0] + 1 - len(got)
        check(not lost or sub.overruns, f"{lost} events are lost, not told")
        equal(got, sorted(set(got)), "numbers")
        print(f"# {len(got)} events, {lost} lost")
    check(last > SECONDS, f"only {last} events")
    equal(status.get("events-unsent", 0), 0, "events that nobody could get")
    print(f"# {last} events")
