# SPDX-License-Identifier: GPL-2.0-or-later
"""What people use today to see allocations: started, seen to count, stopped.

A peer is in place when each tracepoint it is for has a probe, as the oracle
module sees it; and it has counted when it says so by itself, at its end. One
that is not there, does not start, or counts less than was done, is absent, and
its reason stands in the table: never a zero.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time

from common import ORACLE, TRACING, read, write

SLAB = ("kmalloc", "kmem_cache_alloc", "kfree", "kmem_cache_free")
PAGE = ("mm_page_alloc", "mm_page_free")
# Kept while a peer is in place, so that what tracks objects has some.
KEPT = 1000
WORK = "/tmp/peer"
START_SECONDS = 600
# Of what reports by itself.
REPORT_SECONDS = 10

COUNT_SITES = """
BEGIN { printf("ready\\n"); }
tracepoint:kmem:kmalloc, tracepoint:kmem:kmem_cache_alloc
	{ @allocs[args->call_site] = count(); }
tracepoint:kmem:kfree, tracepoint:kmem:kmem_cache_free
	{ @frees[args->call_site] = count(); }
tracepoint:kmem:mm_page_alloc { @pages[args->order] = count(); }
tracepoint:kmem:mm_page_free { @freed[args->order] = count(); }
"""
TRACK_OBJECTS = """
BEGIN { printf("ready\\n"); }
tracepoint:kmem:kmalloc, tracepoint:kmem:kmem_cache_alloc
	{ @kept[args->ptr] = args->call_site; }
tracepoint:kmem:kfree, tracepoint:kmem:kmem_cache_free
	{ delete(@kept[args->ptr]); }
tracepoint:kmem:mm_page_alloc { @pages[args->pfn] = args->order; }
tracepoint:kmem:mm_page_free { delete(@pages[args->pfn]); }
"""


class Absent(Exception):
    """Why a peer cannot be measured."""


def events():
    """The events, as perf and ftrace call them."""
    return [f"kmem:{name}" for name in (*SLAB, *PAGE)]


def probed():
    """Tracepoints that have a probe."""
    return {line.split()[0] for line in read(f"{ORACLE}/probes").splitlines()}




class Peer:
    """@name: in the table; @needs: a program it is made of."""

    name = needs = ""

    def start(self):
        """Be in place, or be about to."""
        raise NotImplementedError

    def stop(self):
        """Go, and return how many events were counted, or objects kept."""
        raise NotImplementedError

    def wants(self, pairs):
        """How many these must be, when so many pairs were done."""
        return pairs

    @contextlib.contextmanager
    def attached(self, pairs):
        """In place meanwhile; @pairs is called at the end, for what was done."""
        if self.needs and not shutil.which(self.needs):
            raise Absent(f"no program {self.needs}")
        shutil.rmtree(WORK, ignore_errors=True)
        os.makedirs(WORK)
        try:
            self.start()
            self.wait()
            write(f"{ORACLE}/run", f"alloc kmalloc task 0 0 128 {KEPT}")
            yield
        finally:
            counted = self.stop()
            with contextlib.suppress(OSError):
                write(f"{ORACLE}/run", f"free kmalloc task 0 -1 {KEPT}")
        if counted < self.wants(pairs()):
            raise Absent(f"it saw {counted} of {self.wants(pairs())}")

    def wait(self):
        """Until it is in place."""
        end = time.monotonic() + START_SECONDS
        while not probed() >= {*SLAB, *PAGE}:
            self.check()
            if time.monotonic() > end:
                raise Absent(f"not attached in {START_SECONDS} s")
            time.sleep(0.2)
        # Whatever else it does at its start.
        time.sleep(2)
        self.check()

    def check(self):
        """Raise Absent when it has died."""


class Program(Peer):
    """A peer that is a program, ended by ctrl-C."""

    def command(self):
        """The command line."""
        raise NotImplementedError

    def start(self):
        self.process = None
        with open(f"{WORK}/said", "w", encoding="utf-8") as said:
            # pylint: disable=consider-using-with
            self.process = subprocess.Popen(
                self.command(), stdout=said, stderr=subprocess.STDOUT,
                start_new_session=True)

    def said(self):
        """What it printed."""
        return read(f"{WORK}/said")

    def check(self):
        if self.process.poll() is not None:
            lines = self.said().strip().splitlines() or ["nothing"]
            raise Absent(f"it ended with {self.process.returncode} and said: "
                         f"{lines[-1][:200]}")

    def stop(self):
        if not self.process:
            return 0
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGINT)
        try:
            self.process.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        return self.counted()

    def counted(self):
        """Events counted, from what it left."""
        raise NotImplementedError


class BpftraceCount(Program):
    """Counts by call site."""

    name = "bpftrace, counting by call site"
    needs = "bpftrace"
    script = COUNT_SITES

    def command(self):
        write(f"{WORK}/script.bt", self.script)
        return ("bpftrace", "-B", "line", f"{WORK}/script.bt")

    def counted(self):
        return sum(map(int, re.findall(r"^@allocs\[.*\]: (\d+)$", self.said(),
                                       re.MULTILINE)))


class BpftraceTrack(BpftraceCount):
    """Keeps a map of objects by their address."""

    name = "bpftrace, tracking objects"
    script = TRACK_OBJECTS

    def wants(self, pairs):
        return KEPT

    def counted(self):
        return len(re.findall(r"^@kept\[", self.said(), re.MULTILINE))


class Memleak(Program):
    """bcc's tracker of outstanding allocations by stack."""

    name = "bcc memleak"
    needs = "memleak-bpfcc"

    def command(self):
        return ("memleak-bpfcc", "--top", "1000", str(REPORT_SECONDS))

    def wants(self, pairs):
        return KEPT

    def stop(self):
        # It says nothing at its end.
        reports, end = self.reports(), time.monotonic() + 10 * REPORT_SECONDS
        while (self.process.poll() is None and time.monotonic() < end
               and len(self.reports()) < len(reports) + 2):
            time.sleep(1)
        return super().stop()

    def reports(self):
        """What it said, by report."""
        return self.said().split("stacks with outstanding allocations")

    def counted(self):
        return max(sum(map(int, re.findall(
            r"bytes in (\d+) allocations from stack", report)))
            for report in self.reports())


class PerfStat(Program):
    """Counts, no more."""

    name = "perf stat"
    needs = "perf"

    def command(self):
        return ("perf", "stat", "-a", "-x,", "-o", f"{WORK}/stat",
                "-e", ",".join(events()))

    def counted(self):
        return sum(int(line.split(",")[0]) for line in
                   read(f"{WORK}/stat").splitlines()
                   if re.match(r"\d+,.*kmem:(kmalloc|kmem_cache_alloc),", line))


class PerfRecord(Program):
    """Each event into a buffer, and from there into a file."""

    name = "perf record"
    needs = "perf"

    def command(self):
        return ("perf", "record", "-a", "-m", "16M", "-o", f"{WORK}/data",
                "-e", ",".join(events()))

    def counted(self):
        done = subprocess.run(
            ("perf", "report", "--stats", "-i", f"{WORK}/data"),
            capture_output=True, text=True, check=False)
        samples = re.findall(r"SAMPLE events: +(\d+)", done.stdout)
        lost = re.findall(r"LOST\w* events: +(\d+)", done.stdout)
        if any(map(int, lost)):
            raise Absent("perf record lost events")
        return max(map(int, samples), default=0)


class Ftrace(Peer):
    """Each event into ftrace's ring buffer, the oldest overwritten."""

    name = "ftrace, ring buffer"

    def start(self):
        write(f"{TRACING}/trace", "")
        write(f"{TRACING}/tracing_on", "1")
        write(f"{TRACING}/set_event", "\n".join(events()))

    def stop(self):
        write(f"{TRACING}/set_event", "")
        stats = read(f"{TRACING}/per_cpu/cpu0/stats")
        write(f"{TRACING}/trace", "")
        return sum(map(int, re.findall(r"(?:entries|overrun): (\d+)", stats)))


class FtraceHist(Peer):
    """Histogram triggers, by call site."""

    name = "ftrace, histogram triggers"
    keys = {**{name: "call_site" for name in SLAB},
            **{name: "order" for name in PAGE}}

    def trigger(self, name, before=""):
        """Set or remove an event's."""
        write(f"{TRACING}/events/kmem/{name}/trigger",
              f"{before}hist:keys={self.keys[name]}")

    def start(self):
        for name in self.keys:
            self.trigger(name)

    def stop(self):
        hits = 0
        for name in self.keys:
            text = read(f"{TRACING}/events/kmem/{name}/hist")
            if name in SLAB[:2]:
                hits += int(re.search(r"Hits: (\d+)", text)[1])
            self.trigger(name, "!")
        return hits


PEERS = (PerfStat, Ftrace, FtraceHist, BpftraceCount, BpftraceTrack,
         PerfRecord, Memleak)
# Seen in vain, and why.
NONE = {
    "lttng-modules": "Debian's 2.13 fails to build for this kernel (a tracepoint "
                     "of timers changed), and its part for allocations needs "
                     "mm/slab.h, which no package of headers has",
}
