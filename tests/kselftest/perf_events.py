# SPDX-License-Identifier: GPL-2.0-or-later
"""An oracle of how often a tracepoint fires: the kernel counts for perf."""

import contextlib
import ctypes
import fcntl
import os
import struct

from harness import read
from pressure import TRACING

SYS_PERF_EVENT_OPEN = 298
PERF_TYPE_TRACEPOINT = 2
PERF_FLAG_FD_CLOEXEC = 8
PERF_EVENT_IOC_SET_FILTER = 0x40082406
# struct perf_event_attr in its first version; all but these are zero.
ATTR_BYTES = 64


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
        libc = ctypes.CDLL(None, use_errno=True)
        attr = struct.pack(
            "=IIQ", PERF_TYPE_TRACEPOINT, ATTR_BYTES,
            int(read(f"{TRACING}/events/{event}/id"))).ljust(ATTR_BYTES, b"\0")
        file = libc.syscall(SYS_PERF_EVENT_OPEN, attr, -1, cpu, -1,
                            ctypes.c_ulong(PERF_FLAG_FD_CLOEXEC))
        if file < 0:
            raise OSError(ctypes.get_errno(), f"perf_event_open: {event}")
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
