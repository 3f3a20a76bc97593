#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the tests of a running kernel: run.py [FILE[:PATTERN]...], TAP on stdout.

With PATTERN, those of the file whose names it matches. MEMTEL_SHAPE says what
the host is to have meanwhile.
"""

import glob
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
# pylint: disable=wrong-import-position
import harness  # noqa: E402
import shape  # noqa: E402


def main():
    """Run the files named, or all."""
    names = sys.argv[1:] or sorted(glob.glob(f"{HERE}/test_*.py"))
    harness.must("insmod", harness.ORACLE_MODULE)
    shape.make()
    run = harness.Run()
    for name in names:
        shape.disarm()
        harness.unload()
        harness.load()
        shape.arm()
        name, _, pattern = name.partition(":")
        run.module(os.path.join(HERE, name), pattern)
    shape.disarm()
    harness.unload()
    print(f"1..{run.number}")
    return 1 if run.failed else 0


if __name__ == "__main__":
    sys.exit(main())
