# SPDX-License-Identifier: GPL-2.0-or-later
"""A long run: everything on, for MEMTEL_SOAK_SECONDS of the guest's time, at full
rate for a second of each twenty: in a VM that counts instructions the time between
takes none.
"""

import os
import signal
import subprocess
import time

from ask import Socket
from harness import (check, client, equal, kernel_memory, load, memtel,
                     our_probes, read, sources, unload, wait_for)
from pressure import cgroup, pressure
from test_access import ASK, family, numbers
from test_churn import fallen, totals
from test_trigger import MS, Reader, sleep_in_shrinker

SECONDS = int(os.environ.get("MEMTEL_SOAK_SECONDS", "60"))
# Where memory is looked at; the first after a tenth of the time, when tables
# have what they ever will.
LOOKS = 10
LOAD = ("stress-ng", "--dentry", "1", "--dentries", "200", "--sock", "1",
        "--pipe", "1", "--timeout", "86400")
READER = ("echo $$ >{group}/cgroup.procs; while :; do "
          "cat /usr/lib/python3.*/*.py; done")
# Seconds of a burst, and from one to the next.
BURST, PERIOD = 1, 20


def start(*command, **kwargs):
    """Something that goes on until it is killed, with its children."""
    # pylint: disable=consider-using-with
    return subprocess.Popen(command, stdin=subprocess.PIPE,
                            stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL, cwd="/tmp",
                            start_new_session=True, **kwargs)


def everywhere(processes, number):
    """Send a signal to all there is of some that were started."""
    for process in processes:
        os.killpg(process.pid, number)


def period(running, subs):
    """A burst at full rate, and the rest, in which the shrinker is called."""
    begin = time.monotonic()
    everywhere(running, signal.SIGCONT)
    while time.monotonic() < begin + BURST:
        for sub in subs:
            sub.read()
        time.sleep(0.05)
    everywhere(running, signal.SIGSTOP)
    sleep_in_shrinker()
    time.sleep(max(0, begin + PERIOD - time.monotonic()))
    for sub in subs:
        sub.read()


def test_everything_at_once():
    """Memory stays, counters grow only, each event is had or told lost."""
    number, _ = family()
    memtel("enable", *sources())
    ynl = client()
    group = cgroup("soak", max="6M")
    slow = Socket(number)
    slow.subscribe()
    of = numbers()
    begun = ynl.do("status-get", {}).get("event-sequence", 0)
    subs = [Reader() for _ in range(2)]
    for sub in subs:
        sub.add("slab-allocs", 1000, 100 * MS)
        sub.add("shrinker-time", 2 * MS, 100 * MS)
        sub.add("memcg-reclaim-time", MS, 100 * MS, no_evidence=True)
    pressure("shrinker 5 10")
    running = [start(*LOAD),
               start("sh", "-c", READER.format(group=group)),
               start("/usr/bin/python3", ASK, str(number), "loop",
                     str(of["cache-get"]), "86400"),
               start("/usr/bin/python3", ASK, str(number), "loop",
                     str(of["stall-get"]), "86400")]
    everywhere(running, signal.SIGSTOP)
    first, before = None, {}
    begin = time.monotonic()
    try:
        for look in range(LOOKS + 1):
            while time.monotonic() < begin + SECONDS * look / LOOKS:
                period(running, subs)
            now, counts = kernel_memory(), totals(ynl)
            equal(fallen(before, counts), [], "counters that fell")
            before = counts
            if look == 1:
                first = now
            print(f"# {time.monotonic() - begin:.0f} s: {now}, "
                  f"{len(subs[0].events)} events", flush=True)
    finally:
        everywhere(running, signal.SIGKILL)
        for process in running:
            process.wait()
    grown = sum(now.values()) - sum(first.values())
    print(f"# memory grew by {grown} kB")
    # 1 kB for each second, and what the load's own tasks make of it.
    check(grown < 4096 + SECONDS, f"memory grew by {grown} kB")
    all_accounted(ynl, subs, begun)
    for sub in subs:
        sub.ynl.sock.close()
    slow.sock.close()
    memtel("disable", *sources())
    equal(ynl.dump("hold-get", {}), [], "holds")
    equal(our_probes(), [], "probes")
    wait_for(lambda: not read(f"{group}/cgroup.procs"), 10, "all are gone")
    os.rmdir(group)
    unload()
    load()


def all_accounted(ynl, subs, begun):
    """Each number since then was seen, or its loss was told of."""
    time.sleep(2)
    status = ynl.do("status-get", {})
    last = status["event-sequence"]
    for sub in subs:
        wait_for(lambda sub=sub: sub.read()
                 and sub.events[-1]["sequence"] >= last, 10, "the last event")
        got = [event["sequence"] for event in sub.events]
        lost = got[-1] - begun - len(got)
        check(not lost or sub.overruns, f"{lost} events are lost, not told")
        equal(got, sorted(set(got)), "numbers")
        print(f"# {len(got)} events, {lost} lost")
    check(last - begun >= 2 * SECONDS // PERIOD, f"only {last} events")
    equal(status.get("events-unsent", 0), 0, "events that nobody could get")
    print(f"# {last} events")
