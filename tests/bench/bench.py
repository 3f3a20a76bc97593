#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What memtel costs, in instructions: bench.py [--gate] [--json]

Runs in a VM under `-icount shift=0,sleep=off` with one CPU, where a
nanosecond of guest time is an instruction executed and figures repeat. Every
figure is of the same boot, so that they can be compared. With --gate it
prints TAP for the bounds that are promised; these are counts, not times, and
do not depend on the machine.
"""

import json
import os
import subprocess
import sys

BUILD = os.environ["MEMTEL_BUILD"]
os.environ["LD_LIBRARY_PATH"] = f"{BUILD}/userspace"
BENCH = "/sys/kernel/debug/memtel_bench"
MEMTEL = f"{BUILD}/userspace/memtel"


def must(*command):
    """Run a command that must succeed."""
    return subprocess.run(command, check=True, capture_output=True,
                          text=True).stdout


def pair(kind):
    """Instructions of one allocation and its free, and their spread."""
    def once():
        with open(f"{BENCH}/{kind}", encoding="ascii") as file:
            return int(file.read()) / 1000
    once()  # the first after a change is not like the others
    runs = [once() for _ in range(2)]
    return min(runs), max(runs) - min(runs)


def empty_probes(on):
    """Hang empty probes on the slab tracepoints, or take them off."""
    with open(f"{BENCH}/empty", "w", encoding="ascii") as file:
        file.write("1" if on else "0")


def reading(what):
    """Instructions of one reading, and its bytes."""
    return tuple(int(word) for word in
                 must(f"{BUILD}/bench/dump", what).split())


def measure():
    """All figures."""
    must("insmod", f"{BUILD}/kmod/memtel.ko")
    must("insmod", f"{BUILD}/bench/memtel_bench.ko")
    out = {"pair": {}, "reading": {}}

    def pairs(label):
        out["pair"][label] = {kind: pair(kind) for kind in
                              ("kmalloc", "cache")}

    pairs("nothing")
    empty_probes(True)
    pairs("empty probes")
    empty_probes(False)
    out["reading"]["memtel, occupancy"] = reading("caches")
    must(MEMTEL, "enable", "slab")
    pairs("memtel slab")
    out["reading"]["memtel, occupancy and counts"] = reading("caches")
    must(MEMTEL, "disable", "slab")
    pairs("nothing again")
    out["reading"]["/proc/slabinfo"] = reading("/proc/slabinfo")
    with open("/proc/slabinfo", encoding="ascii") as file:
        out["caches"] = len(file.readlines()) - 2
    return out


def added(figures, label, kind="kmalloc"):
    """Instructions a label adds to a pair."""
    return (figures["pair"][label][kind][0]
            - figures["pair"]["nothing"][kind][0])


def show(figures):
    """The figures as tables."""
    print("Instructions of one allocation and its free\n")
    print(f"{'':<30}{'kmalloc(128)':>20}{'kmem_cache_alloc':>20}")
    for label, kinds in figures["pair"].items():
        cells = "".join(
            f"{kinds[kind][0]:>12.1f} {added(figures, label, kind):>+7.1f}"
            for kind in ("kmalloc", "cache"))
        print(f"{label:<30}{cells}")
    print(f"\nInstructions of one reading of all {figures['caches']} caches\n")
    slabinfo = figures["reading"]["/proc/slabinfo"][0]
    for label, (instructions, size) in figures["reading"].items():
        print(f"{label:<30}{instructions:>12} {size:>8} bytes   1/"
              f"{slabinfo / instructions:.1f} of /proc/slabinfo")


def gate(figures):
    """The promises, as TAP."""
    slabinfo = figures["reading"]["/proc/slabinfo"][0]
    full = figures["reading"]["memtel, occupancy and counts"][0]
    spread = max(s for kinds in figures["pair"].values()
                 for _, s in kinds.values())
    promises = (
        ("a pair costs at most 110 instructions more",
         added(figures, "memtel slab") <= 110),
        ("a pair costs nothing while nobody holds the source",
         abs(added(figures, "nothing again")) <= 0.1),
        ("a dump with occupancy and counts takes at most a fifth of "
         "/proc/slabinfo", full * 5 <= slabinfo),
        ("figures repeat to half an instruction", spread <= 0.5),
    )
    for number, (name, kept) in enumerate(promises, 1):
        print(f"{'ok' if kept else 'not ok'} {number} - cost: {name}")
    print(f"1..{len(promises)}")
    return 0 if all(kept for _, kept in promises) else 1


def main():
    """Measure and show."""
    figures = measure()
    if "--json" in sys.argv:
        print(json.dumps(figures))
    else:
        show(figures)
    return gate(figures) if "--gate" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
