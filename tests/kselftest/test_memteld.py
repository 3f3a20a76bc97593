# SPDX-License-Identifier: GPL-2.0-or-later
"""memteld beside the real module: its metrics, its events, its coming and
going. What needs no module is in tests/unit/test_memteld.py."""

import json
import os
import re
import signal
import subprocess
import time

from harness import (BUILD, SRC, check, client, equal, lacks_zonelock, load,
                     read, unload, wait_for, write)
from pressure import cgroup, read_disk
from test_trigger import Stall

OUT = "/tmp/memteld.jsonl"
CONFIG = "/tmp/memteld.yaml"
TRIGGER = "shrinker-time > 100ms in 1s"
BASE = f"""
interval: 1s
state: /tmp/memteld.history
builtin_rules: false
sinks: [{{file: {{path: {OUT}}}}}]
"""
# What the unit leaves of root's capabilities.
UNIT_CAPS = ("setpriv", "--bounding-set", "-all,+net_admin,+syslog",
             "--inh-caps", "-all", "--no-new-privs")


class Daemon:
    """A memteld that runs as its unit would have it."""

    def __init__(self, text):
        for path in (OUT, "/tmp/memteld.history"):
            if os.path.exists(path):
                os.unlink(path)
        write(CONFIG, BASE + text)
        with open("/tmp/memteld.err", "wb") as errors:
            self.process = subprocess.Popen(
                [*UNIT_CAPS, f"{BUILD}/userspace/memteld", "--config", CONFIG,
                 "--builtin-rules", f"{SRC}/userspace/daemon/rules.yaml"],
                stderr=errors)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        equal(self.process.wait(60), 0, "exit after SIGTERM")

    def notices(self, kind):
        """Those of a kind."""
        if not os.path.exists(OUT):
            return []
        lines = read(OUT).split("\n")[:-1]
        return [n for n in map(json.loads, lines) if n["kind"] == kind]

    def wait(self, kind, pattern, seconds=60):
        """A notice of a kind, of which the text matches."""
        def found():
            return [n for n in self.notices(kind)
                    if re.search(pattern, n["text"])]
        wait_for(found, seconds, f"{kind} {pattern}: "
                 f"{read('/tmp/memteld.err')}")
        return found()[-1]


def metric_names():
    """All that the collectors know."""
    text = read(f"{SRC}/userspace/daemon/collect_module.c") \
        + read(f"{SRC}/userspace/daemon/collect_host.c")
    return sorted({name for name in re.findall(r'"(memtel_\w+)"', text)
                   if not ("zone_lock" in name and lacks_zonelock())})


def test_every_metric_has_a_value():
    """Each is there under load, and none is negative or absurd."""
    unload()
    load("fallback_sampling=1")
    names = metric_names()
    check(len(names) > 30, f"only {names}")
    group = cgroup("memteld", max="16M", high="8M")
    rules = "rules:\n" + "".join(
        f"  - alert: A{i}\n    expr: count({name} >= 0)\n"
        for i, name in enumerate(names))
    with Daemon("triggers: []\ncgroups: ['/*']\n" + rules) as daemon:
        wait_for(lambda: client().do("source-get", {"name": "shrinker"})
                 .get("attached"), 60, "the sources are held")
        read_disk(32, group)
        write("/proc/sys/vm/drop_caches", "2")
        try:
            wait_for(lambda: len({n["name"] for n in daemon.notices("firing")})
                     == len(names), 60, "a value of each metric")
        finally:
            have = {n["name"] for n in daemon.notices("firing")}
            print("# absent:", [name for i, name in enumerate(names)
                                if f"A{i}" not in have])
    os.rmdir(group)
    equal([row["holds"] for row in client().dump("source-get", {})],
          [0] * 6, "holds after the end")


def test_values_are_the_kernels():
    """Memory of nodes in slabs, beside the kernel's own files."""
    def kernels(nid):
        text = read(f"/sys/devices/system/node/node{nid}/meminfo")
        return int(re.search(r" Slab: +(\d+) kB", text)[1]) * 1024
    before = [kernels(nid) for nid in range(2)]
    with Daemon("triggers: []\nrules:\n  - alert: Slab\n"
                "    expr: memtel_node_slab_bytes\n") as daemon:
        wait_for(lambda: len(daemon.notices("firing")) == 2, 60, "two nodes")
        after = [kernels(nid) for nid in range(2)]
        for notice in daemon.notices("firing"):
            nid = int(notice["labels"]["node"])
            low, high = sorted((before[nid], after[nid]))
            print(f"# node {nid}: {notice['value']:.0f} in {low}..{high}")
            check(low * 0.98 <= notice["value"] <= high * 1.02,
                  f"node {nid}: {notice['value']} is not in {low}..{high}")


def test_pressure_events():
    """A stall is told with its cause as it happens, not at an interval."""
    # So that no other shrinker has much to do.
    write("/proc/sys/vm/drop_caches", "3")
    with Daemon(f"triggers: ['{TRIGGER}']\n") as daemon:
        ynl = client()
        wait_for(lambda: ynl.dump("trigger-get", {}), 60, "a trigger")
        start = time.time()
        with Stall(300):
            raised = daemon.wait("pressure", "RAISED shrinker-time")
        daemon.wait("pressure", "cleared shrinker-time")
        equal((raised["name"], raised["level"]), ("shrinker-time", "warning"),
              "notice")
        check("pressure_scan" in raised["text"], raised["text"])
        equal(raised["detail"]["cause"]["kind"], "shrinker", "cause")
        check(abs(raised["time_ms"] / 1000 - start) < 10,
              f"{raised['time_ms']} at {start}")
    equal(client().dump("trigger-get", {}), [], "triggers after the end")


def test_reload_keeps_the_subscription():
    """The same triggers are not touched; others are."""
    with Daemon(f"triggers: ['{TRIGGER}']\n") as daemon:
        ynl = client()

        def ids():
            return [row["id"] for row in ynl.dump("trigger-get", {})]
        wait_for(ids, 60, "a trigger")
        before = ids()
        write(CONFIG, BASE + f"triggers: ['{TRIGGER}']\nrules: [{{alert: A,"
              " expr: memtel_node_free_bytes > 0}]\n")
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait("firing", "A")
        equal(ids(), before, "the trigger's id")
        write(CONFIG, BASE + "triggers: ['stall-time > 1h in 1h']\n")
        daemon.process.send_signal(signal.SIGHUP)
        wait_for(lambda: [row["metric"] for row in
                          ynl.dump("trigger-get", {})] == ["stall-time"], 60,
                 "another trigger")


def test_refused_triggers_are_tried_again():
    """One that there was no room for is added when there is some, and not told of
    twice."""
    path = "/sys/module/memtel/parameters/triggers_max"
    write(path, "0")
    try:
        with Daemon(f"triggers: ['{TRIGGER}']\n"):
            wait_for(lambda: "triggers_max" in read("/tmp/memteld.err"), 60,
                     "that it was refused")
            time.sleep(12)
            write(path, "1024")
            wait_for(lambda: client().dump("trigger-get", {}), 60,
                     "the trigger")
            equal(read("/tmp/memteld.err").count("trying again"), 1, "told")
    finally:
        write(path, "1024")


def test_usual_triggers_are_added_once():
    """Also when the module comes after the daemon."""
    def triggers():
        return sorted((row["metric"], row.get("node-id"), row["threshold"])
                      for row in client().dump("trigger-get", {}))
    with Daemon(""):
        wait_for(triggers, 60, "triggers")
        time.sleep(1)
        wanted = triggers()
    unload()
    with Daemon("") as daemon:
        daemon.wait("daemon", "is not loaded")
        load()
        daemon.wait("daemon", "is loaded: watching")
        wait_for(lambda: len(triggers()) >= len(wanted), 60, "triggers again")
        time.sleep(1)
        equal(triggers(), wanted, "triggers")


def test_reload_keeps_counting():
    """A source that is still wanted is not attached anew."""
    rule = "rules:\n  - alert: A{}\n    expr: memtel_fallback_samples_total < 0\n"

    def since():
        row = client().do("source-get", {"name": "fallback"})
        return row.get("since-ns")
    with Daemon("triggers: []\n" + rule.format(1)) as daemon:
        wait_for(since, 60, "the source is held")
        before = since()
        write(CONFIG, BASE + "triggers: []\nsources: [shrinker]\n"
              + rule.format(2))
        daemon.process.send_signal(signal.SIGHUP)
        wait_for(lambda: client().do("source-get", {"name": "shrinker"})
                 .get("attached"), 60, "another source")
        equal(since(), before, "time since which the source counts")
        write(CONFIG, BASE + "triggers: []\n")
        daemon.process.send_signal(signal.SIGHUP)
        wait_for(lambda: since() is None, 60, "what nobody wants is released")


def test_module_comes_and_goes():
    """Both are told; rules on PSI go on, those on the module come back."""
    rules = """
rules:
  - alert: Module
    expr: count(memtel_node_slab_bytes) >= 0
  - alert: Psi
    expr: memtel_pressure_seconds_total{kind="some"} >= 0
"""
    unload()
    with Daemon(f"triggers: ['{TRIGGER}']\n" + rules) as daemon:
        daemon.wait("daemon", "is not loaded")
        daemon.wait("firing", "Psi")
        equal(len(daemon.notices("firing")), 1, "rules that fire")
        load()
        daemon.wait("daemon", "is loaded: watching")
        daemon.wait("firing", "Module")
        with Stall(300):
            daemon.wait("pressure", "RAISED shrinker-time")
        unload()
        wait_for(lambda: len(daemon.notices("daemon")) == 3, 60, "gone again")
        daemon.wait("resolved", "Module")
        check(not [n for n in daemon.notices("resolved")
                   if n["name"] == "Psi"], "PSI was lost, too")
        load()
        wait_for(lambda: len(daemon.notices("daemon")) == 4, 60, "back again")
        wait_for(lambda: len([n for n in daemon.notices("firing")
                              if n["name"] == "Module"]) > 1, 60,
                 "the rule fires again")
        equal(read("/tmp/memteld.err"), "", "stderr")


def test_builtin_rules_work_as_shipped():
    """More in slabs than the rule allows, and its advice."""
    write("/tmp/rules.yaml",
          read(f"{SRC}/userspace/daemon/rules.yaml")
          .replace("> 0.15", "> 0.0001").replace("for: 1m", "for: 2s"))
    with Daemon("triggers: []\nrule_files: [/tmp/rules.yaml]\n") as daemon:
        notice = daemon.wait("firing", "SlabShareHigh")
        check("of all memory" in notice["text"], notice["text"])
        check("memtel caches" in notice["annotations"]["advice"], notice)
        meminfo = {line.split(":")[0]: int(line.split()[1])
                   for line in read("/proc/meminfo").splitlines()}
        share = meminfo["Slab"] / meminfo["MemTotal"]
        check(abs(notice["value"] / share - 1) < 0.1,
              f"{notice['value']} beside {share}")
