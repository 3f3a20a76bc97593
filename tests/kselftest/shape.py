# SPDX-License-Identifier: GPL-2.0-or-later
"""What the host has that the tests run on: a row of tests/vm/shapes.py.

MEMTEL_SHAPE names the row. What takes more than how the VM is booted is made
here: caches, cgroups, tasks in reclaim, triggers.
"""

import contextlib
import glob
import os
import re
import sys
from errno import EOPNOTSUPP

from ask import Socket, attr, find_family, number_of
from harness import BUILD, SRC, check, equal, kernel_memory, must, read, write
from pressure import CGROUP, pressure

sys.path.append(f"{SRC}/tests/vm")
# pylint: disable=import-error,wrong-import-position
import shapes  # noqa: E402

SHAPE = shapes.find_shape(os.environ.get("MEMTEL_SHAPE", "two-by-four"))
NODES = "/sys/devices/system/node"
LRU_GEN = "/sys/kernel/mm/lru_gen/enabled"
# Of a trigger, in numbers of the family's specification.
TRIGGER_ADD = 18
METRIC, THRESHOLD, WINDOW_NS, NODE_ID = 3, 4, 6, 8
TIMES = (1, 2, 3, 4, 5, 6, 7, 8, 9)  # metrics that are times
BY_NODE = (1, 2, 3, 5, 6, 8, 9)
FOR_EVER_NS = 10**18
SECOND_NS = 10**9
# How many triggers each socket owns.
EACH = 128
SOCKETS = []


def numbers(text):
    """What a list of the kernel's has: "0-2,5" is 0, 1, 2 and 5."""
    out = []
    for part in text.strip().split(","):
        if part:
            first, _, last = part.partition("-")
            out += range(int(first), int(last or first) + 1)
    return out


def nodes(which="has_memory"):
    """Nodes that are "online", or have memory ("has_memory") or CPUs."""
    return numbers(read(f"{NODES}/{which}"))


def cpus():
    """CPUs that are online."""
    return numbers(read("/sys/devices/system/cpu/online"))


def cpus_of(nid):
    """CPUs of a node; faked nodes share those of the one they are made of."""
    return numbers(read(f"{NODES}/node{nid}/cpulist"))


def free_mib(nid):
    """Free memory of a node."""
    return int(re.search(r"MemFree: +(\d+) kB",
                         read(f"{NODES}/node{nid}/meminfo"))[1]) // 1024


def make_cgroups(number, controlled=None):
    """So many cgroups, each of a slice of fifty; all or the first of them have a
    memory controller."""
    write(f"{CGROUP}/cgroup.subtree_control", "+memory")
    for i in range(number):
        slice_ = f"{CGROUP}/shape-{i // 50}"
        if i % 50 == 0:
            os.mkdir(slice_)
            if controlled is None or i < controlled:
                write(f"{slice_}/cgroup.subtree_control", "+memory")
        os.mkdir(f"{slice_}/{i}")


def made_cgroups():
    """Those of make_cgroups() that have a memory controller, and may have
    tasks."""
    return [group for group in sorted(glob.glob(f"{CGROUP}/shape-*/[0-9]*"))
            if os.path.exists(f"{group}/memory.current")]


def reclaim_in_each(groups):
    """One reclaim in each cgroup, by a task that goes there for it."""
    pressure("memcg 0")
    for group in groups:
        write(f"{group}/cgroup.procs", "0")
        pressure("memcg 1")
    write(f"{CGROUP}/cgroup.procs", "0")


def make_caches(number):
    """Caches by the bench's module."""
    must("insmod", f"{BUILD}/bench/memtel_caches.ko")
    write("/sys/kernel/debug/memtel_caches/number", str(number))


def make():
    """All that lasts while the module comes and goes."""
    if SHAPE.lru_gen and os.path.exists(LRU_GEN):
        write(LRU_GEN, "y")
    if SHAPE.caches:
        make_caches(SHAPE.caches)
    if SHAPE.cgroups:
        make_cgroups(SHAPE.cgroups)
    if SHAPE.reclaimers:
        write("/proc/sys/kernel/threads-max", str(4 * SHAPE.reclaimers))
        write("/proc/sys/kernel/pid_max", str(8 * SHAPE.reclaimers))


def wish(i):
    """The attributes of a trigger: metrics and nodes take turns."""
    metric = TIMES[i % len(TIMES)]
    attrs = (attr(METRIC, metric.to_bytes(4, sys.byteorder))
             + attr(THRESHOLD, FOR_EVER_NS.to_bytes(8, sys.byteorder))
             + attr(WINDOW_NS, SECOND_NS.to_bytes(8, sys.byteorder)))
    if metric in BY_NODE and i % 2:
        online = nodes("online")
        nid = online[i // 2 % len(online)]
        attrs += attr(NODE_ID, nid.to_bytes(4, sys.byteorder))
    return attrs


def arm(number=SHAPE.triggers):
    """Triggers that are never raised; they live until disarm(), or until the
    module goes. Returns how many there are."""
    if not number:
        return 0
    # Those of the tests come on top.
    write("/sys/module/memtel/parameters/triggers_max", str(2 * number))
    family = number_of(find_family("memtel"))
    for i in range(number):
        if i % EACH == 0:
            SOCKETS.append(Socket(family))
        SOCKETS[-1].begin(TRIGGER_ADD, wish(i))
        errno = SOCKETS[-1].end()
        # This kernel may lack the tracepoints of a metric.
        if errno == EOPNOTSUPP:
            SOCKETS[-1].begin(TRIGGER_ADD, wish(0))
            errno = SOCKETS[-1].end()
        equal(errno, 0, f"errno of trigger {i}")
    return number


def disarm():
    """The triggers go with their sockets."""
    while SOCKETS:
        SOCKETS.pop().sock.close()


@contextlib.contextmanager
def reclaiming(number=SHAPE.reclaimers):
    """So many tasks are in reclaim."""
    if number:
        pressure(f"reclaim {number}")
    try:
        yield
    finally:
        if number:
            pressure("reclaim 0")


def hot_blocks():
    """Blocks of memory of the node that comes and goes, which is the last."""
    last = max(nodes("possible"))
    found = sorted(glob.glob(f"{NODES}/node{last}/memory[0-9]*"))
    check(found, f"node {last} has no memory that could come")
    return last, found


def hot_node(comes):
    """The node comes, or goes; returns its number."""
    nid, blocks = hot_blocks()
    if not comes:
        # Slabs that are empty are memory in use.
        kernel_memory()
    for block in blocks:
        write(f"{block}/state", "online_kernel" if comes else "offline")
    equal(nid in nodes(), comes, f"node {nid} has memory")
    return nid
