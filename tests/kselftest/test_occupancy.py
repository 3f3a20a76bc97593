# SPDX-License-Identifier: GPL-2.0-or-later
"""What caches hold, beside what the kernel's own files say."""

import os

from harness import (cache, check, client, equal, keeps_freed, must, node_of,
                     oracle, read, write)

# With all its debugging SLUB takes ten times as long for each.
SLABS = 10_000 if keeps_freed() else 100_000
# Caches that never rest: KASAN gives back what it kept at any time.
RESTLESS = 25 if keeps_freed() else 2


def slabinfo():
    """Objects in use and in all, and slabs, by cache, from /proc/slabinfo."""
    rows = {}
    for line in read("/proc/slabinfo").splitlines()[2:]:
        f = line.split()
        rows[f[0]] = (int(f[1]), int(f[2]), int(f[14]))
    return rows


def sysfs(name):
    """slabs, partial, total_objects, objects by node, from sysfs."""
    out = {}
    for key in ("slabs", "partial", "total_objects", "objects"):
        for field in read(f"/sys/kernel/slab/{name}/{key}").split()[1:]:
            node, value = field[1:].split("=")
            out.setdefault(int(node), {})[key] = int(value)
    return out


def test_every_cache_equals_slabinfo():
    """At rest every cache is compared; one that moved is tried again."""
    ynl = client()
    must("sh", "-c", "sync; echo 3 > /proc/sys/vm/drop_caches")
    left = set(slabinfo())
    estimates = 0
    for _ in range(20):
        before = slabinfo()
        rows = {r["name"]: r for r in ynl.dump("cache-get", {})}
        after = slabinfo()
        equal(set(rows) ^ set(after), set(), "names in one list only")
        for name in sorted(left):
            if before.get(name) != after.get(name):
                continue
            nodes = rows[name].get("node", [])
            used, total, slabs = after[name]
            equal(sum(n["objects-total"] for n in nodes), total,
                  f"{name}: objects-total")
            equal(sum(n["slabs"] for n in nodes), slabs, f"{name}: slabs")
            error = sum(n.get("objects-in-use-error", 0) for n in nodes)
            estimates += error > 0
            check(abs(sum(n["objects-in-use"] for n in nodes) - used) <= error,
                  f"{name}: objects-in-use not within {error} of {used}")
            left.discard(name)
        if not left:
            break
    check(len(left) <= RESTLESS, f"never at rest: {sorted(left)}")
    print(f"# {len(slabinfo()) - len(left)} caches, {estimates} estimated")


def test_nodes_equal_sysfs():
    """Each node of the oracle's caches, whatever size their slabs have."""
    ynl = client()
    for size in (16, 200, 1000, 4096, 8192):
        name = f"oracle-occ-{size}"
        oracle(f"create {name} {size}")
        for nid, number in ((0, 333), (1, 777)):
            oracle(f"alloc {name} task 0 {nid} {size} {number}")
        oracle(f"free {name} task 0 -1 400")
        if keeps_freed():
            # What would be given back at any time is now.
            write(f"/sys/kernel/slab/{name}/shrink", "1")
        row = cache(ynl, name)
        for nid, want in sysfs(name).items():
            node = node_of(row, nid)
            got = {"slabs": node["slabs"], "partial": node["partial-slabs"],
                   "total_objects": node["objects-total"],
                   "objects": node["objects-in-use"]}
            equal({k: got[k] for k in want}, want, f"{name} node {nid}")
            check("objects-in-use-error" not in node, "an error though exact")
        for key, file in (("size-bytes", "slab_size"),
                          ("object-size-bytes", "object_size"),
                          ("objects-per-slab", "objs_per_slab"),
                          ("order", "order")):
            equal(row[key], int(read(f"/sys/kernel/slab/{name}/{file}")), key)
        equal([n["slab-bytes"] for n in row["node"]],
              [n["slabs"] << (12 + row["order"]) for n in row["node"]],
              "slab-bytes")
        oracle(f"free {name} task 0 -1 710")
        oracle(f"destroy {name}")


def test_what_a_cpu_keeps_is_in_use():
    """Objects that are free, but kept for a CPU, count as in use, as in SLUB.

    Since 7.x these are its sheaves and the node's; before, the free ones of its
    own slab. Allocations and frees that a CPU serves from there are counted
    one for one; a shrink gives back what is kept.
    """
    ynl = client()
    ynl.do("source-hold", {"name": "slab"})
    oracle("create oracle-kept 256")
    oracle("alloc oracle-kept task 0 0 256 1000")
    oracle("free oracle-kept task 0 0 1000")
    before = node_of(cache(ynl, "oracle-kept"), 0)
    oracle("alloc oracle-kept task 0 0 256 8")
    oracle("free oracle-kept task 0 0 8")
    node = node_of(cache(ynl, "oracle-kept"), 0)
    equal((node["allocs"], node["frees"]), (1008, 1008), "allocs and frees")
    if not keeps_freed():
        equal(node["objects-in-use"], before["objects-in-use"], "in use")
    equal(node["objects-in-use"], sysfs("oracle-kept")[0]["objects"],
          "in use and sysfs' objects")
    kept = node["objects-in-use"]
    print(f"# {kept} objects are kept, nobody has one")
    sheaf = "/sys/kernel/slab/oracle-kept/sheaf_capacity"
    if os.path.exists(sheaf):
        capacity = int(read(sheaf))
        print(f"# sheaves of {capacity}")
        check(kept >= capacity, "not even a sheaf is kept")
    write("/sys/kernel/slab/oracle-kept/shrink", "1")
    row = cache(ynl, "oracle-kept")
    equal(sum(n.get("objects-in-use", 0) for n in row["node"]), 0,
          "in use after a shrink")
    oracle("destroy oracle-kept")


def test_long_partial_lists():
    """An estimate whose stated error holds, where a walk would stall."""
    ynl = client()
    oracle("create oracle-frag 256")
    oracle(f"fragment oracle-frag {SLABS}")
    if keeps_freed():
        write("/sys/kernel/slab/oracle-frag/shrink", "1")
    try:
        want = sysfs("oracle-frag")
        row = cache(ynl, "oracle-frag")
        estimated = 0
        for nid, truth in want.items():
            node = node_of(row, nid)
            equal(node["slabs"], truth["slabs"], "slabs")
            equal(node["partial-slabs"], truth["partial"], "partial slabs")
            equal(node["objects-total"], truth["total_objects"], "objects")
            error = node.get("objects-in-use-error", 0)
            off = node["objects-in-use"] - truth["objects"]
            check(abs(off) <= error, f"off by {off}, stated {error}")
            check(error < truth["total_objects"], "an error that says nothing")
            estimated += error > 0
            print(f"# node {nid}: {truth['partial']} partial slabs, in use "
                  f"{truth['objects']}, off by {off}, stated {error}")
        check(sum(n["partial"] for n in want.values()) >= SLABS * 0.99,
              "too few partial slabs")
        check(estimated > 0, "nothing was estimated")
    finally:
        oracle("drop oracle-frag")
        oracle("destroy oracle-frag")


def test_name_filter_and_glob():
    """Filters choose in the kernel; what they leave is the same rows."""
    ynl = client()
    everything = {r["name"] for r in ynl.dump("cache-get", {})}
    equal({r["name"] for r in ynl.dump("cache-get", {"glob": "kmalloc-[1-9]*"})},
          {n for n in everything
           if n.startswith("kmalloc-") and n[8] in "123456789"}, "glob")
    equal({r["name"] for r in ynl.dump("cache-get", {"name": "dentry"})},
          {"dentry"}, "name")
    equal(ynl.dump("cache-get", {"name": "dentry", "glob": "kmalloc*"}), [],
          "both, contradicting")
    for row in ynl.dump("cache-get", {"node-id": 1}):
        equal([n["node-id"] for n in row["node"]], [1],
              f"nodes of {row['name']}")


def test_only_active():
    """Without a count there is nothing active; with one, just those."""
    ynl = client()
    try:
        ynl.dump("cache-get", {"only-active": True})
        check(False, "no error while detached")
    except Exception as error:  # pylint: disable=broad-except
        check("No data available" in str(error), str(error))
    ynl.do("source-hold", {"name": "slab"})
    for row in ynl.dump("cache-get", {"only-active": True}):
        check(any(n.get("allocs", 0) + n.get("frees", 0) for n in row["node"]),
              f"{row['name']} is not active")


def test_sysfs_is_here():
    """The oracle this file rests on exists."""
    check(os.path.isdir("/sys/kernel/slab/dentry"), "no /sys/kernel/slab")
