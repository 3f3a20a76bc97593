# SPDX-License-Identifier: GPL-2.0-or-later
"""TAP of the tests in Python; tap.h is that of those in C."""
import sys

RESULTS = []


def ok(condition, name, why=""):
    """A test's result."""
    RESULTS.append(bool(condition))
    print(f"{'' if condition else 'not '}ok {len(RESULTS)} - {name}", flush=True)
    if not condition:
        print("\n".join(f"# {line}" for line in str(why).splitlines()), flush=True)


def tap_done():
    """The end of all tests."""
    print(f"1..{len(RESULTS)}")
    sys.exit(not all(RESULTS))
