# SPDX-License-Identifier: GPL-2.0-or-later
"""What the parts of the benchmark share, in the VM."""

import contextlib
import json
import os
import subprocess
import time

BUILD = os.environ["MEMTEL_BUILD"]
OUT = os.environ["MEMTEL_OUT"]
os.environ["LD_LIBRARY_PATH"] = f"{BUILD}/userspace"
TRACING = "/sys/kernel/tracing"
CGROUP = "/sys/fs/cgroup"
BENCH = "/sys/kernel/debug/memtel_bench"
ORACLE = "/sys/kernel/debug/memtel_oracle"
MEMTEL = f"{BUILD}/userspace/memtel"
MEMTEL_MODULE = f"{BUILD}/kmod/memtel.ko"
BENCH_MODULE = f"{BUILD}/bench/memtel_bench.ko"
SOURCES = ("slab", "site", "reclaim", "shrinker", "zonelock", "fallback")
KINDS = {"kmalloc": "kmalloc(128)", "cache": "kmem_cache_alloc",
         "batch": "64 kmallocs, 64 kfrees", "page": "alloc_page"}


def must(*command):
    """Run a command that must succeed."""
    return subprocess.run(command, check=True, capture_output=True,
                          text=True).stdout


def read(path):
    """A file's text."""
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def write(path, text):
    """Write a text to a file in one go."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(str(text))


def insmod(path, *params):
    """Load a module."""
    must("insmod", path, *params)


def load(*params):
    """Load memtel, which never sheds a source here: that would cost nothing."""
    insmod(MEMTEL_MODULE, "cost_limit_ppm=0", *params)


def once(path, divisor=1000):
    """One reading of a loop's file."""
    return int(read(path)) / divisor


def pair(kind, runs=2):
    """Instructions of one allocation and its free, and their spread."""
    once(f"{BENCH}/{kind}")  # the first after a change is not like the others
    got = [once(f"{BENCH}/{kind}") for _ in range(runs)]
    return min(got), max(got) - min(got)


def reading(what, *count):
    """Instructions of one reading, and its bytes."""
    return tuple(int(word) for word in
                 must(f"{BUILD}/bench/dump", what, *count).split())


def parameter(name, value, module="memtel"):
    """Set a module's parameter."""
    write(f"/sys/module/{module}/parameters/{name}", value)


@contextlib.contextmanager
def empty_probes():
    """Empty probes on the slab tracepoints."""
    write(f"{BENCH}/empty", "1")
    try:
        yield
    finally:
        write(f"{BENCH}/empty", "0")


@contextlib.contextmanager
def enabled(*sources):
    """Hold sources meanwhile."""
    must(MEMTEL, "enable", *sources)
    try:
        yield
    finally:
        must(MEMTEL, "disable", *sources)


@contextlib.contextmanager
def watched():
    """Hold all sources, with the triggers that memtel watch has by itself."""
    with enabled(*SOURCES), subprocess.Popen(
            (MEMTEL, "watch"), stdout=subprocess.DEVNULL) as watch:
        try:
            while not any(hold["kind"] == "trigger" for hold in json.loads(
                    must(MEMTEL, "status", "--json"))["hold"]):
                time.sleep(0.1)
            yield
        finally:
            watch.terminate()


def slab_events():
    """Allocations and frees that memtel has counted."""
    return sum(row.get("allocs", 0) + row.get("frees", 0) for row in
               json.loads(must(MEMTEL, "caches", "--json")))


def save(name, figures):
    """Leave a part's figures for the host."""
    with open(f"{OUT}/{name}.json", "w", encoding="utf-8") as file:
        json.dump(figures, file, indent=1)


def say(*words):
    """Progress, for whoever waits."""
    print(*words, flush=True)
