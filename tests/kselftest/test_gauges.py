# SPDX-License-Identifier: GPL-2.0-or-later
"""Zone and node gauges beside /proc and /sys.

The system is at rest but never still: each oracle is read before and after,
and a number that did not move between must be equal; one that moved is tried
again.
"""

import functools
import json
import re

from harness import NlError, check, client, equal, memtel

PAGE = 4096
TRIES = 30


def settle(oracle, ours, what):
    """Compare dicts of numbers until each was once at rest, and equal.

    One that is the same before and after may still have been another between.
    """
    left, wrong = None, {}
    for _ in range(TRIES):
        before, got, after = oracle(), ours(), oracle()
        if left is None:
            left = set(after)
        for key in sorted(left, key=str):
            if before[key] == got[key] == after[key]:
                left.discard(key)
            elif before[key] == after[key]:
                wrong[key] = (got[key], after[key])
            elif str(key[-1]).startswith("numa-"):
                # These only grow: between the two is as good.
                check(before[key] <= got[key] <= after[key],
                      f"{what} {key}: {got[key]} is not between "
                      f"{before[key]} and {after[key]}")
                left.discard(key)
        if not left:
            return
    check(False, f"{what}: never at rest and equal: "
          f"{[(key, wrong.get(key)) for key in sorted(left, key=str)]}")


@functools.lru_cache(None)
def kept_open(path):
    """A file, whose buffer in the kernel stays for the next time it is read.

    So that reading it does not move what it says, where what is freed is kept
    from being used again.
    """
    # pylint: disable=consider-using-with
    return open(path, "rb", buffering=0)


def reread(path):
    """What is in it now."""
    file = kept_open(path)
    file.seek(0)
    return file.read().decode()


def zoneinfo():
    """{(node, zone, key): bytes} from /proc/zoneinfo, populated zones."""
    out, zone = {}, None
    keys = {"pages free": "free-bytes", "min": "watermark-min-bytes",
            "low": "watermark-low-bytes", "high": "watermark-high-bytes",
            "spanned": "spanned-bytes", "present": "present-bytes",
            "managed": "managed-bytes"}
    for line in reread("/proc/zoneinfo").splitlines():
        match = re.match(r"Node (\d+), zone +(\S+)", line)
        if match:
            zone = (int(match[1]), match[2])
            continue
        match = re.match(r" +(pages free|min|low|high|spanned|present|managed)"
                         r" +(\d+)$", line)
        if match:
            out[(*zone, keys[match[1]])] = int(match[2]) * PAGE
    return {k: v for k, v in out.items()
            if out[(k[0], k[1], "present-bytes")]}


def buddyinfo():
    """{(node, zone, order): blocks} from /proc/buddyinfo."""
    out = {}
    for line in reread("/proc/buddyinfo").splitlines():
        f = line.replace(",", "").split()
        for order, blocks in enumerate(f[4:]):
            out[(int(f[1]), f[3], order)] = int(blocks)
    return out


def numastat():
    """{(node, key): pages} from nodeN/numastat and bytes from meminfo."""
    out = {}
    names = {"interleave_hit": "numa-interleave", "local_node": "numa-local",
             "other_node": "numa-other"}
    for nid in (0, 1):
        path = f"/sys/devices/system/node/node{nid}"
        for line in reread(f"{path}/numastat").splitlines():
            key, value = line.split()
            out[(nid, names.get(key, key.replace("_", "-")))] = int(value)
        for line in reread(f"{path}/meminfo").splitlines():
            f = line.split()
            key = {"SReclaimable:": "slab-reclaimable-bytes",
                   "SUnreclaim:": "slab-unreclaimable-bytes",
                   "MemFree:": "free-bytes",
                   "MemTotal:": "managed-bytes"}.get(f[2])
            if key:
                out[(nid, key)] = int(f[3]) * 1024
    return out


def test_zones_equal_zoneinfo():
    """Sizes, free memory and watermarks of every zone."""
    ynl = client()

    def ours():
        return {(z["node-id"], z["name"], k): v
                for z in ynl.dump("zone-get", {}) for k, v in z.items()}

    equal({k[:2] for k in ours()}, {k[:2] for k in zoneinfo()}, "zones")
    settle(zoneinfo, ours, "zone")


def test_free_blocks_equal_buddyinfo():
    """Free blocks of every order of every zone."""
    ynl = client()

    def ours():
        return {(z["node-id"], z["name"], b["order"]): b["blocks"]
                for z in ynl.dump("zone-get", {}) for b in z["free-blocks"]}

    settle(buddyinfo, ours, "free blocks")


def test_nodes_equal_numastat_and_meminfo():
    """NUMA events and memory of every node."""
    ynl = client()

    def ours():
        return {(n["id"], k): v
                for n in ynl.dump("node-get", {}) for k, v in n.items()}

    settle(numastat, ours, "node")


def test_one_by_one():
    """A do gives the row of the dump; what does not exist is an error."""
    ynl = client()
    fixed = ("name", "node-id", "managed-bytes", "spanned-bytes")
    for zone in ynl.dump("zone-get", {}):
        one = ynl.do("zone-get", {"node-id": zone["node-id"],
                                  "name": zone["name"]})
        equal([one[k] for k in fixed], [zone[k] for k in fixed], "zone")
    for node in ynl.dump("node-get", {}):
        one = ynl.do("node-get", {"id": node["id"]})
        equal(one["managed-bytes"], node["managed-bytes"], "node")
    for op, attrs, bad in (("node-get", {"id": 7}, ".id"),
                           ("zone-get", {"node-id": 9, "name": "x"},
                            ".node-id"),
                           ("zone-get", {"node-id": 0, "name": "x"}, ".name")):
        try:
            ynl.do(op, attrs)
            check(False, f"{op} {attrs}: no error")
        except NlError as error:
            equal(error.nl_msg.error, -2, "errno")
            equal(error.nl_msg.extack["bad-attr"], bad, "bad attribute")


def extfrag():
    """{(node, zone, order, index): thousandths} from debugfs."""
    out = {}
    for index in ("extfrag_index", "unusable_index"):
        text = reread(f"/sys/kernel/debug/extfrag/{index}")
        for line in text.splitlines():
            f = line.replace(",", "").split()
            for order, value in enumerate(f[4:]):
                out[(int(f[1]), f[3], order, index)] = round(
                    float(value) * 1000)
    return out


def test_fragmentation_equals_extfrag():
    """The indices derived from free blocks are the kernel's own."""
    names = {"fragmentation_index": "extfrag_index",
             "unusable_index": "unusable_index"}

    def ours():
        return {(z["node_id"], z["name"], b["order"], names[k]): b[k]
                for z in json.loads(memtel("zones", "--orders",
                                           "--json").stdout)
                for b in z.get("free_blocks", [z]) for k in names if k in b}

    equal(set(ours()), set(extfrag()), "zones, orders and indices")
    settle(extfrag, ours, "index of")
