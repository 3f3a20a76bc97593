# SPDX-License-Identifier: GPL-2.0-or-later
"""The reclaim source beside ftrace, vmstat and PSI.

Each load makes one kind of reclaim; the source is held before ftrace is
turned on and read after it is off, on a machine that does nothing else, so
that counts must be equal and times differ by the clocks' distance alone.
"""

import glob
import os
import re
import threading
import time

from harness import (NlError, check, client, equal, has_event, load, memtel,
                     read, sources, unload, wait_for, write)
from pressure import (CGROUP, FullNode, Trace, cgroup, close, grown,
                      pressure, read_disk, vmstat)
from test_trigger import MS, SECOND, Subscriber

VMSCAN = "vmscan:mm_vmscan_"


def held():
    """A client that holds the source, and a reader of its rows by kind."""
    ynl = client()
    ynl.do("source-hold", {"name": "reclaim"})
    ynl.do("source-reset", {"name": "reclaim"})

    def rows(kind):
        return ynl.dump("reclaim-get", {"kind": kind})
    return ynl, rows


def total(rows, key):
    """A count of the timings of rows, in sum."""
    return sum(row["timing"][key] for row in rows)


def lost_nothing(ynl):
    """No begin or end was lost, no table full."""
    source = ynl.do("source-get", {"name": "reclaim"})
    for key in ("unpaired-begins", "unpaired-ends", "unplaced-begins",
                "unplaced-rows"):
        equal(source[key], 0, key)


def equals_ftrace(rows, pairs, what):
    """Count, time, longest and histogram of rows are those of pairs."""
    equal(total(rows, "count"), len(pairs), f"count of {what}")
    close(total(rows, "total-ns"), sum(ns for ns, _, _ in pairs), len(pairs),
          f"time of {what}")
    for row in rows:
        timing = row["timing"]
        equal(sum(b["count"] for b in timing.get("bucket", [])),
              timing["count"], f"histogram of {what}")
    if pairs:
        close(max(row["timing"]["longest-ns"] for row in rows),
              max(ns for ns, _, _ in pairs), 1, f"longest of {what}")


def test_memory_cgroup():
    """A cgroup at its limit: time and count by the cgroup, exactly."""
    ynl, rows = held()
    group = cgroup("small", max="8M")
    with Trace(f"{VMSCAN}memcg_reclaim_begin",
               f"{VMSCAN}memcg_reclaim_end") as trace:
        read_disk(40, group)
    pairs = trace.pairs("mm_vmscan_memcg_reclaim_begin",
                        "mm_vmscan_memcg_reclaim_end")
    check(len(pairs) > 20, f"too little load: {len(pairs)} reclaims")
    got = rows("memcg")
    equals_ftrace(got, pairs, "memcg reclaim")
    equal(len(got), 1, "cgroups")
    equal(got[0]["cgroup-id"], os.stat(group).st_ino, "id of the cgroup")
    equal(got[0]["cgroup-path"], "/small", "path of the cgroup")
    failures = sum(int(end["nr_reclaimed"]) < 1 << int(begin["order"])
                   for _, begin, end in pairs)
    equal(got[0]["failures"], failures, "failures")
    check(got[0]["pages-scanned"] > 0, "no page scanned")
    one = ynl.do("reclaim-get", {"kind": "memcg",
                                 "cgroup-id": os.stat(group).st_ino})
    equal(one, got[0], "the row by its id")
    lost_nothing(ynl)
    for _ in range(50):
        try:
            os.rmdir(group)
            break
        except OSError:
            time.sleep(0.1)
    gone = rows("memcg")[0]
    check("cgroup-path" not in gone, "a path of a cgroup that is gone")
    equal(gone["timing"]["count"], len(pairs), "its counts")


def test_more_cgroups_than_rows():
    """Those that found no row of their own are in that of all others."""
    unload()
    load("reclaim_cgroups=1")
    ynl, rows = held()
    groups = [cgroup(f"many-{i}", max="8M") for i in range(3)]
    with Trace(f"{VMSCAN}memcg_reclaim_begin",
               f"{VMSCAN}memcg_reclaim_end") as trace:
        for group in groups:
            read_disk(24, group)
    pairs = trace.pairs("mm_vmscan_memcg_reclaim_begin",
                        "mm_vmscan_memcg_reclaim_end")
    got = rows("memcg")
    equals_ftrace(got, pairs, "memcg reclaim")
    others = [row for row in got if "cgroup-id" not in row]
    equal((len(got), len(others)), (2, 1), "rows, and of them of all others")
    source = ynl.do("source-get", {"name": "reclaim"})
    equal(source["unplaced-rows"], total(others, "count"), "unplaced-rows")
    equal((source["slots-used"], source["slots-total"]), (1, 1), "slots")
    unload()
    load()


def remove(group):
    """Remove a cgroup, which its last task may not quite have left."""
    for _ in range(50):
        try:
            os.rmdir(group)
            return
        except OSError:
            time.sleep(0.1)
    check(False, f"cannot remove {group}")


def ids_in(rows):
    """The ids of the cgroups that have rows."""
    return {row["cgroup-id"] for row in rows if "cgroup-id" in row}


def of_all_others(rows):
    """Reclaims in the row of all others."""
    return sum(row["timing"]["count"] for row in rows("memcg")
               if "cgroup-id" not in row)


def slots_used(ynl):
    """Rows that cgroups have."""
    return ynl.do("source-get", {"name": "reclaim"})["slots-used"]


def reclaim_in(group, mib):
    """This process reads some MiB of the disk in a cgroup of 2 MiB."""
    write(f"{group}/cgroup.procs", str(os.getpid()))
    try:
        with open("/dev/ram0", "rb", buffering=0) as disk:
            disk.seek(mib << 20)
            for _ in range(4 << 4):
                disk.read(1 << 16)
    finally:
        write(f"{CGROUP}/cgroup.procs", str(os.getpid()))


def met_its_limit(group):
    """Whether a cgroup was about to go over its limit and pages were looked at,
    by the kernel: who may not wait reclaims nothing there."""
    return all(int(re.search(rf"^{key} (\d+)$", read(f"{group}/{file}"),
                             re.M)[1])
               for file, key in (("memory.events", "max"),
                                 ("memory.stat", "pgscan")))


def test_removed_cgroups_give_their_rows_back():
    """However many come and go; and sums are what ftrace says."""
    unload()
    load("reclaim_cgroups=64")
    read_disk(1)
    ynl, rows = held()
    pairs = []
    for turn in range(12):
        groups = [cgroup(f"come-{turn}-{i}", max="2M") for i in range(50)]
        others = of_all_others(rows)
        with Trace(f"{VMSCAN}memcg_reclaim_begin",
                   f"{VMSCAN}memcg_reclaim_end") as trace:
            for i, group in enumerate(groups):
                reclaim_in(group, 4 * (turn * 50 + i))
        pairs += trace.pairs("mm_vmscan_memcg_reclaim_begin",
                             "mm_vmscan_memcg_reclaim_end")
        numbers = {os.stat(group).st_ino for group in groups
                   if met_its_limit(group)}
        check(len(numbers) > 40, f"{len(numbers)} cgroups met their limit")
        with_row = numbers & ids_in(rows("memcg"))
        check(len(with_row) > 40, f"turn {turn}: {len(with_row)} have rows")
        equal(of_all_others(rows), others,
              f"turn {turn}: reclaims of cgroups that found no row")
        for group in groups:
            remove(group)
        try:
            wait_for(lambda: slots_used(ynl) == len(ids_in(rows("memcg"))) < 5,
                     30, f"turn {turn}: rows are given back")
        finally:
            shown = ids_in(rows("memcg"))
            print(f"# turn {turn}: {slots_used(ynl)} rows used, shown {shown}"
                  f", of removed cgroups {numbers & shown}")
    equals_ftrace(rows("memcg"), pairs, "memcg reclaim")
    lost_nothing(ynl)
    unload()
    load()


def test_trigger_on_a_cgroup_sees_those_below_it():
    """Leaves that come, reclaim and go are the pod's time; then it goes."""
    ynl, rows = held()
    pod = cgroup("pod")
    write(f"{pod}/cgroup.subtree_control", "+memory")
    number = os.stat(pod).st_ino
    who = Subscriber()
    trigger = who.add("memcg-reclaim-time", 1000, 60 * SECOND,
                      cgroup_id=number, no_evidence=True)
    for turn in range(3):
        leaf = cgroup(f"pod/leaf-{turn}", max="4M")
        read_disk(12, leaf)
        remove(leaf)
    other = cgroup("other", max="4M")
    read_disk(12, other)
    who.wait(1)
    # What had a row besides the other has been added to that of all others.
    wait_for(lambda: slots_used(ynl) == 2, 20, "rows are given back")
    of_other = sum(row["timing"]["total-ns"] for row in rows("memcg")
                   if row.get("cgroup-id") == os.stat(other).st_ino)
    wait_for(lambda: who.state(trigger)["value"] ==
             total(rows("memcg"), "total-ns") - of_other, 10,
             "the pod's time is that of its leaves")
    check(who.state(trigger)["value"] > 1000, "no time")
    equal("gone" in who.state(trigger), False, "gone")
    remove(other)
    remove(pod)
    equal("gone" in who.state(trigger), True, "gone")
    wait_for(lambda: slots_used(ynl) == 1, 20, "only the watched row is left")
    who.ynl.do("trigger-delete", {"id": trigger})
    wait_for(lambda: slots_used(ynl) == 0, 20, "no row is left")


def trigger_refused(who, number, errno, words):
    """A trigger on a cgroup is refused, with these words."""
    try:
        who.add("memcg-reclaim-time", MS, cgroup_id=number, no_evidence=True)
    except NlError as error:
        equal(-error.nl_msg.error, errno, f"errno of cgroup {number}")
        message = error.nl_msg.extack.get("msg", "")
        check(words in message, f"cgroup {number}: says '{message}'")
        return
    check(False, f"a trigger on cgroup {number} was not refused")


def test_trigger_on_a_cgroup_that_cannot_be_seen():
    """Refused: an id of none, of a removed one, one that finds no row."""
    unload()
    load("reclaim_cgroups=1")
    groups = [cgroup(f"seen-{i}") for i in range(2)]
    numbers = [os.stat(group).st_ino for group in groups]
    who = Subscriber()
    trigger_refused(who, 10**12, 2, "no cgroup")
    who.add("memcg-reclaim-time", MS, cgroup_id=numbers[0], no_evidence=True)
    who.add("memcg-reclaim-time", MS, cgroup_id=numbers[0], no_evidence=True)
    trigger_refused(who, numbers[1], 28, "no free row")
    remove(groups[1])
    trigger_refused(who, numbers[1], 2, "no cgroup")
    remove(groups[0])
    unload()
    load()


def psi_some_ns():
    """Time in which some task was stalled for memory, by the kernel."""
    return int(re.search(r"some .*total=(\d+)",
                         read("/proc/pressure/memory"))[1]) * 1000


def has_generations():
    """Whether reclaim is by the multi-generational LRU."""
    path = "/sys/kernel/mm/lru_gen/enabled"
    return os.path.exists(path) and int(read(path), 16) & 1


def node_of_cpu(cpu):
    """The number of its node."""
    path = glob.glob(f"/sys/devices/system/cpu/cpu{cpu}/node[0-9]*")[0]
    return int(path.rpartition("node")[2])


def direct_by_node(trace):
    """How many direct reclaims a node had, by ftrace: where the first sign of
    work was, else that of the CPU it ended on."""
    first, nodes = {}, {}
    for task, _, name, values in trace.events:
        if name == "mm_vmscan_direct_reclaim_begin":
            first[task] = None
        elif name == "mm_vmscan_direct_reclaim_end" and task in first:
            nid = first.pop(task)
            if nid is None:
                nid = node_of_cpu(int(values["CPU"]))
            nodes[nid] = nodes.get(nid, 0) + 1
        elif "shrink" in name and first.get(task, 0) is None:
            first[task] = int(values["nid"])
    return nodes


def test_direct_and_kswapd():
    """A node full of page cache, and a task that wants huge pages there.

    It reclaims, and hardly any other does, so the time of that is at most that
    in which the kernel says that some task was stalled.
    """
    ynl, rows = held()
    read_disk(1000, node=0, cpu=0)
    node = FullNode(0, -400)
    try:
        with Trace(f"{VMSCAN}direct_reclaim_begin",
                   f"{VMSCAN}direct_reclaim_end", f"{VMSCAN}kswapd_wake",
                   f"{VMSCAN}kswapd_sleep", f"{VMSCAN}lru_shrink_inactive",
                   "vmscan:mm_shrink_slab_start",
                   "vmscan:mm_shrink_slab_end") as trace:
            # Only now: ftrace's own buffers need memory.
            ynl.do("source-reset", {"name": "reclaim"})
            before, psi = vmstat(), psi_some_ns()
            for _ in range(5):
                node.fill()
                if grown(before, vmstat(), r"allocstall_.*"):
                    break
                # kswapd kept up with it: once more.
                node.empty()
                read_disk(1000, node=0, cpu=0)
            time.sleep(2)
        after = vmstat()
        psi = psi_some_ns() - psi
        direct, kswapd = rows("direct"), rows("kswapd")
    finally:
        node.empty()
    pairs = trace.pairs("mm_vmscan_direct_reclaim_begin",
                        "mm_vmscan_direct_reclaim_end")
    print(f"# {len(pairs)} direct reclaims, {trace.count('mm_vmscan_kswapd_wake')}"
          " rounds of kswapd")
    check(len(pairs) > 0, "no direct reclaim")
    equals_ftrace(direct, pairs, "direct reclaim")
    busy = [row for row in direct if row["timing"]["count"]]
    equal({row["node-id"]: row["timing"]["count"] for row in busy},
          direct_by_node(trace), "where")
    equal({row["zone"] for row in busy}, {"DMA32"}, "zones")
    check(busy[0]["node-id"] == 0, "nothing where memory is short")
    equal(sum(gfp["count"] for row in busy for gfp in row["gfp"]),
          len(pairs), "by gfp class")
    orders = {}
    for _, begin, _ in pairs:
        orders[int(begin["order"])] = orders.get(int(begin["order"]), 0) + 1
    by_order = {}
    for order in (order for row in busy for order in row["order"]):
        by_order[order["order"]] = (by_order.get(order["order"], 0)
                                    + order["count"])
    equal(by_order, orders, "orders")
    check(total(direct, "total-ns") <= psi + 10**7 * 2,
          f"direct reclaim took {total(direct, 'total-ns')} ns, PSI says that "
          f"tasks were stalled for {psi} ns")
    check(len(pairs) <= grown(before, after, r"allocstall_.*"),
          "more direct reclaims than the kernel counted")
    for key, field, pages in (
            ("pages-scanned", "nr_scanned", r"pgscan_(direct|kswapd)"),
            ("pages-reclaimed", "nr_reclaimed", r"pgsteal_(direct|kswapd)")):
        traced = sum(int(values[field]) for _, _, name, values in trace.events
                     if name == "mm_vmscan_lru_shrink_inactive")
        equal(sum(row[key] for row in direct + kswapd), traced, key)
        counted = grown(before, after, pages)
        if key == "pages-scanned" and has_generations():
            # vmstat counts pages taken off the lists, the event those looked
            # at; 6.12's now and then says 0 where it took some.
            continue
        # No event tells of a scan that took no page off its list.
        check(0.8 * counted <= traced <= counted,
              f"{key}: {traced}, and {counted} by vmstat")
    wakes = trace.count("mm_vmscan_kswapd_wake")
    rounds = total(kswapd, "count")
    # The last round of each node may not have ended.
    check(wakes - 2 <= rounds <= wakes, f"{rounds} rounds of {wakes} wakeups")
    check(wakes > 0, "kswapd was not woken")
    lost_nothing(ynl)


def test_a_shrinker_that_knows_no_nodes():
    """Its time is its node's, though its end may say node 0."""
    _, rows = held()
    pressure("pairs no-nodes")
    ns = [total([row for row in rows("direct") if row["node-id"] == node],
                "total-ns") for node in (0, 1)]
    check(ns[0] < 10**6 and ns[1] >= 2 * 10**7, f"{ns} ns on nodes 0 and 1")


class Pressure(threading.Thread):
    """Page cache is read until it is told to stop, so that kswapd works.

    In a cgroup: a round goes over that after all shrinkers that know none.
    """

    def __init__(self):
        super().__init__()
        self.group = cgroup("load")
        self.goes_on = True
        self.start()

    def run(self):
        while self.goes_on:
            read_disk(300, self.group, cpu=0)

    def stop(self):
        """The end of it."""
        self.goes_on = False
        self.join()


def kswapds():
    """Their process ids."""
    return {int(path.split("/")[2]) for path in glob.glob("/proc/[0-9]*/comm")
            if read(path).startswith("kswapd")}


def begun_before(events, since):
    """Does a kswapd do work after this time before it is woken anew?"""
    woken = set()
    for task, now, name, _ in events:
        if now >= since and name == "mm_vmscan_kswapd_wake":
            woken.add(task)
        elif now >= since and task not in woken:
            return True
    return False


def kswapd_in_its_middle(ynl):
    """Hold the source for 3 s: pages by memtel, those ftrace saw in that time,
    and whether a round was under way at its beginning."""
    tasks = kswapds()
    with Trace(f"{VMSCAN}kswapd_wake",
               f"{VMSCAN}lru_shrink_inactive") as trace:
        ynl.do("source-hold", {"name": "reclaim"})
        since = time.monotonic_ns()
        time.sleep(3)
        until = time.monotonic_ns()
        pages = sum(row["pages-scanned"] for row in
                    ynl.dump("reclaim-get", {"kind": "kswapd"}))
    ynl.do("source-release", {"name": "reclaim"})
    events = [event for event in trace.events if event[0] in tasks]
    seen = sum(int(values["nr_scanned"]) for _, now, name, values in events
               if since <= now <= until and "shrink" in name)
    return pages, seen, bool(seen) and begun_before(events, since)


def test_kswapd_under_way_when_held():
    """What kswapd does counts from the hold on, also in a round that began
    before.

    A shrinker that sleeps makes rounds of seconds; whether one is met in its
    middle is up to kswapd.
    """
    if has_generations():
        return
    ynl = client()
    pressure("shrinker 500 1000")
    all_seen = 0
    with FullNode(0, 150), FullNode(1, 150):
        load_ = Pressure()
        try:
            for _ in range(8):
                pressure("arm 1000")
                time.sleep(1)
                pages, seen, is_met = kswapd_in_its_middle(ynl)
                print(f"# pages scanned by kswapd: memtel {pages}, ftrace "
                      f"{seen}, a round was under way: {is_met}")
                check(pages >= seen, f"memtel {pages}, ftrace {seen}")
                all_seen += seen
                if is_met:
                    break
        finally:
            pressure("arm 0")
            load_.stop()
            pressure("remove")
    check(all_seen, "kswapd had nothing to do")


def test_time_between_signs_is_no_nodes():
    """It is given to a node when it is known to which; then at once."""
    who = Subscriber()
    numbers = [who.add("direct-reclaim-time", 200 * MS, 10 * SECOND,
                       node_id=node, no_evidence=True) for node in (0, 1)]
    # Last sign on node 0, the next on node 1, 2 s later.
    pressure("pairs gap")
    who.wait(1)
    time.sleep(0.5)
    equal([event["trigger-id"] for event in who.read()], numbers[1:],
          "triggers raised")
    values = [who.state(number)["value"] for number in numbers]
    check(values[0] < 200 * MS <= 2000 * MS <= values[1], f"values {values}")
    # A shrinker on node 1: while it runs.
    who.ynl.do("source-reset", {"name": "reclaim"})
    who.wait(2)
    equal(who.events.pop()["kind"], "cleared", "by the reset")
    who.events.clear()
    task = threading.Thread(target=pressure, args=("pairs long-call",))
    task.start()
    event = who.wait(1)[0]
    equal((event["kind"], event["trigger-id"], event["open"] > 0),
          ("raised", numbers[1], True), "while the call is under way")
    task.join()
    check(all(event["trigger-id"] == numbers[1] for event in who.read()),
          f"events {who.events}")


def test_a_kswapd_that_is_no_more():
    """Its last round, which no event ends, is ended within seconds."""
    ynl, rows = held()
    pressure("pairs lost-kswapd")

    def of_node_1():
        return next(row for row in rows("kswapd") if row["node-id"] == 1)
    # A round of the real one that found nothing to do has no time.
    wait_for(lambda: of_node_1()["timing"]["total-ns"], 10, "it is ended")
    timing = of_node_1()["timing"]
    check(20 * MS <= timing["total-ns"] <= 100 * MS, f"time {timing}")
    check(of_node_1()["pages-scanned"] >= 32, "pages")
    lost_nothing(ynl)


def test_reset_in_the_middle_of_a_stall():
    """What a stall took before a reset is not counted after it."""
    ynl, rows = held()
    task = threading.Thread(target=pressure, args=("pairs gap",))
    task.start()
    time.sleep(1)
    ynl.do("source-reset", {"name": "reclaim"})
    since = time.monotonic()
    task.join()
    took = (time.monotonic() - since) * SECOND
    direct = rows("direct")
    longest = max(row["timing"]["longest-ns"] for row in direct)
    equal(total(direct, "count"), 1, "stalls")
    print(f"# {took / MS:.0f} ms after the reset, longest {longest / MS:.0f}, "
          f"in all {total(direct, 'total-ns') / MS:.0f}")
    check(0.5 * took <= longest <= took + 50 * MS, f"longest {longest} ns")
    check(total(direct, "total-ns") <= took + 50 * MS, "time")


def test_as_many_tasks_as_there_is_room_for():
    """16,384 tasks in reclaim at once: each is counted, placed or not."""
    write("/proc/sys/kernel/threads-max", "40000")
    for room in (16384, 0):
        unload()
        load(f"stalled_tasks={room}")
        ynl, rows = held()
        pressure("stall 16384")
        source = ynl.do("source-get", {"name": "reclaim"})
        placed = total(rows("direct"), "count")
        print(f"# stalled_tasks={room}: {placed} placed, "
              f"{source['unplaced-begins']} not, {source['memory-bytes']} "
              "bytes")
        equal(placed + source["unplaced-begins"], 16384, "tasks")
        equal(source["unpaired-ends"], source["unplaced-begins"], "ends")
        if room:
            equal(source["unplaced-begins"], 0, "tasks without a place")
    unload()
    load()


def test_joined_with_zones_and_nodes():
    """zone-get and node-get have the times of reclaim-get; absent without."""
    ynl, rows = held()
    with FullNode(0, 100):
        read_disk(200, node=0, cpu=0)
        for row in rows("direct"):
            zone = ynl.do("zone-get", {"node-id": row["node-id"],
                                       "name": row["zone"]})
            for key in ("count", "total-ns", "longest-ns"):
                equal(zone["direct-reclaim"][key], row["timing"][key],
                      f"{row['zone']}: {key}")
        node = ynl.do("node-get", {"id": 0})
        sums = [row for row in rows("direct") if row["node-id"] == 0]
        equal(node["direct-reclaim"]["count"], total(sums, "count"), "node 0")
        check(node["kswapd"]["count"] >= 0, "no kswapd")
    ynl.do("source-release", {"name": "reclaim"})
    check("direct-reclaim" not in ynl.do("node-get", {"id": 0}),
          "a time of a source that is not attached")


def node_reclaims(rows, mode):
    """What comes of node reclaims: rows, ftrace's pairs, failures by vmstat."""
    write("/proc/sys/vm/zone_reclaim_mode", mode)
    try:
        with FullNode(0, 200):
            before = vmstat()
            with Trace(f"{VMSCAN}node_reclaim_begin",
                       f"{VMSCAN}node_reclaim_end") as trace:
                read_disk(400, cpu=0)
            after = vmstat()
            got = rows("node")
    finally:
        write("/proc/sys/vm/zone_reclaim_mode", "0")
    pairs = trace.pairs("mm_vmscan_node_reclaim_begin",
                        "mm_vmscan_node_reclaim_end")
    return got, pairs, grown(before, after, "zone_reclaim_failed")


def test_node_reclaim():
    """vm.zone_reclaim_mode: attempts, failures, and where pages came from.

    With MGLRU all fail that may not both unmap and write; then with 7 alone
    something is reclaimed.
    """
    for mode in ("1", "7"):
        ynl, rows = held()
        # Where allocations land is seen from a second after the first on.
        node_reclaims(rows, mode)
        time.sleep(2)
        ynl.do("source-reset", {"name": "reclaim"})
        got, pairs, failures = node_reclaims(rows, mode)
        check(len(pairs) > 10,
              f"mode {mode}: too little load: {len(pairs)} node reclaims")
        equals_ftrace(got, pairs, "node reclaim")
        equal(sum(row["failures"] for row in got), failures,
              f"mode {mode}: failures, by vmstat")
        landed = {key: sum(row[f"landed-{key}"] for row in got)
                  for key in ("here", "elsewhere", "nowhere")}
        print(f"# mode {mode}: {len(pairs)} reclaims, {failures} failed; "
              f"landed: {landed}")
        check(0 < sum(landed.values()) <= len(pairs), f"landed {landed}")
        check(landed["here"] > 0, f"nothing was served here: {landed}")
        lost_nothing(ynl)
    check(failures < len(pairs), "nothing was reclaimed")


def test_compaction():
    """Compaction that a task asks for: time, count and outcome by zone."""
    ynl, rows = held()
    with Trace("compaction:mm_compaction_begin",
               "compaction:mm_compaction_end") as trace:
        read_disk(100)
        write("/proc/sys/vm/compact_memory", "1")
        with FullNode(1, 60):
            pass
    pairs = trace.pairs("mm_compaction_begin", "mm_compaction_end")
    got = rows("compaction") + rows("background-compaction")
    check(len(pairs) >= 2, f"too little load: {len(pairs)} compactions")
    equals_ftrace(got, pairs, "compaction")
    outcomes = {}
    for row in got:
        for outcome in row.get("outcome", []):
            outcomes[outcome["outcome"]] = (
                outcomes.get(outcome["outcome"], 0) + outcome["count"])
    wanted = {}
    for _, _, end in pairs:
        name = end["status"].replace("partial_skipped", "partial-skipped")
        if name not in ("success", "complete", "partial-skipped",
                        "contended"):
            name = "other"
        wanted[name] = wanted.get(name, 0) + 1
    equal(outcomes, wanted, "outcomes")
    equal({(row["node-id"], row["zone"]) for row in rows("compaction")
           if row["timing"]["count"]} >= {(0, "DMA32"), (1, "DMA32")}, True,
          "both nodes were compacted")
    lost_nothing(ynl)


def test_throttling():
    """As many tasks throttled as ftrace saw, and for as long."""
    ynl, rows = held()
    if not has_event("vmscan/mm_vmscan_throttled"):
        with FullNode(0, 100):
            read_disk(200, node=0, cpu=0)
        equal(rows("throttle"), [], "rows of what this kernel does not tell")
        return
    with FullNode(0, 100), Trace(f"{VMSCAN}throttled") as trace:
        read_disk(200, node=0, cpu=0)
    delayed = [int(event[3]["usec_delayed"]) for event in trace.events]
    print(f"# {len(delayed)} times throttled")
    equal(total(rows("throttle"), "count"), len(delayed), "throttled")
    equal(total(rows("throttle"), "total-ns"), sum(delayed) * 1000, "for")
    lost_nothing(ynl)


def test_table_of_cgroups_is_sized_by_the_host():
    """Twice as many rows as there are cgroups, 256 at least."""
    ynl = client()
    path = "/sys/module/memtel/parameters/reclaim_cgroups"
    equal(read(path).strip(), "0", "default")

    def rows():
        ynl.do("source-hold", {"name": "reclaim"})
        total = ynl.do("source-get", {"name": "reclaim"})["slots-total"]
        ynl.do("source-release", {"name": "reclaim"})
        return total
    equal(rows(), 256, "rows of a host with few cgroups")
    groups = [cgroup(f"sized-{i}") for i in range(300)]
    try:
        # Those that die are there until nobody refers to them.
        there = 1 + sum(map(int, re.findall(r"^nr_\w*descendants (\d+)",
                                            read(f"{CGROUP}/cgroup.stat"),
                                            re.M)))
        equal(rows(), 2 * there, "rows, and twice the kernel's own number")
    finally:
        for group in groups:
            os.rmdir(group)


def test_refusals():
    """Not attached, no such row, no kind: each has its words."""
    ynl = client()
    for command, request, errno, words in (
            ("reclaim-get", {"kind": "direct"}, 61, "not attached"),
            ("shrinker-get", {"name": "x", "node-id": 0}, 61, "not attached"),
            ("lock-get", {"node-id": 0, "zone": "DMA32"}, 61, "not attached"),
            ("reclaim-get", {}, 22, "name one row"),
            ("lock-get", {"node-id": 0}, 22, "name one row"),
            ("shrinker-get", {"name": "x"}, 22, "name one row"),
            ("fallback-get", {"node-id": 0}, 22, "name one row")):
        refused(ynl, command, request, errno, words)
    for source in sources():
        ynl.do("source-hold", {"name": source})
    refused(ynl, "reclaim-get", {"kind": "direct", "zone": "Nowhere"}, 2,
            "no such row")
    refused(ynl, "shrinker-get", {"name": "none", "node-id": 0}, 2,
            "no such row")
    refused(ynl, "reclaim-get", {"kind": "direct", "node-id": 77}, 2,
            "no such node")


def refused(ynl, command, request, errno, words):
    """A request fails with this errno and words."""
    try:
        ynl.do(command, request)
    except Exception as error:  # pylint: disable=broad-except
        equal(-error.nl_msg.error, errno, f"errno of {command} {request}")
        message = error.nl_msg.extack.get("msg", "")
        check(words in message, f"{command} {request}: says '{message}'")
        return
    check(False, f"{command} {request} was not refused")


def test_tool_shows_it():
    """memtel reclaim: as the kernel says; without the source, it says so."""
    done = memtel("reclaim", status=1)
    check("not attached" in done.stderr and "enable" in done.stderr,
          done.stderr)
    ynl, rows = held()
    group = cgroup("tool", max="8M")
    read_disk(40, group)
    text = memtel("reclaim", "--kind", "memcg").stdout.splitlines()
    equal(len(text), 2, "lines")
    check("/tool" in text[1], text[1])
    row = rows("memcg")[0]
    check(str(row["timing"]["count"]) in text[1].split(), text[1])
    out = memtel("reclaim", "--interval", "0.2", "--count", "2",
                 "--columns", "kind,count,count_per_s,busy_percent").stdout
    check("COUNT/S" in out and "BUSY%" in out, out)
    memtel("reclaim", "--kind", "none", status=2)
    memtel("locks", status=1)
    memtel("shrinkers", "--interval", "0.1", "--count", "1")
    memtel("fallback", "--interval", "0.1", "--count", "1")
    memtel("zones")
    check(os.path.isdir(CGROUP), "no cgroups")
