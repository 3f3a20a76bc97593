#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How memtel's cost grows, one part a boot: growth.py caches|nodes|cpus|sites

With caches, with call sites and what is sampled of them, with nodes: counted
in instructions on one CPU. With CPUs, which run in parallel then: by the clock,
as a ratio of what was measured just before and after without memtel. And the
memory that each source takes while it is held, to the byte.
"""

import os
import re
import statistics
import subprocess
import sys

from common import (BENCH, BENCH_MODULE, BUILD, MEMTEL, SOURCES, TRACING,
                    enabled, insmod, load, must, once, pair, parameter, read,
                    reading, save, say, write)

CACHES = "/sys/kernel/debug/memtel_caches"
# Short and often: the host may have other work than this.
PARALLEL_ROUNDS = 10
PARALLEL_TIMES = 5
PARALLEL_PAIRS = 5000


def vmalloced():
    """Bytes that memtel has from vmalloc, less the guard pages."""
    return sum((int(line.split()[1]) - 4096) for line in
               read("/proc/vmallocinfo").splitlines() if "[memtel]" in line
               and "module_alloc" not in line)


def memory(source):
    """Bytes that a source takes while it is held."""
    write(f"{TRACING}/buffer_size_kb", 8192)
    write(f"{TRACING}/trace", "")
    write(f"{TRACING}/set_event", "percpu:percpu_alloc_percpu "
          "percpu:percpu_free_percpu kmem:kmalloc kmem:kfree")
    before = vmalloced()
    with open("/dev/null", "w", encoding="ascii") as null:
        subprocess.run(("sh", "-c", f"echo $$ > {TRACING}/set_event_pid && "
                        f"exec {MEMTEL} enable {source}"), check=True,
                       stdout=null)
    write(f"{TRACING}/set_event", "")
    write(f"{TRACING}/set_event_pid", "")
    vmalloc = vmalloced() - before
    text = read(f"{TRACING}/trace")
    must(MEMTEL, "disable", source)
    left, percpu = {}, {}
    for line in text.splitlines():
        ptr = re.search(r"ptr=(\S+)", line)
        if " kmalloc: " in line:
            if "[memtel]" in line or "kvmalloc_node" in line:
                left[ptr[1]] = int(re.search(r"bytes_alloc=(\d+)", line)[1])
        elif " kfree: " in line:
            left.pop(ptr[1], None)
        elif "percpu_alloc_percpu: " in line:
            size = re.search(r"\bsize=(\d+)", line)
            percpu[ptr[1]] = int(size[1])
        elif "percpu_free_percpu: " in line:
            percpu.pop(ptr[1], None)
    return {"per_cpu": sum(percpu.values()),
            "all": vmalloc + sum(left.values())}


def memories():
    """The same of all sources, and how many CPUs and nodes that is for."""
    out = {source: memory(source) for source in SOURCES}
    return {"sources": out, "cpus": os.cpu_count(),
            "nodes": len([name for name in os.listdir(
                "/sys/devices/system/node") if re.match(r"node\d", name)])}


def caches():
    """From what there is at boot to 10,000 caches."""
    load("slab_slots=16384")
    insmod(f"{BUILD}/bench/memtel_caches.ko")
    rows = []
    for number in (10, 850, 2850, 9850):
        say("growth:", number, "caches more")
        write(f"{CACHES}/number", number)
        row = {"caches": len(read("/proc/slabinfo").splitlines()) - 2}
        once(f"{CACHES}/sweep")
        row["nothing"] = once(f"{CACHES}/sweep")
        with enabled("slab"):
            once(f"{CACHES}/sweep")
            row["slab"] = once(f"{CACHES}/sweep")
            row["dump"] = reading("caches")[0]
        row["slabinfo"] = reading("/proc/slabinfo")[0]
        rows.append(row)
    return {"rows": rows, "memory": memory("slab")}


def sites():
    """Call sites in use, and one of how many allocations is looked at."""
    insmod(BENCH_MODULE)
    load()
    out = {"sites": [], "fallback": [], "memory": memories()}
    must("rmmod", "memtel")
    nothing = {}
    for number in (1, 16, 256):
        parameter("sites", number, "memtel_bench")
        nothing[number] = pair("sites")[0]
    page = pair("page")[0]
    for sampling in (1, 16, 64, 256):
        load(f"site_sampling={sampling}")
        row = {"sampling": sampling, "added": {}}
        with enabled("site"):
            for number, base in nothing.items():
                say("growth:", number, "sites, 1 of", sampling)
                parameter("sites", number, "memtel_bench")
                row["added"][number] = pair("sites")[0] - base
        out["sites"].append(row)
        must("rmmod", "memtel")
    for sampling in (1, 4, 16, 64):
        load(f"fallback_sampling={sampling}")
        with enabled("fallback"):
            out["fallback"].append({"sampling": sampling,
                                    "added": pair("page")[0] - page})
        must("rmmod", "memtel")
    return out


def nodes():
    """As many nodes as this machine has."""
    load()
    insmod(BENCH_MODULE)
    out = {"memory": memories(), "nothing": pair("kmalloc")[0]}
    with enabled("slab"):
        out["slab"] = pair("kmalloc")[0]
        out["dump"] = reading("caches")[0]
    out["slabinfo"] = reading("/proc/slabinfo")[0]
    with enabled(*SOURCES):
        out["everything"] = reading("everything")[0]
    return out


def parallel():
    """Times of a pair while all CPUs do them."""
    once(f"{BENCH}/parallel")
    return [once(f"{BENCH}/parallel") for _ in range(PARALLEL_TIMES)]


def cpus():
    """As many CPUs as this machine has, all at once."""
    load()
    insmod(BENCH_MODULE)
    parameter("pairs", PARALLEL_PAIRS, "memtel_bench")
    times = {"nothing": [], "slab": [], "all": []}
    for _ in range(PARALLEL_ROUNDS):
        for label, sources in (("slab", ("slab",)), ("all", SOURCES)):
            times["nothing"] += parallel()
            with enabled(*sources):
                times[label] += parallel()
    return {"memory": memories(),
            "ratios": {label: {how.__name__: how(times[label])
                               / how(times["nothing"])
                               for how in (min, statistics.median)}
                       for label in ("slab", "all")}}


def main():
    """Measure and save one part."""
    what = sys.argv[1]
    figures = {"caches": caches, "sites": sites, "nodes": nodes,
               "cpus": cpus}[what]()
    save("growth", figures)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"{error}: {error.stderr}") from error
