#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What one reading of the whole costs, of memtel and of the kernel's files.

In instructions; and for how long at most it keeps interrupts off, by how much
a timer is late (memtel_late.c). Then the same with 100,000 partial slabs in
one cache, which is where walks of lists hurt.
"""

import contextlib
import subprocess

from common import (BUILD, ORACLE, SOURCES, enabled, insmod, load, must, read,
                    reading, save, say, write)

LATE = "/sys/kernel/debug/memtel_late"
TICK_NS = 10000
SLABS = 100_000
REPEATS = 30
# Of memtel as of the files, what answers the same question together.
READINGS = (
    ("memtel, caches with occupancy", "caches", ()),
    ("memtel, caches with counts", "caches", ("slab",)),
    ("/proc/slabinfo", "/proc/slabinfo", ()),
    ("/sys/kernel/slab, 3 files a cache", "sysfs", ()),
    ("memtel, zones", "zones", ()),
    ("/proc/zoneinfo", "/proc/zoneinfo", ()),
    ("memtel, everything", "everything", SOURCES),
)


def late(what, repeats):
    """Longest time without interrupts while something is read, ns."""
    write(LATE, TICK_NS)
    read(LATE)
    must(f"{BUILD}/bench/dump", what, str(repeats))
    worst = int(read(LATE))
    write(LATE, 0)
    return worst


def measure(out):
    """Rows: instructions, their spread, bytes, longest time off."""
    for label, what, sources in READINGS:
        say("readings:", label)
        with (enabled(*sources) if sources else contextlib.nullcontext()):
            runs = [reading(what) for _ in range(2)]
            out[label] = {
                "instructions": min(run[0] for run in runs),
                "spread": abs(runs[0][0] - runs[1][0]),
                "bytes": runs[0][1],
                "interrupts_off": late(what, REPEATS)}
    # Little but what any reading has; as much of it as of the others.
    out["/proc/uptime"] = {"instructions": reading("/proc/uptime")[0],
                           "spread": 0, "bytes": 0,
                           "interrupts_off": late("/proc/uptime",
                                                  100 * REPEATS)}


def main():
    """Measure and save."""
    load()
    insmod(f"{BUILD}/bench/memtel_late.ko")
    insmod(f"{BUILD}/oracle/memtel_oracle.ko")
    usual, partial = {}, {}
    measure(usual)
    say("readings: making partial slabs")
    write(f"{ORACLE}/run", "create bench-partial 256")
    write(f"{ORACLE}/run", f"fragment bench-partial {SLABS}")
    measure(partial)
    slabs = must("sh", "-c", "cat /sys/kernel/slab/bench-partial/partial")
    write(f"{ORACLE}/run", "drop bench-partial")
    write(f"{ORACLE}/run", "destroy bench-partial")
    caches = len(read("/proc/slabinfo").splitlines()) - 2
    save("readings", {"usual": usual, "partial": partial, "caches": caches,
                      "partial_slabs": int(slabs.split()[0]),
                      "tick": TICK_NS})


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"{error}: {error.stderr}") from error
