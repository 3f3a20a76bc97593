#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The field table and the decoder have every attribute that memtel.yaml has, and
the manual has every field."""
import os
import re
import subprocess

import yaml
from tap import ok, tap_done

TOP = os.environ["TOP"]
spec = yaml.safe_load(open(f"{TOP}/kmod/memtel.yaml", encoding="ascii"))
header = open(f"{TOP}/kmod/include/uapi/linux/memtel.h", encoding="ascii").read()
schema = open(f"{TOP}/userspace/lib/schema.c", encoding="ascii").read()
rows_h = open(f"{TOP}/userspace/lib/include/memtel/rows.h", encoding="ascii").read()

# The names the test's own C program prints: set, key, kind.
table = {}
for line in subprocess.run([os.path.join(os.path.dirname(os.environ["FAKE_KERNEL"]),
                                         "test_options"), "--dump-fields"],
                           check=True, capture_output=True,
                           text=True).stdout.splitlines():
    name, key = line.split()
    table.setdefault(name, set()).add(key)

# Which field set shows which attribute set.
SHOWN_IN = {"status": "status", "capability": "capability",
            "work": "work", "source": "source",
            "hold": "hold", "cache": "cache", "cache-node": "cache_node",
            "cpu-node": "cpu_node", "node": "node", "zone": "zone",
            "free-blocks": "free_blocks", "timing": "reclaim",
            "timing-bucket": "bucket", "reclaim": "reclaim",
            "reclaim-order": "reclaim_order", "reclaim-gfp": "reclaim_gfp",
            "reclaim-outcome": "reclaim_outcome", "shrinker": "shrinker",
            "lock": "lock", "fallback": "fallback", "site": "site",
            "stall": "stall", "trigger": "trigger", "event": "event",
            "suspect": "suspect"}
# Only holds other sets together.
NOT_SHOWN = {"event-message"}
REQUEST_ONLY = {("cache", "glob"), ("cache", "node-id"), ("cache", "only-active")}

sets = {s["name"]: s for s in spec["attribute-sets"]}
ok(set(sets) == set(SHOWN_IN) | NOT_SHOWN, "every attribute set has a field set",
   set(sets) ^ (set(SHOWN_IN) | NOT_SHOWN))

for op in spec["operations"]["list"]:
    for mode in ("do", "dump"):
        for attr in op.get(mode, {}).get("reply", {}).get("attributes", []):
            ok((op["attribute-set"], attr) not in REQUEST_ONLY,
               f"{op['name']} {mode}: {attr} is not of requests only")

for name, attribute_set in sets.items():
    for attr in attribute_set["attributes"]:
        macro = f"MEMTEL_A_{name}_{attr['name']}".upper().replace("-", "_")
        ok(macro in header, f"{name}.{attr['name']}: in the uapi header")
        pattern = rf"\({name.upper().replace('-', '_')}, " \
                  rf"{attr['name'].upper().replace('-', '_')},\s+\"{attr['name']}\""
        ok(re.search(pattern, schema), f"{name}.{attr['name']}: decoded", pattern)
        if attr["type"] == "pad" or (name, attr["name"]) in REQUEST_ONLY or \
                name in NOT_SHOWN:
            continue
        key = attr["name"].replace("-", "_")
        if attr.get("nested-attributes") == "timing":
            # Its members stand in the row itself, with a name in front where
            # there is more than one.
            front = "" if attr["name"] == "timing" else f"{key}_"
            for member in ("count", "total_ns", "longest_ns"):
                ok(front + member in table[SHOWN_IN[name]],
                   f"{name}.{attr['name']}: a field {front}{member}")
        else:
            ok(key in table[SHOWN_IN[name]],
               f"{name}.{attr['name']}: a field {key}")
        kind = {"nest": "size_t nr_", "u32": "uint32_t ", "u64": "uint64_t ",
                "flag": "bool ", "string": "const char *"}[attr["type"]]
        if attr["type"] != "nest":
            struct = re.search(rf"struct memtel_{name.replace('-', '_')} {{(.*?)\n}};",
                               rows_h, re.S).group(1)
            # A keyword of C++ has a _ behind it.
            ok(re.search(f"\t{re.escape(kind)}{key}_?;", struct),
               f"{name}.{attr['name']}: a member of its type")

for enum in (d for d in spec["definitions"] if d["type"] == "enum"):
    source = open(f"{TOP}/userspace/common/field.c", encoding="ascii").read()
    for entry in enum["entries"]:
        macro = f"MEMTEL_{enum['name']}_{entry['name']}".upper().replace("-", "_")
        ok(f"[{macro}] = \"{entry['name']}\"" in source,
           f"{enum['name']}.{entry['name']}: has its name in JSON")

# The manual's lists of fields, by the heading or the line with : above them.
page = open(f"{TOP}/userspace/man/memtel.1.scd", encoding="utf-8").read().replace("\\_", "_")
fields = re.search(r"\n# FIELDS\n(.*?)\n# ", page, re.S).group(1)
listed = {}
for line in fields.splitlines():
    if title := re.fullmatch(r"## (\w+)|(\S.*):", line):
        keys = listed.setdefault(title[1] or title[2], set())
    elif key := re.fullmatch(r"\*(\w+)\*", line):
        keys.add(key[1])

LISTED_IN = {"status": "STATUS", "capability": "A *capability* has",
             "work": "A *work* has",
             "source": "A *source* has", "hold": "A *hold* has",
             "cache": "CACHES", "cache_node": "CACHES",
             "cpu_node": "A *cpu_node* has",
             "matrix": "With *--matrix*, the fields are", "node": "NODES",
             "zone": "ZONES", "order": "With *--orders*, the fields are",
             "free_blocks": "With *--orders*, the fields are",
             "reclaim": "RECLAIM", "bucket": "A *bucket* has",
             "reclaim_order": "An *order* has", "reclaim_gfp": "A *gfp* has",
             "reclaim_outcome": "An *outcome* has", "shrinker": "SHRINKERS",
             "lock": "LOCKS", "fallback": "FALLBACK", "site": "SITES",
             "stall": "STALLS", "trigger": "TRIGGERS", "event": "EVENTS",
             "suspect": "A *cause* or *suspect* has"}
ok(set(table) == set(LISTED_IN), "every field set has a place in the manual",
   set(table) ^ set(LISTED_IN))
for name, title in LISTED_IN.items():
    missing = table[name] - listed.get(title, set())
    ok(not missing, f"{name}: the manual has every field", missing)
watch = open(f"{TOP}/userspace/cli/watch.c", encoding="ascii").read()
missing = set(re.findall(r"object_add\(\w+, \"(\w+)\"", watch)) - \
    listed.get("What else *watch* says has", set())
ok(not missing, "the manual has what watch says beside events", missing)
(constant,) = (d for d in spec["definitions"] if d["name"] == "large-kmalloc-name")
ok(f"_{constant['value']}_" in page, f"the manual has {constant['value']}")
for name, text in ("the manual", page), ("the table", source):
    ok(constant["name"] not in text, f"{name} has no name of a constant in place of it")

tap_done()
