# SPDX-License-Identifier: GPL-2.0-or-later
"""What holds on a host of any shape: exact, whole, and gone without a trace.

The shape is what MEMTEL_SHAPE names; see shape.py. What the kernel's own
files, the oracle and the pressure module say is compared.
"""

import os
import time
from collections import Counter

from ask import Socket, attr, attrs_in, find_family, number_of
from harness import (Skipped, cache, check, client, equal, load, node_of,
                     oracle, our_probes, read, sources, unload, wait_for)
from shape import (SHAPE, SOCKETS, arm, cpus, disarm, hot_node, made_cgroups,
                   nodes, reclaim_in_each, reclaiming)

N = 200
SIZE = 200
# Of the family's specification.
HOLD, CACHE_GET, NODE_GET = 3, 9, 10
NAME = 1
HOLD_NAME = 2
NODE_NODE_ID = 2


def dumped(cmd, what):
    """An attribute of each row of a dump, as often as it is there; None when the
    dump says that it is not of one piece."""
    sock = Socket(number_of(find_family("memtel")))
    sock.begin(cmd, b"", True)
    equal(sock.end(), 0, "errno of the dump")
    return None if sock.is_interrupted else Counter(
        dict(attrs_in(body))[what] for body in sock.bodies)


def counts(ynl, name):
    """(allocs, frees) of a cache by node, those that are not zero."""
    return {node["node-id"]: (node.get("allocs", 0), node.get("frees", 0))
            for node in cache(ynl, name).get("node", [])
            if node.get("allocs") or node.get("frees")}


def test_counts_are_exact():
    """Each node's objects, allocated and freed by all CPUs."""
    ynl = client()
    ynl.do("source-hold", {"name": "slab"})
    oracle(f"create oracle-shape {SIZE}")
    total, want = N * len(cpus()), {}
    for nid in nodes():
        oracle(f"alloc oracle-shape task -1 {nid} {SIZE} {N}")
        want[nid] = (total, 0)
        equal(counts(ynl, "oracle-shape"), want, f"with those of node {nid}")
        oracle(f"free oracle-shape softirq -1 -1 {N}")
        want[nid] = (total, total)
        equal(counts(ynl, "oracle-shape"), want, f"without those of {nid}")
    for node in cache(ynl, "oracle-shape")["node"]:
        if node["node-id"] in want:
            equal(node["bytes-requested"], total * SIZE, "bytes requested")
            by_cpu = node["cpu-node"]
            equal(sum(row["allocs"] for row in by_cpu), total, "from nodes")
    source = ynl.do("source-get", {"name": "slab"})
    equal(source["unplaced-allocs"], 0, "unplaced-allocs")
    oracle("destroy oracle-shape")


def test_each_cpu_is_counted():
    """A CPU whose node has no memory has its objects elsewhere."""
    ynl = client()
    ynl.do("source-hold", {"name": "slab"})
    oracle(f"create oracle-cpus {SIZE}")
    for number, cpu in enumerate(cpus(), 1):
        oracle(f"alloc oracle-cpus task {cpu} -1 {SIZE} {N}")
        equal(sum(allocs for allocs, _ in counts(ynl, "oracle-cpus").values()),
              number * N, f"allocations up to CPU {cpu}")
        oracle(f"free oracle-cpus task {cpu} -1 {N}")
    got = counts(ynl, "oracle-cpus")
    equal(sum(frees for _, frees in got.values()), N * len(cpus()), "frees")
    check(set(got) <= set(nodes()), f"objects on {sorted(got)}")
    oracle("destroy oracle-cpus")


def test_reset_starts_from_zero():
    """What was counted before it has gone on all nodes, and no more."""
    ynl = client()
    ynl.do("source-hold", {"name": "slab"})
    oracle("create oracle-reset 264")
    oracle(f"alloc oracle-reset task -1 -1 264 {N}")
    ynl.do("source-reset", {"name": "slab"})
    equal(counts(ynl, "oracle-reset"), {}, "after the reset")
    oracle(f"free oracle-reset task -1 -1 {N}")
    equal(sum(frees for _, frees in counts(ynl, "oracle-reset").values()),
          N * len(cpus()), "frees after it")
    oracle("destroy oracle-reset")


def test_dump_is_complete():
    """Each cache of /proc/slabinfo is there, and once."""
    ynl = client()
    ynl.do("source-hold", {"name": "slab"})

    def slabinfo():
        return Counter(line.split()[0].encode() + b"\0" for line in
                       read("/proc/slabinfo").splitlines()[2:])
    for _ in range(10):
        before, got = slabinfo(), dumped(CACHE_GET, NAME)
        if got is not None and before == slabinfo():
            break
    got.pop(b"kmalloc-large\0", None)
    equal(got - before, Counter(), "too often, or not in slabinfo")
    equal(before - got, Counter(), "missing")
    print(f"# {sum(got.values())} caches")


def test_nodes_are_those_there_are():
    """Each node that is online has its row."""
    got = dumped(NODE_GET, NODE_NODE_ID)
    equal({int.from_bytes(nid, "little"): nr for nid, nr in got.items()},
          dict.fromkeys(nodes("online"), 1), "nodes")


def test_a_node_comes_and_goes():
    """What is counted is of the nodes there are; what was counted stays."""
    if not SHAPE.hot_mib:
        raise Skipped("all nodes of this shape stay")
    ynl = client()
    ynl.do("source-hold", {"name": "slab"})
    ynl.do("source-hold", {"name": "reclaim"})
    oracle(f"create oracle-hot {SIZE}")
    for number in (1, 2, 3):
        nid = hot_node(True)
        oracle(f"alloc oracle-hot task -1 {nid} {SIZE} {N}")
        oracle(f"free oracle-hot task -1 -1 {N}")
        want = {nid: (number * N * len(cpus()), number * N * len(cpus()))}
        equal(counts(ynl, "oracle-hot"), want, f"while it is there, {number}")
        test_nodes_are_those_there_are()
        zones = [zone for zone in ynl.dump("zone-get", {})
                 if zone["node-id"] == nid and zone["managed-bytes"]]
        check(zones, f"no zone of node {nid}")
        hot_node(False)
        # Its rows are those of a node that has nothing now.
        row = node_of(cache(ynl, "oracle-hot"), nid)
        equal((row.get("allocs"), row.get("slabs", 0)), (want[nid][0], 0),
              "allocations and slabs without it")
        test_nodes_are_those_there_are()
    oracle("destroy oracle-hot")


def test_many_triggers():
    """All are there, each is deleted with its socket."""
    if not SHAPE.triggers:
        raise Skipped("this shape has no triggers of its own")
    ynl = client()
    equal(len(ynl.dump("trigger-get", {})), SHAPE.triggers, "triggers")
    disarm()
    wait_for(lambda: not ynl.dump("trigger-get", {}), 60, "all have gone")
    equal(our_probes(), [], "probes without triggers")
    arm()


def test_many_tasks_in_reclaim():
    """Each is counted, or counted as lost."""
    if not SHAPE.reclaimers:
        raise Skipped("this shape has no such tasks")
    ynl = client()
    ynl.do("source-hold", {"name": "reclaim"})
    with reclaiming():
        threads = int(read("/proc/loadavg").split()[3].split("/")[1])
        check(threads > SHAPE.reclaimers, f"only {threads} tasks")
        time.sleep(1)
        lost = ynl.do("source-get", {"name": "reclaim"})["unplaced-begins"]
    source = ynl.do("source-get", {"name": "reclaim"})
    counted = sum(row["timing"]["count"] for row in
                  ynl.dump("reclaim-get", {"kind": "direct"}))
    print(f"# {counted} counted, {lost} without a place")
    equal(counted + lost, SHAPE.reclaimers, "reclaims")
    equal((source["unplaced-begins"], source["unpaired-ends"],
           source["unpaired-begins"]), (lost, lost, 0), "what was lost")


def test_many_cgroups_in_reclaim():
    """Each one's is counted as its, or as that of all others."""
    groups = made_cgroups()
    if not groups:
        raise Skipped("this shape has no cgroups of its own")
    ynl = client()
    ynl.do("source-hold", {"name": "reclaim"})
    reclaim_in_each(groups)
    rows = ynl.dump("reclaim-get", {"kind": "memcg"})
    source = ynl.do("source-get", {"name": "reclaim"})
    want = {os.stat(group).st_ino: 1 for group in groups}
    got = {row["cgroup-id"]: row["timing"]["count"] for row in rows
           if "cgroup-id" in row}
    others = sum(row["timing"]["count"] for row in rows
                 if "cgroup-id" not in row)
    print(f"# {len(got)} cgroups with a row, {others} reclaims of others")
    equal({nr: want.get(nr) for nr in got}, got, "reclaims of cgroups")
    equal(sum(got.values()) + others, len(groups), "reclaims")
    equal(source["unplaced-rows"], others, "unplaced-rows")


def test_unloaded_while_all_is_held():
    """Every source, with all triggers: nothing is left of them."""
    sock = Socket(number_of(find_family("memtel")))
    for name in sources():
        sock.begin(HOLD, attr(HOLD_NAME, name.encode() + b"\0"))
        equal(sock.end(), 0, f"errno of holding {name}")
    check(our_probes(), "no probes while all is held")
    unload()
    equal(our_probes(), [], "probes after unloading")
    check("[memtel]" not in read("/proc/vmallocinfo"), "memory left of memtel")
    SOCKETS.clear()
    load()
    arm()
