# SPDX-License-Identifier: GPL-2.0-or-later
"""Caches that come, go, come again, and share."""

import os

from harness import (NlError, Skipped, cache, check, client, contexts, equal,
                     load, oracle, read, unload, wait_for)
from perf_events import allocs_and_frees, slab_events


def rows(ynl, name):
    """All rows of a name: the living one and those that are gone."""
    return ynl.dump("cache-get", {"name": name})


def total(row, key):
    """A count over all nodes."""
    return sum(node.get(key, 0) for node in row.get("node", []))


def test_destroyed_cache_keeps_its_numbers():
    """Marked gone, counts as they were, no occupancy, until reset."""
    ynl = client()
    ynl.do("source-hold", {"name": "slab"})
    oracle("create oracle-gone 328")
    oracle("alloc oracle-gone task -1 -1 328 500")
    oracle("free oracle-gone task -1 -1 500")
    before = cache(ynl, "oracle-gone")
    oracle("destroy oracle-gone")
    wait_for(lambda: "gone" in rows(ynl, "oracle-gone")[0], 5, "marked gone")
    after, = rows(ynl, "oracle-gone")
    equal(after["id"], before["id"], "id")
    equal(total(after, "allocs"), 1000, "allocs")
    equal(total(after, "frees"), 1000, "frees")
    equal(total(after, "slabs"), 0, "slabs")
    ynl.do("source-reset", {"name": "slab"})
    equal(rows(ynl, "oracle-gone"), [], "rows after reset")


def test_same_name_again_is_another_cache():
    """A new id, counts from zero; the old one stays beside it."""
    ynl = client()
    ynl.do("source-hold", {"name": "slab"})
    ids = []
    for i in range(1, 6):
        oracle("create oracle-again 328")
        oracle(f"alloc oracle-again task 0 0 328 {i}")
        living = [r for r in rows(ynl, "oracle-again") if "gone" not in r]
        equal(len(living), 1, "living caches of the name")
        equal(total(living[0], "allocs"), i, "allocs of the living one")
        ids.append(living[0]["id"])
        oracle(f"free oracle-again task 0 -1 {i}")
        oracle("destroy oracle-again")
    equal(len(set(ids)), 5, "different ids")
    wait_for(lambda: len([r for r in rows(ynl, "oracle-again")
                          if "gone" in r]) == 5, 5, "all five gone")
    gone = {r["id"]: total(r, "allocs") for r in rows(ynl, "oracle-again")}
    equal([gone[i] for i in ids], [1, 2, 3, 4, 5], "allocs of each")


def test_addresses_used_again():
    """Many caches made and destroyed: each counts its own objects only."""
    ynl = client()
    ynl.do("source-hold", {"name": "slab"})
    for i in range(100):
        name = f"oracle-many-{i % 10}"
        oracle(f"create {name} {64 + 8 * (i % 50)}")
        oracle(f"alloc {name} task -1 -1 64 {i + 1}")
        living, = [r for r in rows(ynl, name) if "gone" not in r]
        equal(total(living, "allocs"), 2 * (i + 1), f"allocs of cache {i}")
        oracle(f"free {name} task -1 -1 {i + 1}")
        oracle(f"destroy {name}")
    source = ynl.do("source-get", {"name": "slab"})
    equal(source["unplaced-allocs"], 0, "unplaced-allocs")


def test_merged_caches_are_one():
    """SLUB's aliases count in the cache they were merged into."""
    if int(read("/sys/kernel/slab/dentry/red_zone")):
        raise Skipped("SLUB does not merge what it debugs")
    ynl = client()
    ynl.do("source-hold", {"name": "slab"})
    oracle("create oracle-merge-a 1048")
    oracle("create oracle-merge-b 1048")
    try:
        one, other = (os.path.realpath(f"/sys/kernel/slab/oracle-merge-{x}")
                      for x in "ab")
        equal(one, other, "their directory in sysfs")
        oracle("alloc oracle-merge-b task 0 0 1048 77")
        here = [r for r in ynl.dump("cache-get", {"only-active": True})
                if os.path.realpath(f"/sys/kernel/slab/{r['name']}") == one]
        equal(len(here), 1, "rows of the merged cache")
        check(total(here[0], "allocs") >= 77, "its allocs")
        check(here[0]["aliases"] >= 1, "its aliases")
        with open(f"{one}/aliases", encoding="ascii") as file:
            equal(here[0]["aliases"], int(file.read()), "aliases as in sysfs")
        oracle("free oracle-merge-b task 0 -1 77")
    finally:
        oracle("destroy oracle-merge-b")
        oracle("destroy oracle-merge-a")


def test_full_table_is_counted():
    """What has no slot is in no row and in the losses, exactly."""
    unload()
    load("slab_slots=16")
    ynl = client()
    ynl.do("source-hold", {"name": "slab"})
    source = ynl.do("source-get", {"name": "slab"})
    equal((source["slots-used"], source["slots-total"]), (16, 16), "slots")
    oracle("create oracle-late 456")
    with slab_events() as counted:
        before = ynl.do("source-get", {"name": "slab"})
        ctx = contexts()[-1]
        oracle(f"alloc oracle-late {ctx} -1 -1 456 5000")
        oracle(f"free oracle-late {ctx} -1 -1 5000")
        after = ynl.do("source-get", {"name": "slab"})
        most = allocs_and_frees(counted)
    # The rest of the system allocates meanwhile.
    for key, events in zip(("unplaced-allocs", "unplaced-frees"), most):
        lost = after[key] - before[key]
        check(10000 <= lost <= events,
              f"{key}: {lost}, not 10000 to {events}")
    check("id" not in cache(ynl, "oracle-late"), "a slot after all")
    oracle("destroy oracle-late")


def test_full_table_still_sees_a_cache_end():
    """Past its last slot, too, an address never stands for two caches."""
    unload()
    load("slab_slots=200")
    ynl = client()
    ynl.do("source-hold", {"name": "slab"})
    free = 200 - ynl.do("source-get", {"name": "slab"})["slots-used"]
    for i in range(free + 20):
        oracle(f"create oracle-end-{i % 3} {72 + 8 * (i % 30)}")
        oracle(f"alloc oracle-end-{i % 3} task 0 0 72 {i + 1}")
        living, = [r for r in rows(ynl, f"oracle-end-{i % 3}")
                   if "gone" not in r]
        if "id" in living:
            equal(total(living, "allocs"), i + 1, f"allocs of cache {i}")
        else:
            check(i >= free, f"cache {i} has no slot though {free} were free")
        oracle(f"free oracle-end-{i % 3} task 0 -1 {i + 1}")
        oracle(f"destroy oracle-end-{i % 3}")
    source = ynl.do("source-get", {"name": "slab"})
    check(source["unplaced-allocs"] > 0, "nothing was lost")


def test_slots_out_of_range():
    """The module refuses a table of no sense and loads nothing."""
    unload()
    for value in ("1", "15", "65537", "-1", "x"):
        try:
            load(f"slab_slots={value}")
        except Exception:  # pylint: disable=broad-except
            check(not os.path.exists("/sys/module/memtel"), "loaded")
            continue
        check(False, f"slab_slots={value} was taken")


def test_unknown_cache():
    """A name that does not exist is an error that names the attribute."""
    load()
    ynl = client()
    try:
        cache(ynl, "no-such-cache")
    except NlError as error:
        equal(error.nl_msg.error, -2, "errno")
        equal(error.nl_msg.extack["msg"], "no such cache", "extack")
        equal(error.nl_msg.extack["bad-attr"], ".name", "bad attribute")
        return
    check(False, "no error")
