#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How soon a subscriber knows of a threshold crossed, and how much it can take.

See wake.c, which does it; here its numbers are put together. PSI's trigger
waits in the same run for the same stalls.
"""

import subprocess

from common import BUILD, insmod, load, save, say

SUBSCRIBERS = (1, 10, 100, 1000)
STALLS = {1: 60, 10: 30, 100: 20, 1000: 10}
# What a burst is made of; with many subscribers it is much to emulate.
TRIGGERS = {1: (10, 100, 1000), 10: (10, 100, 1000), 100: (10, 100), 1000: (10,)}


def wake(*words):
    """What wake prints: {word: numbers}."""
    done = subprocess.run((f"{BUILD}/bench/wake", *map(str, words)),
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"wake {words}: {done.stderr}")
    out = {}
    for line in done.stdout.splitlines():
        name, value = line.split()
        out.setdefault(name, []).append(
            None if value == "never" else int(value))
    return out


def percentile(numbers, share):
    """The number that so many of them are no more than."""
    found = sorted(number for number in numbers if number is not None)
    return found[min(len(found) - 1, int(share * len(found)))] if found else None


def lateness(subscribers):
    """A row: of memtel's last and first subscriber and of PSI's."""
    got = wake("late", STALLS[subscribers], subscribers)
    return {"stalls": len(got["psi"]),
            **{who: {"p50": percentile(got[who], .5),
                     "p99": percentile(got[who], .99),
                     "never": got[who].count(None)}
               for who in ("first", "memtel", "psi")}}


def flood(triggers, subscribers):
    """A row: how long bursts take to be read, and events lost of them."""
    got = wake("flood", triggers, subscribers)
    typical = percentile(got["burst"], .5)
    return {"triggers": triggers, "burst": typical, "lost": got["lost"][0],
            "per_second": typical and triggers * 10**9 / typical}


def main():
    """Measure and save."""
    load()
    insmod(f"{BUILD}/bench/memtel_stall.ko")
    late, sustained = {}, {}
    for subscribers in SUBSCRIBERS:
        say("events:", subscribers, "subscribers")
        late[subscribers] = lateness(subscribers)
        sustained[subscribers] = [flood(triggers, subscribers)
                                  for triggers in TRIGGERS[subscribers]]
        save("events", {"late": late, "sustained": sustained})


if __name__ == "__main__":
    main()
