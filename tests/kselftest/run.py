#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the tests of a running kernel: run.py [FILE[:WORD]...], TAP on stdout.

With WORD, those of the file that have it in their names.
"""

import glob
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import harness  # noqa: E402  pylint: disable=wrong-import-position


def main():
    """Run the files named, or all."""
    names = sys.argv[1:] or sorted(glob.glob(f"{HERE}/test_*.py"))
    harness.must("insmod", harness.ORACLE_MODULE)
    run = harness.Run()
    for name in names:
        harness.unload()
        harness.load()
        name, _, word = name.partition(":")
        run.module(os.path.join(HERE, name), word)
    harness.unload()
    print(f"1..{run.number}")
    return 1 if run.failed else 0


if __name__ == "__main__":
    sys.exit(main())
