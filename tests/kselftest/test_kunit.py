# SPDX-License-Identifier: GPL-2.0-or-later
"""The module's own parts, tested in the kernel where it has KUnit."""

import glob
import os
import re

from harness import BUILD, Skipped, check, must, read

MODULE = f"{BUILD}/kunit/memtel_kunit.ko"
RESULTS = "/sys/kernel/debug/kunit/memtel_*/results"


def test_all_suites():
    """Each case of each suite passes; loading the module runs them."""
    if not os.path.exists(MODULE):
        raise Skipped("this kernel has no KUnit")
    must("insmod", MODULE)
    cases = []
    for path in sorted(glob.glob(RESULTS)):
        text = read(path)
        print("".join(f"# {line}\n" for line in text.splitlines()), end="")
        cases += re.findall(r"^ +((?:not )?ok \d+ .*)", text, re.M)
    must("rmmod", "memtel_kunit")
    check(len(cases) >= 15, f"{len(cases)} cases ran")
    failed = [case for case in cases if not case.startswith("ok")]
    check(not failed, "; ".join(failed))
