# SPDX-License-Identifier: GPL-2.0-or-later
"""Faults that users meet, watched by memtel watch and by a PSI trigger.

A fault is a program in tests/faults that knows nothing of memtel. memtel
watches with what it watches by itself. For each: the first event after the
fault began, who it blames, how long that took, and how long PSI took.
"""

import contextlib
import json
import os
import re
import select
import signal
import subprocess
import threading
import time

from harness import (BUILD, SRC, Failed, Skipped, check, client, keeps_freed,
                     lacks_zonelock, must, read, wait_for, write)
from pressure import MODULE as PRESSURE
from shape import SHAPE, cpus, free_mib, nodes
from test_watch import Watch

# The trigger that people set on PSI, and memtel's on reclaim.
PSI = "some 50000 1000000"
QUIET_SECONDS = 30
# A fault may have much to prepare, on any shape of host.
PREPARE_SECONDS = 600
# Messages' call site, and the caches they are in.
MESSAGES = r"load_msg|alloc_msg"
MESSAGE_CACHES = ("kmalloc-cg-192", "kmalloc-192")
TABLE = []


def boottime_ns():
    """The clock of events."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class Psi(threading.Thread):
    """A trigger of PSI; times at which it fired."""

    def __init__(self):
        super().__init__(daemon=True)
        self.times = []
        self.stop = False
        self.file = os.open("/proc/pressure/memory", os.O_RDWR)
        os.write(self.file, PSI.encode() + b"\0")

    def run(self):
        poll = select.poll()
        poll.register(self.file, select.POLLPRI)
        while not self.stop:
            if poll.poll(100):
                self.times.append(boottime_ns())
        os.close(self.file)


def prepare():
    """Modules and a disk that faults need."""
    for module in (PRESSURE, f"{BUILD}/oracle/faulty_driver.ko"):
        name = os.path.basename(module)[:-3]
        if not os.path.exists(f"/sys/module/{name}"):
            must("insmod", module)
    if not os.path.exists("/dev/ram0"):
        must("modprobe", "brd", "rd_nr=1", "rd_size=4194304")


def raised(ynl):
    """Triggers that are raised now."""
    return [row["metric"] for row in ynl.dump("trigger-get", {})
            if "raised" in row]


class Fault:
    """A fault, from its start until everything is quiet again. One that first
    prepares something says on a line of its own when it begins."""

    def __init__(self, name, prepares=False):
        self.path = f"{SRC}/tests/faults/{name}"
        self.prepares = prepares

    def __enter__(self):
        self.begin_ns = boottime_ns()
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen(
            [self.path], start_new_session=True,
            stdout=subprocess.PIPE if self.prepares else None)
        if self.prepares:
            self.wait()
        return self

    def wait(self):
        """Until it begins."""
        out = self.process.stdout
        ready, _, _ = select.select([out], [], [], PREPARE_SECONDS)
        if not ready or out.readline() != b"begin\n":
            self.__exit__()
            raise Failed("the fault did not begin")
        self.begin_ns = boottime_ns()

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
        write("/proc/sys/vm/nr_hugepages", "0")
        write("/sys/kernel/debug/faulty_driver/run", "mend")
        write("/proc/sys/vm/drop_caches", "3")


def raised_events(watch, after_ns):
    """Events that were raised after a time, so far."""
    # What else it says is for people.
    events = [json.loads(line) for line in watch.lines()
              if line.startswith("{")]
    return [event for event in events if event.get("kind") == "raised"
            and event["time_ns"] > after_ns]


def first_event(watch, after_ns, seconds):
    """The first event that was raised after a time, or None."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for event in raised_events(watch, after_ns):
            return event
        time.sleep(0.05)
    return None


def ms_between(begin_ns, times):
    """ms to the first of the times after the beginning, or None."""
    later = [at for at in times if at > begin_ns]
    return (later[0] - begin_ns) / 10**6 if later else None


def blamed(cause):
    """A cause in a few words."""
    where = f" on node {cause['node_id']}" if "node_id" in cause else ""
    name = (cause.get("symbol") or cause.get("cgroup_path")
            or cause.get("name", ""))
    if cause["kind"] == "node":
        where = f" {cause['node_id']}"
    return (f"{cause['kind']}{' ' if name else ''}{name}{where}"
            + (f" of {cause['cache']}" if "cache" in cause else "")
            + f", {cause['share_bp'] / 100:.0f}%")


def wrong(message):
    """It was not told, or not right: a failure, on a kernel that users have."""
    if keeps_freed():
        raise Skipped("what KASAN keeps, and its time, may be the first to tell of")
    raise Failed(message)


def enter(name, event, fault, psi):
    """What a fault's event says goes into the table."""
    cause = event.get("cause")
    took = (event["time_ns"] - fault.begin_ns) / 10**6
    of_psi = ms_between(fault.begin_ns, psi.times)
    TABLE.append((name, event["metric"], blamed(cause) if cause else "-",
                  took, of_psi))
    print(f"# {name}: {event['metric']} after {took:.0f} ms: "
          f"{TABLE[-1][2]}; PSI after "
          + (f"{of_psi:.0f} ms, {of_psi / took:.1f} times as long"
             if of_psi else "never"))
    return cause


@contextlib.contextmanager
def met(name, *triggers, prepares=False):
    """A fault that is watched, by memtel's own triggers or these, and by PSI:
    gives what watches, the fault, and PSI. When it is over all is quiet again."""
    prepare()
    psi = Psi()
    psi.start()
    ynl = client()
    words = [word for trigger in triggers for word in ("--trigger", trigger)]
    with Watch("--json", *words) as watch:
        time.sleep(1)
        try:
            with Fault(name, prepares) as fault:
                yield watch, fault, psi
        finally:
            psi.stop = True
            psi.join()
        wait_for(lambda: not raised(ynl), QUIET_SECONDS, "all cleared")


def meet(name, is_right, seconds=60):
    """Run a fault; its first event must have the right cause."""
    with met(name) as (watch, fault, psi):
        event = first_event(watch, fault.begin_ns, seconds)
        time.sleep(1)
        if not event:
            wrong(f"no event in {seconds} s")
        cause = enter(name, event, fault, psi)
        if not cause or not is_right(cause):
            wrong(f"wrong cause: {json.dumps(event, indent=1)}")


def meet_idle(name, *triggers, rights, idle, seconds):
    """Run a fault that prepares what may be mistaken for its cause. Each event
    has the right cause or none, and none shows as growing what is idle.

    @rights: of each place there is something to be told at, what is right of a
             cause; one of them must be told
    @idle: pattern of names of what does nothing
    """
    with met(name, *triggers, prepares=True) as (watch, fault, psi):
        first = first_event(watch, fault.begin_ns, seconds)
        # Later ones may be wrong, too.
        time.sleep(seconds / 2)
        events = raised_events(watch, fault.begin_ns)
        if not first:
            wrong(f"no event in {seconds} s")
        for event in events:
            cause = enter(name, event, fault, psi)
            suspects = [cause] if cause else []
            if cause and not any(is_right(cause) for is_right in rights):
                wrong(f"wrong cause: {json.dumps(event, indent=1)}")
            for suspect in suspects + event.get("suspect", []):
                if re.search(idle, names_of(suspect)) and not is_small(
                        suspect, event):
                    wrong(f"idle: {json.dumps(event, indent=1)}")


def names_of(suspect):
    """All that a suspect is called."""
    return " ".join(str(suspect.get(key, "")) for key in
                    ("symbol", "cache", "name"))


def is_small(suspect, event):
    """Whether a suspect is so little that the tests themselves may be it."""
    return suspect.get("value", 0) * 20 < event["value"]


def of_messages(cause):
    """What piles up by messages: their site, or their cache."""
    return (re.search(MESSAGES, cause.get("symbol", "")) or
            cause["kind"] == "cache" and cause["name"] in MESSAGE_CACHES)


def of_pipes(cause):
    """What a pipe takes."""
    return re.search(r"pipe|filp|inode|dentry|alloc_file|d_alloc|kmalloc",
                     names_of(cause))


def meet_nothing(name, kind):
    """A fault that this kernel tells nothing of: nobody is blamed for it."""
    with met(name) as (watch, fault, _):
        event = first_event(watch, fault.begin_ns, 20)
    check(not event or event.get("cause", {}).get("kind") != kind,
          f"blamed: {json.dumps(event, indent=1)}")


def test_leak_from_one_call_site():
    """The line of code is named."""
    meet("leak", lambda cause: cause["kind"] == "site" and
         cause["symbol"].startswith("faulty_driver_request+") and
         cause["cache"] == "kmalloc-192")


def test_dentry_storm():
    """The cache is named, or a site that allocates from it."""
    meet("dentry-storm", lambda cause: "dentry" in
         (cause.get("cache"), cause.get("name")), seconds=120)


def test_cgroup_at_memory_high():
    """The cgroup is named."""
    meet("cgroup-thrash", lambda cause: cause["kind"] == "cgroup" and
         cause["cgroup_path"] == "/thrash")


def test_one_node_full():
    """The node is named, where there is another that has room."""
    if len(nodes()) < 2 or free_mib(0) > 1900:
        raise Skipped("needs a node of CPU 0 that is full, and another")
    meet("node-full", lambda cause: cause["kind"] == "node" and
         cause["node_id"] == 0)


def test_fragmentation():
    """A zone is named, for its compaction."""
    meet("fragmentation", lambda cause: cause["kind"] == "zone" and
         cause["measure"] == "compaction-ns")


def test_sleeping_shrinker():
    """The shrinker is named."""
    meet("sleeping-shrinker", lambda cause: cause["kind"] == "shrinker" and
         cause["name"].startswith("pressure_scan"))


def test_zone_lock_storm():
    """The lock is named; where no wait for it can be seen, it is not."""
    if lacks_zonelock():
        meet_nothing("zone-lock-storm", "lock")
        return
    if "hypervisor" in read("/proc/cpuinfo"):
        raise Skipped("spinlocks of this CPU model fire no events")
    if len(cpus()) < 3:
        raise Skipped("the first waiter for a lock fires no event")
    meet("zone-lock-storm", lambda cause: cause["kind"] == "lock")


def test_idle_on_one_node_leak_on_another():
    """Inodes that rest on the first node are nobody's fault."""
    meet_idle("numa-evidence", rights=(of_messages,),
              idle=r"inode|dentry", seconds=16)


def test_old_allocations():
    """What was allocated before the window is no cause."""
    meet_idle("stale-allocs", "slab-growth > 1MiB in 2s for 6s",
              "slab-allocs > 5k in 2s for 6s", rights=(of_messages,),
              idle=r"pipe|kmalloc-cg-1k|filp", seconds=16)


def test_second_leak():
    """A second leak on top of the first; each is told, or neither."""
    meet_idle("second-leak", rights=(of_messages, of_pipes),
              idle=r"ext4|shmem_inode", seconds=30)


def test_slow_dentries():
    """The shrinker of what holds the memory is named."""
    def is_right(cause):
        return (cause["kind"] == "shrinker" and
                cause["name"].startswith("super_cache_scan"))
    meet_idle("slow-dcache", rights=(is_right,), idle=r"pressure_scan",
              seconds=10)


def test_benign_load():
    """Nothing is raised by a load that has memory enough."""
    with met("benign") as (watch, fault, _):
        event = first_event(watch, fault.begin_ns, 20)
    check(not event, f"raised: {json.dumps(event, indent=1)}")
    TABLE.append(("benign", "-", "-", None, None))


def cell(number, how):
    """A number of the table, or that it never was."""
    return "never" if number is None else format(number, how)


def show():
    """The table of all faults that were met."""
    print(f"#\n# {'shape':12} {'fault':18} {'event':20} {'ms':>7} {'PSI ms':>7}"
          "  cause")
    for name, metric, cause, took, of_psi in TABLE:
        print(f"# {SHAPE.name:12} {name:18} {metric:20} {cell(took, '.0f'):>7} "
              f"{cell(of_psi, '.0f'):>7}  {cause}")
