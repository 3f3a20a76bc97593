#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What an allocation and its free cost, with memtel and with others.

All in one boot, counted in instructions. Peers do fewer pairs: theirs are not
sampled, and buffers they must not fill up have their size. Each row is seen
to have counted.
"""

import contextlib

from common import (BENCH_MODULE, BUILD, KINDS, SOURCES, empty_probes, enabled,
                    insmod, load, must, pair, parameter, save, say,
                    slab_events, watched)
from peers import NONE, PEERS, Absent

PAIRS, PEER_PAIRS = 10000, 1000


def measure():
    """A row: by kind, instructions and their spread."""
    return {kind: pair(kind) for kind in KINDS}


@contextlib.contextmanager
def nothing():
    """As it is."""
    yield


def of_memtel(out):
    """Rows of memtel and of nothing."""
    for label, context, counts in (
            ("nothing", nothing, False),
            ("empty probes", empty_probes, False),
            ("memtel slab", lambda: enabled("slab"), True),
            ("memtel slab and reclaim", lambda: enabled("slab", "reclaim"),
             True),
            ("memtel, all sources", lambda: enabled(*SOURCES), True),
            ("memtel, all sources, triggers armed", watched, True)):
        say("pairs:", label)
        with context():
            before = slab_events() if counts else 0
            out[label] = measure()
            done = slab_events() - before if counts else 0
            if counts and done < 4 * 3 * PAIRS:
                raise SystemExit(f"{label}: only {done} events counted")


def of_peers(out, absent):
    """Rows of the others."""
    parameter("pairs", PEER_PAIRS, "memtel_bench")
    for peer in PEERS:
        name = peer.name
        say("pairs:", name)
        try:
            with peer().attached(lambda: 3 * PEER_PAIRS):
                row = measure()
            out[name] = row
        except Absent as reason:
            absent[name] = str(reason)
            say("pairs: absent:", reason)
    parameter("pairs", PAIRS, "memtel_bench")


def main():
    """Measure and save."""
    load()
    insmod(BENCH_MODULE)
    insmod(f"{BUILD}/oracle/memtel_oracle.ko")
    rows, absent = {}, dict(NONE)
    of_memtel(rows)
    must("rmmod", "memtel")
    of_peers(rows, absent)
    rows["nothing again"] = measure()
    save("pairs", {"rows": rows, "absent": absent})


if __name__ == "__main__":
    main()
