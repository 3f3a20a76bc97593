# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory that is not there: each allocation of what memtel is asked for fails in
turn, on a kernel with fault injection.

An operation is done with its first allocation failing, then its second, until it
needs no more. Each time it succeeds or says so by an errno, and what it was to do
was done or not at all; then it is done again, and must succeed.
"""

import contextlib
import ctypes
import errno
import glob
import json
import os
import struct
import time

from ask import (ACK, DUMP, NAME, NO_EVIDENCE, REQUEST, Socket, attr,
                 find_family, message, number_of, trigger)
from harness import (BUILD, MODULE, Skipped, check, client, equal, load,
                     memtel, must, oracle, our_probes, read, sources, unload,
                     wait_for, write)
from test_stress import SYS_DELETE_MODULE, SYS_FINIT_MODULE
from test_trigger import SECOND, Reader

DEBUG = "/sys/kernel/debug"
KMEMLEAK = f"{DEBUG}/kmemleak"
# What an allocation that failed may become on its way up.
EXPECTED = (0, -errno.ENOMEM, -errno.ENOBUFS, -errno.EAGAIN)
(STATUS, SOURCE, HOLD, RELEASE, ENABLE, DISABLE, RESET, HOLD_GET, CACHE, NODE,
 ZONE, RECLAIM, SHRINKER, LOCK, FALLBACK, SITE, STALL, TRIGGER_ADD,
 TRIGGER_DELETE, TRIGGER_GET) = range(1, 21)
SYS_CLOSE = 3
# More allocations than anything here makes.
ENDLESS = 5000
EACH = range(1, ENDLESS)
# Of loading the first and the last so many, and of what is between, pages of BTF
# that are all alike, one of so many.
ENDS, BETWEEN = 150, 23
# By so many, or less, they differ from time to time: slabs take pages.
SLACK = 10


class Raw(Socket):
    """One to the family, whose number is the module's until it goes."""

    number = 0

    def __init__(self):
        Raw.number = Raw.number or number_of(find_family("memtel"))
        super().__init__(Raw.number)


class Injector:
    """inject.c, with both kinds of failure switched on."""

    def __init__(self):
        if not os.path.exists(f"{DEBUG}/failslab"):
            raise Skipped("this kernel has no fault injection")
        Raw.number = 0
        for kind in ("failslab", "fail_page_alloc"):
            for name, value in (("verbose", "0"), ("ignore-gfp-wait", "N")):
                write(f"{DEBUG}/{kind}/{name}", value)
        write(f"{DEBUG}/fail_page_alloc/ignore-gfp-highmem", "N")
        write(f"{DEBUG}/fail_page_alloc/min-order", "0")
        # Waiting for RCU is most of what attaching takes.
        write("/sys/kernel/rcu_expedited", "1")
        self.library = ctypes.CDLL(f"{BUILD}/kselftest/inject.so")
        self.library.inject_syscall.restype = ctypes.c_long
        self.words = ""
        self.made = self.rows = 0

    def syscall(self, nth, number, *args):
        """(-errno or what it returned, whether an allocation failed); then
        .made is how many there were."""
        left = ctypes.c_uint()
        args = [ctypes.c_char_p(arg) if isinstance(arg, bytes)
                else ctypes.c_long(arg) for arg in args]
        args += [ctypes.c_long(0)] * (3 - len(args))
        done = self.library.inject_syscall(
            nth, ctypes.byref(left), ctypes.c_long(number), *args)
        self.made = nth - left.value
        return done, bool(nth) and not left.value

    def request(self, nth, raw, command, attrs=b"", flags=REQUEST | ACK):
        """The same of a request; then .rows and .words are what came."""
        data = message(raw.family, command, attrs, flags)
        left, rows = ctypes.c_uint(), ctypes.c_uint()
        words = ctypes.create_string_buffer(256)
        done = self.library.inject_request(
            nth, ctypes.byref(left), raw.sock.fileno(), data,
            len(data), ctypes.byref(rows), words, len(words))
        self.words, self.rows = words.value.decode(), rows.value
        return done, bool(nth) and not left.value


def each_failure(what, attempt, expected=EXPECTED, turns=EACH):
    """Have attempt(nth) fail in its nth allocation, for each of those turns
    there is.

    attempt returns (-errno or 0, whether an allocation failed). Returns how
    often it succeeded all the same, and how often not.
    """
    good = bad = 0
    for nth in turns:
        err, failed = attempt(nth)
        if not failed:
            equal(err, 0, f"{what} with no failure at {nth}")
            print(f"# {what}: allocations {turns[0]} to {nth - 1}, "
                  f"{good + bad} failed, {bad} refusals")
            return good, bad
        check(err in expected, f"{what}: allocation {nth} gives {err}")
        good += err == 0
        bad += err != 0
    check(False, f"{what}: no end")
    return good, bad


@contextlib.contextmanager
def no_leak():
    """What is allocated within and lost is a leak of ours."""
    write(KMEMLEAK, "clear")
    yield
    unload()
    # It looks at nothing younger, and pointers linger on stacks.
    for _ in range(3):
        time.sleep(6)
        write(KMEMLEAK, "scan")
        leaks = read(KMEMLEAK)
        if not leaks:
            break
    load()
    equal(leaks, "", "kmemleak")


def named(name):
    """The attribute that names a source."""
    return attr(NAME, name.encode() + b"\0")


def test_load():
    """Refused as a whole, or loaded with what it cannot do said."""
    injector = Injector()
    # To read what debuggers want takes thousands of pages.
    small = "/tmp/memtel.ko"
    must("strip", "-g", "-o", small, MODULE)
    with no_leak(), open(small, "rb") as module:
        unload()
        reasons = set()
        # Up to its parameters all is the kernel's own, which warns of some.
        done, _ = injector.syscall(ENDLESS, SYS_FINIT_MODULE, module.fileno(),
                                   b"slab_slots=1", 0)
        equal(done, -errno.EINVAL, "a parameter that is refused")
        first = injector.made + SLACK

        def attempt(nth):
            done, failed = injector.syscall(
                nth, SYS_FINIT_MODULE, module.fileno(), b"cost_limit_ppm=0", 0)
            if done == 0:
                status = json.loads(memtel("status", "--json").stdout)
                reasons.update(c.get("reason") for c in status["capability"])
                must("rmmod", "memtel")
            check(not os.path.exists("/sys/module/memtel"), "half loaded")
            return done, failed

        equal(attempt(ENDLESS), (0, False), "loading")
        last = injector.made
        each_failure("load", attempt, turns=[
            *range(first, first + ENDS),
            *range(first + ENDS, last - ENDS, BETWEEN),
            *range(last - ENDS, ENDLESS)])
        print(f"# reasons given: {sorted(filter(None, reasons))}")
        load()


def test_attach_and_detach():
    """A source is attached with all its probes, or with none."""
    injector = Injector()
    with no_leak():
        for name in sources():
            def enable(nth, name=name):
                raw = Raw()
                done, failed = injector.request(nth, raw, ENABLE, named(name))
                words = injector.words
                attached = bool(our_probes())
                # A reply that found no memory is of what was done.
                check(attached or done, f"{name}: no probes, no error")
                if attached:
                    equal(injector.request(0, raw, DISABLE, named(name))[0], 0,
                          "disable")
                equal(our_probes(), [], f"{name}: probes left ({words})")
                equal(injector.request(0, raw, ENABLE, named(name))[0], 0,
                      f"{name} once more")
                check(our_probes(), f"{name}: no probes")
                equal(injector.request(0, raw, DISABLE, named(name))[0], 0,
                      "disable")
                raw.sock.close()
                return done, failed

            def disable(nth, name=name):
                raw = Raw()
                equal(injector.request(0, raw, ENABLE, named(name))[0], 0,
                      "enable")
                done, failed = injector.request(nth, raw, DISABLE, named(name))
                injector.request(0, raw, DISABLE, named(name))
                equal(our_probes(), [], f"{name}: probes after disable")
                raw.sock.close()
                return done, failed

            each_failure(f"enable {name}", enable)
            each_failure(f"disable {name}", disable)


def test_hold_and_close():
    """A hold that fails holds nothing; a close lets go of all."""
    injector = Injector()
    with no_leak():
        def hold(nth):
            raw = Raw()
            done, failed = injector.request(nth, raw, HOLD, named("slab"))
            equal(injector.request(0, raw, HOLD, named("slab"))[0], 0, "again")
            raw.sock.close()
            equal(our_probes(), [], "probes after the close")
            return done, failed

        def release(nth):
            raw = Raw()
            injector.request(0, raw, HOLD, named("slab"))
            done, failed = injector.request(nth, raw, RELEASE, named("slab"))
            raw.sock.close()
            equal(our_probes(), [], "probes after the release")
            return done, failed

        def close(nth):
            raw = Raw()
            for name in sources():
                injector.request(0, raw, HOLD, named(name))
            injector.request(0, raw, TRIGGER_ADD, TRIGGER)
            done, failed = injector.syscall(nth, SYS_CLOSE, raw.sock.detach())
            equal(our_probes(), [], "probes after the close")
            return done, failed

        each_failure("hold", hold)
        each_failure("release", release)
        each_failure("close", close, (0,))


DUMPS = {"sources": SOURCE, "holds": HOLD_GET, "caches": CACHE, "nodes": NODE,
         "zones": ZONE, "reclaim": RECLAIM, "shrinkers": SHRINKER,
         "locks": LOCK, "fallback": FALLBACK, "sites": SITE, "stalls": STALL,
         "triggers": TRIGGER_GET}
NUMBER = struct.pack("=I", 0)
ASKS = {"status": (STATUS, b""), "source": (SOURCE, named("slab")),
        "cache": (CACHE, attr(1, b"kmalloc-128\0")),
        "node": (NODE, attr(2, NUMBER)),
        "zone": (ZONE, attr(2, NUMBER) + attr(3, b"DMA32\0"))}


def test_dumps_and_questions():
    """All rows, or an error; the next one has all."""
    injector = Injector()
    with no_leak():
        holder = Raw()
        for name in sources():
            injector.request(0, holder, HOLD, named(name))
        injector.request(0, holder, TRIGGER_ADD, TRIGGER)
        must("ls", "-lR", "/sys/devices/system")

        def dump(nth, command):
            raw = Raw()
            done, failed = injector.request(nth, raw, command,
                                            flags=REQUEST | DUMP)
            raw.sock.close()
            return done, failed

        for name, command in DUMPS.items():
            if command == LOCK and "zonelock" not in sources():
                continue
            each_failure(f"dump {name}", lambda n, c=command: dump(n, c))
            equal(dump(0, command)[0], 0, f"dump {name}")
            check(injector.rows or command in (RECLAIM, STALL, LOCK, FALLBACK,
                                               SHRINKER), f"no {name}")
        for name, (command, attrs) in ASKS.items():
            def ask(nth, command=command, attrs=attrs):
                raw = Raw()
                done, failed = injector.request(nth, raw, command, attrs)
                raw.sock.close()
                return done, failed

            each_failure(f"ask {name}", ask)

        def reset(nth):
            raw = Raw()
            done, failed = injector.request(nth, raw, RESET, named("slab"))
            raw.sock.close()
            return done, failed

        each_failure("reset", reset)
        holder.sock.close()
        equal(our_probes(), [], "probes")


TRIGGER = trigger(1000, 100_000_000)


def test_triggers():
    """A trigger is added with all that it holds, or not at all."""
    injector = Injector()
    with no_leak():
        def add(nth, wish):
            raw = Raw()
            done, failed = injector.request(nth, raw, TRIGGER_ADD, wish)
            if done:
                # Added, perhaps, but for want of memory not told so: the
                # socket's all the same.
                injector.request(0, raw, TRIGGER_GET, flags=REQUEST | DUMP)
                equal(bool(injector.rows), bool(our_probes()),
                      "triggers, and probes")
            equal(injector.request(0, raw, TRIGGER_ADD, wish)[0], 0, "again")
            raw.sock.close()
            equal(our_probes(), [], "probes after the close")
            return done, failed

        each_failure("add a trigger",
                     lambda nth: add(nth, TRIGGER + attr(NO_EVIDENCE, b"")))
        # What a source takes is tested for each: here, that all are let go.
        each_failure("add one with evidence", lambda nth: add(nth, TRIGGER),
                     turns=range(1, ENDLESS, 12))
        equal(client().dump("trigger-get", {}), [], "triggers left")


def workers():
    """fail-nth of each thread that may look at the triggers."""
    found = []
    for path in glob.glob("/proc/[0-9]*/comm"):
        with contextlib.suppress(OSError):
            if read(path).startswith("kworker/u"):
                found.append(path.replace("comm", "fail-nth"))
    return found


def have_workers_fail(nth):
    """In their nth allocation from now on, 0 for none."""
    for path in workers():
        with contextlib.suppress(OSError):  # It may have ended.
            write(path, str(nth))


def test_events():
    """An event that finds no memory is counted, or its subscriber is told."""
    Injector()
    oracle("create oracle-event 256")
    with no_leak():
        sub = Reader()
        number = sub.add("slab-allocs", 100, SECOND, cache="oracle-event")
        ynl = client()

        def events():
            return ynl.do("trigger-get", {"id": number})["events"]

        for nth in range(1, 40):
            before = events()
            have_workers_fail(nth)
            oracle("alloc oracle-event task -1 0 256 500")
            oracle("free oracle-event task -1 -1 500")
            wait_for(lambda before=before: events() >= before + 2, 60,
                     f"raised and cleared ({nth})")
        have_workers_fail(0)
        status = ynl.do("status-get", {})
        heard = {event["sequence"] for event in sub.read()}
        lost = status["event-sequence"] - len(heard)
        unsent = status.get("events-unsent", 0)
        print(f"# {len(heard)} events heard, {lost} lost: {unsent} unsent, "
              f"and told of loss {sub.overruns} times")
        check(lost, "no event found no memory")
        check(heard, "no event was heard")
        check(lost == unsent or (lost > unsent and sub.overruns),
              "a loss that nobody is told of")
        sub.ynl.sock.close()
    oracle("destroy oracle-event")


def test_unload():
    """Nothing that fails keeps it from going."""
    injector = Injector()
    with no_leak():
        def attempt(nth):
            raw = Raw()
            for name in sources():
                equal(injector.request(0, raw, ENABLE, named(name))[0], 0,
                      f"enable {name}")
            injector.request(0, raw, TRIGGER_ADD, TRIGGER)
            Raw.number = 0
            done, failed = injector.syscall(nth, SYS_DELETE_MODULE, b"memtel",
                                            os.O_NONBLOCK)
            raw.sock.close()
            if done:
                must("rmmod", "memtel")
            load()
            equal(our_probes(), [], "probes")
            return done, failed

        each_failure("unload", attempt)
