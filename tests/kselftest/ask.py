#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Requests of whoever runs this, in bytes: ask.py FAMILY WHAT [ARGUMENT...]

  cells                 errno of each request of the table on stdin; a line
                        NAME MODE COMMAND ATTRIBUTES of the table has the
                        attributes in hex, "last" for the id that came last;
                        all by one socket
  hold NUMBER           so many sockets hold the source slab, which all live
                        until stdin ends; prints the errno of each
  dumps COMMAND NUMBER  so many dumps begin and are not read, until stdin ends
  full COMMAND...       a dump of each begins by a socket that has no room for
                        its first message, until stdin ends
  loop COMMAND SECONDS  dump after dump for so long; prints how many
  ids COMMAND           types of the attributes of a dump's rows
  lurk PORT             at that port, 0 for any, joins all multicast groups it
                        may, and prints how many these are; when stdin ends,
                        the type of each message that came
"""

import contextlib
import socket
import struct
import sys
import time

ERROR, DONE = 2, 3
REQUEST, ACK, INTERRUPTED, DUMP = 1, 4, 0x10, 0x300
SOURCE_HOLD, SUBSCRIBE = 3, 22
NAME, TRIGGER_ID = 2, 2
# Of the answer to the second.
SEQUENCE = 5
# The family that knows all others.
CTRL, GETFAMILY, FAMILY_ID, FAMILY_NAME = 16, 3, 1, 2
# Of a trigger, and a metric.
METRIC, THRESHOLD, WINDOW_NS, NO_EVIDENCE = 3, 4, 6, 13
SLAB_ALLOCS = 13
# More answers than the least of room is for.
UNREAD = 32


def attr(kind, data):
    """A netlink attribute."""
    return (struct.pack("=HH", 4 + len(data), kind) + data
            + bytes(-len(data) % 4))


def attrs_in(data):
    """(type, value) of each attribute."""
    while len(data) >= 4:
        size, kind = struct.unpack_from("=HH", data)
        yield kind & 0x3fff, data[4:size]
        data = data[(size + 3) & ~3:]


def message(family, cmd, attrs, flags, version=1):
    """A request to a family, as it is sent."""
    body = struct.pack("BBH", cmd, version, 0) + attrs
    return struct.pack("=IHHII", 16 + len(body), family, flags, 1, 0) + body


class Socket:
    """One to the family of a number."""

    def __init__(self, family, port=0):
        self.family = family
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        self.sock.bind((port, 0))
        self.sock.setsockopt(270, 11, 1)  # NETLINK_EXT_ACK
        self.sock.setsockopt(270, 10, 1)  # NETLINK_CAP_ACK
        self.sock.settimeout(60)
        self.bodies = []
        self.events = 0
        self.is_interrupted = False

    def begin(self, cmd, attrs, is_dump=False):
        """Send a request."""
        self.sock.send(message(self.family, cmd, attrs,
                               REQUEST | (DUMP if is_dump else ACK)))

    def end(self):
        """The errno of what was begun; its attributes are in bodies, and what
        came unasked is counted in events. A dump may say that it is not of one
        piece."""
        self.bodies = []
        self.is_interrupted = False
        while True:
            data = self.sock.recv(1 << 17)
            while data:
                size, kind, flags, number = struct.unpack_from("=IHHI", data)
                self.is_interrupted |= bool(flags & INTERRUPTED)
                if kind in (ERROR, DONE):
                    # The words are looked at, too; the errno is not.
                    words = data[36 if kind == ERROR else 20:size]
                    self.bodies += [text for what, text in attrs_in(words)
                                    if what == 1]
                    return -min(struct.unpack_from("=i", data, 16)[0], 0)
                if number:
                    self.bodies.append(data[20:size])
                else:
                    self.events += 1
                data = data[(size + 3) & ~3:]

    def subscribe(self):
        """Have events sent here; returns the number of the last one that is
        not."""
        self.begin(SUBSCRIBE, b"")
        errno = self.end()
        if errno:
            raise OSError(errno, "subscribe")
        return struct.unpack("=Q", dict(attrs_in(self.bodies[-1]))[SEQUENCE])[0]

    def join(self, group):
        """The errno of joining a multicast group."""
        try:
            self.sock.setsockopt(270, 1, group)
        except OSError as error:
            return error.errno
        return 0


def find_family(name):
    """The attributes of a family, or {} when there is none of that name."""
    sock = Socket(CTRL)
    sock.begin(GETFAMILY, attr(FAMILY_NAME, name.encode() + b"\0"))
    return {} if sock.end() else dict(attrs_in(sock.bodies[0]))


def number_of(family):
    """The number of what was found so."""
    return struct.unpack("=H", family[FAMILY_ID])[0]


def trigger(threshold, window_ns):
    """What adds a trigger on allocations of all caches, with all evidence."""
    return (attr(METRIC, struct.pack("=I", SLAB_ALLOCS))
            + attr(THRESHOLD, struct.pack("=Q", threshold))
            + attr(WINDOW_NS, struct.pack("=Q", window_ns)))


def cells(family):
    """See above."""
    sock, last = Socket(family), b""
    for line in sys.stdin:
        name, mode, cmd, attrs = line.split()
        data = attr(TRIGGER_ID, last or bytes(4)) if attrs == "last" \
            else bytes.fromhex(attrs[1:])
        sock.begin(int(cmd), data, mode == "dump")
        errno = sock.end()
        print(name, mode, errno)
        if name == "trigger-add" and sock.bodies and not errno:
            last = sock.bodies[0][4:8]


def hold(family, number):
    """See above."""
    sockets = []
    for _ in range(int(number)):
        sockets.append(Socket(family))
        sockets[-1].begin(SOURCE_HOLD, attr(NAME, b"slab\0"))
        print(sockets[-1].end())
    sys.stdout.flush()
    sys.stdin.read()


def dumps(family, cmd, number):
    """See above."""
    sockets = [Socket(family) for _ in range(int(number))]
    for sock in sockets:
        sock.begin(int(cmd), b"", True)
    print(len(sockets), flush=True)
    sys.stdin.read()


def full(family, *cmds):
    """See above."""
    sockets = [Socket(family) for _ in cmds]
    for sock, cmd in zip(sockets, cmds):
        sock.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        for _ in range(UNREAD):
            sock.sock.send(message(CTRL, GETFAMILY, b"", REQUEST | ACK))
        sock.begin(int(cmd), b"", True)
    print(len(sockets), flush=True)
    sys.stdin.read()


def loop(family, cmd, seconds):
    """See above."""
    sock, nr, end = Socket(family), 0, time.monotonic() + float(seconds)
    while time.monotonic() < end:
        sock.begin(int(cmd), b"", True)
        nr += not sock.end()
    print(nr)


def ids(family, cmd):
    """See above."""
    sock = Socket(family)
    sock.begin(int(cmd), b"", True)
    sock.end()
    print(*{kind for body in sock.bodies for kind, _ in attrs_in(body)})


def lurk(family, port):
    """See above."""
    sock = Socket(family, int(port))
    # The kernel refuses those past its last, which is at least 64.
    print(sum(not sock.join(group) for group in range(1, 1024)), flush=True)
    sys.stdin.read()
    sock.sock.settimeout(0)
    with contextlib.suppress(BlockingIOError):
        while True:
            data = sock.sock.recv(1 << 17)
            print(struct.unpack_from("=IH", data)[1])


if __name__ == "__main__":
    {"cells": cells, "hold": hold, "dumps": dumps, "full": full,
     "loop": loop, "ids": ids, "lurk": lurk}[sys.argv[2]](int(sys.argv[1]), *sys.argv[3:])
