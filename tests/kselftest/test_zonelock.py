# SPDX-License-Identifier: GPL-2.0-or-later
"""Waits for zone locks beside ftrace's contention events.

Needs more than two CPUs: the first waiter fires no event.
"""

import json
import os
import time

from harness import (NlError, Skipped, check, client, equal, lacks_zonelock,
                     memtel, read)
from pressure import DEBUGFS, Trace, close, pressure

LOCK_EVENTS = ("lock:contention_begin", "lock:contention_end")


def storm():
    """Have all CPUs fight for the zone locks."""
    pressure("storm 4 3000")


def zone_locks():
    """{address: (node, zone)} of every zone's lock."""
    return {int(line.split()[0], 16): (int(line.split()[1]), line.split()[2])
            for line in read(f"{DEBUGFS}/locks").splitlines()}


def waits_so_far(ynl):
    """Waits for all zone locks, by memtel."""
    return sum(row["timing"]["count"] for row in ynl.dump("lock-get", {}))


def by_cpu(events, locks):
    """{lock: [ns]} of the waits for these locks; a CPU waits for one."""
    waiting, out = {}, {lock: [] for lock in locks}
    for task, now, name, values in events:
        lock = int(values[""], 16)
        if lock not in locks:
            continue
        if name == "contention_begin":
            waiting[task] = now
        elif task in waiting:
            out[lock].append(now - waiting.pop(task))
    return out


def is_absent(reason):
    """Holding the source and what needs it are refused, the reason is told."""
    ynl = client()
    for command, request in (
            ("source-hold", {"name": "zonelock"}),
            ("source-enable", {"name": "zonelock"}),
            ("trigger-add", {"metric": "zone-lock-wait-time",
                             "threshold": 10**6, "window-ns": 10**9})):
        try:
            ynl.do(command, request)
        except NlError as error:
            equal(error.nl_msg.error, -95, f"errno of {command}")
            check("see status" in error.nl_msg.extack.get("msg", ""),
                  f"words of {command}: {error.nl_msg.extack}")
            continue
        check(False, f"{command} was not refused")
    done = memtel("enable", "zonelock", status=1)
    check("see status" in done.stderr, done.stderr)
    check(reason in memtel("status").stdout, "status does not say why")
    rows = json.loads(memtel("status", "--json").stdout)["capability"]
    equal([row for row in rows if row["name"] == "zonelock"],
          [{"name": "zonelock", "available": False, "reason": reason}],
          "JSON")
    for zone in ynl.dump("zone-get", {}):
        check("lock-wait" not in zone, f"times of a lock: {zone}")


def test_storm_equals_ftrace():
    """Each zone's waits, in count exactly, in time but for the clocks."""
    if lacks_zonelock():
        is_absent(lacks_zonelock())
        return
    if "hypervisor" in read("/proc/cpuinfo"):
        raise Skipped("spinlocks of this CPU model fire no events")
    if os.cpu_count() < 3:
        raise Skipped("the first waiter for a lock fires no event")
    ynl = client()
    ynl.do("source-hold", {"name": "zonelock"})
    storm()
    ynl.do("source-reset", {"name": "zonelock"})
    with Trace(*LOCK_EVENTS, option=("nohash-ptr",)) as trace:
        # A host with fewer CPUs has them wait now and then only.
        end = time.monotonic() + 60
        while waits_so_far(ynl) < 200 and time.monotonic() < end:
            storm()
    locks = zone_locks()
    waits = by_cpu(trace.events, locks)
    rows = {(row["node-id"], row["zone"]): row
            for row in ynl.dump("lock-get", {})}
    seen = sum(len(times) for times in waits.values())
    print(f"# {seen} waits for zone locks of "
          f"{trace.count('contention_begin')} for any lock")
    check(seen > 20, f"too little contention: {seen} waits")
    for lock, zone in locks.items():
        timing = rows[zone]["timing"]
        equal(timing["count"], len(waits[lock]), f"waits for {zone}")
        # More CPUs than the host has: each may stop between two clocks.
        close(timing["total-ns"], sum(waits[lock]), len(waits[lock]),
              f"waits for {zone}", share=0.25)
        equal(sum(b["count"] for b in timing.get("bucket", [])),
              timing["count"], f"histogram of {zone}")
        joined = ynl.do("zone-get", {"node-id": zone[0], "name": zone[1]})
        equal(joined["lock-wait"]["count"], timing["count"], "joined")
    source = ynl.do("source-get", {"name": "zonelock"})
    equal((source["unpaired-begins"], source["unpaired-ends"]), (0, 0),
          "lost pairs")
    text = memtel("locks", "--sort", "count", "--top", "1").stdout
    check("zone" in text, text)


def test_status_says_what_it_lacks():
    """Where virtual CPUs hide the events, status warns; else it does not."""
    if lacks_zonelock():
        is_absent(lacks_zonelock())
        return
    ynl = client()
    warning = {c["name"]: c.get("warning") for c in
               ynl.do("status-get", {})["capability"]}["zonelock"]
    equal(bool(warning), "hypervisor" in read("/proc/cpuinfo"), "warning")
