#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the tests of a running kernel: run.py [FILE[:WORD]...], KTAP on stdout.

With WORD, those of the file that have it in their names. MEMTEL_SRC is the source,
MEMTEL_BUILD where it was built; without them nothing is tested (exit 4).
"""

import glob
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
BUILT = os.path.exists(f"{os.environ.get('MEMTEL_BUILD')}/kmod/memtel.ko")
if not BUILT or "MEMTEL_SRC" not in os.environ:
    print("TAP version 13\n1..0 # SKIP needs what MEMTEL_BUILD and MEMTEL_SRC name")
    sys.exit(4)
import harness  # noqa: E402  pylint: disable=wrong-import-position


def main():
    """Run the files named, or all."""
    files = []
    for name in sys.argv[1:] or sorted(glob.glob(f"{HERE}/test_*.py")):
        name, _, word = name.partition(":")
        files.append(harness.tests_of(os.path.join(HERE, name), word))
    if not os.path.exists("/sys/module/memtel_oracle"):
        harness.must("insmod", harness.ORACLE_MODULE)
    run = harness.Run(sum(map(len, files)))
    for tests in files:
        harness.unload()
        harness.load()
        for name, function in tests:
            run.one(name, function)
    harness.unload()
    return run.status()


if __name__ == "__main__":
    sys.exit(main())
