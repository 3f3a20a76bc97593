# SPDX-License-Identifier: GPL-2.0-or-later
"""Triggers and their events, by the kernel's own client."""

import os
import select
import threading
import time
from errno import ENOBUFS

from harness import (NlError, check, client, equal, has_lockdep, load, oracle,
                     our_probes, unload, wait_for, write)
from pressure import pressure

MS = 10**6
SECOND = 10**9
OBJECTS = 100
SHRINKER = "pressure_scan [memtel_pressure]"
# Caches are read for a twentieth of a CPU's time, which may be seldom.
WAIT_S = 60 if has_lockdep() else 10


def boottime_ns():
    """The clock of events."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class Subscriber:
    """A socket that is subscribed, and has triggers."""

    def __init__(self):
        self.ynl = client()
        self.ynl.do("subscribe", {})
        self.events = []

    def add(self, metric, threshold, window_ns=SECOND, **more):
        """Add a trigger; returns its id."""
        wish = {"metric": metric, "threshold": threshold,
                "window-ns": window_ns}
        wish.update({key.replace("_", "-"): value
                     for key, value in more.items()})
        return self.ynl.do("trigger-add", wish)["id"]

    def read(self):
        """Take in what has come."""
        self.ynl.check_ntf()
        for message in self.ynl.async_msg_queue:
            self.events += message["msg"]["event"]
        self.ynl.async_msg_queue.clear()
        return self.events

    def wait(self, nr, seconds=WAIT_S):
        """Until so many have come; returns all."""
        end = time.monotonic() + seconds
        while len(self.read()) < nr and time.monotonic() < end:
            select.select([self.ynl.sock], [], [], 0.05)
        check(len(self.events) >= nr,
              f"{len(self.events)} events in {seconds} s, not {nr}")
        return self.events

    def none(self, seconds):
        """Nothing comes for so long."""
        time.sleep(seconds)
        equal(self.read(), [], "events")

    def state(self, number):
        """The trigger's row."""
        return self.ynl.do("trigger-get", {"id": number})


class Reader(Subscriber):
    """A subscriber that counts how often it was told of a loss."""

    def __init__(self):
        super().__init__()
        self.overruns = 0

    def read(self):
        """As a subscriber, whose buffer may have been full."""
        try:
            return super().read()
        except OSError as error:
            if error.errno != ENOBUFS:
                raise
            self.overruns += 1
            return self.events


def refused(ynl, errno, message, **wish):
    """A trigger is refused, with words."""
    full = {"metric": "shrinker-time", "threshold": MS, "window-ns": SECOND}
    full.update({key.replace("_", "-"): value for key, value in wish.items()})
    full = {key: value for key, value in full.items() if value is not None}
    try:
        ynl.do("trigger-add", full)
        check(False, f"accepted: {full}")
    except NlError as error:
        equal(error.nl_msg.error, -errno, f"errno of {full}")
        check(message in error.nl_msg.extack.get("msg", ""),
              f"{full}: {error.nl_msg.extack}")


def sleep_in_shrinker(times=1):
    """Have the pressure module's shrinker called; takes its time."""
    pressure(f"arm {times}")
    write("/proc/sys/vm/drop_caches", "2")


class Stall:
    """A shrinker that sleeps, called in the background."""

    def __init__(self, sleep_ms):
        pressure(f"shrinker {sleep_ms} {OBJECTS}")
        self.thread = threading.Thread(target=sleep_in_shrinker)

    def __enter__(self):
        self.begin_ns = boottime_ns()
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.thread.join()
        pressure("remove")


def time_of_other_shrinkers(ynl):
    """Time spent in shrinkers that are not the test's, ns."""
    return sum(row["timing"]["total-ns"]
               for row in ynl.dump("shrinker-get", {})
               if row["name"] != SHRINKER)


def test_a_stall_is_reported_as_it_crosses():
    """Not when it ends, and with who is to blame."""
    # So that no other shrinker has much to do.
    write("/proc/sys/vm/drop_caches", "3")
    sub = Subscriber()
    number = sub.add("shrinker-time", 200 * MS)
    sub.none(0.3)
    others_ns = -time_of_other_shrinkers(sub.ynl)
    with Stall(3000) as stall:
        event = sub.wait(1)[0]
        late_ns = event["time-ns"] - stall.begin_ns - 200 * MS
        print(f"# reported {late_ns / MS:.1f} ms after it crossed")
        # The stall begins some time after the file was written to.
        check(0 < late_ns < 150 * MS, f"late by {late_ns} ns")
        equal(event["kind"], "raised", "kind")
        equal(event["trigger-id"], number, "trigger")
        equal(event["open"], 1, "stalls under way")
        check(200 * MS < event["value"] < 300 * MS, f"value {event}")
        equal(event["cause"]["kind"], "shrinker", "cause")
        equal(event["cause"]["name"], SHRINKER, "cause")
        others_ns += time_of_other_shrinkers(sub.ynl)
        check(event["cause"]["share-bp"]
              > 9900 - 10000 * others_ns / event["value"],
              f"share {event['cause']}, all others had {others_ns} ns")
        check("raised" in sub.state(number), "the trigger's state")
        equal(sub.state(number)["last-sequence"], event["sequence"],
              "sequence")
    cleared = sub.wait(2)[1]
    equal(cleared["kind"], "cleared", "kind")
    equal(cleared["sequence"], event["sequence"] + 1, "sequence")
    check(2700 * MS < cleared["raised-ns"] < 5000 * MS,
          f"raised for {cleared['raised-ns']}")
    check(900 * MS < cleared["peak"] <= 1100 * MS, f"peak {cleared['peak']}")
    equal(sub.state(number)["value"] <= 200 * MS, True, "value")


def test_a_reset_does_not_blind():
    """What is counted after a reset counts at once, however much was before."""
    sub = Subscriber()
    sub.ynl.do("source-hold", {"name": "slab"})
    oracle("alloc kmalloc task 0 0 100 60000")
    oracle("free kmalloc task 0 0 60000")
    sub.add("slab-allocs", 20000, 10 * SECOND, cache="kmalloc-128",
            no_evidence=True)
    sub.none(1.5)
    for turn in range(3):
        sub.ynl.do("source-reset", {"name": "slab"})
        if turn:
            equal(sub.wait(2 * turn)[-1]["kind"], "cleared", "kind")
        oracle("alloc kmalloc task 0 0 100 30000")
        oracle("free kmalloc task 0 0 30000")
        raised = sub.wait(2 * turn + 1)[-1]
        equal(raised["kind"], "raised", "kind")
        check(20000 < raised["value"] < 31000, f"value {raised['value']}")


def test_sums_of_short_stalls():
    """Many stalls that are each below the threshold, over it in sum."""
    pressure(f"shrinker 20 {OBJECTS}")
    try:
        sub = Subscriber()
        sub.add("shrinker-time", 300 * MS, 2 * SECOND)
        sub.add("shrinker-time", 10 * SECOND, 2 * SECOND)
        sleep_in_shrinker(4)
        sub.none(0.5)
        sleep_in_shrinker(24)
        event = sub.wait(1)[0]
        check(300 * MS < event["value"] < 420 * MS, f"value {event['value']}")
        equal([e["kind"] for e in sub.wait(2)], ["raised", "cleared"], "kinds")
        equal(len(sub.read()), 2, "events")
    finally:
        pressure("remove")


def test_hold_and_hysteresis():
    """A short peak is held back; what swings above the clear value is one."""
    pressure(f"shrinker 100 {OBJECTS}")
    try:
        sub = Subscriber()
        sub.add("shrinker-time", 50 * MS, 500 * MS, hold_ns=SECOND)
        twice = sub.add("shrinker-time", 150 * MS, 500 * MS, clear=50 * MS)
        sleep_in_shrinker(1)
        sub.none(1.5)
        for _ in range(6):
            sleep_in_shrinker(1)
            time.sleep(0.15)
        sub.wait(4)
        time.sleep(0.5)
        kinds = [(e["trigger-id"] == twice, e["kind"]) for e in sub.read()]
        equal(sorted(kinds), sorted([(True, "raised"), (True, "cleared"),
                                     (False, "raised"), (False, "cleared")]),
              "events")
    finally:
        pressure("remove")


def test_scope():
    """Only what is in scope counts."""
    sub = Subscriber()
    mine = sub.add("shrinker-time", 100 * MS, shrinker=SHRINKER)
    sub.add("shrinker-time", 100 * MS, shrinker="another")
    sub.add("direct-reclaim-time", 100 * MS, node_id=0, zone="Normal")
    with Stall(500):
        pass
    time.sleep(1.5)
    equal({e["trigger-id"] for e in sub.read()}, {mine}, "triggers raised")
    equal(sub.events[0]["shrinker"], SHRINKER, "the event's scope")


def test_gone_with_the_socket():
    """Triggers end with their socket, and so do the holds of sources."""
    other = Subscriber()
    sub = Subscriber()
    number = sub.add("memcg-reclaim-time", 50 * MS)
    sub.add("slab-growth", 1 << 20, no_evidence=True)
    holds = other.ynl.dump("hold-get", {})
    equal({hold["kind"] for hold in holds}, {"trigger"}, "kinds of holders")
    equal({hold["trigger"] for hold in holds}, {number}, "triggers")
    check(len(holds) >= 4, f"sources held: {holds}")
    equal(len(other.ynl.dump("trigger-get", {})), 2, "triggers")
    check(our_probes(), "no probes")
    sub.ynl.sock.close()
    equal(other.ynl.dump("trigger-get", {}), [], "triggers")
    equal(other.ynl.dump("hold-get", {}), [], "holds")
    equal(our_probes(), [], "probes")
    number = other.add("memcg-reclaim-time", 50 * MS)
    try:
        client().do("trigger-delete", {"id": number})
        check(False, "another's trigger was deleted")
    except NlError as error:
        equal(error.nl_msg.error, -2, "errno")
    other.ynl.do("trigger-delete", {"id": number})
    equal(other.ynl.dump("trigger-get", {}), [], "triggers")


def test_refused():
    """What cannot be watched is refused, by attribute and with words."""
    ynl = client()
    refused(ynl, 22, "are needed", metric=None)
    refused(ynl, 22, "are needed", threshold=None)
    refused(ynl, 22, "threshold is 0", threshold=0)
    refused(ynl, 22, "10 ms to 1 h", window_ns=9 * MS)
    refused(ynl, 22, "10 ms to 1 h", window_ns=3601 * SECOND)
    refused(ynl, 22, "more than 1 h", hold_ns=3601 * SECOND)
    refused(ynl, 22, "above the threshold", clear=MS + 1)
    refused(ynl, 22, "no such scope", zone="Normal", node_id=0)
    refused(ynl, 22, "no such scope", cgroup_id=1)
    refused(ynl, 22, "no such scope", metric="stall-time", node_id=0)
    refused(ynl, 22, "name is empty", shrinker="")
    refused(ynl, 22, "needs its node", metric="compaction-time",
            zone="Normal")
    refused(ynl, 2, "no such zone", metric="compaction-time", zone="Abnormal",
            node_id=0)
    refused(ynl, 2, "no such node", node_id=7)
    refused(ynl, 22, "id 0", metric="memcg-reclaim-time", cgroup_id=0)
    refused(ynl, 2, "no cgroup", metric="memcg-reclaim-time",
            cgroup_id=10**12)
    equal(ynl.dump("trigger-get", {}), [], "triggers")


def test_quota():
    """So many triggers and no more."""
    path = "/sys/module/memtel/parameters/triggers_max"
    write(path, "3")
    try:
        ynl = client()
        wish = {"metric": "kswapd-time", "threshold": MS, "window-ns": SECOND,
                "no-evidence": True}
        for _ in range(3):
            ynl.do("trigger-add", wish)
        refused(ynl, 122, "triggers_max")
    finally:
        write(path, "1024")


def test_unloaded_with_triggers():
    """The module goes while a stall is watched, and leaves nothing."""
    sub = Subscriber()
    sub.add("shrinker-time", 10 * MS)
    with Stall(1000):
        sub.wait(1)
        # A socket does not keep the module.
        unload()
        load()
    equal(client().do("status-get", {})["event-sequence"], 0, "sequence")
    check(not os.path.exists("/proc/sys/kernel/memtel"), "left something")


def test_all_subscribers_get_the_same():
    """One event, the same for all; numbers have no gaps."""
    first, others = Subscriber(), [Subscriber() for _ in range(5)]
    first.add("shrinker-time", 20 * MS, 100 * MS)
    for _ in range(3):
        with Stall(50):
            pass
        time.sleep(0.3)
    want = first.wait(6)
    for other in others:
        equal(other.wait(6), want, "events")
    numbers = [event["sequence"] for event in want]
    equal(numbers, list(range(numbers[0], numbers[0] + 6)), "numbers")
    wait_for(lambda: first.ynl.do("status-get", {})["event-sequence"]
             == numbers[-1], 1, "the last number")
