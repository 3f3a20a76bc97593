#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What memtel's own work takes on a host of some size, one host a boot.

  scale.py CACHES CGROUPS TRIGGERS

Possible CPUs and nodes are what the VM has; one CPU is online, so that ns are
instructions. All that is timed is timed by the kernel's tracers: requests and
holds of locks by kprobes, memtel's works by the tracepoints of workqueues; and
by memtel_late.c, which is how late an interrupt and a task of high priority
are. What was measured is saved after each step.
"""

import json
import os
import re
import subprocess
import sys
import time

from common import (BUILD, MEMTEL, SOURCES, TRACING, insmod, load, must, read,
                    reading, save, say, write)

sys.path.append(f"{os.environ['MEMTEL_SRC']}/tests/kselftest")
# pylint: disable=import-error,wrong-import-position
import shape  # noqa: E402

CACHES = "/sys/kernel/debug/memtel_caches/number"
LATE = {"interrupts": ("/sys/kernel/debug/memtel_late", 10_000),
        "task": ("/sys/kernel/debug/memtel_late_task", 100_000)}
LOCKS = ("memtel_source_lock", "memtel_trigger_lock", "slab_mutex")
# A mutex is taken by each of these; all have it as their argument.
TAKES = ("mutex_lock", "mutex_lock_interruptible", "mutex_lock_killable",
         "mutex_trylock")
KPROBES = f"{TRACING}/kprobe_events"
IDLE_SECONDS = 5
# So many memory controllers at most: each takes memory for each CPU and node.
CONTROLLED = 500
# Caches made while memtel works, one after another.
CREATED = 40
EVENT = re.compile(r"-(\d+) +\[\d+\] \S+ +(\d+)\.(\d{6}): (\w+): (.*)")


def symbols():
    """{name: address} of the locks, as far as the kernel tells them."""
    out = {}
    with open("/proc/kallsyms", encoding="ascii") as file:
        for line in file:
            address, _, name = line.split()[:3]
            if name in LOCKS:
                out[name] = int(address, 16)
    return out


class Tracer:
    """What the kernel's tracers see of requests, locks, caches and works."""

    def __init__(self):
        self.names = {}
        probes = ["p:request genl_rcv_msg", "r:requested genl_rcv_msg",
                  "p:create kmem_cache_create_usercopy",
                  "r:created kmem_cache_create_usercopy",
                  "p:unlock mutex_unlock lock=%di:x64"]
        probes += [f"p:{name} {name} lock=%di:x64" for name in TAKES]
        for probe in probes:
            # Python's own way to append asks for the file's end first.
            file = os.open(KPROBES, os.O_WRONLY | os.O_APPEND)
            try:
                os.write(file, f"{probe}\n".encode())
            except OSError as error:
                raise SystemExit(f"{probe}: {error}") from error
            finally:
                os.close(file)
        self.find_locks()
        write(f"{TRACING}/trace_clock", "mono")
        write(f"{TRACING}/buffer_size_kb", "32768")

    def find_locks(self):
        """Look at these alone; memtel's are there while it is loaded."""
        self.names = {address: name for name, address in symbols().items()}
        which = " || ".join(f"lock==0x{address:x}" for address in self.names)
        for name in (*TAKES, "unlock"):
            write(f"{TRACING}/events/kprobes/{name}/filter", which)

    def __enter__(self):
        write(f"{TRACING}/trace", "")
        write(f"{TRACING}/set_event", "kprobes:*\n"
              "workqueue:workqueue_execute_start\n"
              "workqueue:workqueue_execute_end")
        self.events = []
        return self

    def __exit__(self, *_):
        write(f"{TRACING}/set_event", "")
        with open(f"{TRACING}/trace", encoding="utf-8",
                  errors="replace") as file:
            for line in file:
                match = EVENT.search(line)
                if match:
                    self.events.append((
                        int(match[1]), int(match[2]) * 10**9
                        + int(match[3]) * 1000, match[4], match[5]))

    def between(self, begin, end):
        """Times from a task's event to the other, ns."""
        open_, out = {}, []
        for task, now, name, _ in self.events:
            if name == begin:
                open_[task] = now
            elif name == end and task in open_:
                out.append(now - open_.pop(task))
        return out

    def works(self):
        """{function: [ns]} of memtel's works."""
        open_, out = {}, {}
        for task, now, name, text in self.events:
            if name == "workqueue_execute_start" and "[memtel]" in text:
                open_[task] = (now, re.search(r"function[ =](\w+)", text)[1])
            elif name == "workqueue_execute_end" and task in open_:
                start, function = open_.pop(task)
                out.setdefault(function, []).append(now - start)
        return out

    def holds(self):
        """{lock: [ns]}: from a task's wish for it to its end."""
        open_, out = {}, {}
        for task, now, name, text in self.events:
            address = re.search(r"lock=(0x[0-9a-f]+)", text)
            if not address:
                continue
            lock = self.names.get(int(address[1], 16))
            if name in TAKES:
                open_.setdefault((task, lock), now)
            elif (task, lock) in open_:
                out.setdefault(lock, []).append(now - open_.pop((task, lock)))
        return out


def late(which, what):
    """By how much it is late at most while something is done, ns."""
    path, period_ns = LATE[which]
    write(path, period_ns)
    read(path)
    what()
    worst = int(read(path))
    write(path, 0)
    return worst


def idle():
    """Nothing happens but what memtel does."""
    time.sleep(IDLE_SECONDS)


def timed_requests(tracer, *command):
    """ns of the longest request of a command, which is the one meant."""
    with tracer:
        must(*command)
    return max(tracer.between("request", "requested"))


def most(of):
    """The longest of each."""
    return {name: max(times) for name, times in of.items()}


def create_caches(first):
    """Caches, one after another, while memtel works."""
    for i in range(CREATED):
        write(CACHES, first + 1 + i)
        time.sleep(0.05)
    write(CACHES, first)


def at_work(out, tracer, caches):
    """What memtel does by itself with all triggers; and whom that delays."""
    with tracer:
        idle()
    works = tracer.works()
    out["idle"] = sum(sum(times) for times in works.values()) / IDLE_SECONDS
    out["works"] = {name: {"number": len(times), "most": max(times),
                           "mean": sum(times) / len(times)}
                    for name, times in works.items()}
    out["holds"] = most(tracer.holds())
    yield "late"
    for which in LATE:
        out[which] = late(which, idle)
    yield "caches made"
    with tracer:
        create_caches(caches)
    out["create"] = max(tracer.between("create", "created"))


def measure(caches, cgroups, triggers):
    """All steps; each leaves its figures in what it yields."""
    out = {"cpus": len(shape.numbers(read("/sys/devices/system/cpu/possible"))),
           "nodes": len(shape.nodes("online")), "caches": caches,
           "cgroups": cgroups, "triggers": triggers}
    insmod(f"{BUILD}/bench/memtel_late.ko")
    insmod(f"{BUILD}/oracle/memtel_pressure.ko")
    shape.make_caches(0)
    there = len(read("/proc/slabinfo").splitlines()) - 2
    extra = max(caches - there, 0)
    write(CACHES, extra)
    shape.make_cgroups(cgroups, CONTROLLED)
    yield out, "host made"
    tracer = Tracer()
    for which in LATE:
        out[f"{which}_alone"] = late(which, idle)
    with tracer:
        create_caches(extra)
    out["create_alone"] = max(tracer.between("create", "created"))
    load()
    tracer.find_locks()
    out["attach"] = {source: timed_requests(tracer, MEMTEL, "enable", source)
                     for source in SOURCES}
    yield out, "attached"
    shape.reclaim_in_each(shape.made_cgroups())
    out["memory"] = memory()
    out["dump"] = reading("caches", "3")[0]
    out["slabinfo"] = reading("/proc/slabinfo", "3")[0]
    yield out, "dumped"
    with tracer:
        dumping()
    out["holds_dump"] = most(tracer.holds())
    out["reset"] = timed_requests(tracer, MEMTEL, "reset")
    for which in LATE:
        out[f"{which}_dump"] = late(which, dumping)
        out[f"{which}_reset"] = late(which, lambda: must(MEMTEL, "reset"))
    yield out, "reset"
    with tracer:
        shape.arm(triggers)
    adds = tracer.between("request", "requested")[-triggers:]
    out["add"] = {"mean": sum(adds) / len(adds), "most": max(adds)}
    yield out, "armed"
    for step in at_work(out, tracer, extra):
        yield out, step
    yield out, "done"


def dumping():
    """One dump of all caches."""
    must(f"{BUILD}/bench/dump", "caches", "1")


def memory():
    """Bytes of all sources, as they say."""
    return sum(source.get("memory_bytes", 0) for source in
               json.loads(must(MEMTEL, "status", "--json"))["source"])


def main():
    """Measure, and save after each step."""
    for out, step in measure(*map(int, sys.argv[1:4])):
        say("scale:", step)
        save("scale", out)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"{error}: {error.stderr}") from error
