# SPDX-License-Identifier: GPL-2.0-or-later
"""What memtel costs, as it says, and that it keeps within its limit."""

import json
import os
import re
import threading
import time

from harness import (Skipped, check, client, equal, has_lockdep, is_rt, load,
                     memtel, oracle, our_probes, read, slab_probes, sources,
                     unload, wait_for, write)
from perf_events import Counted
from test_trigger import SECOND, Subscriber

SLAB = slab_probes()
# Frees that a CPU may have had since it was last timed (SLAB_FREES_EVERY).
ROUND = 512
KFREE = "kmem/kfree"
LIMIT = "/sys/module/memtel/parameters/cost_limit_ppm"
N = 5000
# In twice that time all that a share is known from must have happened.
WAIT_S = 12 if has_lockdep() else 3


class Load:
    """Allocations and frees until it is stopped, on both CPUs."""

    def __init__(self, size=100):
        self.size = size
        self.is_over = False
        self.threads = [threading.Thread(target=self.run, args=(cpu,))
                        for cpu in range(2)]

    def run(self, cpu):
        """A CPU's part."""
        name = "kmalloc" if cpu else "kmalloc-rcl"
        count = N if self.size < 4096 else N // 50
        while not self.is_over:
            oracle(f"alloc {name} task {cpu} {cpu} {self.size} {count}")
            oracle(f"free {name} task {cpu} {cpu} {count}")

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_over = True
        for thread in self.threads:
            thread.join()


def source(ynl, name="slab"):
    """A source's row."""
    return ynl.do("source-get", {"name": name})


def slab_events(ynl):
    """Allocations and frees, as the rows have them."""
    allocs = frees = 0
    for row in ynl.dump("cache-get", {}):
        for node in row.get("node", []):
            allocs += node.get("allocs", 0)
            frees += node.get("frees", 0)
    return allocs, frees


def of_kind(events, kind):
    """Those of a kind, with their source."""
    return [event for event in events if event["kind"] == kind]


def null_frees():
    """Counts frees of NULL from now on, as of a slab that had no objects of
    cgroups."""
    return Counted({KFREE: "ptr == 0"})


def calls_are_estimated(ynl, what, nulls):
    """The calls that the slab source says it had are those that the rows have,
    within the error of the estimate; of frees of NULL perf knows the number.
    Returns the source's row."""
    # The second that is under way is not in it yet.
    time.sleep(2)
    allocs, frees = slab_events(ynl)
    time.sleep(2.5)
    row = source(ynl)
    most_allocs, most_frees = slab_events(ynl)
    # A round of each CPU is counted when it begins, frees of NULL are counted,
    # too, and an allocation for each free is.
    off = (2 * ROUND * os.cpu_count() + abs(allocs - frees)
           + 2 * nulls.count(KFREE) + (allocs + frees) // 100)
    print(f"# {what}: {allocs} to {most_allocs} allocations, {frees} to "
          f"{most_frees} frees, estimated {row['cost-events']}")
    check(allocs + frees - off <= row["cost-events"]
          <= most_allocs + most_frees + off,
          f"{row['cost-events']} is off by more than {off}")
    return row


def test_cost_is_known():
    """All events are in it, about, and it is a plausible time."""
    unload()
    load()
    ynl = client()
    ynl.do("source-hold", {"name": "slab"})
    row = source(ynl)
    check("cost-ns" not in row, f"a cost without samples: {row}")
    with null_frees() as nulls:
        with Load():
            wait_for(lambda: source(ynl).get("cost-samples", 0) > 1000,
                     300, "a thousand samples")
            busy_ppm = source(ynl)["cost-share-ppm"]
        row = calls_are_estimated(ynl, "many objects", nulls)
    print(f"# {row['cost-samples']} timed, "
          f"{row['cost-ns'] / row['cost-events']:.0f} ns each, "
          f"{busy_ppm / 1e4:.2f} % of two CPUs")
    check(row["cost-ns"] < (row["now-ns"] - row["since-ns"]) * 2,
          "more time than there was")
    check(busy_ppm > 0, "no share under load")
    status = json.loads(memtel("status", "--json").stdout)
    slab = [s for s in status["source"] if s["name"] == "slab"][0]
    check(slab["cost_ns"] >= row["cost-ns"], f"{slab}")
    equal(status["cost_limit_ppm"], 0, "limit")


def test_calls_on_one_page():
    """A task that has the same object again and again: no page stands for
    others, whichever it is."""
    if is_rt():
        raise Skipped("no allocation in hard interrupts: no such load")
    unload()
    load()
    ynl = client()
    with null_frees() as nulls:
        ynl.do("source-hold", {"name": "slab"})
        with Load():
            wait_for(lambda: "cost-ns" in source(ynl), 60, "a cost")
        oracle("create memtel_test_page 4096")
        kept = 0
        try:
            for _ in range(4):
                before = slab_events(ynl)
                oracle("interrupted memtel_test_page 0 1000000000 100000")
                after = slab_events(ynl)
                check(after[0] - before[0] >= 100000, "not counted")
                calls_are_estimated(ynl, "one object", nulls)
                # Another one, on another page.
                oracle("alloc memtel_test_page task 0 0 4096 9")
                kept += 9
        finally:
            oracle(f"free memtel_test_page task 0 0 {kept}")
            oracle("destroy memtel_test_page")


def test_every_source_has_a_cost():
    """Those that saw enough events say what they cost."""
    unload()
    # Fallback counts only those it looks at.
    load("fallback_sampling=1")
    ynl = client()
    for name in sources():
        ynl.do("source-hold", {"name": name})
    with Load():
        wait_for(lambda: all("cost-ns" in source(ynl, name)
                             for name in ("slab", "site")),
                 60, "slab and site know their cost")
        # Pages: fallback sees each that is allocated.
        for _ in range(40):
            write("/tmp/pages", "x" * (8 << 20))
        os.unlink("/tmp/pages")
    wait_for(lambda: "cost-ns" in source(ynl, "fallback"), 60,
             "fallback knows its cost")


def test_the_most_expensive_is_shed_and_taken_back():
    """Its probes go, everyone is told, and later it counts from zero."""
    unload()
    load("cost_limit_ppm=100", f"cost_wait_s={WAIT_S}")
    subscriber = Subscriber()
    ynl = client()
    for name in ("slab", "shrinker"):
        ynl.do("source-hold", {"name": name})
    equal([name for name in our_probes() if name in SLAB], SLAB, "probes")
    blind = subscriber.add("slab-allocs", 1 << 60, no_evidence=True)
    with Load():
        wait_for(lambda: of_kind(subscriber.read(), "shed"), 60, "shed")
        event = of_kind(subscriber.events, "shed")[0]
        print(f"# {event}")
        equal(event["source"], "slab", "source shed")
        check(event["cost-share-ppm"] > 100, "within the limit")
        equal(event["shed-ns"], WAIT_S * 10**9, "time away")
        row = source(ynl)
        if row.get("shed"):
            check("attached" not in row, f"attached: {row}")
            equal(row["probes"], 0, "probes")
            check(row["holds"] >= 2, "holds are kept")
            equal([name for name in our_probes() if name in SLAB], [],
                  "probes in the kernel")
            equal(slab_events(ynl), (0, 0), "counts while shed")
            check(subscriber.state(blind).get("blind"), "a blind trigger")
        # It is too dear again: away for twice as long.
        wait_for(lambda: len(of_kind(subscriber.read(), "shed")) > 1,
                 60, "shed again")
        equal(of_kind(subscriber.events, "shed")[1]["shed-ns"],
              2 * WAIT_S * 10**9, "time away")
    write(LIMIT, "0")
    wait_for(lambda: len(of_kind(subscriber.read(), "restored")) > 1,
             60, "restored")
    equal([event["kind"] for event in subscriber.events],
          ["shed", "restored"] * 2, "events")
    numbers = [event["sequence"] for event in subscriber.events]
    equal(numbers, list(range(numbers[0], numbers[0] + 4)), "sequence")
    row = source(ynl)
    check(row.get("attached") and "shed" not in row, f"{row}")
    equal(row["sheds"], 2, "times shed")
    check("blind" not in subscriber.state(blind), "still blind")
    equal([name for name in our_probes() if name in SLAB], SLAB, "probes")
    oracle("create memtel_test_shed 200")
    oracle(f"alloc memtel_test_shed task 0 0 200 {N}")
    oracle(f"free memtel_test_shed task 0 0 {N}")
    node = ynl.do("cache-get", {"name": "memtel_test_shed"})["node"][0]
    equal((node["allocs"], node["frees"]), (N, N), "counted again")
    oracle("destroy memtel_test_shed")


def test_a_slow_probe_is_shed_soon():
    """Its every call takes 20 us longer, of a load that was nothing before."""
    unload()
    load("cost_limit_ppm=50000", "cost_wait_s=3600")
    subscriber = Subscriber()
    ynl = client()
    ynl.do("source-hold", {"name": "slab"})
    # Large ones have no cache: the probe goes on in a function of its own.
    with Load(1 << 15):
        wait_for(lambda: "cost-ns" in source(ynl), 60, "a cost")
        time.sleep(5)
        row = source(ynl)
        print(f"# {row['cost-share-ppm']} ppm before")
        check(row["cost-share-ppm"] < 25000, "slow as it is")
        equal(subscriber.read(), [], "events")
        oracle("slow slab_count_rare 20000")
        try:
            start_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
            wait_for(lambda: of_kind(subscriber.read(), "shed"), 60, "shed")
        finally:
            oracle("slow slab_count_rare 0")
    event = subscriber.events[0]
    seconds = (event["time-ns"] - start_ns) / 1e9
    print(f"# after {seconds:.1f} s: {event}")
    equal(event["source"], "slab", "source shed")
    check(seconds < 5, f"shed after {seconds} s")
    check(event["cost-share-ppm"] > 50000, "within the limit")


def test_shed_whoever_holds():
    """Release and hold are no way around the time away, nor is the time longer
    for it."""
    unload()
    load("cost_limit_ppm=100", f"cost_wait_s={4 * WAIT_S}")
    subscriber = Subscriber()
    ynl = client()
    ynl.do("source-hold", {"name": "slab"})
    with Load():
        wait_for(lambda: source(ynl).get("shed"), 60, "shed")
        write(LIMIT, "0")
        restore_ns = source(ynl)["restore-ns"]
        # A daemon that is started again and again, and a trigger.
        for _ in range(3):
            ynl.do("source-release", {"name": "slab"})
            row = source(ynl)
            check("attached" not in row and row.get("shed"), f"{row}")
            equal((row["holds"], row["restore-ns"]), (0, restore_ns),
                  "holds, and when it may be attached")
            ynl.do("source-hold", {"name": "slab"})
        # Not the subscriber's own: events come to that at any time.
        blind = ynl.do("trigger-add", {
            "metric": "slab-allocs", "threshold": 1 << 60,
            "window-ns": SECOND, "no-evidence": True})["id"]
        row = source(ynl)
        check("attached" not in row and row.get("shed"), f"{row}")
        equal((row["holds"], row["restore-ns"]), (2, restore_ns), "holds")
        check(ynl.do("trigger-get", {"id": blind}).get("blind"),
              "a blind trigger")
        equal([name for name in our_probes() if name in SLAB], [],
              "probes in the kernel")
        wait_for(lambda: of_kind(subscriber.read(), "restored"), 120,
                 "restored")
    row = source(ynl)
    check(row.get("attached") and "shed" not in row, f"{row}")
    check(0 <= row["since-ns"] - restore_ns < 3 * 10**9,
          f"restored at {row['since-ns']}, not at {restore_ns}")
    # The second time it is away for twice as long, held meanwhile or not.
    write(LIMIT, "100")
    with Load():
        wait_for(lambda: len(of_kind(subscriber.read(), "shed")) > 1, 60,
                 "shed again")
    equal(of_kind(subscriber.events, "shed")[1]["shed-ns"],
          8 * WAIT_S * 10**9, "time away")
    ynl.do("source-release", {"name": "slab"})
    ynl.do("trigger-delete", {"id": blind})
    restore_ns = source(ynl)["restore-ns"]
    equal(source(ynl)["holds"], 0, "holds")
    wait_for(lambda: source(ynl)["now-ns"] > restore_ns, 120, "the time")
    check("shed" not in source(ynl), "shed though its time is over")
    write(LIMIT, "0")
    ynl.do("source-hold", {"name": "slab"})
    check(source(ynl).get("attached"), "not attached")


def works(ynl):
    """{kind: row} of what memtel does by itself."""
    return {work["kind"]: work for work in ynl.do("status-get", {})["work"]}


class Traced:
    """Executions of memtel's works, by the kernel's events of workqueues and of
    the scheduler."""

    DIR = "/sys/kernel/tracing"
    EVENTS = ("workqueue/workqueue_execute_start",
              "workqueue/workqueue_execute_end", "sched/sched_switch")
    KINDS = {"restraint_look": "restraint", "collect": "readings"}
    LINE = re.compile(r"-(\d+) +\[\d+\] \S+ +(\d+\.\d+): (\w+): (.*)")

    def __init__(self):
        self.sums = {}   # {kind: (runs, seconds on a CPU)}
        self.works = {}  # {pid: [kind, seconds so far, since when or None]}

    def __enter__(self):
        write(f"{self.DIR}/trace", "")
        write(f"{self.DIR}/tracing_on", "1")
        for event in self.EVENTS:
            write(f"{self.DIR}/events/{event}/enable", "1")
        return self

    def __exit__(self, *_):
        for event in self.EVENTS:
            write(f"{self.DIR}/events/{event}/enable", "0")

    def leave(self, pid, at):
        """A task leaves its CPU."""
        work = self.works.get(pid)
        if work and work[2] is not None:
            work[1:] = work[1] + at - work[2], None

    def line(self, pid, at, event, text):
        """One event, of the task on the CPU."""
        if event == "sched_switch":
            self.leave(pid, at)
            after = int(re.search(r"next_pid=(\d+)", text)[1])
            if after in self.works:
                self.works[after][2] = at
        elif "[memtel]" in text and event.endswith("start"):
            name = re.search(r"function (\w+)", text)[1]
            self.works[pid] = [self.KINDS.get(name, "looks"), 0.0, at]
        elif pid in self.works and event.endswith("end"):
            self.leave(pid, at)
            kind, seconds, _ = self.works.pop(pid)
            before = self.sums.get(kind, (0, 0.0))
            self.sums[kind] = before[0] + 1, before[1] + seconds

    def read(self):
        """{kind: (runs, seconds on a CPU)}"""
        for line in read(f"{self.DIR}/trace").splitlines():
            found = self.LINE.search(line)
            if found:
                self.line(int(found[1]), float(found[2]), *found.groups()[2:])
        return self.sums


def test_works_are_counted():
    """As often as the kernel's own events tell, and no longer than that."""
    unload()
    load()
    subscriber = Subscriber()
    # Which reads all caches ten times a second, and looks as often.
    trigger = subscriber.add("slab-growth", 1 << 60, window_ns=SECOND // 10,
                             no_evidence=True)
    ynl = client()
    check(all("share-ppm" not in work for work in works(ynl).values()),
          f"a share that nobody looks at: {works(ynl)}")
    ynl.do("source-hold", {"name": "slab"})
    wait_for(lambda: all("share-ppm" in work and work["runs"] and work["ns"]
                         for work in works(ynl).values()), 60, "works")
    time.sleep(2)
    with Traced() as traced:
        # Neither is between the two but by chance: each may be one off.
        before = works(ynl)
        time.sleep(5)
        after = works(ynl)
    sums = traced.read()
    print(f"# {sums}")
    print(f"# {after}")
    for kind, (runs, seconds) in sums.items():
        counted = after[kind]["runs"] - before[kind]["runs"]
        ns = after[kind]["ns"] - before[kind]["ns"]
        check(abs(counted - runs) <= 1, f"{kind}: {counted} runs, not {runs}")
        # The events are in microseconds, and part of what is around a work.
        check(0.8 * seconds - 6e-6 * runs <= ns / 1e9 <= 1.1 * seconds + 2e-4,
              f"{kind}: {ns / 1e9} s of {seconds} s")
    equal(set(sums), {"looks", "readings", "restraint"}, "works")
    status = json.loads(memtel("status", "--json").stdout)
    equal([work["kind"] for work in status["work"]],
          ["looks", "readings", "restraint"], "works")
    check(all(work["share_ppm"] >= 0 for work in status["work"]), f"{status}")
    text = memtel("status").stdout
    check(re.search(r"^readings +\d+ +\S+s +\d+$", text, re.M), text)
    subscriber.ynl.do("trigger-delete", {"id": trigger})


def test_works_count_for_the_limit():
    """A source within the limit is shed when readings take the rest of it; one
    that takes nothing is not."""
    unload()
    load()
    ynl = client()
    for name in "slab", "shrinker":
        ynl.do("source-hold", {"name": name})
    with Load():
        wait_for(lambda: source(ynl).get("cost-share-ppm", 0) > 100, 60,
                 "a share")
        time.sleep(16)
        most_ppm = source(ynl)["cost-share-ppm"] * 3 // 2
        write(LIMIT, str(most_ppm))
        time.sleep(5)
        equal(source(ynl)["sheds"], 0, "sheds")
        ynl.do("trigger-add", {
            "metric": "slab-growth", "threshold": 1 << 60,
            "window-ns": SECOND // 10, "no-evidence": True})
        wait_for(lambda: source(ynl)["sheds"], 60, "shed")
        row = works(ynl)["readings"]
        print(f"# the limit is {most_ppm} ppm, {row}")
        time.sleep(3)
    equal(source(ynl, "shrinker")["sheds"], 0, "sheds of what takes nothing")


def test_watch_says_so():
    """A reader of memtel watch learns it, too; unloading while shed is safe."""
    unload()
    load("cost_limit_ppm=100", "cost_wait_s=3600")
    with Load():
        done = memtel("watch", "--events", "1", "--trigger",
                      "slab-allocs > 1000000000 in 1s", timeout=60)
    print(f"# {done.stdout.strip()}")
    check("SHED source s" in done.stdout, done.stdout)
    ynl = client()
    ynl.do("source-hold", {"name": "slab"})
    with Load():
        wait_for(lambda: source(ynl).get("shed"), 60, "shed")
    with Load():
        unload()
    equal(our_probes(), [], "probes after unloading")
    load()
