#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Have Prometheus' own promtool confirm golden/eval.golden.

promtool_golden.py: each expression there that is not a mistake is evaluated by
promtool on the same samples, and must give what the file expects. Not part of
the tests, for it takes the prometheus package; run it when the file changes.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

GOLDEN = Path(__file__).parent / "golden/eval.golden"
STEP_S = 10


def sections(text):
    """The file's sections by name."""
    parts = re.split(r"^--- (\w+)\n", text, flags=re.M)[1:]
    return dict(zip(parts[::2], parts[1::2]))


def series(lines):
    """Input series in promtool's notation."""
    values = {}
    for line in lines:
        found = re.match(r"(\d+)(?:\.\.(\d+)/\d+)? (\S+) (\S+)$", line)
        if not found or " eval " in line:
            continue
        first, last, name, value = found.groups()
        for second in range(int(first), int(last or first) + 1, STEP_S):
            values.setdefault(name, {})[second // STEP_S] = value
    return [{"series": name,
             "values": " ".join(at.get(i, "_")
                                for i in range(max(at) + 1))}
            for name, at in values.items()]


def expectations(lines):
    """(time, expression, samples) of each that is no mistake."""
    out = []
    for line in lines:
        if not line.startswith("  "):
            second, expression = line.split(" ", 1)
            out.append((int(second), expression, []))
        elif line.lstrip().startswith("^"):
            out.pop()
        else:
            labels, _, value = line.strip().rpartition(" ")
            out[-1][2].append({"labels": labels or "{}",
                               "value": float(value)})
    # The clocks differ, there a sample lives for five minutes, and promtool
    # does not know one NaN from another.
    return [one for one in out if "time()" not in one[1]
            and one[1] != "gone" and "scalar(up)" not in one[1]]


def main():
    """Make promtool's test, and run it."""
    parts = sections(GOLDEN.read_text(encoding="utf-8"))
    wanted = expectations(parts["expect"].splitlines())
    test = {"evaluation_interval": f"{STEP_S}s", "tests": [{
        "interval": f"{STEP_S}s",
        "input_series": series(parts["input"].splitlines()),
        "promql_expr_test": [
            {"expr": expression, "eval_time": f"{second}s",
             "exp_samples": samples}
            for second, expression, samples in wanted]}]}
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(test, file)
        file.flush()
        print(f"{len(wanted)} expressions")
        return subprocess.run(["promtool", "test", "rules", file.name],
                              check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
