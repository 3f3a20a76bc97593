#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the tests of a running kernel: run.py [FILE[:PATTERN]...], KTAP on stdout.

With PATTERN, those of the file whose names it matches. MEMTEL_SHAPE says what
the host is to have meanwhile. MEMTEL_SRC is the source, MEMTEL_BUILD where it was
built; without them nothing is tested (exit 4).
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
# pylint: disable=wrong-import-position
import harness  # noqa: E402
import shape  # noqa: E402


def main():
    """Run the files named, or all."""
    files = []
    for name in sys.argv[1:] or sorted(glob.glob(f"{HERE}/test_*.py")):
        name, _, pattern = name.partition(":")
        files.append(harness.File(os.path.join(HERE, name), pattern))
    if not os.path.exists("/sys/module/memtel_oracle"):
        harness.must("insmod", harness.ORACLE_MODULE)
    shape.make()
    run = harness.Run(sum(len(file.tests) for file in files))
    for file in files:
        shape.disarm()
        harness.unload()
        harness.load()
        shape.arm()
        for name, function in file.tests:
            run.one(name, function)
        file.show()
    shape.disarm()
    harness.unload()
    return run.status()


if __name__ == "__main__":
    sys.exit(main())
