#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""One who comes back: comer.py DUMP ADD

While memtel is loaded: subscribes to its events, arms a trigger by the command
ADD, and begins dump after dump by the command DUMP. When memtel goes, prints how
many dumps and events it had, waits for it, and comes again; until it is killed.
"""

import itertools
import sys
import time

from ask import NO_EVIDENCE, Socket, attr, find_family, number_of, trigger

TRIGGER = trigger(10, 10_000_000)
# To hold all sources for an event's evidence takes long: each so many times.
EVIDENCE = 10


def stay(family, dump, add):
    """(dumps, events) until memtel goes, which an error tells."""
    sock = Socket(number_of(family))
    nr = 0
    try:
        sock.subscribe()
        sock.begin(*add)
        while not sock.end():
            sock.begin(dump, b"", True)
            nr += 1
    except OSError:
        # Events that the socket had no room for; or it hears of the end.
        pass
    finally:
        sock.sock.close()
    return nr, sock.events


def main():
    """See above."""
    dump, add = (int(arg) for arg in sys.argv[1:])
    for i in itertools.count():
        family = find_family("memtel")
        if family:
            evidence = b"" if i % EVIDENCE == 0 else attr(NO_EVIDENCE, b"")
            print(*stay(family, dump, (add, TRIGGER + evidence)), flush=True)
        time.sleep(0.005)


if __name__ == "__main__":
    main()
