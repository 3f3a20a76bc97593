# SPDX-License-Identifier: GPL-2.0-or-later
"""Hostile messages, by tests/fuzz/family.c: of who knows the specification and
of who does not, from those who may all, little or nothing.

MEMTEL_FUZZ_MESSAGES says how many in all, MEMTEL_FUZZ_SEED which; the seed is
printed, and the same sends the same again.
"""

import os
import time

import yaml

from harness import (BUILD, SRC, check, client, equal, kernel_memory_kb,
                     load, must, our_probes, read, sources, unload)
from test_access import NOBODY, with_caps

MESSAGES = int(os.environ.get("MEMTEL_FUZZ_MESSAGES", "24000"))
SEED = int(os.environ.get("MEMTEL_FUZZ_SEED", "1"))
# As many as are enough for each command to be taken sometimes.
MANY = 100000
SPEC = "/tmp/family.spec"
# Who, and their part of the messages. Of nobody's none may be taken, of a
# reader's none that changes something.
USERS = {
    "root": ((), 3),
    "CAP_NET_ADMIN only": (with_caps("net_admin"), 1),
    "CAP_PERFMON only": (with_caps("perfmon"), 1),
    "nobody": (NOBODY, 1),
}
# Attaching and detaching takes the time of some hundred other messages.
ATTACHES = ("source-hold", "source-release", "source-enable",
            "source-disable", "trigger-add")


def operations():
    """{number: operation} of memtel.yaml that can be asked for."""
    spec = yaml.safe_load(read(f"{SRC}/kmod/memtel.yaml"))
    return {number: operation for number, operation
            in enumerate(spec["operations"]["list"], 1)
            if "do" in operation or "dump" in operation}


def limit(ynl, attr):
    """The largest value that an attribute may have."""
    # Of a socket's own trigger, a few times.
    if attr["name"] == "id":
        return 200
    if "enum" in attr:
        return len(ynl.consts[attr["enum"]].entries)
    most = attr.get("checks", {}).get("max", 2**32 - 1)
    return ynl.consts[most]["value"] if most in ynl.consts else most


def write_spec(ynl):
    """memtel.yaml and what there is here, as the fuzzer reads it."""
    caches = [row["name"] for row in ynl.dump("cache-get", {})[:8]]
    lines = [f"family {ynl.nlproto.family_id} 1"]
    lines += [f"text {word}" for word in (
        *sources(), *caches, "zonelock", "DMA", "DMA32", "Normal", "Movable",
        "*", "kmalloc-*", "super_cache_scan", "none")]
    for number, operation in operations().items():
        flags = ("do" in operation) + 2 * ("dump" in operation)
        weight = 1 if operation["name"] in ATTACHES else 6
        lines.append(f"command {number} {flags} {weight}")
        attrs = ynl.attr_sets[operation["attribute-set"]]
        request = operation["do"].get("request") or {}
        for name in request.get("attributes", []):
            attr = attrs[name]
            lines.append(f"attribute {attr.value} {attr.type} "
                         f"{limit(ynl, attr.yaml)}")
    with open(SPEC, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def fuzz(prefix, messages, kind, seed):
    """Send messages; {command: (how many, how many of them were taken)}."""
    out = must(*prefix, f"{BUILD}/fuzz/family", SPEC, str(seed), str(messages),
               kind, timeout=3600)
    rows = [line.split() for line in out.splitlines()]
    return {int(row[1]): (int(row[2]), int(row[3])) for row in rows
            if row[0] == "command"}


def nothing_is_left(ynl):
    """Who is gone has no hold and no trigger; the module answers, as ever."""
    equal(ynl.dump("trigger-get", {}), [], "triggers")
    holds = ynl.dump("hold-get", {})
    equal([hold for hold in holds if hold["kind"] != "admin"], [], "holds")
    for hold in holds:
        ynl.do("source-disable", {"name": hold["source"]})
    for source in ynl.dump("source-get", {}):
        check("attached" not in source and not source["holds"], str(source))
    equal(our_probes(), [], "probes")
    status = ynl.do("status-get", {})
    check(status["version"] == read(f"{SRC}/VERSION").strip()
          and status["capability"], str(status))
    check(ynl.dump("cache-get", {}) and ynl.dump("zone-get", {}), "no rows")


def words_of_ours():
    """Lines that the module wrote to the kernel's log."""
    return [line for line in must("dmesg").splitlines() if "memtel:" in line]


def test_hostile_messages():
    """Each user, each kind; what is taken is what that user may."""
    names = {number: operation["name"]
             for number, operation in operations().items()}
    changes = {number for number, operation in operations().items()
               if "admin-perm" in operation.get("flags", [])}
    ynl = client()
    write_spec(ynl)
    said = words_of_ours()
    fuzz((), 500, "spec", SEED)
    nothing_is_left(ynl)
    before = kernel_memory_kb()
    taken = dict.fromkeys(names, 0)
    parts = 2 * sum(part for _, part in USERS.values())
    for seed, (user, (prefix, part)) in enumerate(USERS.items(), SEED):
        for kind in ("spec", "random"):
            messages = MESSAGES * part // parts
            start = time.monotonic()
            counts = fuzz(prefix, messages, kind, seed)
            print(f"# {user}, {kind}, seed {seed}: {messages} messages, "
                  f"{sum(c[1] for c in counts.values())} taken, "
                  f"{time.monotonic() - start:.0f} s", flush=True)
            for number, (_, nr) in counts.items():
                may = user != "nobody" and (user != "CAP_PERFMON only"
                                            or number not in changes)
                check(may or not nr,
                      f"{user}: {nr} of {names[number]} were taken")
                taken[number] += nr
        nothing_is_left(ynl)
    if MESSAGES >= MANY:
        equal([names[number] for number, nr in taken.items() if not nr], [],
              "commands of which none was taken")
    grown = kernel_memory_kb() - before
    print(f"# memory grew by {grown} kB")
    check(grown < 4096, f"memory grew by {grown} kB")
    equal(words_of_ours(), said, "the log")
    unload()
    load()
    nothing_is_left(client())
