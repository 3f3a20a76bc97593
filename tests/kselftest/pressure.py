# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of reclaim share: ftrace as an oracle, loads, cgroups."""

import ctypes
import mmap
import os
import re
import subprocess

from harness import BUILD, Failed, check, must, read, syscall, write

TRACING = "/sys/kernel/tracing"
CGROUP = "/sys/fs/cgroup"
MODULE = f"{BUILD}/oracle/memtel_pressure.ko"
DEBUGFS = "/sys/kernel/debug/memtel_pressure"

# A pair's two clocks are read in different probes: what emulation takes
# between them, each time, and the microsecond that ftrace's text rounds to.
# A host may also stop the emulated CPU right there, now and then.
APART_NS = 40_000
APART_ONCE_NS = 10_000_000
APART_SHARE = 0.03

# A key and its value, which is no key itself ("super_cache_scan 1a2b: nid: 0").
KEY = re.compile(r"(\w+)(?:=|: ?)(?!\w+: )(\S+)")

SET_MEMPOLICY = 238
MPOL_BIND = 2


def pressure(command):
    """Have the pressure module do something; see memtel_pressure.c."""
    if not os.path.exists("/sys/module/memtel_pressure"):
        must("insmod", MODULE)
    try:
        write(f"{DEBUGFS}/run", command)
    except OSError as error:
        raise Failed(f"pressure: {command}: {error}") from error


class Trace:
    """ftrace on some events, by memtel's own clock; then .events.

    Each event is (task, ns, name, {key: value} of its text); the key of the
    text's first word is "", that of the CPU it came on "CPU".
    """

    def __init__(self, *events, option=()):
        self.names = events
        self.option = option
        self.events = []

    def __enter__(self):
        write(f"{TRACING}/tracing_on", "0")
        write(f"{TRACING}/trace_clock", "mono")
        write(f"{TRACING}/buffer_size_kb", "8192")
        for option in self.option:
            write(f"{TRACING}/trace_options", option)
        write(f"{TRACING}/trace", "")
        write(f"{TRACING}/set_event", "\n".join(self.names))
        write(f"{TRACING}/tracing_on", "1")
        return self

    def __exit__(self, *failure):
        write(f"{TRACING}/tracing_on", "0")
        write(f"{TRACING}/set_event", "")
        text = read(f"{TRACING}/trace")
        write(f"{TRACING}/trace", "")
        for option in self.option:
            write(f"{TRACING}/trace_options",
                  option[2:] if option.startswith("no") else f"no{option}")
        if failure[0]:
            return
        count = re.search(r"entries-in-buffer/entries-written: (\d+)/(\d+)",
                          text)
        check(count and count[1] == count[2], "ftrace lost events")
        for line in text.splitlines():
            match = re.match(r" *.*?-(\d+) +\[(\d+)\] \S+ +(\d+)\.(\d{6}): "
                             r"(\w+): (.*)", line)
            if match:
                self.events.append((
                    int(match[1]),
                    int(match[3]) * 10**9 + int(match[4]) * 1000, match[5],
                    {"": match[6].split()[0], "CPU": match[2],
                     **dict(KEY.findall(match[6]))}))

    def count(self, name):
        """How often an event came."""
        return sum(event[2] == name for event in self.events)

    def pairs(self, begin, end):
        """[(ns, begin's values, end's values)] of a task's pairs."""
        open_, out = {}, []
        for task, now, name, values in self.events:
            if name == begin:
                open_[task] = (now, values)
            elif name == end and task in open_:
                start, first = open_.pop(task)
                out.append((now - start, first, values))
        return out


def vmstat():
    """/proc/vmstat, with what CPUs hold back added."""
    try:
        write("/proc/sys/vm/stat_refresh", "1")
    except OSError:
        # Some number was below zero; it has refreshed them all the same.
        pass
    return {line.split()[0]: int(line.split()[1])
            for line in read("/proc/vmstat").splitlines()}


def grown(before, after, pattern):
    """By how much the lines of vmstat that match grew in sum."""
    return sum(after[key] - before[key] for key in after
               if re.fullmatch(pattern, key))


def cgroup(name, **files):
    """Make a memory cgroup; its limits by file, with _ for the dot."""
    write(f"{CGROUP}/cgroup.subtree_control", "+memory")
    os.makedirs(f"{CGROUP}/{name}", exist_ok=True)
    for key, value in files.items():
        write(f"{CGROUP}/{name}/memory.{key}", value)
    return f"{CGROUP}/{name}"


def bind_to_node(node):
    """The calling process's memory comes from this node alone."""
    mask = ctypes.c_ulong(1 << node)
    syscall(SET_MEMPOLICY, MPOL_BIND, ctypes.byref(mask), 64)


def placed(command, group, node, cpu):
    """Run a command in a cgroup, with memory of a node, on a CPU, if any."""
    def prepare():
        if group:
            write(f"{group}/cgroup.procs", str(os.getpid()))
        if cpu is not None:
            os.sched_setaffinity(0, {cpu})
        if node is not None:
            bind_to_node(node)
    # pylint: disable=subprocess-popen-preexec-fn
    return subprocess.run(command, preexec_fn=prepare, check=False,
                          capture_output=True, text=True)


def read_disk(mib, group=None, node=None, cpu=None):
    """Fill the page cache: read a RAM disk, in a cgroup, on a node or CPU.

    Nothing is stored on it, so that reading takes no memory but the cache's.
    """
    if not os.path.exists("/dev/ram0"):
        must("modprobe", "brd", "rd_nr=1", "rd_size=4194304")

    done = placed(["dd", "if=/dev/ram0", "of=/dev/null", "bs=1M",
                   f"count={mib}"], group, node, cpu)
    check(done.returncode == 0, f"cannot read: {done.stderr}")


TOUCH = """
import contextlib, mmap, sys
memory = mmap.mmap(-1, int(sys.argv[1]) << 20)
with contextlib.suppress(OSError):  # a kernel without huge pages refuses
    memory.madvise(mmap.MADV_NOHUGEPAGE)
for page in range(0, len(memory), mmap.PAGESIZE):
    memory[page] = 1
"""


def touch_memory(mib, node=None, cpu=None):
    """Take memory page by page, which the page cache need not do."""
    done = placed(["/usr/bin/python3", "-c", TOUCH, str(mib)], None, node, cpu)
    check(done.returncode == 0, f"cannot touch memory: {done.stderr}")


# <linux/mempolicy.h>, <asm/unistd.h>, <asm/mman.h>
SYS_SET_MEMPOLICY = 238
MPOL_DEFAULT, MPOL_BIND = 0, 2
MAP_POPULATE = 0x8000


def bound_memory(node, mib):
    """So much memory of this process, of one node, all there."""
    mask = ctypes.c_ulong(1 << node)
    syscall(SYS_SET_MEMPOLICY, MPOL_BIND, ctypes.byref(mask), 64)
    try:
        return mmap.mmap(-1, mib << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
                         | MAP_POPULATE)
    finally:
        syscall(SYS_SET_MEMPOLICY, MPOL_DEFAULT, None, 0)


# How often a node is tried to be filled, and how many huge pages may be missing.
TRIES = 4
FEW = 4


class FullNode:
    """A node whose memory huge pages take, but for some MiB."""

    def __init__(self, node, free_mib):
        self.path = (f"/sys/devices/system/node/node{node}/hugepages/"
                     "hugepages-2048kB/nr_hugepages")
        self.node, self.free_mib = node, free_mib
        self.rest = None

    def fill(self):
        """Take what is free but for that, or below zero, so much more.

        From the CPU of the node's number. Where memory was in pieces the kernel
        gave up early: it is asked again when it has been moved together.
        """
        taken = 0
        for _ in range(TRIES):
            info = read(f"/sys/devices/system/node/node{self.node}/meminfo")
            free = int(re.search(r"MemFree: +(\d+) kB", info)[1]) // 1024
            more = max(free - self.free_mib, 0) // 2
            must("taskset", "-c", str(self.node), "sh", "-c",
                 f"echo {taken + more} > {self.path}")
            if self.free_mib < 0 or more <= FEW:
                break
            taken = int(read(self.path))
            write("/proc/sys/vm/compact_memory", "1")
        else:
            # In pieces for good: small pages take the rest.
            self.rest = bound_memory(self.node, 2 * more)

    def empty(self):
        """Give it back."""
        write(self.path, "0")
        if self.rest:
            self.rest.close()
            self.rest = None

    def __enter__(self):
        write("/proc/sys/vm/drop_caches", "3")
        self.fill()
        return self

    def __exit__(self, *_):
        self.empty()


def close(got_ns, want_ns, events, what, share=APART_SHARE):
    """Two sums of times are the same but for the clocks' distance."""
    print(f"# {what}: memtel {got_ns} ns, ftrace {want_ns} ns, {events} "
          f"events: {(got_ns - want_ns) / max(events, 1):.0f} ns each apart")
    bound = APART_NS * events + APART_ONCE_NS + share * want_ns
    check(abs(got_ns - want_ns) <= bound,
          f"{what}: memtel says {got_ns} ns, ftrace {want_ns} ns for "
          f"{events} events")
