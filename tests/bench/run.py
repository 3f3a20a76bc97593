#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What memtel costs, beside what people use today.

  run.py KERNEL [--json] [--docs] [PART...]

Boots a VM for each part, puts what they measured into build/bench.json and as
tables into build/bench.txt, and prints one of the two; with --docs the tables
in README.md and docs/cost.md become these. With names of parts it measures
these anew and leaves the others as they were, where a name like scale is that of
all whose names begin so; PART none measures nothing. What is counted in
instructions is of one CPU and repeats; what is by the clock is a ratio within
one boot.
"""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/vm"))

# pylint: disable=wrong-import-position
import tables  # noqa: E402

PYTHON = "/usr/bin/python3"
COUNTED = ("--icount", "0")
ONE = ("--cpus", "1", "--nodes", "1")


def growth(name, part, *options):
    """A part that is a boot of growth.py."""
    return name, ("growth.py", part), options


def scale(cpus, nodes, caches, cgroups, triggers):
    """A part that is a boot of scale.py: one CPU of so many possible ones."""
    return (f"scale-{cpus}", ("scale.py", str(caches), str(cgroups),
                              str(triggers)),
            (*COUNTED, *ONE, "--possible-cpus", str(cpus), "--append",
             f"numa=fake={nodes}", "--mem-mib", "6144"))


# Name, script with its arguments, options of the boot.
PARTS = (
    ("pairs", ("pairs.py",), (*COUNTED, *ONE)),
    ("readings", ("readings.py",), (*COUNTED, *ONE)),
    ("events", ("events.py",), (*COUNTED, *ONE)),
    growth("caches", "caches", *COUNTED, *ONE, "--mem-mib", "4096"),
    growth("sites", "sites", *COUNTED, *ONE),
    *(growth(f"nodes-{n}", "nodes", *COUNTED, "--cpus", "1", "--nodes", str(n))
      for n in (1, 2, 8)),
    *(growth(f"cpus-{n}", "cpus", "--cpus", str(n), "--nodes", "1")
      for n in (1, 2, 4, 8)),
    ("workload", ("workload.py",), (*COUNTED, *ONE)),
    scale(2, 2, 150, 50, 10),
    scale(64, 2, 1000, 1000, 128),
    # What the next takes beyond this is what CPUs take.
    scale(120, 8, 4500, 5000, 1024),
    scale(240, 8, 4500, 5000, 1024),
)
# Where each leaves its figures, by script.
LEFT = {"pairs.py": "pairs", "readings.py": "readings", "events.py": "events",
        "growth.py": "growth", "workload.py": "workload", "scale.py": "scale"}
TIMEOUT_S = 3600


def boot(kernel, build, name, script, options):
    """Measure one part; its figures, or why there are none."""
    out = build / f"bench-{name}"
    left = out / f"{LEFT[script[0]]}.json"
    left.unlink(missing_ok=True)
    start = time.monotonic()
    print(f"=== {name}", file=sys.stderr, flush=True)
    done = subprocess.run(
        (PYTHON, "tests/vm/vm.py", "boot", kernel, *options,
         "--timeout", str(TIMEOUT_S), "--env", f"MEMTEL_BUILD={build}",
         "--out", out, "--", PYTHON, f"tests/bench/{script[0]}", *script[1:]),
        cwd=TOP, stdout=sys.stderr, check=False)
    print(f"=== {name}: {time.monotonic() - start:.0f} s", file=sys.stderr,
          flush=True)
    if done.returncode:
        return {"failed": f"exit {done.returncode}"}
    return json.loads(left.read_text())


def is_meant(name, words):
    """Whether a part has one of these names, or begins so."""
    return any(name == word or name.startswith(f"{word}-") for word in words)


def quote(figures):
    """Put tables where documents have them, behind their names."""
    for name in ("README.md", "docs/cost.md"):
        path = TOP / name
        path.write_text(re.sub(
            r"(<!-- make bench: (\w+) -->\n```\n).*?(```\n)",
            lambda match: match[1] + tables.text(figures, match[2]) + match[3],
            path.read_text(), flags=re.DOTALL))


def main(args):
    """Measure, save and show."""
    kernel, *rest = args
    chosen = [word for word in rest if not word.startswith("--")]
    known = ["none", *(name for name, _, _ in PARTS)]
    if not all(any(is_meant(name, [word]) for name in known)
               for word in chosen):
        raise SystemExit(f"run.py: parts are {', '.join(known)}")
    build = TOP / "build" / kernel
    path = TOP / "build/bench.json"
    figures = json.loads(path.read_text()) if chosen and path.exists() else {}
    for name, script, options in PARTS:
        if not chosen or is_meant(name, chosen):
            figures[name] = boot(kernel, build, name, script, options)
            path.write_text(json.dumps(figures, indent=1) + "\n")
    if "--docs" in rest:
        quote(figures)
    text = tables.text(figures)
    path.with_suffix(".txt").write_text(text)
    print(json.dumps(figures) if "--json" in rest else text)
    return 1 if any("failed" in part for part in figures.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
