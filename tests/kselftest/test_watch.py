# SPDX-License-Identifier: GPL-2.0-or-later
"""memtel watch, as its user sees it; and what becomes of slow subscribers."""

import json
import select
import signal
import socket
import struct
import subprocess
import time

from ask import Socket
from harness import (MEMTEL, check, client, equal, lacks_zonelock, load,
                     memtel, unload, wait_for, write)
from pressure import pressure
from test_trigger import (MS, OBJECTS, SHRINKER, Stall, Subscriber,
                          sleep_in_shrinker)

TRIGGER = "shrinker-time > 100ms in 1s"


class Watch:
    """A memtel watch in the background, its output in a file."""

    number = 0

    def __init__(self, *args):
        Watch.number += 1
        self.path = f"/tmp/watch{Watch.number}"
        self.args = args

    def __enter__(self):
        ynl = client()
        triggers = len(ynl.dump("trigger-get", {}))
        with open(self.path, "w", encoding="utf-8") as out:
            self.process = subprocess.Popen(
                [MEMTEL, "watch", *self.args], stdout=out,
                stderr=subprocess.STDOUT)
        try:
            if "--all" in self.args:
                time.sleep(2)
            else:
                wait_for(lambda: len(ynl.dump("trigger-get", {})) > triggers,
                         60, "the triggers are there")
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise
        return self

    def lines(self):
        """What it has printed, as far as lines are whole."""
        with open(self.path, encoding="utf-8") as out:
            return out.read().split("\n")[:-1]

    def wait(self, nr, seconds=60):
        """Until it has printed so many lines; returns all."""
        wait_for(lambda: len(self.lines()) >= nr, seconds,
                 f"{nr} lines: {self.lines()}")
        return self.lines()

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        equal(self.process.wait(60), 0, "exit after SIGTERM")


def test_a_line_for_each_event():
    """Readable, with the cause and its share."""
    with Watch("--trigger", TRIGGER) as watch, Stall(1500):
        line = watch.wait(1)[0]
        print(f"# {line}")
        check(f" RAISED shrinker-time 1" in line and
              "ms > 100ms in 1s, 1 under way: shrinker " + SHRINKER in line
              and "% of the time of shrinking" in line, line)
        cleared = watch.wait(2)[1]
        print(f"# {cleared}")
        check(" cleared shrinker-time " in cleared and "peak 1" in cleared,
              cleared)


def test_json_has_everything():
    """What YNL got is what JSON says, with _ for -."""
    ynl = client()
    ynl.do("subscribe", {})
    with Watch("--json", "--trigger", TRIGGER) as watch, Stall(300):
        got = [json.loads(line) for line in watch.wait(2)]
        ynl.check_ntf()
        want = [event for message in ynl.async_msg_queue
                for event in message["msg"]["event"]]

    def renamed(value):
        if isinstance(value, dict):
            return {key.replace("-", "_"): renamed(inner)
                    for key, inner in value.items()}
        return [renamed(one) for one in value] if isinstance(value, list) \
            else value
    for event in got:
        for suspect in [event.get("cause", {})] + event.get("suspect", []):
            suspect.pop("symbol", None)
    equal(got, [renamed(event) for event in want], "events")


def test_wrong_and_refused():
    """Before it is asked, and by the module; neither watches anything."""
    done = memtel("watch", "--trigger", "stall-time > 1ms in 1", status=2)
    check("\n" + " " * 23 + "^" in done.stderr, done.stderr)
    done = memtel("watch", "--trigger", "kswapd-time > 1ms in 1s on node=7",
                  status=1)
    check("no such node is online" in done.stderr, done.stderr)
    memtel("watch", "--trigger", TRIGGER, status=4,
           prefix=("setpriv", "--bounding-set", "-all", "--inh-caps", "-all"))
    equal(client().dump("trigger-get", {}), [], "triggers")


def test_ends_by_itself():
    """After so long, or so many events."""
    start = time.monotonic()
    memtel("watch", "--for", "1.5")
    check(1.5 <= time.monotonic() - start < 20, "--for")
    with Watch("--events", "1", "--trigger", TRIGGER) as watch, Stall(300):
        watch.wait(1)
        equal(watch.process.wait(60), 0, "exit")
    equal(len(watch.lines()), 1, "lines")


def test_survives_a_reload():
    """It says that the module went and came, and watches on."""
    with Watch("--trigger", TRIGGER) as watch:
        unload()
        check("was unloaded" in watch.wait(1)[0], watch.lines())
        load()
        check("is loaded: watching again" in watch.wait(2)[1], watch.lines())
        ynl = client()
        wait_for(lambda: ynl.dump("trigger-get", {}), 60, "a trigger")
        with Stall(300):
            check("RAISED shrinker-time" in watch.wait(3)[2], watch.lines())


def test_default_triggers():
    """Without --trigger it watches what suits any host."""
    ynl = client()
    with Watch():
        count = 7 if lacks_zonelock() else 8
        wait_for(lambda: len(ynl.dump("trigger-get", {})) == count, 60,
                 f"{count} triggers")
        rows = {row["metric"]: row for row in ynl.dump("trigger-get", {})}
        managed = sum(node["managed-bytes"]
                      for node in ynl.dump("node-get", {}))
        equal(rows["slab-growth"]["threshold"], max(managed // 100, 16 << 20),
              "growth")
    wait_for(lambda: not ynl.dump("trigger-get", {}), 60, "all gone")


class Member:
    """A bare socket that is subscribed: the numbers of the events it gets."""

    def __init__(self, family):
        raw = Socket(family)
        self.last = raw.subscribe()
        self.sock = raw.sock
        self.sock.setblocking(False)
        self.numbers = []
        self.sizes = []

    def read(self):
        """Take in what has come."""
        while True:
            try:
                data = self.sock.recv(65536)
            except BlockingIOError:
                return
            self.sizes.append(len(data))
            at = 16 + 4
            while at + 4 <= len(data):
                size, = struct.unpack_from("=H", data, at)
                # An event's first attribute is its number.
                inner, kind = struct.unpack_from("=HH", data, at + 4)
                equal((inner, kind), (12, 2), "the first attribute")
                self.numbers.append(struct.unpack_from("=Q", data, at + 8)[0])
                at += (size + 3) & ~3


def test_one_stopped_subscriber_of_100():
    """The others miss nothing."""
    ynl = client()
    members = [Member(ynl.nlproto.family_id) for _ in range(100)]
    stopped = members.pop(42)
    status = ynl.do("status-get", {})
    begin = status["event-sequence"]
    equal(status["subscribers"], 100, "subscribers")
    equal({member.last for member in members}, {begin}, "told at the start")
    for i in range(40):
        ynl.do("trigger-add", {"metric": "shrinker-time", "threshold": 1 + i,
                               "window-ns": 10**7})
    pressure(f"shrinker 12 {OBJECTS}")
    try:
        for _ in range(12):
            sleep_in_shrinker(1)
            time.sleep(0.05)
            for member in members:
                member.read()
    finally:
        pressure("remove")
    for row in ynl.dump("trigger-get", {}):
        ynl.do("trigger-delete", {"id": row["id"]})
    end = ynl.do("status-get", {})["event-sequence"]
    print(f"# {end - begin} events")
    check(end - begin >= 400, f"only {end - begin} events")
    for member in members:
        member.read()
        equal(member.numbers, list(range(begin + 1, end + 1)), "numbers")
    try:
        stopped.read()
        check(False, "the stopped one lost nothing")
    except OSError as error:
        equal(error.errno, 105, "errno of the stopped one")


def test_a_loss_at_the_end_is_told():
    """Who has no room is woken, is told once, and can count what it lost, though
    no event comes later.
    """
    ynl = client()
    member = Member(ynl.nlproto.family_id)
    member.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    for i in range(40):
        ynl.do("trigger-add", {"metric": "shrinker-time", "threshold": 1 + i,
                               "window-ns": 10**7, "no-evidence": True})
    with Stall(30):
        pass
    wait_for(lambda: all("raised" not in row and row["events"]
                         for row in ynl.dump("trigger-get", {})), 60,
             "all are cleared")
    poll = select.poll()
    poll.register(member.sock, 0)
    equal(poll.poll(0), [(member.sock.fileno(), select.POLLERR)], "poll")
    try:
        member.read()
        check(False, "no error is told")
    except OSError as error:
        equal(error.errno, 105, "errno")
    member.read()
    equal(poll.poll(0), [], "poll, when it was told")
    lost = (ynl.do("status-get", {})["event-sequence"] - member.last
            - len(member.numbers))
    print(f"# {len(member.numbers)} events had, {lost} lost")
    check(member.numbers and lost > 0, "nothing had or lost")


def test_many_raised_at_once():
    """Evidence stands once in a message, and libmemtel gives it to each event."""
    nr = 100
    sub = Subscriber()
    member = Member(sub.ynl.nlproto.family_id)
    with Watch("--all", "--json") as watch:
        for i in range(nr):
            sub.add("shrinker-time", 10 * MS + i)
        with Stall(500):
            sub.wait(nr)
        member.read()
        lines = watch.wait(nr)
    raised = [event for event in sub.events if event["kind"] == "raised"]
    equal(len(raised), nr, "events raised")
    own = [event for event in raised if event.get("suspect")]
    of = {event["sequence"]: event for event in own}
    for event in raised:
        check(event.get("suspect") or event["evidence-of"] in of, str(event))
        check(event.get("cause"), f"no cause: {event}")
    sizes = member.sizes[:len(own)]
    print(f"# {nr} events of {sum(sizes)} bytes in {len(sizes)} messages, "
          f"{len(own)} with {len(own[0]['suspect'])} suspects")
    check(len(own) < nr / 8, f"{len(own)} of {nr} events have suspects")
    for line in lines:
        event = json.loads(line)
        if event["kind"] != "raised":
            continue
        same = of[event.get("evidence_of", event["sequence"])]
        equal([suspect["value"] for suspect in event["suspect"]],
              [suspect["value"] for suspect in same["suspect"]],
              "suspects by libmemtel")
        equal(event["evidence_interval_ns"], same["evidence-interval-ns"],
              "interval by libmemtel")


def sums(lines):
    """(events, lost) of a watch's JSON."""
    rows = [json.loads(line) for line in lines]
    return (sum("sequence" in row for row in rows),
            sum(row["events"] for row in rows if row["kind"] == "lost"))


def test_a_burst_is_accounted_for():
    """100,000 events: what is received and what is lost are what was sent,
    exactly; for one that reads, and for one that was stopped meanwhile."""
    path = "/sys/module/memtel/parameters/triggers_max"
    write(path, "2000")
    pressure(f"shrinker 12 {OBJECTS}")
    ynl = client()
    try:
        with Watch("--all", "--json") as reader, \
                Watch("--all", "--json") as stopped:
            begin = ynl.do("status-get", {})["event-sequence"]
            stopped.process.send_signal(signal.SIGSTOP)
            owner = client()
            for i in range(1500):
                owner.do("trigger-add", {
                    "metric": "shrinker-time", "threshold": 1000 + i,
                    "window-ns": 10**7, "no-evidence": True})
            start = time.monotonic()

            def sent():
                return ynl.do("status-get", {})["event-sequence"] - begin
            while sent() < 100000 and time.monotonic() - start < 240:
                sleep_in_shrinker(1)
                time.sleep(0.03)
            owner.sock.close()
            total = sent()
            seconds = time.monotonic() - start
            check(total >= 100000, f"{total} events in {seconds} s")
            stopped.process.send_signal(signal.SIGCONT)
            for who, watch in (("reader", reader), ("stopped", stopped)):
                wait_for(lambda w=watch: sum(sums(w.lines())) >= total, 120,
                         f"{who}: {total}, has {sums(watch.lines())}")
                events, lost = sums(watch.lines())
                print(f"# {who}: {events} received, {lost} lost of {total} "
                      f"sent in {seconds:.0f} s")
                equal(events + lost, total, f"{who}: received and lost")
            check(sums(stopped.lines())[1] > 0, "the stopped one lost nothing")
            equal(ynl.do("status-get", {})["events-unsent"], 0, "unsent")
    finally:
        pressure("remove")
        write(path, "1024")
