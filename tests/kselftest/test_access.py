# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may do what: each kind of user, reading and changing, cell by cell; what
one may take away from others; and what nobody is shown, kernel addresses.
"""

import contextlib
import json
import os
import re
import struct
import subprocess
import time

import yaml

from ask import CTRL, Socket, attr, attrs_in, find_family, number_of
from harness import (SRC, calls_of, check, client, equal, lacks_zonelock, load,
                     memtel, must, oracle, read, run, sources, unload, write)
from pressure import cgroup
from test_trigger import MS, SECOND, Stall, Subscriber

ASK = f"{SRC}/tests/kselftest/ask.py"
PARAMETERS = "/sys/module/memtel/parameters"
EPERM, ENOENT, ENODATA, EDQUOT = 1, 2, 61, 122

NOBODY = ("setpriv", "--reuid", "65534", "--regid", "65534",
          "--clear-groups", "--no-new-privs")


def with_caps(*caps):
    """A user of uid 65534 with just these capabilities.

    By its number where bullseye's setpriv does not know the name.
    """
    caps = ["cap_38" if cap == "perfmon" else cap for cap in caps]
    names = ",".join(f"+{cap}" for cap in caps)
    return ("setpriv", "--reuid", "65534", "--regid", "65534",
            "--clear-groups", "--inh-caps", names, "--ambient-caps", names)


# user: (command prefix, exit when reading, exit when changing)
USERS = {
    "root": ((), 0, 0),
    "CAP_NET_ADMIN only": (with_caps("net_admin"), 0, 0),
    "CAP_PERFMON only": (with_caps("perfmon"), 0, 4),
    "CAP_SYS_ADMIN only": (with_caps("sys_admin"), 4, 4),
    "nobody": (NOBODY, 4, 4),
    "root without capabilities": (("setpriv", "--bounding-set", "-all",
                                   "--inh-caps", "-all"), 4, 4),
    "root of a user namespace": (("unshare", "--user", "--map-root-user"),
                                 4, 4),
    "another network namespace": (("unshare", "--net"), 3, 3),
    "a container": (("unshare", "--user", "--map-root-user", "--net",
                     "--pid", "--fork", "--mount"), 3, 3),
}
READS = (("status",), ("caches",), ("nodes",), ("zones",))
CHANGES = (("enable", "slab"), ("reset", "slab"), ("disable", "slab"))


def test_table_of_users():
    """Every cell of the table."""
    for user, (prefix, reading, changing) in USERS.items():
        for verbs, status in ((READS, reading), (CHANGES, changing)):
            for verb in verbs:
                try:
                    done = memtel(*verb, prefix=prefix, status=status)
                except Exception as error:
                    raise AssertionError(f"{user}: {error}") from error
                check(status == 0 or done.stderr.strip(),
                      f"{user}: {verb[0]} failed without a word")


def test_words_for_the_refused():
    """Who is refused is told what is missing."""
    done = memtel("caches", prefix=NOBODY, status=4)
    check("CAP_PERFMON" in done.stderr, done.stderr)
    done = memtel("enable", "slab", prefix=with_caps("perfmon"), status=4)
    check("CAP_NET_ADMIN" in done.stderr, done.stderr)
    done = memtel("caches", prefix=("unshare", "--net"), status=3)
    check("network namespace" in done.stderr, done.stderr)


def test_refused_change_changed_nothing():
    """No hold is left of those who may not hold."""
    memtel("enable", "slab", prefix=NOBODY, status=4)
    equal("attached" in memtel("status", "--json").stdout
          and '"attached": true' in memtel("status", "--json").stdout, False,
          "attached")


def test_who_may_watch():
    """Events are for CAP_NET_ADMIN: subscribing is refused to others."""
    for user, (prefix, _, changing) in USERS.items():
        try:
            memtel("watch", "--for", "0.1", prefix=prefix, status=changing)
        except Exception as error:
            raise AssertionError(f"{user}: {error}") from error
    done = memtel("watch", "--all", "--for", "0.1",
                  prefix=with_caps("perfmon"), status=4)
    check("CAP_NET_ADMIN" in done.stderr, done.stderr)


def name(text):
    """A source's name; and a family's, as nlctrl has it."""
    return attr(2, text.encode() + b"\0")


def u32(kind, value):
    """An attribute of four bytes."""
    return attr(kind, struct.pack("=I", value))


def u64(kind, value):
    """An attribute of eight bytes."""
    return attr(kind, struct.pack("=Q", value))


def trigger(threshold=SECOND, **more):
    """Attributes of a trigger: a metric, a threshold and a window."""
    return (u32(3, more.get("metric", 1)) + u64(4, threshold)
            + u64(6, more.get("window_ns", SECOND)))


# Each command: whether it changes something, and attributes with which it
# succeeds, in this order, by one socket; None where it needs rows of somebody.
COMMANDS = {
    "status-get": (False, b""),
    "source-get": (False, name("slab")),
    "source-hold": (True, name("slab")),
    "source-release": (True, name("slab")),
    "source-enable": (True, name("slab")),
    "source-reset": (True, name("slab")),
    "hold-get": (False, None),
    "cache-get": (False, attr(1, b"kmalloc-64\0")),
    "node-get": (False, u32(2, 0)),
    "zone-get": (False, u32(2, 0) + attr(3, b"DMA32\0")),
    "reclaim-get": (False, None),
    "shrinker-get": (False, None),
    "lock-get": (False, None),
    "fallback-get": (False, None),
    "site-get": (False, None),
    "stall-get": (False, None),
    "source-disable": (True, name("slab")),
    "trigger-add": (True, trigger()),
    "trigger-get": (False, "last"),
    "trigger-delete": (True, "last"),
    "subscribe": (True, b""),
}
# user: errnos of reading and of changing. In another network namespace the
# family is not there.
ERRNOS = {
    "root": (0, 0),
    "CAP_NET_ADMIN only": (0, 0),
    "CAP_PERFMON only": (0, EPERM),
    "CAP_SYS_ADMIN only": (EPERM, EPERM),
    "nobody": (EPERM, EPERM),
    "root without capabilities": (EPERM, EPERM),
    "root of a user namespace": (EPERM, EPERM),
    "another network namespace": (ENOENT, ENOENT),
    "a container": (ENOENT, ENOENT),
}


def family():
    """(id, [(command, does it change, can it dump)]), by nlctrl."""
    of = find_family("memtel")
    ops = []
    for _, op in attrs_in(of[6]):
        cmd, flags = (struct.unpack("=I", value)[0]
                      for _, value in attrs_in(op))
        # The kernel's flags: admin permission, do, dump.
        ops.append((cmd, bool(flags & 1), bool(flags & 4)))
    check(7 not in of, "it has a multicast group, which anybody may disturb")
    return number_of(of), ops


def numbers():
    """{command: its number}, by memtel.yaml."""
    spec = yaml.safe_load(read(f"{SRC}/kmod/memtel.yaml"))
    return {operation["name"]: number for number, operation
            in enumerate(spec["operations"]["list"], 1)}


@contextlib.contextmanager
def asking(prefix, *args):
    """Somebody who asks, until the end of this; yields the process."""
    with subprocess.Popen((*prefix, "/usr/bin/python3", ASK, *map(str, args)),
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as process:
        try:
            yield process
        finally:
            process.stdin.close()
            process.wait()


def test_cells():
    """Each user, each command, do and dump."""
    number, ops = family()
    of = numbers()
    has = {of[command] for command in COMMANDS}
    equal({cmd for cmd, _, _ in ops}, has, "commands that the family has")
    equal({cmd for cmd, changes, _ in ops if changes},
          {of[command] for command, (changes, _) in COMMANDS.items()
           if changes}, "those that change something")
    dumps = {cmd for cmd, _, can_dump in ops if can_dump}
    table = "".join(
        f"{command} {mode} {of[command]} "
        f"{attrs if attrs == 'last' else 'x' + (attrs or b'').hex()}\n"
        for command, (_, attrs) in COMMANDS.items()
        for mode, attrs in (("do", attrs), ("dump", b""))
        if mode == "do" or of[command] in dumps)
    nr = 0
    memtel("enable", *sources())
    for user, (reading, changing) in ERRNOS.items():
        done = run(*USERS[user][0], "/usr/bin/python3", ASK, str(number),
                   "cells", input=table)
        equal(done.returncode, 0, f"{user}: {done.stderr}")
        lines = [line.split() for line in done.stdout.splitlines()]
        equal(len(lines), table.count("\n"), user)
        for command, mode, errno in lines:
            nr += 1
            changes, attrs = COMMANDS[command]
            want = changing if changes else reading
            # Who may ask and names no row is told that, not refused.
            rowless = not want and mode == "do" and (
                attrs is None or (attrs == "last" and changing))
            if command == "lock-get" and not want and lacks_zonelock():
                want = ENODATA
            check(int(errno) not in (0, EPERM) if rowless
                  else int(errno) == want,
                  f"{user}, {command}, {mode}: errno {errno}, not {want}")
    print(f"# {nr} cells")
    # The slab source is held no more: that was a cell.
    memtel("disable", *(name_ for name_ in sources() if name_ != "slab"))
    equal(client().dump("hold-get", {}), [], "holds")


@contextlib.contextmanager
def lurking(prefix, port=0):
    """Somebody who has joined all multicast groups there can be; yields what
    becomes the types of the messages that came."""
    heard = []
    with asking(prefix, 0, "lurk", port) as other:
        check(int(other.stdout.readline()) > 32, "few groups could be joined")
        yield heard
        out, _ = other.communicate()
        heard += map(int, out.split())


def test_joining_groups_is_of_no_use():
    """Who has joined all groups, before memtel is loaded and after, here and in
    another network namespace, hears no event, and keeps none from others.
    """
    unload()
    with lurking(NOBODY) as heard, lurking(("unshare", "--net")) as away:
        load()
        with lurking(NOBODY) as late:
            sub = Subscriber()
            sub.add("shrinker-time", 10 * MS)
            with Stall(50):
                equal(sub.wait(1)[0]["metric"], "shrinker-time", "the event")
    # That the family has come it hears, as all may.
    check(CTRL in heard, "nothing was heard")
    number = family()[0]
    for who in (heard, away, late):
        check(number not in who, "an event was heard")


def subscribers():
    """How many the module has."""
    return client().do("status-get", {})["subscribers"]


def test_a_subscription_ends_with_its_socket():
    """However it ends; who has its port then hears no event."""
    number, _ = family()
    equal(subscribers(), 0, "subscribers at the start")
    socks = [Socket(number) for _ in range(3)]
    for sock in socks:
        equal({sock.subscribe() for _ in range(2)},
              {client().do("status-get", {})["event-sequence"]}, "twice")
    equal(subscribers(), 3, "subscribers")
    port = socks[0].sock.getsockname()[0]
    socks[0].sock.close()
    equal(subscribers(), 2, "when one is closed")
    sub = Subscriber()
    sub.add("shrinker-time", 10 * MS)
    with lurking(NOBODY, port) as heard:
        with Stall(50):
            sub.wait(1)
    equal(heard, [], "types heard at the port")
    for sock in socks[1:]:
        check(sock.sock.recv(1 << 17), "another hears no event")
        sock.sock.close()
    equal(subscribers(), 1, "when all but one are closed")


def test_closes_of_others_take_no_lock():
    """Of two thousand sockets of nobody's, at whatever ports, none has memtel look
    for what it owned; of an owner each has.
    """
    number, _ = family()
    sock = Socket(number)
    sock.subscribe()
    with calls_of("memtel_sources_release_dead") as calls:
        for port in range(1 << 20, (1 << 20) + 2000):
            Socket(number, port).sock.close()
        equal(calls(), 0, "looks at the close of others")
        sock.sock.close()
        equal(calls(), 1, "looks at the close of an owner")


def test_pids_are_of_ones_own_namespace():
    """Who reads in another pid namespace gets no pid, which would name another
    task there.
    """
    memtel("enable", "slab")
    sub = Subscriber()
    sub.add("stall-time", SECOND, no_evidence=True)
    inside = ("unshare", "--pid", "--fork", "--kill-child")
    for prefix, has in (((), True), (inside, False)):
        holds = json.loads(memtel("status", "--json", prefix=prefix).stdout)
        equal({"pid" in hold for hold in holds["hold"]}, {has},
              f"pids of holds, {prefix}")
        equal(len(holds["hold"]), 2, "holds")
        done = must(*prefix, "/usr/bin/python3", ASK, str(family()[0]), "ids",
                    str(numbers()["trigger-get"]))
        # Attribute 16 of a trigger is its pid.
        equal("16" in done.split(), has, f"pid of the trigger, {prefix}")
    memtel("disable", "slab")


def addresses_in(data):
    """What looks like an address of the kernel's, as bytes or as text."""
    found = [f"{value:#x} at {at}" for at in range(len(data) - 7)
             for value in struct.unpack_from("<Q", data, at)
             if value >= 0xffff_8000_0000_0000]
    return found + [text.decode() for text in
                    re.findall(rb"[0-9a-fA-F]{16}", data)]


def all_bytes():
    """All that can be had by asking: {what: bytes}, of each command's rows and
    words."""
    number, ops = family()
    of, found = numbers(), {}
    sock = Socket(number)
    for command, (_, attrs) in COMMANDS.items():
        for mode in ("do", "dump"):
            if mode == "dump" and (of[command], True) not in {
                    (cmd, can_dump) for cmd, _, can_dump in ops}:
                continue
            given = attrs if isinstance(attrs, bytes) and mode == "do" else b""
            if COMMANDS[command][0]:
                # Refused, with words, changing nothing.
                given = name("no-such") if "source" in command else b""
            sock.begin(of[command], given, mode == "dump")
            sock.end()
            found[f"{command} {mode}"] = b"".join(sock.bodies)
    return found


def event_bytes():
    """An event, with its evidence."""
    sock = Socket(family()[0])
    sock.subscribe()
    sub = Subscriber()
    sub.add("shrinker-time", 10 * MS)
    with Stall(50):
        sub.wait(1)
    return sock.sock.recv(1 << 17)[20:]


def test_no_address_in_any_byte():
    """Searched for in all that the module sends and logs, however little
    kptr_restrict hides; and what is searched for is found."""
    old = read("/proc/sys/kernel/kptr_restrict").strip()
    memtel("enable", *sources())
    # So that each table has rows.
    group = cgroup("small", max="4M")
    must("sh", "-c", f"echo $$ >{group}/cgroup.procs;"
         "cat /usr/lib/python3.*/*.py >/dev/null;"
         "echo 3 >/proc/sys/vm/drop_caches")
    nr = 0
    for restrict in "012":
        write("/proc/sys/kernel/kptr_restrict", restrict)
        # The event's trigger is among the rows that follow.
        sent = {"event": event_bytes(), **all_bytes(),
                "log": "\n".join(line for line in must("dmesg").splitlines()
                                 if "memtel:" in line).encode()}
        for what, data in sent.items():
            nr += len(data)
            equal(addresses_in(data), [], f"{what}, kptr_restrict {restrict}")
            check(data or what in ("log", "lock-get dump",
                                   "fallback-get dump") or " do" in what,
                  f"{what} has no bytes")
    os.rmdir(group)
    write("/proc/sys/kernel/kptr_restrict", old)
    print(f"# {nr} bytes")
    memtel("disable", *sources())


def test_planted_addresses_are_found():
    """As a number at each place, as a text, and through the module itself."""
    number = struct.pack("<Q", 0xffff_ffff_8123_4567)
    for at in range(9):
        check(addresses_in(bytes(at) + number + bytes(5)), f"not at {at}")
    equal(addresses_in(bytes(64) + b"kmalloc-64\0"), [], "where there is none")
    oracle("create ffff888012345678 64")
    sub = Subscriber()
    sub.add("stall-time", 0xffff_8880_1234_5678)
    sent = all_bytes()
    oracle("destroy ffff888012345678")
    for what in ("cache-get dump", "trigger-get dump"):
        check(addresses_in(sent[what]), f"{what}: not found")


def user(uid, *caps):
    """As with_caps(), another user."""
    return tuple(word.replace("65534", str(uid)) for word in with_caps(*caps))


def test_triggers_of_a_user_are_bounded():
    """One has its share; others and root have theirs beside it."""
    number, _ = family()
    table = f"trigger-add do {numbers()['trigger-add']} x{trigger().hex()}\n"

    def added(prefix, nr):
        done = run(*prefix, "/usr/bin/python3", ASK, str(number), "cells",
                   input=table * nr)
        return [int(line.split()[2]) for line in done.stdout.splitlines()]

    write(f"{PARAMETERS}/triggers_per_user", "5")
    write(f"{PARAMETERS}/triggers_max", "16")
    try:
        equal(added(user(65534, "net_admin"), 7), [0] * 5 + [EDQUOT] * 2,
              "a user")
        sub = client()
        for _ in range(12):
            sub.do("trigger-add", {"metric": "stall-time", "threshold": SECOND,
                                   "window-ns": SECOND, "no-evidence": True})
        equal(added(user(65533, "net_admin"), 5), [0] * 4 + [EDQUOT],
              "with twelve of root's")
    finally:
        write(f"{PARAMETERS}/triggers_per_user", "128")
        write(f"{PARAMETERS}/triggers_max", "1024")


def test_holds_of_a_user_are_bounded():
    """128 sockets of a user, 768 of all but root, 1024 in all; what a socket
    has, a hold or a subscription, is the same."""
    number, _ = family()
    with contextlib.ExitStack() as stack:
        def hold(prefix, nr):
            process = stack.enter_context(asking(prefix, number, "hold", nr))
            return [int(process.stdout.readline()) for _ in range(nr)]

        for uid in range(60001, 60007):
            equal(hold(user(uid, "net_admin"), 130), [0] * 128 + [EDQUOT] * 2,
                  f"user {uid}")
        equal(hold(user(60007, "net_admin"), 1), [EDQUOT], "a seventh user")
        equal(hold((), 257), [0] * 256 + [EDQUOT], "root")
        # A hold that is there already is none more.
        row = client().do("source-get", {"name": "slab"})
        equal(row["holds"], 1024, "holds")
    equal(client().dump("hold-get", {}), [], "holds")


def test_memory_of_dumps_is_its_readers():
    """Dumps that are begun and not read are charged to who began them."""
    number, _ = family()
    nr = 200
    group = cgroup("reader")
    memtel("enable", "slab")
    with asking(("sh", "-c", f'echo $$ >{group}/cgroup.procs; exec "$@"', "sh",
                 *user(60001, "perfmon")),
                number, "dumps", numbers()["cache-get"], nr) as process:
        process.stdout.readline()
        stat = dict(line.split() for line in
                    read(f"{group}/memory.stat").splitlines())
        charged = int(stat.get("vmalloc", 0)) + int(stat.get("slab", 0)) \
            if "vmalloc" in stat else int(read(f"{group}/memory.current"))
    memtel("disable", "slab")
    os.rmdir(group)
    print(f"# {charged >> 10} KiB for {nr} dumps")
    check(charged > nr * 16384, f"only {charged} bytes are charged")


def test_who_may_not_read_does_not_hold_the_module():
    """A dump that nobody lets begin holds the module, however little room there is
    for it: one that is let in does."""
    number, ops = family()
    dumps = [str(cmd) for cmd, _, can_dump in ops if can_dump]
    memtel("enable", *sources())
    for user, holds in (("nobody", 0), ("CAP_PERFMON only", len(dumps))):
        with asking(USERS[user][0], number, "full", *dumps) as other:
            equal(int(other.stdout.readline()), len(dumps), user)
            equal(int(read("/sys/module/memtel/refcnt")), holds, user)
    memtel("disable", *sources())


def test_readers_do_not_hold_others_up():
    """Four that dump without end, and how long others wait meanwhile."""
    number, _ = family()
    of, ynl, worst = numbers(), client(), 0
    with contextlib.ExitStack() as stack:
        readers = [stack.enter_context(asking(
            user(60000 + i, "perfmon"), number, "loop", of["cache-get"], 6))
            for i in range(4)]
        time.sleep(2)
        for _ in range(10):
            start = time.monotonic()
            ynl.do("source-hold", {"name": "slab"})
            ynl.do("source-release", {"name": "slab"})
            ynl.do("status-get", {})
            worst = max(worst, time.monotonic() - start)
        nr = sum(int(reader.stdout.readline()) for reader in readers)
    print(f"# {nr} dumps; at most {worst * 1000:.0f} ms")
    check(nr > 40, f"only {nr} dumps")
    check(worst < 2, f"{worst:.1f} s")
