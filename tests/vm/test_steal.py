#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How much time steal.py takes from a process, by a clock that only it moves."""

from __future__ import annotations

import signal
import tempfile
import unittest
from pathlib import Path

import steal


class StealTest(unittest.TestCase):
    """One process, and what was done to it."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name, "steal")
        self.is_stopped = False
        self.pauses: list[float] = []
        self.ran = 0.0
        self.stealer = steal.Stealer(7, self.path, self.kill, self.sleep)

    def kill(self, pid: int, number: int) -> None:
        """Stops and goes on by turns."""
        self.assertEqual(pid, 7)
        self.assertEqual(number, signal.SIGCONT if self.is_stopped
                         else signal.SIGSTOP)
        self.is_stopped = not self.is_stopped

    def sleep(self, seconds: float) -> None:
        """The clock."""
        if self.is_stopped:
            self.pauses.append(seconds)
        else:
            self.ran += seconds

    def turns(self, text: str) -> None:
        """A thousand of them with what the guest wrote."""
        self.path.write_text(text)
        for _ in range(1000):
            self.stealer.turn()
            self.assertFalse(self.is_stopped)

    def test_nothing(self) -> None:
        """Before the guest wants it, and while it writes."""
        self.stealer.turn()
        for text in "0", "", "x":
            self.turns(text)
        self.assertEqual(self.pauses, [])

    def test_share(self) -> None:
        """The share that was asked for, in pauses short and long."""
        for percent in 30, 60:
            self.pauses, self.ran = [], 0.0
            self.turns(f"{percent}\n")
            stolen = sum(self.pauses)
            self.assertAlmostEqual(stolen / (stolen + self.ran), percent / 100)
            self.assertGreaterEqual(min(self.pauses), steal.LEAST_S)
            self.assertLessEqual(max(self.pauses), steal.MOST_S)
            short = sum(pause < 0.007 for pause in self.pauses)
            self.assertTrue(400 < short < 600, f"{short} short ones")

    def test_end(self) -> None:
        """It is left running, and what is gone is left alone."""
        def gone(pid: int, number: int) -> None:
            raise ProcessLookupError

        self.path.write_text("50")
        stealer = steal.Stealer(7, self.path, gone, self.sleep)
        stealer.start()
        stealer.stop()


if __name__ == "__main__":
    unittest.main()
