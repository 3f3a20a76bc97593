# SPDX-License-Identifier: GPL-2.0-or-later
"""Allocations and frees of exactly known number, from every context."""

from harness import (cache, check, client, contexts, equal, node_of, oracle,
                     read, write)

CPUS = 2  # one for each of two nodes
N = 1000


def counts(ynl, name, nid):
    """What memtel counted of a cache's objects on a node."""
    try:
        node = node_of(cache(ynl, name), nid)
    except Exception as error:
        raise AssertionError(f"no row of {name}") from error
    keys = ("allocs", "frees", "bytes-requested", "bytes-allocated",
            "remote-allocs", "remote-frees")
    flat = {key: node.get(key, 0) for key in keys}
    for cpu_nid in range(CPUS):
        flat[f"allocs-from-{cpu_nid}"] = flat[f"frees-from-{cpu_nid}"] = 0
    for cpu in node.get("cpu-node", []):
        flat[f"allocs-from-{cpu['node-id']}"] = cpu["allocs"]
        flat[f"frees-from-{cpu['node-id']}"] = cpu["frees"]
    return flat


def difference(before, after):
    """Those counts that changed, and by how much."""
    return {key: after[key] - before[key] for key in after
            if after[key] != before[key]}


def expect_alloc(nid, size, slot, from_cpus):
    """What N allocations on a node by each of some CPUs must count."""
    total = N * len(from_cpus)
    want = {"allocs": total, "bytes-requested": total * size,
            "bytes-allocated": total * slot,
            "remote-allocs": N * sum(cpu != nid for cpu in from_cpus)}
    want.update({f"allocs-from-{cpu}": N for cpu in from_cpus})
    return {key: value for key, value in want.items() if value}


def expect_free(nid, from_cpu, number):
    """What frees of a node's objects by a CPU must count."""
    want = {"frees": number, f"frees-from-{from_cpu}": number}
    if from_cpu != nid:
        want["remote-frees"] = number
    return want


def exercise(name, target, size, slot):
    """N each way from each context, CPU and to each node."""
    ynl = client()
    ynl.do("source-hold", {"name": "slab"})
    for ctx in contexts():
        for nid in range(2):
            what = f"{name}, {ctx}, node {nid}"
            before = [counts(ynl, name, n) for n in range(2)]
            oracle(f"alloc {target} {ctx} -1 {nid} {size} {N}")
            after = [counts(ynl, name, n) for n in range(2)]
            equal(difference(before[nid], after[nid]),
                  expect_alloc(nid, size, slot, [0, 1]), f"alloc {what}")
            equal(difference(before[1 - nid], after[1 - nid]), {},
                  f"other node of alloc {what}")
            for cpu in range(CPUS):
                # Each CPU frees what the other one allocated.
                before = counts(ynl, name, nid)
                oracle(f"free {target} {ctx} {cpu} {1 - cpu} {N}")
                equal(difference(before, counts(ynl, name, nid)),
                      expect_free(nid, cpu, N), f"free {what} by CPU {cpu}")


def test_own_cache_is_exact():
    """A cache of the oracle's own."""
    oracle("create oracle-exact 200")
    # The constructor that keeps it from being merged makes objects larger.
    slot = int(read("/sys/kernel/slab/oracle-exact/slab_size"))
    exercise("oracle-exact", "oracle-exact", 200, slot)
    oracle("destroy oracle-exact")


def test_kmalloc_is_exact():
    """A kmalloc cache that nothing else uses."""
    # Where SLUB's debugging is on a slot is larger than the object.
    slot = int(read("/sys/kernel/slab/kmalloc-rcl-4k/slab_size"))
    exercise("kmalloc-rcl-4k", "kmalloc-rcl", 3000, slot)


def test_large_kmalloc_is_exact():
    """kmalloc() that the page allocator serves has a row of its own."""
    exercise("kmalloc-large", "kmalloc-rcl", 20000, 32768)


def test_kfree_of_a_caches_object():
    """kfree() of a cache's object counts as the cache's."""
    oracle("create oracle-kfree 136")
    ynl = client()
    ynl.do("source-hold", {"name": "slab"})
    oracle(f"alloc oracle-kfree task 0 0 136 {N}")
    oracle(f"kfree oracle-kfree task 0 -1 {N}")
    row = counts(ynl, "oracle-kfree", 0)
    equal((row["allocs"], row["frees"]), (N, N), "allocs and frees")
    oracle("destroy oracle-kfree")


def test_reset_starts_from_zero():
    """After a reset only what came after it is counted."""
    oracle("create oracle-reset 264")
    ynl = client()
    ynl.do("source-hold", {"name": "slab"})
    oracle(f"alloc oracle-reset task -1 -1 264 {N}")
    since = ynl.do("source-get", {"name": "slab"})["since-ns"]
    ynl.do("source-reset", {"name": "slab"})
    check(ynl.do("source-get", {"name": "slab"})["since-ns"] > since,
          "since-ns did not move")
    row = cache(ynl, "oracle-reset")
    equal(sum(node["allocs"] for node in row["node"]), 0, "allocs")
    oracle(f"free oracle-reset task -1 -1 {N}")
    row = cache(ynl, "oracle-reset")
    equal(sum(node["frees"] for node in row["node"]), 2 * N, "frees")
    oracle("destroy oracle-reset")


def test_detached_counts_nothing():
    """Without a holder there are no counts, and none are left over."""
    oracle("create oracle-held 520")
    ynl = client()
    ynl.do("source-hold", {"name": "slab"})
    oracle(f"alloc oracle-held task 0 0 520 {N}")
    ynl.do("source-release", {"name": "slab"})
    row = cache(ynl, "oracle-held")
    check("id" not in row, "an id while not attached")
    check(all("allocs" not in node for node in row["node"]), "counts left")
    ynl.do("source-hold", {"name": "slab"})
    equal(counts(ynl, "oracle-held", 0)["allocs"], 0, "allocs after attach")
    oracle(f"free oracle-held task 0 -1 {N}")
    equal(counts(ynl, "oracle-held", 0)["frees"], N, "frees after attach")
    oracle("destroy oracle-held")


def test_cpu_going_off_and_on_loses_nothing():
    """What a CPU counted stays when it goes."""
    ynl = client()
    ynl.do("source-hold", {"name": "slab"})
    oracle("create oracle-cpu 600")
    oracle(f"alloc oracle-cpu task -1 1 600 {N}")
    before = counts(ynl, "oracle-cpu", 1)
    for number in (1, 2, 3):
        write("/sys/devices/system/cpu/cpu1/online", "0")
        equal(counts(ynl, "oracle-cpu", 1), before, "while CPU 1 is off")
        write("/sys/devices/system/cpu/cpu1/online", "1")
        equal(counts(ynl, "oracle-cpu", 1), before, f"on again, {number}")
    oracle(f"free oracle-cpu task 1 0 {N}")
    equal(difference(before, counts(ynl, "oracle-cpu", 1)),
          expect_free(1, 1, N), "free on CPU 1 after that")
    write("/sys/devices/system/cpu/cpu1/online", "0")
    ynl.do("source-reset", {"name": "slab"})
    write("/sys/devices/system/cpu/cpu1/online", "1")
    equal(counts(ynl, "oracle-cpu", 1)["frees"], 0, "reset while it was off")
    oracle(f"free oracle-cpu task 1 -1 {N}")
    oracle("destroy oracle-cpu")
