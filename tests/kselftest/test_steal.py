# SPDX-License-Identifier: GPL-2.0-or-later
"""What memtel costs is not more where the CPUs are taken away for moments.

In a VM that is booted with --steal, by the host's clock.
"""

import os
import time

from harness import check, client, equal, load, oracle, unload, wait_for, write
from test_restraint import LIMIT, Load, source

STEAL = f"{os.environ['MEMTEL_OUT']}/steal"
SECONDS = 12


def per_call(ynl, percent):
    """What a call takes in ns, and the most of the CPUs' time that all took,
    while so many percent of the CPUs' time are stolen."""
    write(STEAL, str(percent))
    before, most_ppm = source(ynl), 0
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        time.sleep(0.5)
        most_ppm = max(most_ppm, source(ynl).get("cost-share-ppm", 0))
    after = source(ynl)
    calls = after.get("cost-events", 0) - before.get("cost-events", 0)
    check(calls > 10000, f"too few calls: {before}, {after}")
    mean = (after["cost-ns"] - before["cost-ns"]) / calls
    print(f"# {percent} % stolen: {calls} calls, {mean:.0f} ns each, "
          f"{most_ppm} ppm at most")
    return mean, most_ppm


def test_stolen_time_is_no_cost():
    """With what is stolen a call takes no more, and nothing is shed; with a probe
    that is slow it is."""
    unload()
    load("cost_wait_s=3600")
    ynl = client()
    ynl.do("source-hold", {"name": "slab"})
    try:
        with Load():
            wait_for(lambda: "cost-ns" in source(ynl), 60, "a cost")
            mean, most_ppm = per_call(ynl, 0)
            # Of a CPU that is taken away there is less to spend.
            write(LIMIT, str(2 * most_ppm))
            for percent in 30, 60:
                stolen, _ = per_call(ynl, percent)
                equal(source(ynl)["sheds"], 0, f"sheds at {percent} %")
                check(stolen < 2 * mean, f"{stolen} ns a call, not {mean}")
        write(LIMIT, "0")
        with Load(1 << 15):
            wait_for(lambda: source(ynl)["cost-share-ppm"] < 25000, 120,
                     "the load before is forgotten")
            write(LIMIT, "50000")
            time.sleep(5)
            equal(source(ynl)["sheds"], 0, "sheds")
            oracle("slow slab_count_rare 50000")
            try:
                wait_for(lambda: source(ynl)["sheds"], 60, "shed")
            finally:
                oracle("slow slab_count_rare 0")
    finally:
        write(STEAL, "0")
