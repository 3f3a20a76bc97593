# SPDX-License-Identifier: GPL-2.0-or-later
"""TAP, a line a check, as the tests of packages print it."""

import subprocess
import time
import traceback

# How much of what a command said is shown.
LINES = 30


class Tap:
    """Numbers checks, from @first on, and counts those that failed."""

    def __init__(self, first=1):
        self.next = first
        self.failed = 0

    def check(self, name, function, *args):
        """Make a check: the function returns what is wrong, or None.

        Returns whether all is good.
        """
        start_s = time.monotonic()
        try:
            said = function(*args)
        except Exception:  # pylint: disable=broad-except
            said = traceback.format_exc()
        good = said is None
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.next} - packages: {name}\n"
              f"#   {time.monotonic() - start_s:.0f} s", flush=True)
        self.next += 1
        for line in (said or "").splitlines():
            print(f"#   {line}", flush=True)
        return good


def output(*command, **options):
    """What a command prints; CalledProcessError when it fails."""
    return subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=True,
                          **options).stdout


def complaint(*command, **options):
    """The end of what a command says when it fails, or None."""
    try:
        output(*command, **options)
    except subprocess.CalledProcessError as error:
        return "\n".join([f"exit {error.returncode}",
                          *error.stdout.splitlines()[-LINES:]])
    return None
