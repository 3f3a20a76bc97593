# SPDX-License-Identifier: GPL-2.0-or-later
"""Faults that users meet, watched by memtel watch and by a PSI trigger.

A fault is a program in tests/faults that knows nothing of memtel. memtel
watches with what it watches by itself. For each: the first event after the
fault began, who it blames, how long that took, and how long PSI took.
"""

import json
import os
import select
import signal
import subprocess
import threading
import time

from harness import (BUILD, SRC, Failed, Skipped, check, client, keeps_freed,
                     lacks_zonelock, must, read, wait_for, write)
from pressure import MODULE as PRESSURE
from test_watch import Watch

# The trigger that people set on PSI, and memtel's on reclaim.
PSI = "some 50000 1000000"
QUIET_SECONDS = 30
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
    """A fault, from its start until everything is quiet again."""

    def __init__(self, name):
        self.path = f"{SRC}/tests/faults/{name}"

    def __enter__(self):
        self.begin_ns = boottime_ns()
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen([self.path], start_new_session=True)
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        write("/proc/sys/vm/nr_hugepages", "0")
        write("/sys/kernel/debug/faulty_driver/run", "mend")
        write("/proc/sys/vm/drop_caches", "3")


def first_event(watch, after_ns, seconds):
    """The first event that was raised after a time, or None."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for line in watch.lines():
            # What else it says is for people.
            if not line.startswith("{"):
                continue
            event = json.loads(line)
            if event.get("kind") == "raised" and event["time_ns"] > after_ns:
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


def meet(name, is_right, seconds=60):
    """Run a fault; its first event must have the right cause."""
    prepare()
    psi = Psi()
    psi.start()
    ynl = client()
    with Watch("--json") as watch:
        time.sleep(1)
        with Fault(name) as fault:
            event = first_event(watch, fault.begin_ns, seconds)
            time.sleep(1)
        psi.stop = True
        psi.join()
        if not event:
            wrong(f"no event in {seconds} s")
        cause = event.get("cause")
        took = (event["time_ns"] - fault.begin_ns) / 10**6
        of_psi = ms_between(fault.begin_ns, psi.times)
        TABLE.append((name, event["metric"], blamed(cause) if cause else "-",
                      took, of_psi))
        print(f"# {name}: {event['metric']} after {took:.0f} ms: "
              f"{TABLE[-1][2]}; PSI after "
              + (f"{of_psi:.0f} ms, {of_psi / took:.1f} times as long"
                 if of_psi else "never"))
        if not cause or not is_right(cause):
            wrong(f"wrong cause: {json.dumps(event, indent=1)}")
        wait_for(lambda: not raised(ynl), QUIET_SECONDS, "all cleared")


def meet_nothing(name, kind):
    """A fault that this kernel tells nothing of: nobody is blamed for it."""
    prepare()
    with Watch("--json") as watch:
        time.sleep(1)
        with Fault(name) as fault:
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
    """The node is named."""
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
    if os.cpu_count() < 3:
        raise Skipped("the first waiter for a lock fires no event")
    meet("zone-lock-storm", lambda cause: cause["kind"] == "lock")


def test_benign_load():
    """Nothing is raised by a load that has memory enough."""
    prepare()
    with Watch("--json") as watch:
        time.sleep(1)
        with Fault("benign") as fault:
            event = first_event(watch, fault.begin_ns, 20)
    check(not event, f"raised: {json.dumps(event, indent=1)}")
    print("# benign: nothing")
    print("#")
    print(f"# {'fault':18} {'event':20} {'ms':>7} {'PSI ms':>7} "
          f"{'ratio':>6}  cause")
    for name, metric, cause, took, of_psi in TABLE:
        print(f"# {name:18} {metric:20} {took:7.0f} "
              + (f"{of_psi:7.0f} {of_psi / took:6.1f}" if of_psi
                 else f"{'never':>7} {'':>6}") + f"  {cause}")
