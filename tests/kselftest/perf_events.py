# SPDX-License-Identifier: GPL-2.0-or-later
"""An oracle of how often a tracepoint fires: the kernel counts for perf."""

import contextlib
import ctypes
import fcntl
import os
import struct

from harness import read, slab_probes, syscall
from pressure import TRACING

SYS_PERF_EVENT_OPEN = 298
PERF_TYPE_TRACEPOINT = 2
PERF_FLAG_FD_CLOEXEC = 8
PERF_EVENT_IOC_SET_FILTER = 0x40082406
# struct perf_event_attr in its first version; all but these are zero.
ATTR_BYTES = 64

SLAB_EVENTS = [f"kmem/{name}" for name in slab_probes()]
# Some kernels fire the event of a kmalloc() twice that no slab serves.
LARGEST = 8192


class Counted(contextlib.AbstractContextManager):
    """Counts events of {"system/event": filter or ""} on all CPUs."""

    def __init__(self, events):
        self.files = {}
        for event, only in events.items():
            self.files[event] = [self.open(event, only, cpu)
                                 for cpu in range(os.cpu_count())]

    @staticmethod
    def open(event, only, cpu):
        """An event's counter on a CPU."""
        attr = struct.pack(
            "=IIQ", PERF_TYPE_TRACEPOINT, ATTR_BYTES,
            int(read(f"{TRACING}/events/{event}/id"))).ljust(ATTR_BYTES, b"\0")
        file = syscall(SYS_PERF_EVENT_OPEN, attr, -1, cpu, -1,
                       ctypes.c_ulong(PERF_FLAG_FD_CLOEXEC))
        if only:
            fcntl.ioctl(file, PERF_EVENT_IOC_SET_FILTER, only.encode() + b"\0")
        return file

    def count(self, event):
        """How often an event came so far."""
        return sum(struct.unpack("=Q", os.read(file, 8))[0]
                   for file in self.files[event])

    def __exit__(self, *_):
        for files in self.files.values():
            for file in files:
                os.close(file)


def slab_events():
    """Of slab allocations and frees that have an object."""
    return Counted({
        event: "ptr > 16" + (f" && bytes_req <= {LARGEST}"
                             if event.startswith("kmem/kmalloc") else "")
        for event in SLAB_EVENTS})


def allocs_and_frees(counted):
    """(allocations but of large kmallocs, frees) of slab_events()."""
    allocs = sum(counted.count(event) for event in SLAB_EVENTS
                 if "alloc" in event)
    return allocs, counted.count("kmem/kfree") + counted.count(
        "kmem/kmem_cache_free")
