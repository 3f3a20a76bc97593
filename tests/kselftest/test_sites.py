# SPDX-License-Identifier: GPL-2.0-or-later
"""Call sites and stalls, beside what was really allocated and lost."""

import json
import os
import re
import socket
import struct
import threading
import time

from ask import Socket, attrs_in
from harness import (NlError, Skipped, cache, check, client, contexts, equal,
                     load, memtel, must, node_of, oracle, our_probes, run,
                     slab_probes, unload, write)
from pressure import cgroup, read_disk
from test_access import family, numbers, with_caps

NAME = "memtel_test_site"
SITE_ALLOCS = 5
# One of so many is looked at.
FEW = 1_000_000


class Cache:
    """A cache of the oracle's."""

    def __enter__(self):
        if not os.path.exists("/sys/module/memtel_oracle"):
            must("insmod", os.path.join(os.environ["MEMTEL_BUILD"], "oracle",
                                        "memtel_oracle.ko"))
        oracle(f"create {NAME} 512")
        return self

    def __exit__(self, *_):
        oracle(f"destroy {NAME}")


def alloc(number):
    """Allocate so many from one line of code on CPU 0, and free them."""
    oracle(f"alloc {NAME} task 0 -1 512 {number}")
    oracle(f"free {NAME} task 0 0 {number}")


def rows(ynl):
    """The sites that allocated from the cache."""
    return ynl.dump("site-get", {"cache": NAME})


def test_every_allocation_is_counted():
    """With a sampling of 1: exactly, under the right line of code."""
    unload()
    load("site_sampling=1")
    with Cache():
        ynl = client()
        ynl.do("source-hold", {"name": "site"})
        ynl.do("source-reset", {"name": "site"})
        alloc(3000)
        alloc(4321)
        got = rows(ynl)
        equal(len(got), 1, f"sites: {got}")
        row = got[0]
        equal(row["allocs"], 7321, "allocations")
        equal(row["allocs-error"], 0, "error")
        check(re.search(r"\[memtel_oracle\]$", row["symbol"]), row["symbol"])
        equal(ynl.do("site-get", {"id": row["id"]}), row, "the row by its id")
        size = ynl.do("cache-get", {"name": NAME})["size-bytes"]
        equal(row["bytes"], 7321 * size, "bytes")
        ynl.do("source-reset", {"name": "site"})
        equal(rows(ynl), [], "rows after a reset")
        try:
            ynl.do("site-get", {"id": row["id"]})
            check(False, "found after a reset")
        except NlError as error:
            equal(error.nl_msg.error, -2, "errno")


def test_shares_probes_with_slab():
    """Either source counts exactly while the other one comes and goes, and a
    tracepoint is hooked as long as one of them needs it."""
    allocs = [name for name in slab_probes() if "alloc" in name]
    # Of slab those count, too, that the site source lets pass.
    for first, second, probes, sampling in (
            ("slab", "site", slab_probes(), 3), ("site", "slab", allocs, 1)):
        unload()
        load(f"site_sampling={sampling}")
        with Cache():
            ynl, other, done = client(), client(), threading.Event()
            ynl.do("source-hold", {"name": first})
            equal(our_probes(), probes, f"probes of {first}")
            other.do("source-hold", {"name": second})
            equal(our_probes(), slab_probes(), "probes of both")
            ynl.do("source-reset", {"name": first})

            def come_and_go(other=other, second=second, done=done):
                while not done.is_set():
                    other.do("source-release", {"name": second})
                    other.do("source-hold", {"name": second})
                    # To detach takes as long.
                    time.sleep(0.02)

            thread = threading.Thread(target=come_and_go)
            thread.start()
            for _ in range(20):
                alloc(500)
            done.set()
            thread.join()
            if first == "slab":
                node = node_of(cache(ynl, NAME), 0)
                equal((node["allocs"], node["frees"]), (10000, 10000),
                      "allocations and frees")
            else:
                equal([row["allocs"] for row in rows(ynl)], [10000],
                      "allocations")
            other.do("source-release", {"name": second})
            equal(our_probes(), probes, f"probes of {first} again")
            ynl.do("source-release", {"name": first})
            equal(our_probes(), [], "probes of neither")


def test_nothing_is_lost_unseen():
    """Too many sites for the table: what made room is counted."""
    unload()
    load("site_sampling=1", "site_slots=16", "slab_slots=2048")
    ynl = client()
    for name in ("slab", "site"):
        ynl.do("source-hold", {"name": name})
    ynl.do("source-reset", {"name": "site"})
    ynl.do("source-reset", {"name": "slab"})

    def slab_allocs():
        return sum(node["allocs"] for row in ynl.dump("cache-get", {})
                   for node in row.get("node", []) if "allocs" in node)

    def site_allocs():
        # In this order: what makes room in between is in both, not in none.
        sites = ynl.dump("site-get", {})
        lost = ynl.do("source-get", {"name": "site"})["unplaced-allocs"]
        return lost + sum(row["allocs"] - row["allocs-error"]
                          for row in sites), lost, len(sites)
    before = slab_allocs()
    # Loads that end by themselves, of many call sites each.
    # What it says of what goes meanwhile is nothing to us.
    run("find", "/sys", "/proc/sys", "-xdev", "-maxdepth", "4")
    must("ls", "-lR", "/sys/devices/system")
    for i in range(300):
        write(f"/tmp/load-{i}", "text")
        left, right = socket.socketpair()
        with left, right:
            left.sendall(b"text")
            right.recv(4)
        must("true")
        os.unlink(f"/tmp/load-{i}")
    least = slab_allocs()
    got, lost, number = site_allocs()
    most = slab_allocs()
    print(f"# {number} sites, {lost} of {got} made room; slab {least}..{most}")
    check(least - before > 10000, f"too little load: {least}")
    check(lost, "nothing had to make room")
    # The sites were reset a moment before the caches.
    check(least <= got <= most * 1.02, f"{got} is not in {least}..{most}")


def test_an_estimate():
    """With the usual sampling: about right."""
    unload()
    load()
    with Cache():
        ynl = client()
        ynl.do("source-hold", {"name": "site"})
        for _ in range(10):
            alloc(20000)
        row = rows(ynl)[0]
        print(f"# 200000 allocations, estimated {row['allocs']}")
        # Five standard deviations of 3125 samples.
        check(abs(row["allocs"] - 200000) < 200000 * 5 / 3125 ** 0.5,
              f"estimated {row['allocs']}")


def test_a_dump_keeps_its_sampling():
    """Rows are read to their end by the sampling they were taken with, whatever the
    source does meanwhile."""
    unload()
    load("site_sampling=1")
    ynl, sock = client(), Socket(family()[0])
    ynl.do("source-hold", {"name": "site"})
    run("find", "/sys", "-xdev", "-maxdepth", "3")
    sock.begin(numbers()["site-get"], b"", True)
    ynl.do("source-release", {"name": "site"})
    write("/sys/module/memtel/parameters/site_sampling", str(FEW))
    ynl.do("source-hold", {"name": "site"})
    write("/sys/module/memtel/parameters/site_sampling", "64")
    equal(sock.end(), 0, "errno")
    most = max(struct.unpack("=Q", dict(attrs_in(body))[SITE_ALLOCS])[0]
               for body in sock.bodies)
    print(f"# {len(sock.bodies)} rows, at most {most} allocations")
    check(most < FEW, f"{most} allocations of a site")


def test_interrupts_do_not_stop_it():
    """Samples go on, whatever interrupts allocate between a look at how many are
    to pass and the count of it."""
    if "hardirq" not in contexts():
        raise Skipped("PREEMPT_RT allows no allocation in hardirq")
    unload()
    load("site_sampling=2")
    with Cache():
        ynl = client()
        for name in ("slab", "site"):
            ynl.do("source-hold", {"name": name})
        oracle(f"interrupted {NAME} 0 20000 200000")
        total = sum(node["allocs"] for node in
                    ynl.do("cache-get", {"name": NAME})["node"])
        estimate = sum(row["allocs"] for row in rows(ynl))
        print(f"# {total} allocations, estimated {estimate}")
        check(total > 210_000, f"{total} allocations: few interrupts")
        check(abs(estimate - total) < total * 5 / (total / 2) ** 0.5,
              f"estimated {estimate} of {total}")


def test_symbols_are_for_those_who_may_see_them():
    """Without CAP_SYSLOG a site has no symbol, and nobody sees addresses."""
    memtel("enable", "site")
    run("find", "/sys", "-xdev", "-maxdepth", "3")
    for caps, seen in ((("perfmon",), False), (("perfmon", "syslog"), True)):
        got = json.loads(memtel("sites", "--json",
                                prefix=with_caps(*caps)).stdout)
        check(got, "no sites")
        equal(any("symbol" in row for row in got), seen, f"symbols with {caps}")
        check(not re.search("ffff[0-9a-f]{8}", json.dumps(got)), "an address")
    memtel("disable", "site")


def test_stalls_are_what_reclaim_lost():
    """The time of tasks, and that of cgroups, is the time of reclaim."""
    ynl = client()
    ynl.do("source-hold", {"name": "reclaim"})
    ynl.do("source-reset", {"name": "reclaim"})
    read_disk(48, group=cgroup("stalled", max="8M"))
    lost = sum(row["timing"]["total-ns"] for row in
               ynl.dump("reclaim-get", {})
               if row["kind"] in ("direct", "node", "memcg", "compaction"))
    check(lost > 10**6, f"too little: {lost} ns")
    stalls = ynl.dump("stall-get", {})
    for kind in ("task", "cgroup"):
        of_kind = [row for row in stalls if row["kind"] == kind]
        equal(sum(row["total-ns"] - row["total-ns-error"]
                  for row in of_kind), lost, f"lost by {kind}s")
    task = max((row for row in stalls if row["kind"] == "task"),
               key=lambda row: row["total-ns"])
    equal(task["comm"], "dd", "who lost most")
    group = max((row for row in stalls if row["kind"] == "cgroup"),
                key=lambda row: row["total-ns"])
    equal(group["cgroup-path"], "/stalled", "which cgroup lost most")
    equal(ynl.do("stall-get", {"kind": "cgroup",
                               "cgroup-id": group["cgroup-id"]}), group,
          "the row by its id")
    equal(ynl.do("source-get", {"name": "reclaim"})["unplaced-ns"], 0,
          "made room")
