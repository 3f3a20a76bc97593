# SPDX-License-Identifier: GPL-2.0-or-later
"""The memtel tool where the module is: what it shows, and how it fails."""

import json
import os
import subprocess

from harness import BUILD, MEMTEL, check, client, equal, memtel, must, run

ENV = {**os.environ}


def test_help_of_every_verb():
    """--help is there, says something, and succeeds."""
    for verb in ("status", "caches", "nodes", "zones", "enable", "disable",
                 "reset"):
        check(verb in memtel("--help").stdout, f"{verb} is not in --help")
        check(len(memtel(verb, "--help").stdout) > 100, f"{verb} --help")


def test_wrong_usage():
    """Exit 2 and a word on stderr; nothing on stdout."""
    for args in ((), ("nosuch",), ("caches", "--node", "x"),
                 ("caches", "--node", "-1"), ("caches", "--sort", "nosuch"),
                 ("caches", "--interval", "0"), ("caches", "--top", "x"),
                 ("caches", "--interval", "nan"), ("caches", "--nosuch"),
                 ("caches", "--top", "99999999999999999999"), ("enable",),
                 ("zones", "--node",), ("caches", "extra")):
        done = memtel(*args, status=2)
        check(done.stderr.strip(), f"{args}: no word")
        equal(done.stdout, "", f"{args}: stdout")


def test_what_does_not_exist():
    """Exit 1, the kernel's words and what they are about."""
    done = memtel("enable", "nosuch", status=1)
    check("no such source" in done.stderr and "nosuch" in done.stderr,
          done.stderr)
    done = memtel("nodes", "--node", "7", status=1)
    check("no such node" in done.stderr, done.stderr)


def test_output_that_cannot_be_written():
    """A full disk is an error; a closed pipe ends quietly."""
    for args in (("caches",), ("caches", "--json"), ("status",), ("zones",)):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run((MEMTEL, *args), stdout=full,
                                  stderr=subprocess.PIPE, text=True,
                                  check=False)
        equal(done.returncode, 1, f"{args}: exit")
        check("No space left" in done.stderr, done.stderr)
        done = run("sh", "-c", f"{MEMTEL} {' '.join(args)} | true")
        check("rite" not in done.stderr and "pipe" not in done.stderr,
              f"{args} into a closed pipe: {done.stderr}")


def test_module_absent():
    """Exit 3 and what to do."""
    must("rmmod", "memtel")
    try:
        for verb in (("status",), ("caches",), ("enable", "slab")):
            done = memtel(*verb, status=3)
            check("modprobe memtel" in done.stderr
                  or "insmod" in done.stderr, done.stderr)
    finally:
        must("insmod", f"{BUILD}/kmod/memtel.ko")


def test_json_has_what_the_kernel_says():
    """Keys and values of --json are the attributes'."""
    ynl = client()
    for verb, op, key in (("zones", "zone-get", "managed-bytes"),
                          ("nodes", "node-get", "managed-bytes")):
        rows = json.loads(memtel(verb, "--json").stdout)
        want = ynl.dump(op, {})
        equal([r[key.replace("-", "_")] for r in rows[:len(want)]],
              [r[key] for r in want], f"{verb} {key}")
    names = [r["name"] for r in
             json.loads(memtel("caches", "--json").stdout)]
    equal(sorted(names), sorted(r["name"] for r in ynl.dump("cache-get", {})),
          "caches")


def test_sort_top_and_filters():
    """Sorted by the key, cut at N."""
    rows = json.loads(memtel("caches", "--json", "--sort", "slab_bytes",
                             "--top", "5").stdout)
    equal(len(rows), 5, "rows")
    sizes = [r["slab_bytes"] if "slab_bytes" in r else
             sum(n.get("slab_bytes", 0) for n in r["node"]) for r in rows]
    equal(sizes, sorted(sizes, reverse=True), "order")
    rows = json.loads(memtel("caches", "--json", "--glob",
                             "kmalloc-*").stdout)
    check(rows and all(r["name"].startswith("kmalloc-") for r in rows), "glob")


def test_absent_is_not_zero():
    """Without the source attached no count is shown, and a hint is."""
    done = memtel("caches", "--name", "dentry")
    check(" -" in done.stdout, done.stdout)
    check("enable" in done.stderr, done.stderr)
    row, = json.loads(memtel("caches", "--json", "--name", "dentry").stdout)
    check("allocs" not in json.dumps(row), row)


def test_interval_shows_rates():
    """Refreshes hold the source themselves and show rates."""
    done = memtel("caches", "--interval", "0.5", "--count", "3", "--json",
                  "--top", "3")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    equal(len(lines), 3, "refreshes")


def test_readme_program():
    """The subscriber of the README, built as it stands there."""
    done = must(f"{BUILD}/userspace/hottest")
    check(done.strip(), "it printed nothing")


def test_plain_in_a_pipe():
    """No escape sequence where nobody can see colours."""
    for verb in ("status", "caches", "nodes", "zones"):
        check("\x1b" not in memtel(verb).stdout, f"{verb} escapes")
