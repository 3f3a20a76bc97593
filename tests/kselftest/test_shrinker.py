# SPDX-License-Identifier: GPL-2.0-or-later
"""Shrinkers beside one that counts itself, and beside ftrace."""

import threading
import time

from harness import check, client, equal, load, read, unload, write
from pressure import DEBUGFS, Trace, close, pressure
from test_trigger import Subscriber

SLEEP_MS = 20
OBJECTS = 100
MS = 10**6
NAME = "pressure_scan [memtel_pressure]"


def held(ynl=None):
    """A client that holds the source, its counts zero."""
    ynl = ynl or client()
    ynl.do("source-hold", {"name": "shrinker"})
    ynl.do("source-reset", {"name": "shrinker"})
    return ynl


def ours(ynl):
    """Rows of the pressure module's shrinker, by node."""
    return {row["node-id"]: row for row in ynl.dump("shrinker-get", {})
            if row["name"].startswith("pressure_scan")}


def own_count():
    """{node: (calls, scanned, freed)}, as the shrinker counted itself."""
    return {int(line.split()[0]): tuple(map(int, line.split()[1:]))
            for line in read(f"{DEBUGFS}/shrinker").splitlines()}


def drop_slab():
    """Have all shrinkers called."""
    write("/proc/sys/vm/drop_caches", "2")


def equals_own(ynl, slack=1.5):
    """Rows are what the shrinker counted; each call took its sleep."""
    got, want = ours(ynl), own_count()
    equal(set(got), set(want), "nodes")
    for node, (calls, scanned, freed) in want.items():
        row = got[node]
        equal(row["timing"]["count"], calls, f"calls on node {node}")
        equal(row["objects-scanned"], scanned, f"scanned on node {node}")
        equal(row["objects-freed"], freed, f"freed on node {node}")
        each = row["timing"]["total-ns"] / calls
        print(f"# node {node}: {calls} calls of {each / MS:.1f} ms each")
        check(SLEEP_MS * MS <= each <= SLEEP_MS * MS * slack + 20 * MS,
              f"{each} ns a call of one that sleeps {SLEEP_MS} ms")
        check(row["timing"]["longest-ns"] >= SLEEP_MS * MS, "longest")


def test_sleeping_shrinker():
    """One that sleeps 20 ms a call shows 20 ms a call, on each node."""
    pressure(f"shrinker {SLEEP_MS} {OBJECTS}")
    try:
        ynl = held()
        pressure("arm 10")
        drop_slab()
        equals_own(ynl)
        equal(sum(calls for calls, _, _ in own_count().values()) >= 10, True,
              "calls")
        name = ours(ynl)[0]["name"]
        equal(name, "pressure_scan [memtel_pressure]", "name")
        one = ynl.do("shrinker-get", {"name": name, "node-id": 0})
        equal(one, ours(ynl)[0], "the row by its name")
    finally:
        pressure("remove")


def test_concurrent_calls():
    """Two tasks in one shrinker at once: each call counts for itself."""
    pressure(f"shrinker {SLEEP_MS} {OBJECTS}")
    try:
        ynl = held()
        pressure("arm 20")
        tasks = [threading.Thread(target=drop_slab) for _ in range(2)]
        start = time.monotonic()
        for task in tasks:
            task.start()
        for task in tasks:
            task.join()
        took = time.monotonic() - start
        equals_own(ynl)
        spent = sum(row["timing"]["total-ns"] for row in ours(ynl).values())
        print(f"# {spent / 10**9:.3f} s of calls in {took:.3f} s")
        source = ynl.do("source-get", {"name": "shrinker"})
        equal((source["unpaired-begins"], source["unpaired-ends"]), (0, 0),
              "lost pairs")
    finally:
        pressure("remove")


def test_others_equal_ftrace():
    """All shrinkers together, by count and time."""
    pressure(f"shrinker {SLEEP_MS} {OBJECTS}")
    ynl = held()
    pressure("arm 10")
    with Trace("vmscan:mm_shrink_slab_start",
               "vmscan:mm_shrink_slab_end") as trace:
        drop_slab()
    pressure("remove")
    pairs = trace.pairs("mm_shrink_slab_start", "mm_shrink_slab_end")
    rows = ynl.dump("shrinker-get", {})
    check(len(pairs) > 5, f"too little load: {len(pairs)} calls")
    equal(sum(row["timing"]["count"] for row in rows), len(pairs), "calls")
    close(sum(row["timing"]["total-ns"] for row in rows),
          sum(ns for ns, _, _ in pairs), len(pairs), "shrinkers")


def lost(ynl):
    """(begins, ends) that had no other."""
    source = ynl.do("source-get", {"name": "shrinker"})
    return source["unpaired-begins"], source["unpaired-ends"]


def test_nested_calls():
    """A call in a call in a call: three calls, of 1, 2 and 3 sleeps."""
    ynl = held()
    pressure("pairs nested")
    row = ours(ynl)[0]
    equal(row["timing"]["count"], 3, "calls")
    equal((row["objects-scanned"], row["objects-freed"]), (30, 21), "objects")
    check(120 * MS <= row["timing"]["total-ns"] < 400 * MS,
          f"total {row['timing']['total-ns']}")
    check(60 * MS <= row["timing"]["longest-ns"] < 200 * MS,
          f"longest {row['timing']['longest-ns']}")
    equal(lost(ynl), (0, 0), "lost pairs")


def test_begin_without_an_end():
    """It is counted as lost when the next one begins, and not timed."""
    ynl = held()
    pressure("pairs lost-begin")
    row = ours(ynl)[0]
    equal(row["timing"]["count"], 1, "calls")
    check(20 * MS <= row["timing"]["total-ns"] < 40 * MS + 20 * MS,
          f"total {row['timing']['total-ns']}")
    equal(lost(ynl), (1, 0), "lost pairs")


def test_end_without_a_begin():
    """It is counted as lost."""
    ynl = held()
    pressure("pairs lost-end")
    equal(ours(ynl), {}, "rows")
    equal(lost(ynl), (0, 1), "lost pairs")


def test_attached_in_the_middle_of_a_call():
    """A call that had begun before: a lost end, no time at all."""
    pressure("shrinker 4000 10")
    try:
        ynl = client()
        pressure("arm 1")
        task = threading.Thread(target=drop_slab)
        task.start()
        time.sleep(1)
        held(ynl)
        task.join()
        equal(ours(ynl), {}, "rows")
        equal(lost(ynl), (0, 1), "lost pairs")
        # Detached in the middle, attached again before its end: the same.
        pressure("arm 1")
        task = threading.Thread(target=drop_slab)
        task.start()
        time.sleep(1)
        ynl.do("source-release", {"name": "shrinker"})
        ynl.do("source-hold", {"name": "shrinker"})
        task.join()
        equal(ours(ynl), {}, "rows")
        equal(lost(ynl), (0, 1), "lost pairs")
    finally:
        pressure("remove")


def test_cpu_going_off_and_on_loses_nothing():
    """Calls are counted also by a CPU that goes off, and stay."""
    pressure(f"shrinker {SLEEP_MS} {OBJECTS}")
    try:
        ynl = held()
        pressure("arm 30")
        task = threading.Thread(target=drop_slab)
        task.start()
        for state in ("0", "1") * 2:
            write("/sys/devices/system/cpu/cpu1/online", state)
            time.sleep(0.1)
        task.join()
        equals_own(ynl, slack=4)
        equal(lost(ynl), (0, 0), "lost pairs")
    finally:
        pressure("remove")


def slots(ynl):
    """(used, all) of the table's rows."""
    source = ynl.do("source-get", {"name": "shrinker"})
    return source["slots-used"], source["slots-total"]


def test_a_full_table_gives_back_what_is_not_called():
    """After a minute; counts are kept by node; what a trigger names stays."""
    unload()
    load("shrinker_slots=1")
    pressure("shrinker 1 10")
    try:
        ynl = held()
        pressure("arm 10")
        drop_slab()
        rows = ynl.dump("shrinker-get", {})
        want = own_count()
        first = [row["id"] for row in rows if "id" in row]
        equal((len(first), slots(ynl)), (1, (1, 1)), "rows of their own")
        for node, (calls, scanned, _) in want.items():
            ours_ = [row for row in rows if row["node-id"] == node]
            check(sum(row["timing"]["count"] for row in ours_) >= calls and
                  sum(row["objects-scanned"] for row in ours_) >= scanned,
                  f"node {node}: {ours_}")
        sums = [sum(row["timing"][key] for row in rows)
                for key in ("count", "total-ns")]
        time.sleep(70)
        equal(slots(ynl), (0, 1), "rows after a minute")
        rows = ynl.dump("shrinker-get", {})
        equal([row for row in rows if "id" in row], [], "named rows")
        equal([sum(row["timing"][key] for row in rows)
               for key in ("count", "total-ns")], sums, "count and time")
        who = Subscriber()
        who.add("shrinker-time", 10**12, shrinker=NAME, no_evidence=True)
        pressure("arm 10")
        drop_slab()
        named = [row for row in ynl.dump("shrinker-get", {}) if "id" in row]
        equal(len(named), 1, "rows of their own")
        check(named[0]["id"] not in first, "an id was used again")
        if named[0]["name"] == NAME:
            time.sleep(70)
            equal(slots(ynl), (1, 1), "rows that a trigger names")
    finally:
        pressure("remove")
        unload()
        load()


def test_reset_in_the_middle_of_a_call():
    """What a call took before a reset is not counted after it."""
    pressure("shrinker 2000 10")
    try:
        ynl = held()
        pressure("arm 1")
        task = threading.Thread(target=drop_slab)
        task.start()
        time.sleep(1)
        ynl.do("source-reset", {"name": "shrinker"})
        task.join()
        timing = next(iter(ours(ynl).values()))["timing"]
        equal(timing["count"], 1, "calls")
        check(timing["longest-ns"] < 1600 * MS and
              timing["total-ns"] < 1600 * MS, f"of a call of 2 s: {timing}")
    finally:
        pressure("remove")
