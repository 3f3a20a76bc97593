# SPDX-License-Identifier: GPL-2.0-or-later
"""Take the CPUs away from a VM for moments, as a busy host does.

The guest says how much of its time: it writes a number of percent to the file
"steal" of the shared directory. All of the VM's CPUs are stopped together, for
1 to 50 ms at a time, by signals to QEMU. The guest's clock goes on meanwhile.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

LEAST_S, MOST_S = 0.001, 0.050
# So soon what the guest wrote is seen.
IDLE_S = 0.1
# A guest that got no time at all would never say that it is enough.
MOST_PERCENT = 90


class Stealer(threading.Thread):
    """Stops and continues a process until it is told to end."""

    def __init__(self, pid: int, path: Path,
                 kill: Callable[[int, int], None] = os.kill,
                 sleep: Callable[[float], None] = time.sleep) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.path = path
        self.kill = kill
        self.sleep = sleep
        self.random = random.Random(1)
        self.is_over = False

    def percent(self) -> int:
        """What the guest wants; nothing until it has written all of it."""
        try:
            return min(int(self.path.read_text()), MOST_PERCENT)
        except (OSError, ValueError):
            return 0

    def turn(self) -> None:
        """Let it run for a while, then stop it for as long as that takes."""
        percent = self.percent()
        if not percent:
            self.sleep(IDLE_S)
            return
        # As many pauses of 1 to 7 ms as of 7 to 50.
        pause = LEAST_S * (MOST_S / LEAST_S) ** self.random.random()
        self.sleep(pause * (100 - percent) / percent)
        self.kill(self.pid, signal.SIGSTOP)
        try:
            self.sleep(pause)
        finally:
            self.kill(self.pid, signal.SIGCONT)

    def run(self) -> None:
        """The thread: turn after turn, while there is a process."""
        try:
            while not self.is_over:
                self.turn()
        except ProcessLookupError:
            pass

    def stop(self) -> None:
        """Leave the process running; its id may be another's from now on."""
        self.is_over = True
        self.join()
