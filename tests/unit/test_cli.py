#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""memtel's exit codes, messages and output, without the module and with a
fake kernel (fake_kernel.c)."""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

from tap import ok, tap_done

MEMTEL = os.environ["MEMTEL"]
FAKE = os.environ["FAKE_KERNEL"]
TOP = os.environ["TOP"]


def environment(mode=None, attached=False, **more):
    env = {k: v for k, v in os.environ.items()
           if k not in ("NO_COLOR", "TERM", "LD_PRELOAD")}
    env["TERM"] = "xterm"
    if mode is not None:
        env.update(LD_PRELOAD=FAKE, FAKE_MODE=mode)
    if attached:
        env["FAKE_ATTACHED"] = "1"
    env.update(more)
    return env


def memtel(line, mode="", attached=True, **more):
    return subprocess.run([MEMTEL, *line.split()], capture_output=True,
                          check=False, timeout=60,
                          env=environment(mode, attached, **more))


def rows(line, **how):
    return json.loads(memtel(f"{line} --json", **how).stdout)


def exits(code, line, pattern="", mode="", attached=True):
    r = memtel(line, mode, attached)
    text = r.stderr.decode()
    ok(r.returncode == code and re.search(pattern, text) and
       (code == 0 or (not r.stdout and text)),
       f"exit {code}: memtel {line} {mode}", f"{r.returncode} {text}")


# Wrong usage is wrong whether or not there is a module.
for line, pattern in (
        ("", "verb"), ("bogus", "'bogus'"), ("caches --node x", "--node: 'x'.*0 to 1023"),
        ("caches --node -1", "--node: '-1'"), ("caches --interval 0", "--interval: '0'"),
        ("caches --top 99999999999", "--top: '99999999999'"),
        ("caches --sort bogus", r"(?s)'bogus'.*Keys: name .*allocs"),
        ("caches --sort node", "'node'"), ("caches --sort name,allocs", "name,allocs"),
        ("zones --orders --sort managed_bytes", "Keys: .*blocks"),
        ("caches --columns name,bogus,id", "'bogus'"), ("caches --columns name,,id", "''"),
        ("caches slab", "takes no argument.*'slab'"), ("enable", "needs the name"),
        ("disable", "needs the name"), ("nodes --active", "nodes does not take --active"),
        ("caches --count 1", "--count needs --interval"),
        ("caches --matrix --per-node", "do not go together"),
        ("caches --sort allocs_per_s", "'allocs_per_s'.*needs --interval"),
        ("caches --sort bytes_requested_per_s", "needs --interval"),
        ("locks --sort busy_percent", "'busy_percent'.*needs --interval"),
        ("caches --bogus", "bogus"), ("enable slab --json", "does not take")):
    exits(2, line, pattern)
    exits(2, line, pattern, mode="absent")

# No module. The first is the real kernel, if it has none.
if not os.path.exists("/sys/module/memtel"):
    r = subprocess.run([MEMTEL, "caches"], capture_output=True, check=False,
                       env=environment())
    ok(r.returncode == 3 and b"modprobe memtel" in r.stderr,
       "exit 3: no module, in truth", r)
for verb in ("status", "caches", "nodes", "zones", "enable slab", "disable slab",
             "reset", "reset slab", "caches --interval 1"):
    exits(3, verb, "(modprobe|initial network)", mode="absent")
    exits(3, verb, "(modprobe|initial network)", mode="unloaded")
exits(4, "caches", "CAP_PERFMON or CAP_NET_ADMIN", mode="eperm")
exits(4, "enable slab", "slab: source-enable.*needs CAP_NET_ADMIN", mode="eperm-change")
exits(4, "caches --interval 1", "source-hold.*CAP_NET_ADMIN", mode="eperm-change",
      attached=False)
exits(1, "enable slab", r"refused source-enable: no such source \(attribute name\)",
      mode="extack")
exits(1, "reset slab", r"no such source \(attribute name\)", mode="extack-uncapped")
exits(1, "caches", "no answer in time", mode="silent")
exits(1, "caches", "attribute order has 2 bytes instead of 4", mode="malformed")
exits(1, "caches", "the table is not there", mode="done-error")
exits(1, "caches", "changed during each of 8 dumps", mode="intr-always")
exits(1, "caches", "during each of 3 snapshots", mode="reset-always")
exits(1, "caches --name nothing", "of that name")
exits(1, "caches", "loaded anew", mode="reloaded")
exits(0, "caches", mode="stale")
for verb in ("--help", "-h", "caches --help", "zones -h", "--version"):
    r = memtel(verb, mode="absent")
    ok(r.returncode == 0 and r.stdout and not r.stderr, f"exit 0: {verb}", r)

r = memtel("caches --interval 0.01 --count 1", mode="eperm-change")
ok(r.returncode == 0 and b"without a hold" in r.stderr,
   "who may only read watches what others hold", r)

# An interrupted dump is asked for again, and none of its rows is shown.
ok(memtel("nodes", mode="intr").stdout == memtel("nodes").stdout,
   "an interrupted dump leaves no row twice")

# Where it cannot write.
with open("/dev/full", "wb") as full:
    for line in ("caches", "caches --json", "--help", "status --json",
                 "nodes --interval 0.01"):
        r = subprocess.run([MEMTEL, *line.split()], stdout=full,
                           stderr=subprocess.PIPE, check=False, timeout=60,
                           env=environment("", True))
        ok(r.returncode == 1 and b"No space left" in r.stderr,
           f"exit 1: {line} > /dev/full", r)
for handler, codes in ((signal.SIG_DFL, (-signal.SIGPIPE,)), (signal.SIG_IGN, (1,))):
    reader, writer = os.pipe()
    os.close(reader)
    r = subprocess.run([MEMTEL, "caches"], stdout=writer, stderr=subprocess.PIPE,
                       check=False, env=environment("", True),
                       preexec_fn=lambda h=handler: signal.signal(signal.SIGPIPE, h),
                       restore_signals=False)
    os.close(writer)
    ok(r.returncode in codes and not r.stderr, f"quiet on a closed pipe, {handler!r}", r)


def ends_well(process, sig, name):
    """By a signal, without a word."""
    process.send_signal(sig)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
    why = process.stderr.read()
    ok(process.returncode == 0 and not why, name, f"{process.returncode} {why}")


# Signals end a stream well, waiting or writing.
for sig in (signal.SIGINT, signal.SIGTERM):
    with subprocess.Popen([MEMTEL, "nodes", "--interval", "60"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=environment("", True)) as p:
        p.stdout.readline()
        ends_well(p, sig, f"exit 0 by {sig.name}")
with subprocess.Popen([MEMTEL, "zones", "--interval", "0.01", "--json"],
                      stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                      env=environment("", True)) as p:
    time.sleep(2)   # nobody reads: the pipe is full
    ends_well(p, signal.SIGINT, "exit 0 by SIGINT in a write")

# Events, of which several come at a time.
for number in (1, 2, 4):
    r = memtel(f"watch --events {number}", mode="flood")
    ok(r.returncode == 0 and r.stdout.count(b"\n") == number,
       f"watch --events {number} shows so many", r)
reader, writer = os.pipe()
os.set_blocking(writer, False)
try:
    while True:
        os.write(writer, bytes(4096))
except BlockingIOError:
    os.set_blocking(writer, True)
with subprocess.Popen([MEMTEL, "watch"], stdout=writer, stderr=subprocess.PIPE,
                      env=environment("flood", True)) as p:
    time.sleep(1)   # nobody reads: the pipe is full
    ends_well(p, signal.SIGTERM, "watch: exit 0 by SIGTERM in a write")
os.close(reader)
os.close(writer)

# What is longer than the buffer of stdout is written before all of it is there.
with open("/dev/full", "wb") as full:
    r = subprocess.run(["stdbuf", "-o0", MEMTEL, "watch", "--json"], stdout=full,
                       stderr=subprocess.PIPE, check=False, timeout=60,
                       env=environment("flood", True))
ok(r.returncode == 1 and b"No space left" in r.stderr,
   "watch: exit 1 by a full disk", r)

# Text.
lines = memtel("caches").stdout.decode().splitlines()
ok(lines[0].split() == ["CACHE", "IN-USE", "TOTAL", "SIZE", "SLABS", "BYTES", "FRAG%",
                        "ALLOCS", "FREES", "REQUESTED", "ALLOCATED", "WASTE", "REMOTE%"],
   "default columns", lines[0])
ok(len({len(line) for line in lines}) == 1, "columns are aligned", lines)
ok(lines[1].split()[:2] == ["kmalloc-64", "~96"], "~ marks an estimate", lines[1])
ok(lines[2].split()[1] == "42", "and only that", lines[2])
ok(lines[3].startswith("went-away (gone)"), "gone is marked", lines[3])
ok(lines[4].split()[1:7] == ["-"] * 6, "large kmallocs have no occupancy", lines[4])
r = memtel("caches", attached=False)
ok(r.returncode == 0 and r.stderr.count(b"\n") == 1 and b"memtel enable slab" in r.stderr,
   "one hint when nothing counts", r.stderr)
ok(r.stdout.decode().splitlines()[1].split()[7:] == ["-"] * 6, "and counts are -", r)
ok(not memtel("caches --json", attached=False).stderr, "no hint with --json")
ok(b"\033" not in memtel("caches").stdout, "no colour in a pipe")
ok(memtel("caches --columns id,name").stdout.decode().splitlines()[1].split() ==
   ["1", "kmalloc-64"], "--columns")
ok(memtel("caches --top 2").stdout.count(b"\n") == 3, "--top")
order = [line.split()[0] for line in memtel("caches --sort allocs").stdout.decode().splitlines()]
ok(order[1:] == ["kmalloc-64", "large-kmalloc", "went-away", "dentry"],
   "--sort: numbers from the greatest", order)
order = [r["name"] for r in rows("caches --sort name")]
ok(order == sorted(order), "--sort: names from the first", order)
order = [r["name"] for r in rows("caches --sort slab_bytes")]
ok(order == ["kmalloc-64", "dentry", "went-away", "large-kmalloc"],
   "--sort: absent last, equals as they came", order)
order = [r["name"] for r in rows("caches --sort remote_percent")]
ok(order == ["kmalloc-64", "large-kmalloc", "went-away", "dentry"],
   "--sort: zero before absent", order)
out = memtel("nodes --sort managed_bytes --top 1").stdout.decode().splitlines()
ok(len(out) == 3 and out[1].split()[0] == "1" and out[2].split()[0] == "all",
   "a total stays, and stays last", out)
out = memtel("nodes --columns managed_bytes,id").stdout.decode().splitlines()
ok([line.split() for line in out[1:]] == [["1.0GiB", "0"], ["2.0GiB", "1"], ["3.0GiB", "all"]],
   "all stands in place of what a total does not have, only", out)
out = memtel("nodes --columns managed_bytes,free_bytes").stdout.decode().splitlines()
ok(out[3].split() == ["3.0GiB", "-"], "not in another column", out)
out = memtel("status").stdout.decode()
ok("no BTF" in out and "\033" not in out and "\\x1b[2J" in out,
   "status: a reason; nothing a terminal obeys", out)
out = memtel("caches --matrix").stdout.decode()
ok(re.search(r"ALLOCS +node +0 +node +1\ncpu node 0 +104 +208\n", out), "--matrix", out)


def on_terminal(line, **more):
    """Output of memtel on a terminal of 5 lines."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(MEMTEL, [MEMTEL, *line.split()], environment("", True, **more))
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 5, 80, 0, 0))
    out = b""
    while select.select([fd], [], [], 30)[0]:
        try:
            data = os.read(fd, 65536)
        except OSError:
            break
        if not data:
            break
        out += data
    os.waitpid(pid, 0)
    os.close(fd)
    return out


ok(b"\033[1mCACHE" in on_terminal("caches"), "colour on a terminal")
ok(b"\033" not in on_terminal("caches --no-color"), "not with --no-color")
ok(b"\033" not in on_terminal("caches", NO_COLOR="1"), "not with NO_COLOR")
ok(b"\033" in on_terminal("caches", NO_COLOR=""), "an empty NO_COLOR is none")
ok(b"\033" not in on_terminal("caches", TERM="dumb"), "not on a dumb terminal")
out = on_terminal("caches --interval 0.3 --count 2")
ok(out.count(b"\033[H") == 2 and b"... 2 more" in out,
   "a stream redraws, and cuts at the terminal's end", out)

# JSON.
whole = rows("caches")
ok(len(whole) == 4 and whole[0]["allocs"] == 300 and whole[0]["kind"] == "slab" and
   whole[0]["node"][1]["allocs"] == 200 and
   whole[0]["node"][1]["cpu_node"] == [{"node_id": 0, "allocs": 200, "frees": 100}],
   "a cache with its nodes and their CPUs' nodes", whole[0])
ok("objects_in_use" not in whole[3] and whole[3]["kind"] == "large-kmalloc",
   "absent keys are left out")
ok(whole[2]["gone"] is True and "gone" not in whole[0], "a flag")
ok("allocs" not in rows("caches", attached=False)[0], "no counts, no key")
per_node = rows("caches --per-node")
ok(len(per_node) == 8 and per_node[1]["node_id"] == 1 and "node" not in per_node[0],
   "--per-node: a row each", per_node[0])
ok(rows("nodes")[2]["numa_hit"] == 18446744073709551613 and "id" not in rows("nodes")[2],
   "64 bits are exact; a total has no id")
status = rows("status")
ok(status["hold"][0]["comm"] == "ev\x1b[2Jil\ufffd\"" and status["hold"][0]["kind"] == "admin",
   "bytes that are not UTF-8 are replaced", status["hold"])
ok([c["available"] for c in status["capability"]] == [True, False], "capabilities")
ok(status["work"][0] == {"kind": "looks", "runs": 7, "ns": 1500000, "share_ppm": 12} and
   "share_ppm" not in status["work"][1], "memtel's own works", status["work"])
zone = rows("zones")[0]
ok(zone["fragmentation_index"] == 998 and zone["fragmentation_order"] == 9 and
   len(zone["free_blocks"]) == 11 and zone["free_blocks"][0]["unusable_index"] == 0,
   "a zone's indices", zone)
ok(len(rows("zones --orders")) == 11, "--orders: a row each")
ok(rows("caches --matrix") == [{"cpu_node_id": 0, "node_id": 0, "allocs": 104, "frees": 51},
                               {"cpu_node_id": 0, "node_id": 1, "allocs": 208, "frees": 104}],
   "--matrix", rows("caches --matrix"))
ok(memtel("caches --json --name nothing").stdout == b"", "nothing, and it failed")
stream = memtel("caches --json --interval 0.02 --count 3", attached=False).stdout.splitlines()
objects = [json.loads(line) for line in stream]
ok(len(objects) == 3 and all(o["interval_ns"] == 10**9 and
                             o["caches"][0]["allocs_per_s"] == 300 and
                             o["caches"][0]["node"][1]["allocs_per_s"] == 200
                             for o in objects),
   "a stream: an object a line, each with rates, the source held", stream[:1])

# A trigger that is none is refused before the module is asked.
for expr, offset, why in (
        ("direct-reclam-time > 1ms in 1s", 0, "is it direct-reclaim-time?"),
        ("stall-time > 1ms in 1s on node=0", 26, "of the whole host only"),
        ("slab-growth > 1ms in 1s", 15, "a unit is expected: B, KiB"),
        ("stall-time > 1ms in 1s until 2ms", 29, "above the threshold")):
    result = subprocess.run([MEMTEL, "watch", "--trigger", expr], capture_output=True,
                            check=False, timeout=60, env=environment())
    lines = result.stderr.decode().splitlines()
    ok(result.returncode == 2 and why in lines[0] and lines[1] == f"  {expr}" and
       lines[2] == " " * (2 + offset) + "^", f"watch: {expr}", result)
exits(1, "watch --for 1", "nothing is watched", mode="no-triggers")
ok(len(rows("caches --active")) == 3, "--active drops what has no count")

# The manual, the completion and --help say the same.
verbs = memtel("--complete-words").stdout.decode().split()
ok(verbs == ["status", "caches", "nodes", "zones", "reclaim", "shrinkers",
             "locks", "fallback", "sites", "stalls", "watch", "triggers",
             "enable", "disable", "reset"],
   "verbs for completion", verbs)
for verb in verbs:
    offered = {w.rstrip("=") for w in
               memtel(f"--complete-words {verb}").stdout.decode().split()}
    shown = set(re.findall(r"^  (?:-.,|   ) (--[a-z-]+)",
                           memtel(f"{verb} --help").stdout.decode(), re.M))
    ok(offered == shown and "--help" in offered, f"{verb}: completion offers what --help shows",
       offered ^ shown)
    page = f"{TOP}/userspace/man/memtel-{verb}.1.scd"
    if not os.path.exists(page):
        page = f"{TOP}/userspace/man/memtel.1.scd"
    text = open(page, encoding="utf-8").read()
    missing = [o for o in offered if f"*{o}*" not in text]
    ok(not missing, f"{verb}: the manual has every option", missing)
keys = memtel("--complete-words caches keys").stdout.decode().split()
text = open(f"{TOP}/userspace/man/memtel.1.scd", encoding="utf-8").read().replace("\\_", "_")
for verb in ("caches", "nodes", "zones", "sites", "stalls", "triggers"):
    missing = [k for k in memtel(f"--complete-words {verb} keys").stdout.decode().split()
               if f"*{k}*" not in text]
    ok(not missing, f"{verb}: the manual has every field", missing)
    if verb in ("caches", "nodes", "zones"):
        ok(memtel(f"{verb} --sort {keys[0] if verb == 'caches' else 'free_bytes'}").returncode == 0,
           f"{verb}: a key offered is taken")
script = f"""
PATH={os.path.dirname(MEMTEL)}:$PATH
source {TOP}/userspace/completions/memtel
complete_line() {{
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
    _memtel 2>/dev/null; echo "${{COMPREPLY[*]}}"
}}
complete_line memtel ca
complete_line memtel caches --per
complete_line memtel caches --sort = fragm
complete_line memtel enable s
"""
out = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False,
                     env=environment()).stdout.splitlines()
ok(out == ["caches", "--per-node", "fragmentation_percent", "slab"], "bash completes", out)

tap_done()
