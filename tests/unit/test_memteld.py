#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The real memteld, without the module, on files that play PSI and cgroups.

MEMTEL names memtel in the directory where memteld was built.
"""
import json
import os
import re
import resource
import select
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
from datetime import datetime
from pathlib import Path

from tap import ok, tap_done

MEMTELD = Path(os.environ["MEMTEL"]).with_name("memteld")
TOP = Path(os.environ["TOP"])
FAKE = os.environ["FAKE_KERNEL"]
RULES = TOP / "userspace/daemon/rules.yaml"
JOURNAL = "/run/systemd/journal/socket"
DIR = Path(tempfile.mkdtemp(prefix="test_memteld-"))


def wait(condition, seconds=20):
    """Until it is true, or too late; returns it."""
    end = time.monotonic() + seconds
    while not (result := condition()) and time.monotonic() < end:
        time.sleep(0.05)
    return result


def check(text, rules=None):
    """memteld --check of a configuration: exit code and messages."""
    path = DIR / "check.yaml"
    path.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [MEMTELD, "--config", path, "--builtin-rules", rules or RULES,
         "--check"], capture_output=True, text=True, check=False, timeout=20)
    return done.returncode, done.stderr.replace(f"{path}:", "")


def psi(full=0, some=0):
    """The file that plays PSI."""
    path = DIR / "pressure"
    path.with_suffix(".new").write_text(
        f"some avg10=0.00 avg60=0.00 avg300=0.00 total={some}\n"
        f"full avg10=0.00 avg60=0.00 avg300=0.00 total={full}\n",
        encoding="ascii")
    path.with_suffix(".new").rename(path)
    return path


def cgroup(name, current):
    """A directory that plays a cgroup."""
    path = DIR / "cgroup" / name
    path.mkdir(parents=True, exist_ok=True)
    (path / "memory.current").write_text(f"{current}\n", encoding="ascii")
    (path / "memory.max").write_text("max\n", encoding="ascii")
    (path / "memory.events").write_text("low 0\nhigh 3\noom_kill 0\n",
                                        encoding="ascii")
    return path


BASE = f"""
interval: 1s
state: {DIR}/history
pressure: {DIR}/pressure
cgroup_root: {DIR}/cgroup
builtin_rules: false
triggers: []
"""
# Root, but nothing that root may.
POWERLESS = ("setpriv", "--bounding-set", "-all", "--inh-caps", "-all")
BIG = """
rules:
  - alert: Big
    expr: memtel_cgroup_memory_bytes > 1000
    annotations: {summary: "{{ $labels.cgroup }} {{ $value }}"}
"""


class Daemon:
    """A memteld that runs."""

    def __init__(self, text, prefix=(), **popen):
        self.config = DIR / "memteld.conf"
        self.write(text)
        self.errors = DIR / "stderr"
        with open(self.errors, "wb") as errors:
            self.process = subprocess.Popen(
                [*prefix, MEMTELD, "--config", self.config, "--builtin-rules", RULES],
                stderr=errors, **popen)

    def write(self, text):
        """Another configuration."""
        self.config.write_text(text, encoding="utf-8")

    def reload(self):
        """SIGHUP."""
        self.process.send_signal(signal.SIGHUP)

    def said(self):
        """What came on stderr."""
        return self.errors.read_text(encoding="utf-8")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def lines(path):
    """The notices in a file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in text.splitlines()]


def names(path, kind):
    """The text of a file's notices of a kind."""
    return [n["text"] for n in lines(path) if n["kind"] == kind]


# --- configurations

code, said = check((TOP / "userspace/daemon/memteld.conf").read_text())
ok(code == 0, "the configuration that is shipped is good", said)
code, said = check(BASE + BIG)
ok(code == 0, "so is a small one", said)
(example,) = re.findall(r"```yaml\n(.*?)```", (TOP / "README.md").read_text(
    encoding="utf-8"), re.S)
code, said = check(example)
ok(code == 0, "and that of the README", said)

code, said = check("cgroups: ['/a..b', '/..c/d']")
ok(code == 0, "dots in a name go nowhere", said)

(DIR / "loop").symlink_to(DIR / "loop")
code, said = check(f"rule_files: ['{DIR}/none/*.yaml', '{DIR}/*.none']")
ok(code == 0, "patterns that match nothing", said)

MISTAKES = (
    ("interval: 10", "1:11: expected a time such as 90s, 5m or 1h30m"),
    ("interval: 10ms", "1:11: must be 1 to 3600 seconds"),
    ("intervals: 10s", "1:1: there is no key 'intervals' here"),
    ("interval: 1s\ninterval: 2s", "2:1: 'interval' is there twice"),
    ("interval: [1s]", "1:11: expected a text"),
    ("builtin_rules: maybe", "1:16: expected true or false"),
    ("state: history", "1:8: expected a path from the root"),
    ("cgroups: ['/a/../b']", "1:11: expected a path from the root of the"),
    ("cgroups: ['%s']" % ("/a" * 61), "1:11: more than 60 parts"),
    ("triggers: ['stall-time > 1ms in 1']", "1:34: expected a time unit|"
     "1:3[0-9]: "),
    ("sinks: [journal]", "1:9: expected a mapping"),
    ("sinks: [{mail: {}}]", "1:10: expected journal, file, stdout or socket"),
    ("sinks: [{file: {}}]", "1:16: 'path' is missing"),
    ("sinks: [{file: {path: /a}}, {file: {path: /a}}]",
     "1:30: the sink is there already"),
    ("sinks: [{socket: {path: /a, mode: '999'}}]",
     "1:35: expected permissions"),
    ("sinks: []", "1:8: expected a sink"),
    ("interval: 1s\n---\ninterval: 2s", "2:1: expected one document"),
    ("sinks: [{journal: {}, stdout: {}}]", "1:9: expected one sink"),
    ("rules: {}", "1:8: expected a list"),
    ("rules:\n  - expr: up", "2:5: 'alert' is missing"),
    ("rules:\n  - alert: A\n    expr: up >", "3:15: the expression ends"),
    ("rules:\n  - alert: A\n    expr: 'sum(up'", "3:18: expected '\\)'"),
    ("rules:\n  - alert: A b\n    expr: up", "2:12: expected a name"),
    ("rules:\n  - alert: A\n    expr: up\n    for: 5", "4:10: expected a time"),
    ("rules:\n  - alert: A\n    expr: up\n    annotations: {a: '{{ $x }}'}",
     "4:2[0-9]: expected \\$value or \\$labels.NAME"),
    ("rules:\n  - alert: A\n    expr: up[400d] > 1",
     "3:11: > takes series, and this is series over a time"),
    ("rules:\n  - alert: A\n    expr: rate(up[400d]) > 1",
     "3:16: nothing is kept for more than 366 days"),
    ("rules:\n  - alert: A\n    expr: up\n  - alert: A\n    expr: up",
     "4:5: the rule is there already"),
    ("rules:\n  - alert: A\n    expr: 1" + "+1" * 200000,
     "3:1011: more than 1000 parts"),
    ("rules:\n  - alert: A\n    expr: up\n    labels: {%s: a}" % ("l" * 52),
     "4:14: the name of a label has at most 51 characters"),
    ("rules:\n  - alert: A\n    expr: 'absent(up{%s=\"a\"})'" % ("l" * 52),
     "3:22: the name of a label has at most 51 characters"),
    (f"rule_files: [{DIR}/none.yaml]", f"{DIR}/none.yaml: No such file"),
    (f"rule_files: ['{DIR}/loop/*.yaml']",
     f"{DIR}/loop/\\*.yaml: a directory cannot be read"),
    ("interval: 1s\n  x: [", "2:4: mapping values are not allowed"),
    ("", "1:1: there is nothing in it"),
    ("- a", "1:1: expected a mapping"),
)
for text, pattern in MISTAKES:
    code, said = check(text)
    ok(code == 1 and re.search(f"^({pattern})", said, re.M),
       f"refused: {text[:90]!r}", f"exit {code}: {said}")
code, said = check("interval: 1\nstate: x\nsinks: 3\nrulez: []")
ok(code == 1 and len(said.splitlines()) == 4, "all mistakes are told at once",
   said)

# --- what is right by its form, and hardly meant

WARNINGS = (
    ("sum(memtel_node_fre_bytes) > 1",
     "3:15: warning: memteld has no metric 'memtel_node_fre_bytes': did you mean "
     "'memtel_node_free_bytes'\\?"),
    ("up > 1", "3:11: warning: memteld has no metric 'up'$"),
    ('memtel_node_free_bytes{nod="0"} > 1',
     "3:11: warning: memtel_node_free_bytes has no label 'nod': did you mean "
     "'node'\\?"),
    ('memtel_cache_slab_bytes{id="0"} > 1', None),
    ("sum by(nodes) (memtel_zone_free_bytes) > 1",
     "3:11: warning: nothing here has a label 'nodes': did you mean 'node'\\?"),
    ("sum by(zone) (memtel_zone_free_bytes) > 1", None),
    ("memtel_node_free_bytes", "3:11: warning: without a comparison"),
    ("memtel_node_free_bytes > bool 5",
     "3:34: warning: with bool the rule fires for every series"),
    ("rate(memtel_node_free_bytes[3s])",
     "3:11: warning: without a comparison"),
    ("absent(memtel_node_free_bytes)", None),
    ("memtel_node_free_bytes unless memtel_zone_free_bytes", None),
    ("time() > bool 5", None),
    ("rate(memtel_pressure_seconds_total[3s]) > 0",
     "3:16: warning: a time of 3s is too short for two samples, which are 2s "
     "apart"),
    ("rate(memtel_pressure_seconds_total[4s]) > 0", None),
    ("memtel_node_free_bytes > 0\n    labels: {severity: page}",
     "4:24: warning: a severity of 'page' is taken as warning: expected"),
    ("memtel_node_free_bytes > 0\n    labels: {severity: warn1ng}",
     "4:24: warning: a severity of 'warn1ng' is taken as warning: did you mean "
     "'warning'\\?"),
    ("memtel_node_free_bytes > 0\n    labels: {severity: '{{ $value }}'}", None),
    ("memtel_node_free_bytes > 0\nsources: [slap]",
     "4:11: warning: memteld knows no source 'slap': did you mean 'slab'\\?"),
    ("memtel_node_free_bytes > 0\nsources: [slab, site]", None),
)
for text, pattern in WARNINGS:
    code, said = check(f"rules:\n  - alert: A\n    expr: {text}\ninterval: 2s\n"
                       f"builtin_rules: false")
    ok(code == 0 and (re.search(f"^({pattern})", said, re.M) if pattern
                      else said == ""),
       f"{'warned of' if pattern else 'good'}: {text!r}", f"exit {code}: {said}")
code, said = check("inter_val: 1s\n")
ok(code == 1 and "did you mean 'interval'?" in said, "a key that is misspelt",
   said)
code, said = check("{}")
ok(code == 0 and said == "", "nothing is said of the rules that are shipped",
   said)
known = set(re.findall(r'"(\w+)"', re.search(
    r"sources\[\] = \{(.*?)\};", (TOP / "userspace/daemon/lint.c").read_text(),
    re.S).group(1)))
ok(known == {name for path in (TOP / "kmod").rglob("*.c") for name in re.findall(
    r'struct memtel_source \w+ = \{[^}]*?\.name = "(\w+)"',
    path.read_text(encoding="utf-8"))},
   "the sources that memteld knows are those of the module", known)

done = subprocess.run([MEMTELD, "--config", DIR / "none", "--check"],
                      capture_output=True, text=True, check=False)
ok(done.returncode == 1 and "No such file" in done.stderr,
   "no configuration", done.stderr)
done = subprocess.run([MEMTELD, "--colour"], capture_output=True, text=True,
                      check=False)
ok(done.returncode == 2 and "--help" in done.stderr, "wrong usage",
   done.stderr)
done = subprocess.run([MEMTELD, "extra"], capture_output=True, text=True,
                      check=False)
ok(done.returncode == 2 and "'extra'" in done.stderr, "an argument",
   done.stderr)
done = subprocess.run([MEMTELD, "--help"], capture_output=True, text=True,
                      check=False)
ok(done.returncode == 0 and "--check" in done.stdout, "help", done.stdout)

# --- rules, file, reload, restart

OUT = DIR / "events.jsonl"
FILE = f"sinks: [{{file: {{path: {OUT}, mode: '0604'}}}}]\n"
psi()
cgroup("a", 10)
with Daemon(BASE + FILE + BIG) as daemon:
    ok(wait(lambda: names(OUT, "daemon")), "without the module it runs",
       daemon.said())
    ok("not loaded" in names(OUT, "daemon")[0], "and says so", lines(OUT))
    cgroup("a", 2000)
    cgroup("b", 3000)
    ok(wait(lambda: len(names(OUT, "firing")) == 2), "rules fire", lines(OUT))
    ok(sorted(names(OUT, "firing")) == [
        'FIRING Big{cgroup="/a"}: /a 2000', 'FIRING Big{cgroup="/b"}: /b 3000'],
        "by their cgroup", names(OUT, "firing"))
    ok(OUT.stat().st_mode & 0o777 == 0o604, "the file's mode is as wished",
       oct(OUT.stat().st_mode))
    one = lines(OUT)[-1]
    moment = datetime.fromisoformat(one["time"].replace("Z", "+00:00"))
    ok(round(moment.timestamp() * 1000) == one["time_ms"] and
       abs(one["boot_time_ms"] / 1000 - time.clock_gettime(
           time.CLOCK_BOOTTIME)) < 60 and
       one["host"] == socket.gethostname() and one["boot_id"] == Path(
           "/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
       .replace("-", ""), "a line says when, and of which host and boot", one)
    ok('"cgroup":"/b"' in OUT.read_text(encoding="utf-8"),
       "with slashes as they are", OUT.read_text(encoding="utf-8"))
    ok(one["level"] == "warning" and one["value"] == 3000
       and abs(one["time_ms"] / 1000 - time.time()) < 60, "what a line has",
       one)
    # A cgroup that goes is no error; its alert is over.
    shutil.rmtree(DIR / "cgroup/b")
    ok(wait(lambda: names(OUT, "resolved")), "a cgroup vanishes", lines(OUT))
    ok(daemon.said() == "", "without a word on stderr", daemon.said())
    # A mistake in a new configuration changes nothing.
    daemon.write(BASE + FILE + "rules: 3\n")
    daemon.reload()
    ok(wait(lambda: "the one before stays" in daemon.said()),
       "a bad configuration is refused", daemon.said())
    ok(re.search(r"memteld.conf:\d+:8: expected a list", daemon.said()),
       "and what is wrong is said", daemon.said())
    ok(wait(lambda: any("the one before stays" in t
                        for t in names(OUT, "daemon"))),
       "to the sinks, too", lines(OUT))
    cgroup("c", 5000)
    ok(wait(lambda: any("/c" in t for t in names(OUT, "firing"))),
       "the old one goes on", lines(OUT))
    # A good one: the rule that is the same is not told again.
    daemon.write(BASE + FILE + BIG + """
  - alert: Events
    expr: memtel_cgroup_memory_events_total{event="high"} == 3
""")
    daemon.reload()
    ok(wait(lambda: any("Events" in t for t in names(OUT, "firing"))),
       "a good configuration is taken", daemon.said())
    ok(sum("/a 2000" in t for t in names(OUT, "firing")) == 1,
       "rules keep their state", names(OUT, "firing"))
    ok("the configuration was read anew" in names(OUT, "daemon"),
       "and that it is good again is told", lines(OUT))
    daemon.write(daemon.config.read_text().replace("0604", "0600"))
    daemon.reload()
    ok(wait(lambda: OUT.stat().st_mode & 0o777 == 0o600),
       "the file gets another mode", oct(OUT.stat().st_mode))
    # Moved away, as by logrotate.
    OUT.rename(DIR / "old.jsonl")
    cgroup("d", 7000)
    ok(wait(lambda: any("/d" in t for t in names(OUT, "firing"))),
       "a file that was moved away is begun anew", daemon.said())
ok(daemon.process.returncode == 0, "SIGTERM ends it", daemon.process.returncode)
ok((DIR / "history").stat().st_mode & 0o777 == 0o600,
   "the past is in its file")
OUT.unlink()
with Daemon(BASE + FILE + BIG) as daemon:
    shutil.rmtree(DIR / "cgroup/d")
    ok(wait(lambda: any("/d" in t for t in names(OUT, "resolved"))),
       "after a restart it knows what fired", lines(OUT))
    ok(not names(OUT, "firing"), "and does not tell it again", lines(OUT))
(DIR / "history").write_bytes(b"not ours")
with Daemon(BASE + FILE + BIG) as daemon:
    ok(wait(lambda: "damaged" in daemon.said()), "a damaged past is told",
       daemon.said())
    ok((DIR / "history.damaged").read_bytes() == b"not ours",
       "and moved aside")
with Daemon(BASE.replace(f"{DIR}/history", f"{DIR}/none/history") + FILE
            + BIG) as daemon:
    time.sleep(1)
ok("cannot save the past" in daemon.said() and daemon.process.returncode == 0,
   "a past that cannot be saved is told", daemon.said())
# What cannot be read is not what was saved: it stays.
os.chown(DIR / "history", 65534, 65534)
(DIR / "history").chmod(0)
before = (DIR / "history").read_bytes()
with Daemon(BASE + FILE + BIG, POWERLESS) as daemon:
    ok(wait(lambda: "moved to" in daemon.said()),
       "a past that may not be read is told", daemon.said())
ok((DIR / "history.unread").read_bytes() == before and
   (DIR / "history").read_bytes() != before, "and kept, beside the new one",
   list(DIR.iterdir()))
os.mkfifo(DIR / "fifo")
(DIR / "directory").mkdir()
(DIR / "null").symlink_to("/dev/null")
for name in ("fifo", "directory", "null"):
    OUT.unlink()
    with Daemon(BASE.replace(f"{DIR}/history", f"{DIR}/{name}") + FILE
                + BIG) as daemon:
        ok(wait(lambda: names(OUT, "firing")), f"a {name} for the past",
           daemon.said())
    ok(daemon.said().count("it is no regular file") == 2 and
       not list(DIR.glob(f"{name}.*")) and (DIR / name).exists(),
       "is told and kept", f"{daemon.said()}\n{list(DIR.iterdir())}")
shutil.rmtree(DIR / "cgroup")

# --- times of rounds

OUT.unlink()
with Daemon(BASE + FILE + BIG + """
  - alert: Three
    expr: count_over_time(memtel_cgroup_memory_bytes[2s]) > 2
""") as daemon:
    for i in range(12):
        cgroup(f"round-{i}", 2000)
        wait(lambda i=i: any(f"/round-{i} " in t for t in names(OUT, "firing")))
    ok(len({n["time_ms"] % 1000 for n in lines(OUT)
            if n["kind"] == "firing"}) == 1,
       "rounds are whole intervals apart", [n["time_ms"] for n in lines(OUT)])
    ok(not any("Three" in t for t in names(OUT, "firing")),
       "and two of them have two samples", names(OUT, "firing"))
shutil.rmtree(DIR / "cgroup")

# --- a disk that takes its time

SLOW = 8
OUT.unlink()
(DIR / "history").unlink()
cgroup("a", 1)
with Daemon(BASE + FILE + BIG + "save_interval: 1s\n", env={
        **os.environ, "LD_PRELOAD": FAKE, "FAKE_FSYNC": str(SLOW)}) as daemon:
    wait(lambda: (DIR / "history.new").exists())
    begun, late, nr = time.monotonic(), 0, 0
    while time.monotonic() - begun < SLOW / 2:
        made = time.monotonic()
        cgroup(f"slow-{nr}", 2000)
        wait(lambda: any(f"/slow-{nr} " in t for t in names(OUT, "firing")))
        late = max(late, time.monotonic() - made)
        nr += 1
    ok(not (DIR / "history").exists() and (DIR / "history.new").exists(),
       "while the past is being saved", list(DIR.iterdir()))
    ok(late < SLOW / 2 and nr > 2, "no notice is late",
       f"{nr} notices, {late:.3f} s")
    children = Path(f"/proc/{daemon.process.pid}/task/{daemon.process.pid}/children"
                    ).read_text("ascii").split()
    ok(len(children) == 1 and
       len(os.listdir(f"/proc/{children[0]}/fd")) <= len("012") + 1,
       "what saves has nothing open of the rest", children)
    ok(wait(lambda: (DIR / "history").exists(), 2 * SLOW), "it is saved",
       daemon.said())
    before = (DIR / "history").read_bytes()
    cgroup("slow-last", 2000)
    wait(lambda: any("/slow-last " in t for t in names(OUT, "firing")))
    # The end waits for the disk, and for another who writes.
    daemon.process.terminate()
    daemon.process.wait(4 * SLOW)
    ok(b"/slow-last" not in before and
       b"/slow-last" in (DIR / "history").read_bytes() and
       daemon.said() == "", "and at the end all of it", daemon.said())
shutil.rmtree(DIR / "cgroup")

# --- the format of the past

OUT.unlink()


def fnv(data):
    """FNV-1a of 64 bits."""
    value = 0xcbf29ce484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001b3 & (1 << 64) - 1
    return value


def words(*numbers):
    """Numbers as the file has them."""
    return b"".join(struct.pack("<d" if isinstance(n, float) else "<q", n)
                    for n in numbers)


def text_of(text):
    """A text as the file has it."""
    return words(len(text)) + text.encode()


def labels_of(labels):
    """Labels as the file has them."""
    return words(len(labels)) + b"".join(
        text_of(part) for pair in sorted(labels.items()) for part in pair)


def past(values, labels, version=b"01"):
    """A file of one series with a value for each of the last seconds."""
    now_ms = int(time.time() * 1000)
    body = (b"MEMTEL" + version + words(1)
            + text_of("memtel_cgroup_memory_bytes") + words(1)
            + labels_of(labels) + words(len(values)))
    for age, value in zip(range(len(values), 0, -1), values):
        at = now_ms - age * 1000
        body += words(at, at, 1, *[float(value)] * 5, 0.0, 0.0)
    body += words(0)
    return body + words(fnv(body) - (1 << 64) if fnv(body) >> 63 else fnv(body))


SUM = """
rules:
  - alert: Past
    expr: max_over_time(memtel_cgroup_memory_bytes{cgroup="/old"}[1m]) > 6
"""
(DIR / "history").write_bytes(past((5, 7, 6), {"cgroup": "/old"}))
(DIR / "cgroup").mkdir()
with Daemon(BASE + FILE + SUM) as daemon:
    ok(wait(lambda: names(OUT, "firing")) and lines(OUT)[-1]["value"] == 7,
       "a past that another program wrote is taken", daemon.said())
data = (DIR / "history").read_bytes()
ok(data.startswith(b"MEMTEL01" + words(1)
                   + text_of("memtel_cgroup_memory_bytes") + words(1)
                   + labels_of({"cgroup": "/old"}) + words(3))
   and data.count(words(1, *[7.0] * 5)) == 1
   and words(1) + text_of(f"Past\n{SUM.split('expr: ')[1].strip()}\n0\n0\n")
   + words(1) + labels_of({"cgroup": "/old"}) in data
   and struct.unpack("<Q", data[-8:])[0] == fnv(data[:-8]),
   "and what memteld writes is as is said", data)
for data, why in ((past((8,), {"cgroup": "/old"}, b"02"),
                   "of format 02; this memteld reads format 01"),
                  (b"10LETMEM" + bytes(64),
                   "saved by a machine with another byte order")):
    (DIR / "history").write_bytes(data)
    with Daemon(BASE + FILE + SUM) as daemon:
        ok(wait(lambda: f"{why}: moved to" in daemon.said()),
           f"a past {why}", daemon.said())
    ok((DIR / "history.unread").read_bytes() == data, "is kept beside")
shutil.rmtree(DIR / "cgroup")

# --- one failing rule

OUT.unlink()
cgroup("a", 1)
with Daemon(BASE + FILE + """
rules:
  - alert: Fails
    expr: memtel_cgroup_memory_events_total > on(cgroup) memtel_cgroup_memory_bytes
      + on(cgroup) memtel_cgroup_memory_events_total
  - alert: Works
    expr: memtel_cgroup_memory_bytes == 1
""") as daemon:
    ok(wait(lambda: names(OUT, "firing") and names(OUT, "rule_failed")),
       "a rule that fails stops no other", lines(OUT))
    time.sleep(2.5)
    ok(len(names(OUT, "rule_failed")) == 1, "it is told once", lines(OUT))
    ok("several series" in names(OUT, "rule_failed")[0], "and why", lines(OUT))
shutil.rmtree(DIR / "cgroup")

# --- more alerts than a rule may have

OUT.unlink()
for i in range(1000):
    cgroup(f"z-{i}", 2000)
with Daemon(BASE + FILE + BIG) as daemon:
    ok(wait(lambda: len(names(OUT, "firing")) == 1000), "1000 alerts fire",
       len(names(OUT, "firing")))
    cgroup("a", 2000)
    ok(wait(lambda: names(OUT, "rule_failed")), "one more is told",
       lines(OUT)[-1])
    time.sleep(2.2)
    ok(not names(OUT, "resolved") and len(names(OUT, "firing")) == 1000,
       "and ends no other", lines(OUT)[-1])
shutil.rmtree(DIR / "cgroup")

# --- as many cgroups as a large host has, by the rules that are shipped


def oom_kills(name, number):
    """What a cgroup's memory.events says of kills."""
    (DIR / "cgroup" / name / "memory.events").write_text(
        f"low 0\nhigh 0\nmax 0\noom 0\noom_kill {number}\n"
        f"oom_group_kill 0\n", encoding="ascii")


def many(number):
    """The name of one of many, at most three levels below the pods' slice."""
    return f"kubepods.slice/burstable/pod{number // 100}/{number}"


def rounds(of):
    """How many rounds there were, by the service manager's notices."""
    nr = 0
    while select.select([of], [], [], 0)[0]:
        nr += of.recv(4096).startswith(b"STATUS")
    return nr


OUT.unlink()
for i in range(10000):
    path = cgroup(many(i), 2000)
    oom_kills(many(i), 0)
    (path / "memory.pressure").write_text(psi().read_text("ascii"), "ascii")
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.bind(str(DIR / "rounds"))
with Daemon(BASE.replace("builtin_rules: false\n", "") + FILE, env={
        **os.environ, "NOTIFY_SOCKET": str(DIR / "rounds")}) as daemon:
    wait(lambda: rounds(notify) and rounds(notify), 60)
    for i in range(0, 10000, 40):
        oom_kills(many(i), 1)
    ok(wait(lambda: len(names(OUT, "firing")) >= 250, 60),
       "of 10000 cgroups all that have a kill are told", daemon.said())
    wait(lambda: rounds(notify), 60)
    ok({n["labels"]["cgroup"] for n in lines(OUT) if n["kind"] == "firing"}
       == {f"/{many(i)}" for i in range(0, 10000, 40)}
       and len(names(OUT, "firing")) == 250, "each once, and no other",
       len(names(OUT, "firing")))
    ok(not names(OUT, "rule_failed") and daemon.said() == "",
       "and nothing is lost", f"{lines(OUT)[-1]}\n{daemon.said()}")
    # More than there is room for: none of them is left out in silence.
    for i in range(2500):
        (DIR / "cgroup/kubepods.slice/more" / str(i)).mkdir(parents=True)
    ok(wait(lambda: any("CgroupOomKill" in t and "more cgroups match" in t
                        for t in names(OUT, "rule_failed")), 60),
       "of more than can be read the rules fail", daemon.said())
    shutil.rmtree(DIR / "cgroup/kubepods.slice/more")
    ok(wait(lambda: any("CgroupOomKill" in t
                        for t in names(OUT, "rule_recovered")), 60),
       "until there are fewer", daemon.said())
shutil.rmtree(DIR / "cgroup")
(DIR / "history").unlink()

# --- patterns of cgroups

OUT.unlink()
for name in ("a", "a/b", "a/b/c", "a/x/b", ".hidden", "pods", "pods/1/2/3",
             "other/1/2", "other/1/2/3/4"):
    cgroup(name, 2000)
with Daemon(BASE + FILE + BIG + "cgroups: ['/a/*', /a/b, /pods/**, /.*, "
            "'/**/4', '/*/**/2']\n") as daemon:
    MATCH = {"/a/b", "/a/x", "/.hidden", "/pods", "/pods/1", "/pods/1/2",
             "/pods/1/2/3", "/other/1/2", "/other/1/2/3/4"} - {"/a/x"}
    wait(lambda: len(names(OUT, "firing")) >= len(MATCH))
    time.sleep(1.2)
    ok(sorted(n["labels"]["cgroup"] for n in lines(OUT)
              if n["kind"] == "firing") == sorted(
                  MATCH - {"/pods/1", "/pods/1/2"}),
       "each that some pattern matches is read, once",
       sorted(n["text"] for n in lines(OUT)))
shutil.rmtree(DIR / "cgroup")

# --- a cgroup that its owner shut

OUT.unlink()
(DIR / "history").unlink()
cgroup("a", 2000)
for name, mode in (("shut", 0o700), ("file", 0o755)):
    path = cgroup(name, 3000)
    os.chown(path, 65534, 65534)
    os.chown(path / "memory.current", 65534, 65534)
    (path / "memory.current").chmod(0)
    path.chmod(mode)
with Daemon(BASE + FILE + BIG, POWERLESS) as daemon:
    ok(wait(lambda: names(OUT, "firing")) and
       wait(lambda: "ermission" in daemon.said()), "is told",
       f"{lines(OUT)}\n{daemon.said()}")
    time.sleep(1.2)
    ok(names(OUT, "firing") == ['FIRING Big{cgroup="/a"}: /a 2000'] and
       not names(OUT, "rule_failed") and
       daemon.said().count("ermission") == 1, "once, and the rules go on",
       f"{lines(OUT)}\n{daemon.said()}")
    (DIR / "cgroup/file/memory.current").chmod(0o644)
    ok(wait(lambda: len(names(OUT, "firing")) == 2), "until it is open again",
       lines(OUT))
shutil.rmtree(DIR / "cgroup")

# --- what cannot be read for a while

OUT.unlink()
(DIR / "history").unlink()
cgroup("a", 2000)
with Daemon(BASE + FILE + BIG) as daemon:
    wait(lambda: names(OUT, "firing"))
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (3, 4096))
    ok(wait(lambda: names(OUT, "rule_failed")), "without files a rule fails",
       f"{lines(OUT)}\n{daemon.said()}")
    time.sleep(1.2)
    ok(not names(OUT, "resolved") and daemon.said().count("Too many open") == 1,
       "told once, and no alert ends by it", f"{lines(OUT)}\n{daemon.said()}")
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (4096, 4096))
    ok(wait(lambda: names(OUT, "rule_recovered")), "until they are back",
       lines(OUT))
    (DIR / "cgroup/a/memory.current").unlink()
    (DIR / "cgroup/a/memory.current").mkdir()
    ok(wait(lambda: "Is a directory" in daemon.said()) and
       wait(lambda: len(names(OUT, "rule_failed")) == 2),
       "one file that cannot be read", f"{lines(OUT)}\n{daemon.said()}")
    ok(len(names(OUT, "firing")) == 1, "all of it without another alert",
       lines(OUT))
shutil.rmtree(DIR / "cgroup")

# --- a module, of which a part fails

OUT.unlink()
(DIR / "history").unlink()
MODE = DIR / "mode"


def mode(text):
    """What the fake kernel does."""
    MODE.with_suffix(".new").write_text(text, encoding="ascii")
    MODE.with_suffix(".new").rename(MODE)


mode("absent")
with Daemon(BASE + FILE + """
rules:
  - alert: Node
    expr: memtel_node_memory_bytes{node="0"} > 1
  - alert: Zone
    expr: memtel_zone_free_bytes > 1
""", env={**os.environ, "LD_PRELOAD": FAKE, "FAKE_MODE": str(MODE)}) as daemon:
    wait(lambda: names(OUT, "daemon"))
    time.sleep(1.5)
    mode("no-nodes")
    ok(wait(lambda: any("Zone" in t for t in names(OUT, "firing"))),
       "what can be read is", f"{lines(OUT)}\n{daemon.said()}")
    ok(wait(lambda: any("Node" in t for t in names(OUT, "rule_failed"))),
       "a rule that looks at what cannot fails", lines(OUT))
    time.sleep(1.5)
    ok(daemon.said().count("no memory for nodes") == 1, "which is told once",
       daemon.said())
    mode("good")
    ok(wait(lambda: any("Node" in t for t in names(OUT, "firing"))),
       "until it can be", lines(OUT))
    mode("no-nodes")
    wait(lambda: len(names(OUT, "rule_failed")) == 2)
    time.sleep(1.2)
    ok(not names(OUT, "resolved"), "no alert ends by it", lines(OUT))
    mode("unloaded")
    ok(wait(lambda: len(names(OUT, "resolved")) == 2),
       "but they do when the module goes", lines(OUT))
    fired = len(names(OUT, "firing"))
    time.sleep(2.5)
    ok(len(names(OUT, "firing")) == fired, "and no round has it loaded again",
       lines(OUT))

# --- caches of one name

mode("twins")
for held in (False, True):
    OUT.unlink(missing_ok=True)
    (DIR / "history").unlink(missing_ok=True)
    with Daemon(BASE + FILE + f"sources: [{'slab' if held else ''}]\n" """
rules:
  - alert: Sum
    expr: sum(memtel_cache_slab_bytes{node="0"})
  - alert: Each
    expr: memtel_cache_slab_bytes{node="0"} > 0
""", env={**os.environ, "LD_PRELOAD": FAKE, "FAKE_MODE": str(MODE)}) as daemon:
        wait(lambda: len(names(OUT, "firing")) >= 3)
        time.sleep(1.2)
    told = [(n["labels"].get("cache"), n["labels"].get("id"), n["value"])
            for n in lines(OUT) if n["kind"] == "firing" and "labels" in n]
    ok([n["value"] for n in lines(OUT) if n["name"] == "Sum"
        and n["kind"] == "firing"] == [4096 * 15],
       "caches of one name are summed as they are", lines(OUT))
    ok(sorted(told, key=str) == sorted([("kmalloc-64", None, 4096)] + (
        [("dentry", "2", 4096), ("dentry", "5", 12288), ("dentry", "6", 40960)]
        if held else [("dentry", None, 57344)]), key=str),
       f"and told apart by the id, {'if' if held else 'as'} there is "
       f"{'one' if held else 'none'}", told)
    ok(not names(OUT, "rule_failed"), "no sample is lost", lines(OUT))
(DIR / "history").unlink()

# --- events that came just before other triggers

OUT.unlink()
mode("good")
TRIGGERS = "triggers: ['stall-time > %dms in 1s']"
with Daemon(BASE.replace("triggers: []", TRIGGERS % 1) + FILE, env={
        **os.environ, "LD_PRELOAD": FAKE, "FAKE_MODE": str(MODE)}) as daemon:
    wait(lambda: (DIR / "history").exists() or OUT.exists())
    time.sleep(1)
    mode("event")
    daemon.write(BASE.replace("triggers: []", TRIGGERS % 2) + FILE)
    daemon.reload()
    ok(wait(lambda: "read anew" in daemon.said()) and names(OUT, "pressure"),
       "an event that was not read yet is told", f"{lines(OUT)}\n{daemon.said()}")

# --- triggers that the module cannot be asked about yet

LOG = DIR / "triggers"
WATCHER = {"env": {**os.environ, "LD_PRELOAD": FAKE, "FAKE_MODE": str(MODE),
                   "FAKE_LOG": str(LOG)}}
USUAL = BASE.replace("triggers: []", "") + FILE


def triggers(what="add"):
    """Of the fake kernel's log of triggers: number and threshold."""
    if not LOG.exists():
        return []
    rows = [line.split() for line in LOG.read_text(encoding="ascii").splitlines()]
    return [(int(row[1]), int(row[2])) for row in rows if row[0] == what]


mode("no-nodes")
with Daemon(USUAL, **WATCHER) as daemon:
    ok(wait(lambda: "no memory for nodes" in daemon.said()),
       "what the usual triggers cannot be made of is told", daemon.said())
    mode("good")
    ok(wait(lambda: len(triggers()) == 8), "and they are added when they can",
       f"{triggers()}\n{daemon.said()}")
    ok(daemon.said().count("no memory") == 1, "told once", daemon.said())
LOG.unlink(missing_ok=True)
mode("no-nodes")
with Daemon(USUAL, **WATCHER) as daemon:
    wait(lambda: "no memory for nodes" in daemon.said())
    mode("good")
    daemon.reload()
    ok(wait(lambda: len(triggers()) == 8, 3), "or on a reload",
       f"{triggers()}\n{daemon.said()}")
LOG.unlink(missing_ok=True)

# --- a trigger that is changed, and those beside it


def watch(*thresholds_ms):
    """A configuration."""
    texts = ", ".join(f"'stall-time > {ms}ms in 1s'" for ms in thresholds_ms)
    return BASE.replace("triggers: []", f"triggers: [{texts}]") + FILE


OUT.unlink(missing_ok=True)
mode("good")
with Daemon(watch(1, 2), **WATCHER) as daemon:
    wait(lambda: len(triggers()) == 2)
    ok(triggers() == [(1, 10**6), (2, 2 * 10**6)], "triggers are added",
       triggers())
    for n, thresholds in enumerate(((3, 2), (3, 2), (2, 2)), 1):
        daemon.write(watch(*thresholds))
        daemon.reload()
        wait(lambda n=n: daemon.said().count("read anew") == n)
    log = LOG.read_text(encoding="ascii").splitlines()[2:]
    ok(log[:2] == ["add 3 3000000", "delete 1 0"],
       "one is added in place of one that goes, which goes after it", log)
    ok(log[2:] == ["add 4 2000000", "delete 3 0"],
       "what stays is not touched", log)
    mode("no-memory")
    daemon.write(watch(2))
    daemon.reload()
    ok(wait(lambda: any("7 events of the module were lost" in t
                        for t in names(OUT, "daemon"))),
       "what was lost is told after an error", f"{lines(OUT)}\n{daemon.said()}")
    ok(len(triggers("delete")) == 3 and len(triggers()) == 4,
       "which no trigger goes by", LOG.read_text(encoding="ascii"))
    mode("eperm")
    daemon.write(watch())
    daemon.reload()
    ok(wait(lambda: "still watched" in daemon.said()),
       "that one cannot be deleted is told", daemon.said())
    mode("good")
    ok(wait(lambda: len(triggers("delete")) == 4), "and it is when it can be",
       f"{triggers('delete')}\n{daemon.said()}")
    ok(daemon.said().count("still watched") == 1, "told once", daemon.said())
LOG.unlink(missing_ok=True)

# --- names that are not UTF-8

OUT.unlink()
(DIR / "history").unlink()
name = os.fsdecode(b"caf\xe9")
cgroup(name, 2000)
with Daemon(BASE + FILE + BIG) as daemon:
    ok(wait(lambda: names(OUT, "firing")), "a name that is not UTF-8 is told",
       daemon.said())
    ok(lines(OUT)[-1]["labels"] == {"cgroup": "/caf\ufffd"},
       "as JSON that is", lines(OUT)[-1])
shutil.rmtree(DIR / "cgroup")

# --- a rule that is removed

OUT.unlink()
with Daemon(BASE.replace("1s", "1h") + FILE + BIG) as daemon:
    wait(lambda: names(OUT, "daemon"))
    time.sleep(0.5)
    cgroup("a", 2000)
    daemon.write(BASE + FILE + BIG)
    daemon.reload()
    ok(wait(lambda: names(OUT, "firing")),
       "another interval takes effect at once", daemon.said())
    daemon.write(BASE + FILE)
    daemon.reload()
    ok(wait(lambda: names(OUT, "resolved")), "its alerts are resolved",
       daemon.said())
shutil.rmtree(DIR / "cgroup")

# --- PSI, and its absence

OUT.unlink()
with Daemon(BASE + FILE + """
rules:
  - alert: Psi
    expr: delta(memtel_pressure_seconds_total{kind="full"}[10s]) > 5
""") as daemon:
    time.sleep(2.5)
    psi(full=7000000)
    ok(wait(lambda: names(OUT, "firing")), "PSI is read", lines(OUT))
    (DIR / "pressure").unlink()
    ok(wait(lambda: "No such file" in daemon.said()), "without PSI it says so",
       daemon.said())
    time.sleep(2.2)
    ok(daemon.said().count("No such file") == 1, "once", daemon.said())
psi()

# --- a full disk

OUT.unlink()
LINK = DIR / "link.jsonl"
LINK.symlink_to("/dev/full")
with Daemon(BASE + f"sinks: [{{file: {{path: {LINK}}}}}]\n" + BIG) as daemon:
    ok(wait(lambda: "No space left" in daemon.said()), "a full disk is told",
       daemon.said())
    for i in range(20):
        cgroup(f"full-{i}", 2000)
    time.sleep(2)
    # Space again: as the disk, so the link.
    LINK.with_suffix(".new").symlink_to(OUT)
    LINK.with_suffix(".new").rename(LINK)
    ok(wait(lambda: len(names(OUT, "firing")) == 20, 40),
       "nothing is lost", f"{lines(OUT)}\n{daemon.said()}")
    ok(wait(lambda: "writing again; 0 notices were lost" in daemon.said()),
       "and that it works again is told", daemon.said())
    # What waits when a sink ends.
    LINK.with_suffix(".new").symlink_to("/dev/full")
    LINK.with_suffix(".new").rename(LINK)
    for i in range(20):
        cgroup(f"full-{i}", 1)
    wait(lambda: daemon.said().count("No space left") == 2)
    time.sleep(0.5)
    daemon.write(BASE + FILE + BIG)
    daemon.reload()
    ok(wait(lambda: "20 notices were not written" in daemon.said()),
       "what is not written before a sink ends is told", daemon.said())
shutil.rmtree(DIR / "cgroup")
OUT.unlink()
# A line that is cut half by the limit of a file's size is whole in the end.
OUT.write_text('{"kind":"cut', encoding="ascii")


def small_files():
    """What a full disk does in the middle of a line."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (700, resource.RLIM_INFINITY))


for i in range(20):
    cgroup(f"cut-{i}", 2000)
with Daemon(BASE + FILE + BIG, preexec_fn=small_files) as daemon:
    ok(wait(lambda: "File too large" in daemon.said()), "a cut line",
       daemon.said())
    ok(OUT.stat().st_size == 700, "as much as fits is there",
       OUT.stat().st_size)
    daemon.reload()
    wait(lambda: "read anew" in daemon.said())
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE,
                     (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    ok(wait(lambda: OUT.read_text().count('"firing"') == 20, 40),
       "and goes on where it was cut", OUT.read_text())
    first, *rest = OUT.read_text().splitlines()
    ok(first == '{"kind":"cut' and all(json.loads(line) for line in rest),
       "what another left is ended first", first)
shutil.rmtree(DIR / "cgroup")

# --- the socket

SOCKET = DIR / "events.sock"


class Reader:
    """A client of the socket."""

    def __init__(self, path=SOCKET):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.text = b""

    def read(self):
        """Take in what is there."""
        self.text += self.socket.recv(1 << 16)

    def notices(self):
        """All that came whole."""
        whole = self.text[:self.text.rfind(b"\n") + 1]
        return [json.loads(line) for line in whole.splitlines()]

    def told(self):
        """How many alerts."""
        return self.text.count(b'"kind":"firing"') \
            + self.text.count(b'"kind":"resolved"')


class Reading:
    """Reads for many, all the time."""

    def __init__(self, readers):
        self.readers = {reader.socket: reader for reader in readers}
        self.is_over = False
        self.thread = threading.Thread(target=self.run)

    def run(self):
        """Until it is over."""
        while not self.is_over:
            for ready in select.select(self.readers, [], [], 0.1)[0]:
                self.readers[ready].read()

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.is_over = True
        self.thread.join()


(DIR / "history").unlink()
dead = socket.socket(socket.AF_UNIX)
dead.bind(str(SOCKET))
dead.close()
MANY, TURNS = 400, 8
with Daemon(BASE + f"sinks: [{{socket: {{path: {SOCKET}, mode: '0622'}}}}]\n"
            + BIG) as daemon:
    def connect():
        """A reader, once there is somebody to connect to."""
        try:
            return Reader()
        except OSError:
            return None
    stopped = wait(connect)
    ok(stopped, "a stale socket is replaced", daemon.said())
    ok(SOCKET.stat().st_mode & 0o777 == 0o622, "its mode is as wished",
       oct(SOCKET.stat().st_mode))
    readers = [Reader() for _ in range(100)]
    readers[0].socket.sendall(b"nobody asked\n" * 1000)
    inode = SOCKET.stat().st_ino
    daemon.reload()
    wait(lambda: "read anew" in daemon.said())
    ok(SOCKET.stat().st_ino == inode, "a reload keeps it", daemon.said())
    daemon.write(daemon.config.read_text().replace("0622", "0620"))
    daemon.reload()
    ok(wait(lambda: SOCKET.stat().st_mode & 0o777 == 0o620)
       and SOCKET.stat().st_ino == inode
       and not select.select([readers[0].socket], [], [], 0)[0],
       "another mode does not cut off readers", daemon.said())
    with Reading(readers):
        for turn in range(TURNS):
            for i in range(MANY):
                cgroup(f"many-{i}", 2000 if turn % 2 == 0 else 1)
            wait(lambda: readers[0].told() >= (turn + 1) * MANY)
        wait(lambda: all(r.told() == readers[0].told() for r in readers))
    counts = {reader.told() for reader in readers}
    ok(counts == {TURNS * MANY},
       "100 readers miss nothing while one is stopped", counts)
    ok(not any(b'"lost"' in reader.text for reader in readers),
       "nor are they told of a loss")

    def lost():
        """How many the stopped one is told it lost."""
        return sum(n["count"] for n in stopped.notices()
                   if n["kind"] == "lost")
    with Reading([stopped]):
        wait(lambda: lost() and stopped.told() + lost() >= TURNS * MANY)
    ok(lost() and stopped.told() + lost() == TURNS * MANY,
       f"the stopped one is told of each: {stopped.told()} + {lost()}")
    # Another daemon does not take it over.
    rival = subprocess.run(
        ["timeout", "2", MEMTELD, "--config", daemon.config,
         "--builtin-rules", RULES], capture_output=True, text=True,
        check=False)
    ok("Address already in use" in rival.stderr, "another's socket is kept",
       rival.stderr)
ok(not SOCKET.exists(), "it is removed at the end")
shutil.rmtree(DIR / "cgroup")

# --- what else may be at its path

SSINK = f"sinks: [{{socket: {{path: {SOCKET}}}}}]\n"
(DIR / "history").unlink()
other = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
other.bind(str(SOCKET))
inode = SOCKET.stat().st_ino
with Daemon(BASE + SSINK + BIG) as daemon:
    ok(wait(lambda: "Address already in use" in daemon.said())
       and SOCKET.exists() and SOCKET.stat().st_ino == inode,
       "a socket of another type that is in use is kept", daemon.said())
    other.close()
    SOCKET.unlink()
    daemon.reload()
    first = wait(connect)
    ok(first, "a reload tries again", daemon.said())
    SOCKET.unlink()
    daemon.reload()
    second = wait(connect)
    ok(second, "a path that was removed is made anew", daemon.said())
    cgroup("a", 2000)
    for reader in filter(None, (first, second)):
        reader.socket.settimeout(10)
        reader.read()
    ok(first and second and first.told() and second.told(),
       "and who was there stays", daemon.said())
    SOCKET.unlink()
    other = socket.socket(socket.AF_UNIX)
    other.bind(str(SOCKET))
    other.listen()
ok(SOCKET.exists(), "what is another's at the end is not removed")
other.close()
shutil.rmtree(DIR / "cgroup")

# --- more readers than there is room for


def cpu_seconds(pid):
    """What a process used."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


with Daemon(BASE + SSINK) as daemon:
    wait(connect)
    nr = len(os.listdir(f"/proc/{daemon.process.pid}/fd"))
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE,
                     (nr + 4, 4096))
    readers = [Reader() for _ in range(20)]
    ok(wait(lambda: "Too many open files" in daemon.said()),
       "no room for more files is told", daemon.said())
    before = cpu_seconds(daemon.process.pid)
    time.sleep(2.5)
    used = cpu_seconds(daemon.process.pid) - before
    ok(used < 0.15, "and waited for", f"{used} s of 2.5 s")
    ok(daemon.said().count("readers are refused") == 1, "and told once",
       daemon.said())
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (4096, 4096))
    cgroup("b", 2000)
    daemon.write(BASE + SSINK + BIG)
    time.sleep(1.5)
    daemon.reload()
    with Reading(readers):
        ok(wait(lambda: all(r.told() for r in readers)),
           "all are let in when there is room", [r.told() for r in readers])
    readers += [Reader() for _ in range(300)]
    wait(lambda: daemon.said().count("readers are refused") > 1)
    time.sleep(0.5)
    ok(daemon.said().count("readers are refused") == 2,
       "more than 256 are refused, told once", daemon.said())
readers.clear()
shutil.rmtree(DIR / "cgroup")
(DIR / "history").unlink()

# --- the journal

cgroup("a", 2000)
JSINK = "sinks: [{journal: {}}]\n"
if os.path.exists(JOURNAL):
    ok(True, "a journal that comes # SKIP this host has a journal of its own")
else:
    with Daemon(BASE + JSINK + BIG) as daemon:
        ok(wait(lambda: "cannot write to the journal" in daemon.said()),
           "no journal is told", daemon.said())
        # The first round is over, too.
        time.sleep(1)
        os.makedirs(os.path.dirname(JOURNAL), exist_ok=True)
        journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        journal.bind(JOURNAL)
        journal.settimeout(20)
        cgroup("b", 3000)
        loss = journal.recv(1 << 16).decode()
        entry = journal.recv(1 << 16).decode()
        ok("MEMTEL_KIND=lost\n" in loss and "MEMTEL_COUNT=2\n" in loss,
           "and is told what was lost", loss)
        # One that does not read is full after a few.
        for i in range(50):
            cgroup(f"many-{i}", 4000)
        ok(wait(lambda: daemon.said().count("cannot write") == 2),
           "one that does not read is told", daemon.said())
        stalled = time.monotonic()
        daemon.reload()
        ok(wait(lambda: "read anew" in daemon.said()) and
           time.monotonic() - stalled < 10, "and holds up nobody",
           daemon.said())
        journal.settimeout(2.5)

        def drain():
            """All that comes."""
            try:
                while True:
                    yield journal.recv(1 << 16).decode()
            except socket.timeout:  # Python 3.9 knows it by this name only.
                pass
        got = "".join(drain())
        # What is lost is told with the next that gets through.
        cgroup("last", 4000)
        got += "".join(drain())
        sent = sum(got.count(f"MEMTEL_KIND={kind}\n")
                   for kind in ("firing", "resolved"))
        lost = sum(map(int, re.findall(r"MEMTEL_COUNT=(\d+)", got)))
        ok(lost and sent + lost == 51, "what is received and what is lost "
           f"are what was sent: {sent} + {lost}", daemon.said())
        journal.close()
        os.unlink(JOURNAL)
    fields = dict(line.split("=", 1) for line in entry.splitlines()
                  if "=" in line)
    ok(fields.get("MESSAGE") == 'FIRING Big{cgroup="/b"}: /b 3000',
       "when it comes it is written to", entry)
    ok(re.fullmatch("[0-9a-f]{32}", fields.get("MESSAGE_ID", ""))
       and fields.get("PRIORITY") == "4"
       and fields.get("MEMTEL_KIND") == "firing"
       and fields.get("MEMTEL_LABEL_CGROUP") == "/b"
       and json.loads(fields["MEMTEL_JSON"])["value"] == 3000,
       "with its fields", entry)
    ok("writing to the journal again; " in daemon.said(),
       "and what was lost is told", daemon.said())

# --- levels of messages, and the unit

shutil.rmtree(DIR / "cgroup", ignore_errors=True)
with open(DIR / "journal", "wb") as out:
    st = os.fstat(out.fileno())
    (DIR / "journal.conf").write_text(BASE + FILE + BIG, encoding="utf-8")
    process = subprocess.Popen(
        [MEMTELD, "--config", DIR / "journal.conf", "--builtin-rules", RULES],
        stderr=out, env={**os.environ,
                         "JOURNAL_STREAM": f"{st.st_dev}:{st.st_ino}"})
    time.sleep(1)
    process.send_signal(signal.SIGHUP)
    wait(lambda: b"read anew" in (DIR / "journal").read_bytes())
    (DIR / "journal.conf").write_text("interval: x\n", encoding="utf-8")
    process.send_signal(signal.SIGHUP)
    wait(lambda: b"stays" in (DIR / "journal").read_bytes())
    process.terminate()
    process.wait(10)
said = (DIR / "journal").read_text(encoding="utf-8")
ok(re.search("^<6>memteld: the configuration was read anew$", said, re.M) and
   re.search("^<3>memteld: the configuration has mistakes", said, re.M) and
   re.search("^<4>memteld: .*no cgroup matches", said, re.M),
   "the journal gets the level of a message", said)
ok("<" not in daemon.said(), "and nobody else", daemon.said())
unit = MEMTELD.with_name("memteld.service").read_text(encoding="utf-8")
start, check_first, then = (line.split("=", 1)[1].split()
                            for line in unit.splitlines()
                            if line.startswith(("ExecStart=", "ExecReload=")))
ok(set(check_first) == {*start, "--check"} and "kill" in " ".join(then),
   "a reload checks what the unit runs with, then signals", unit)

# --- stdout, notify

read_end, write_end = os.pipe()
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.bind(str(DIR / "notify"))
notify.settimeout(10)
with Daemon(BASE + "sinks: [{stdout: {}}]\n" + BIG, stdout=write_end,
            env={**os.environ, "NOTIFY_SOCKET": str(DIR / "notify"),
                 "WATCHDOG_USEC": "2000000"}) as daemon:
    os.close(write_end)
    told = [notify.recv(4096).decode() for _ in range(4)]
    ok(any("READY=1" in t for t in told) and any("WATCHDOG=1" in t
                                                 for t in told),
       "it tells the service manager that it is ready and alive", told)
    daemon.reload()
    told = [notify.recv(4096).decode() for _ in range(4)]
    ok(any("RELOADING=1" in t for t in told), "and that it reloads", told)
    cgroup("z", 4000)
    out = b""
    while select.select([read_end], [], [], 3)[0] and b"firing" not in out:
        out += os.read(read_end, 4096)
    ok(b'"firing"' in out, "standard output", out)
ok(daemon.process.returncode == 0, "it ends", daemon.process.returncode)

shutil.rmtree(DIR)
tap_done()
