# SPDX-License-Identifier: GPL-2.0-or-later
"""Functions that look for faults, told as TAP."""


def report(area, checks, *args):
    """Call each with args, which returns None or what it found; 1 when one found
    something."""
    failed = False
    for number, check in enumerate(checks, 1):
        found = check(*args)
        failed |= found is not None
        print(f"{'ok' if found is None else 'not ok'} {number} - {area}: "
              f"{check.__doc__.splitlines()[0]}", flush=True)
        for line in (found or "").splitlines():
            print(f"#   {line}")
    print(f"1..{len(checks)}")
    return int(failed)
