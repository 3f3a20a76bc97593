# SPDX-License-Identifier: GPL-2.0-or-later
"""The fallback matrix beside numastat and ftrace."""

import re
import subprocess

from harness import check, client, equal, memtel, read, write
from pressure import FullNode, Trace, touch_memory

SAMPLING = "/sys/module/memtel/parameters/fallback_sampling"


def numastat():
    """{(node, event): count}, by the kernel."""
    out = {}
    for node in (0, 1):
        for line in read(f"/sys/devices/system/node/node{node}/"
                         "numastat").splitlines():
            out[(node, line.split()[0])] = int(line.split()[1])
    return out


class Held:
    """The source with a sampling, held."""

    def __init__(self, sampling):
        self.before = read(SAMPLING)
        write(SAMPLING, str(sampling))
        self.ynl = client()
        self.ynl.do("source-hold", {"name": "fallback"})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        write(SAMPLING, self.before)

    def source(self):
        """The source's row."""
        return self.ynl.do("source-get", {"name": "fallback"})

    def matrix(self):
        """{(wanted node, got node): samples}, zones in sum."""
        out = {}
        for row in self.ynl.dump("fallback-get", {}):
            key = row["wanted-node-id"], row["node-id"]
            out[key] = out.get(key, 0) + row["samples"]
        return out


def test_full_node_equals_numastat():
    """Node 0 full, a task of its CPU: what fell to node 1, by the kernel.

    The kernel's counters have what fires no event, too: the two may differ
    by that much, which memtel says (untraced), and what it could not tell
    (unattributed).
    """
    with Held(1) as held, FullNode(0, 40):
        held.ynl.do("source-reset", {"name": "fallback"})
        before = numastat()
        touch_memory(150, cpu=0)
        matrix = held.matrix()
        after = numastat()
        source = held.source()
    grown = {key: after[key] - before[key] for key in after}
    apart = source["untraced"] + source["unattributed"]
    print(f"# fell from 0 to 1: memtel {matrix.get((0, 1), 0)}, numastat "
          f"{grown[(0, 'numa_foreign')]} foreign, "
          f"{grown[(1, 'numa_miss')]} miss; apart at most {apart}")
    # What reading itself allocates between the two readings.
    slack = apart + 200
    check(matrix.get((0, 1), 0) > 5000, f"too little load: {matrix}")
    for key, got in (((0, "numa_foreign"), matrix.get((0, 1), 0)),
                     ((1, "numa_miss"), matrix.get((0, 1), 0)),
                     ((1, "numa_foreign"), matrix.get((1, 0), 0)),
                     ((0, "numa_hit"), matrix.get((0, 0), 0)),
                     ((1, "numa_hit"), matrix.get((1, 1), 0))):
        check(abs(grown[key] - got) <= slack,
              f"{key}: numastat {grown[key]}, memtel {got}")
    check(apart < matrix[(0, 1)] / 20, f"the bound says nothing: {apart}")


def test_every_event_is_counted():
    """All that ftrace saw is in the matrix or counted as unattributed."""
    with Held(1) as held:
        with Trace("kmem:mm_page_alloc") as trace:
            before = sum(held.matrix().values()), held.source()
            mark = trace_length()
            subprocess.run(["find", "/usr/share"], check=True,
                           stdout=subprocess.DEVNULL)
            end = trace_length()
            after = sum(held.matrix().values()), held.source()
    got = (after[0] - before[0] + after[1]["unattributed"]
           - before[1]["unattributed"])
    print(f"# memtel {got}, ftrace {end - mark} between its readings, "
          f"{len(trace.events)} in all")
    check(end - mark <= got <= len(trace.events),
          f"memtel {got}, ftrace from {end - mark} to {len(trace.events)}")


def trace_length():
    """Events in ftrace's buffers."""
    out = 0
    for cpu in (0, 1):
        stats = read(f"/sys/kernel/tracing/per_cpu/cpu{cpu}/stats")
        out += int(re.search(r"entries: (\d+)", stats)[1])
    return out


def test_bound_memory_is_no_fallback():
    """Memory bound to the other node is wanted there."""
    with Held(1) as held:
        held.ynl.do("source-reset", {"name": "fallback"})
        touch_memory(40, cpu=0, node=1)
        matrix = held.matrix()
    print(f"# {matrix}")
    check(matrix.get((1, 1), 0) > 1000, f"too little load: {matrix}")
    check(matrix.get((0, 1), 0) < 20, f"bound pages fell back: {matrix}")


def test_sampling():
    """One of sixteen: times sixteen, about all; and it says sixteen."""
    with Held(16) as held, FullNode(0, 40):
        held.ynl.do("source-reset", {"name": "fallback"})
        before = numastat()
        touch_memory(150, cpu=0)
        cells, source = held.matrix(), held.source()
        after = numastat()
        text = memtel("fallback", "--node", "0").stdout
    equal(source["sampling"], 16, "sampling")
    fell = after[(0, "numa_foreign")] - before[(0, "numa_foreign")]
    estimate = 16 * cells.get((0, 1), 0)
    print(f"# numastat {fell}, estimated {estimate}")
    check(fell > 5000, f"too little load: {fell}")
    check(0.7 * fell < estimate < 1.3 * fell,
          f"estimate {estimate} of {fell}")
    check("~" in text, f"no mark of an estimate: {text}")


def test_sampling_out_of_range():
    """The parameter refuses what makes no sense."""
    for bad in ("0", "-1", "2000000", "many"):
        try:
            write(SAMPLING, bad)
        except OSError:
            continue
        check(False, f"sampling {bad} was taken")
