# SPDX-License-Identifier: GPL-2.0-or-later
"""The family beside clients nobody here wrote, and under bad input."""

import json
import os
import struct
import subprocess
import threading
from errno import EADDRINUSE

from ask import (ACK, DONE, DUMP, ERROR, REQUEST, Socket, attr, find_family,
                 message, number_of)
from harness import (calls_of, check, client, equal, has_event, lacks_zonelock,
                     memtel, must, oracle, our_probes, read, run, slab_probes,
                     wait_for, write)
from test_access import asking, family, numbers

FIELDS = ("allocs", "frees", "bytes-requested", "bytes-allocated",
          "remote-allocs", "remote-frees", "slabs", "objects-total")

STATUS, SOURCE, HOLD, ENABLE, HOLD_GET, CACHE, NODE, ZONE = (
    1, 2, 3, 5, 8, 9, 10, 11)
RECLAIM, SHRINKER, LOCK, FALLBACK = 12, 13, 14, 15
SITE, STALL, TRIGGER_ADD, TRIGGER_DELETE, TRIGGER_GET, EVENT = range(16, 22)
SLAB = attr(2, b"slab\0")
# So often a port is used again.
PORTS = 100


class Raw(Socket):
    """Bytes to the family and back, nothing checked on this side."""

    def __init__(self):
        super().__init__(number_of(find_family("memtel")))

    def send(self, cmd, attrs=b"", flags=REQUEST | ACK, version=1):
        """Send a request; returns (errno, extack's message, its offset)."""
        self.sock.send(message(self.family, cmd, attrs, flags, version))
        while True:
            data = self.sock.recv(65536)
            while data:
                size, kind, hflags = struct.unpack_from("=IHH", data)
                if kind in (ERROR, DONE):
                    return self.verdict(data[:size], kind, hflags)
                data = data[(size + 3) & ~3:]

    @staticmethod
    def verdict(msg, kind, hflags):
        """Take an ACK, an error or the end of a dump apart."""
        errno, = struct.unpack_from("=i", msg, 16)
        text, offset = None, None
        at = 16 + 4 + (16 if kind == ERROR else 0)
        while hflags & 0x200 and at + 4 <= len(msg):
            size, what = struct.unpack_from("=HH", msg, at)
            if what == 1:
                text = msg[at + 4:at + size].rstrip(b"\0").decode()
            if what == 2:
                offset, = struct.unpack_from("=I", msg, at + 4)
            at += (size + 3) & ~3
        return errno, text, offset


def test_status():
    """Version, kernel and capabilities."""
    status = client().do("status-get", {})
    equal(status["kernel"], os.uname().release, "kernel")
    want = dict.fromkeys(("slab-counts", "slab-occupancy", "reclaim",
                          "shrinker", "zonelock", "fallback", "sites",
                          "throttle"))
    want["zonelock"] = lacks_zonelock()
    if not has_event("vmscan/mm_vmscan_throttled"):
        want["throttle"] = ("the kernel lacks the tracepoint "
                            "mm_vmscan_throttled")
    equal({c["name"]: c.get("reason") for c in status["capability"]}, want,
          "capabilities")
    for name, reason in want.items():
        check(reason is None or reason in memtel("status").stdout,
              f"status does not say why there is no {name}")
    check(f'"{status["version"]}"' in memtel("status", "--json").stdout,
          "version by memtel")


def test_unknown_version_and_command():
    """Refused, with a reason."""
    raw = Raw()
    for version in (0, 2, 255):
        errno, text, _ = raw.send(STATUS, version=version)
        equal(errno, -93, f"version {version}")
        equal(text, "unknown version of the memtel family", "words")
    for cmd in (0, EVENT, EVENT + 2, 255):
        equal(raw.send(cmd)[0], -95, f"command {cmd}")
    equal(raw.send(STATUS, flags=REQUEST | ACK | DUMP)[0], -95,
          "dump of what has none")


def test_malformed_attributes():
    """Every attribute of every request: too short, too long, out of range,
    of no type, unterminated, twice nested. All refused, nothing changed."""
    raw = Raw()
    long_name = b"x" * 64 + b"\0"
    strings = [(SOURCE, 2), (HOLD, 2), (4, 2), (ENABLE, 2), (6, 2), (7, 2),
               (HOLD_GET, 2), (CACHE, 1), (CACHE, 3), (ZONE, 3), (RECLAIM, 4),
               (SHRINKER, 2), (LOCK, 4), (FALLBACK, 3), (FALLBACK, 5),
               (SITE, 3), (TRIGGER_ADD, 9), (TRIGGER_ADD, 10),
               (TRIGGER_ADD, 11)]
    numbers = [(HOLD_GET, 1), (CACHE, 2), (CACHE, 4), (NODE, 2), (ZONE, 2),
               (RECLAIM, 2), (RECLAIM, 3), (SHRINKER, 3), (SHRINKER, 4),
               (LOCK, 3), (FALLBACK, 2), (FALLBACK, 4), (STALL, 2),
               (STALL, 3), (TRIGGER_ADD, 3), (TRIGGER_ADD, 8),
               (TRIGGER_DELETE, 2), (TRIGGER_GET, 2), (TRIGGER_GET, 14)]
    for cmd, kind in strings:
        for data in (long_name, b"slab", b"", b"x" * 4000):
            errno, _, offset = raw.send(cmd, attr(kind, data))
            check(errno in (-22, -34), f"string {cmd}/{kind} {data[:5]!r}: "
                  f"{errno}")
            equal(offset, 20, f"offset of {cmd}/{kind}")
    for cmd, kind in numbers:
        for data in (b"", b"\1", b"\1\0", b"\1\0\0\0\0\0\0\0", b"\1" * 3):
            errno, _, offset = raw.send(cmd, attr(kind, data))
            check(errno in (-22, -34), f"u32 {cmd}/{kind} {data!r}: {errno}")
            equal(offset, 20, f"offset of {cmd}/{kind}")
    for cmd, kind in ((CACHE, 4), (NODE, 2), (ZONE, 2), (RECLAIM, 3),
                      (SHRINKER, 4), (LOCK, 3), (FALLBACK, 2),
                      (TRIGGER_ADD, 8)):
        for value in (1024, 0xffffffff):
            errno, text, _ = raw.send(cmd, attr(kind, struct.pack("=I", value)))
            equal(errno, -34, f"node {value}")
            check(text, "no words")
    equal(raw.send(CACHE, attr(5, b"\1"))[0], -34, "flag with a value")
    for cmd in (STATUS, SOURCE, HOLD_GET, CACHE, NODE, ZONE, RECLAIM,
                SHRINKER, LOCK, FALLBACK, SITE, STALL, TRIGGER_ADD,
                TRIGGER_GET):
        for kind in (0, 40, 0x3fff, 0x8002):
            errno = raw.send(cmd, attr(kind, b"slab\0"))[0]
            check(errno in (-22, -34), f"type {kind} of {cmd}: {errno}")
    equal(raw.send(SOURCE, b"\xff\xff\2\0")[0], -22, "length past the end")
    equal(raw.send(SOURCE, b"\1\0\2\0")[0], -22, "length below the header")
    equal(client().do("source-get", {"name": "slab"})["holds"], 0, "holds")


def test_missing_attributes_are_named():
    """A do without what names its row says what is missing."""
    raw = Raw()
    for cmd, words in ((SOURCE, "source's name"), (HOLD, "source's name"),
                       (HOLD_GET, "hold's id"), (CACHE, "name or id"),
                       (NODE, "node's id"), (ZONE, "node-id and name"),
                       (RECLAIM, "name one row"), (SHRINKER, "name one row"),
                       (LOCK, "name one row"), (FALLBACK, "name one row"),
                       (STALL, "the kind"), (TRIGGER_ADD, "are needed"),
                       (TRIGGER_DELETE, "trigger's id")):
        errno, text, _ = raw.send(cmd)
        equal(errno, -22, f"command {cmd}")
        check(words in text, f"command {cmd}: {text}")


def test_what_does_not_exist():
    """Names its attribute."""
    raw = Raw()
    name = attr(2, b"nosuch\0")
    for cmd in (SOURCE, HOLD, 4, ENABLE, 6, 7):
        equal(raw.send(cmd, name), (-2, "no such source", 20), f"cmd {cmd}")
    equal(raw.send(4, SLAB)[:2], (-2, "this socket does not hold the source"),
          "release")
    equal(raw.send(6, SLAB)[:2], (-2, "the source is not enabled"), "disable")
    equal(raw.send(7, SLAB)[:2],
          (-61, "the source is not attached: it has no counts"), "reset")
    equal(raw.send(CACHE, attr(2, struct.pack("=I", 1)))[0], -61,
          "cache by id while detached")


def test_holds():
    """A socket's hold ends with it, however it ends; the admin's does not."""
    equal(our_probes(), [], "probes at the start")
    first, second = client(), client()
    first.do("source-hold", {"name": "slab"})
    first.do("source-hold", {"name": "slab"})
    second.do("source-hold", {"name": "slab"})
    equal(our_probes(), slab_probes(), "probes while held")
    equal(first.do("source-get", {"name": "slab"})["probes"],
          len(slab_probes()), "number of probes")
    holds = first.dump("hold-get", {})
    equal([h["pid"] for h in holds], [os.getpid()] * 2, "pids")
    equal({h["kind"] for h in holds}, {"socket"}, "kinds")
    equal(first.do("hold-get", {"id": holds[0]["id"]}), holds[0], "by id")
    first.sock.close()
    equal(len(second.dump("hold-get", {})), 1, "holds after a close")
    memtel("enable", "slab")
    second.sock.close()
    equal(our_probes(), slab_probes(), "probes held by the administrator")
    memtel("disable", "slab")
    equal(our_probes(), [], "probes after the last")


def test_killed_holder():
    """kill -9 of a holder takes its probes away."""
    with subprocess.Popen([os.environ["MEMTEL_BUILD"] + "/userspace/memtel",
                           "caches", "--interval", "60"],
                          stdout=subprocess.DEVNULL) as holder:
        wait_for(lambda: our_probes() == slab_probes(), 20,
                 "probes of a holder")
        holder.kill()
    wait_for(lambda: not our_probes(), 5, "probes gone")


def hold_with_port(number, port):
    """A socket that has this port as soon as it is free, and holds slab."""
    while True:
        try:
            sock = Socket(number, port)
            break
        except OSError as error:
            equal(error.errno, EADDRINUSE, "errno of bind")
    sock.begin(HOLD, SLAB)
    equal(sock.end(), 0, "errno of the hold")
    return sock


def test_a_port_used_again():
    """A hold is its socket's, though the port was another's, which holds the same
    and is still closing.
    """
    number = number_of(find_family("memtel"))
    is_over = threading.Event()

    def keep_others_waiting():
        while not is_over.is_set():
            memtel("enable", "reclaim")
            memtel("disable", "reclaim")

    others = threading.Thread(target=keep_others_waiting)
    others.start()
    ynl = client()
    try:
        for i in range(PORTS):
            old = hold_with_port(number, 0)
            port = old.sock.getsockname()[0]
            closer = threading.Thread(target=old.sock.close)
            closer.start()
            new = hold_with_port(number, port)
            closer.join()
            equal([hold["source"] for hold in ynl.dump("hold-get", {})
                   if hold.get("portid") == port], ["slab"], f"holds ({i})")
            new.sock.close()
    finally:
        is_over.set()
        others.join()
    equal(client().dump("hold-get", {}), [], "holds")


def test_reading_holds_nothing():
    """Looking costs nothing afterwards: not one probe is left."""
    for args in (("status",), ("caches",), ("nodes",), ("zones",),
                 ("caches", "--interval", "0.2", "--count", "2")):
        memtel(*args)
        equal(our_probes(), [], f"probes after memtel {' '.join(args)}")


def test_genl_ctrl_lists_it():
    """iproute2's genl knows the family."""
    out = must("genl", "ctrl", "get", "name", "memtel")
    check("Name: memtel" in out and "Version: 0x1" in out, out)


def nodes_by_ynl(row):
    """{node: counts} of a row of YNL's."""
    return {n["node-id"]: {k: n[k] for k in FIELDS if k in n}
            for n in row["node"]}


PYROUTE2 = r"""
import json, sys
from pyroute2.netlink import NLM_F_REQUEST, NLM_F_DUMP, genlmsg, nla
from pyroute2.netlink.generic import GenericNetlinkSocket

class cache(genlmsg):
    nla_map = (("A_UNSPEC", "none"), ("NAME", "asciiz"), ("ID", "uint32"),
               ("GLOB", "asciiz"), ("NODE_ID", "uint32"), ("ACTIVE", "flag"),
               ("KIND", "uint32"), ("GONE", "flag"), ("OBJECT", "uint32"),
               ("SIZE", "uint32"), ("OBJECTS", "uint32"), ("ORDER", "uint32"),
               ("ALIASES", "uint32"), ("NODE", "node"))
    class node(nla):
        nla_map = (("N_UNSPEC", "none"), ("PAD", "hex"),
                   ("node-id", "uint32"), ("allocs", "uint64"),
                   ("frees", "uint64"), ("bytes-requested", "uint64"),
                   ("bytes-allocated", "uint64"), ("remote-allocs", "uint64"),
                   ("remote-frees", "uint64"), ("CPU", "hex"),
                   ("slabs", "uint64"), ("partial-slabs", "uint64"),
                   ("objects-total", "uint64"), ("objects-in-use", "uint64"),
                   ("error", "uint64"), ("slab-bytes", "uint64"))

s = GenericNetlinkSocket()
s.bind("memtel", cache)
m = cache()
m["cmd"], m["version"] = 9, 1
m["attrs"] = [("NAME", sys.argv[1])]
for row in s.nlm_request(m, msg_type=s.prid,
                         msg_flags=NLM_F_REQUEST | NLM_F_DUMP):
    print(json.dumps([dict(n["attrs"]) for n in row.get_attrs("NODE")]))
"""


def test_three_clients_agree():
    """YNL, pyroute2 and memtel --json read the same numbers."""
    ynl = client()
    ynl.do("source-hold", {"name": "slab"})
    oracle("create oracle-three 424")
    oracle("alloc oracle-three task -1 0 424 300")
    oracle("alloc oracle-three task -1 1 424 200")
    oracle("free oracle-three task 0 -1 100")
    # No slab goes later: empty ones go now, and what KASAN keeps back.
    write("/sys/kernel/slab/oracle-three/shrink", "1")
    want = nodes_by_ynl(ynl.do("cache-get", {"name": "oracle-three"}))
    equal(want[0]["allocs"], 600, "allocs on node 0")

    rows = json.loads(memtel("caches", "--json", "--per-node",
                             "--name", "oracle-three").stdout)
    got = {}
    for row in rows:
        for node in row.get("nodes", row.get("node", [row])):
            got[node["node_id"]] = {k: node[k.replace("-", "_")]
                                    for k in FIELDS
                                    if k.replace("-", "_") in node}
    equal(got, want, "memtel --json")

    done = run("/usr/bin/python3", "-c", PYROUTE2, "oracle-three")
    equal(done.returncode, 0, f"pyroute2: {done.stderr}")
    got = {n["node-id"]: {k: n[k] for k in FIELDS if k in n}
           for n in json.loads(done.stdout.splitlines()[0])}
    equal(got, want, "pyroute2")
    oracle("free oracle-three task -1 -1 400")
    oracle("free oracle-three task 1 -1 100")
    oracle("destroy oracle-three")


def test_a_filter_reads_no_counter():
    """Rows are matched by their keys: of what does not match nothing is summed,
    and of what does once."""
    ynl = client()
    for source in ("reclaim", "shrinker", "fallback"):
        ynl.do("source-hold", {"name": source})
    write("/proc/sys/vm/drop_caches", "2")
    with calls_of("memtel_counter_sum") as calls:
        for op, no_row in (("reclaim-get", {"cgroup-id": 2**60}),
                           ("shrinker-get", {"name": "no-such-shrinker"}),
                           ("fallback-get", {"zone": "no-such-zone"})):
            before = calls()
            equal(ynl.dump(op, no_row), [], op)
            equal(calls() - before, 0, f"sums for {op} of no row")
        before = calls()
        rows = ynl.dump("shrinker-get", {})
        all_rows = calls() - before
        check(rows, "no shrinker was called")
        before = calls()
        ynl.dump("shrinker-get", {"id": rows[0]["id"],
                                  "node-id": rows[0]["node-id"]})
        one = calls() - before
        print(f"# {len(rows)} shrinkers {all_rows} sums, one {one}")
        check(one * len(rows) <= all_rows, "a row that matches is read twice")


def test_no_address_in_any_message():
    """No kernel address leaves the kernel, under any kptr_restrict."""
    ynl = client()
    ynl.do("source-hold", {"name": "slab"})
    old = read("/proc/sys/kernel/kptr_restrict")
    for restrict in ("0", "1", "2"):
        must("sh", "-c", f"echo {restrict} > /proc/sys/kernel/kptr_restrict")
        for op in ("source-get", "hold-get", "cache-get", "node-get",
                   "zone-get"):
            for number in numbers_in(ynl.dump(op, {})):
                check(number < 0xffff_8000_0000_0000,
                      f"{op}: {number:#x} looks like an address")
    must("sh", "-c", f"echo {old.strip()} > /proc/sys/kernel/kptr_restrict")


def numbers_in(thing):
    """Every integer anywhere inside."""
    if isinstance(thing, dict):
        thing = list(thing.values())
    if isinstance(thing, list):
        for item in thing:
            yield from numbers_in(item)
    elif isinstance(thing, int):
        yield thing


def test_a_changed_dump_is_told():
    """Rows of before a change and of after it are not taken for one reading."""
    number, ynl = family()[0], client()
    # More than go into the message that is written as the dump begins, as long as
    # the socket has not shown that it takes larger ones.
    with asking((), number, "hold", 100) as other:
        for _ in range(100):
            equal(other.stdout.readline(), "0\n", "errno of a hold")
        for change in (None, "source-reset", "source-hold"):
            sock = Socket(number)
            sock.begin(numbers()["hold-get"], b"", True)
            if change:
                ynl.do(change, {"name": "slab"})
            equal(sock.end(), 0, "errno")
            check(len(sock.bodies) >= 100, f"{len(sock.bodies)} rows")
            equal(sock.is_interrupted, bool(change), f"marked after {change}")
