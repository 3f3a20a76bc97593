# SPDX-License-Identifier: GPL-2.0-or-later
"""Judge a guest by its kernel log and its taint flags.

A run whose tests pass while the kernel complains has failed.  Nothing here
does I/O: logs come in as text, findings go out as lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

COMPLAINT = re.compile("|".join((
    r"WARNING:",
    r"\bBUG\b",                 # BUG:, kernel BUG at, SLUB's "BUG kmalloc-64 ("
    r"\bOops\b",
    r"Call Trace",
    r"general protection",
    r"soft lockup",
    r"hard LOCKUP",
    r"rcu: INFO: .*(stall|self-detected|detected)",
    r"rcu:? .*\bstall(s|ed)?\b",
    r"kthread starved",
    r"Kernel panic",
    r"hung_task",
    r"blocked for more than \d+ seconds",
    r"\b(KASAN|KCSAN|KMSAN|KFENCE|UBSAN|ODEBUG): ",
    r"DEBUG_LOCKS_WARN_ON",
    r"possible (circular|recursive|irq lock inversion)",
    r"(inconsistent|invalid) lock (state|context)",
    r"bad unlock balance",
    r"held lock freed",
    r"locks? held when returning to user space",
    r"suspicious RCU usage",
    r"trying to register non-static key",
    r"scheduling while atomic",
    r"sleeping function called from invalid context",
    r"unable to handle",
    r"refcount_t: ",
    r"list_(add|del) corruption",
    r"Objects remaining in ",
    r"\[memtel\w*\] .*\bdeprecated\b",
    r"new suspected memory leaks",
)))

# A memory tester may ask for these; the stack under one is no complaint then.
STACK_LINES = 40

# Boot parameters are the user's words, not the kernel's.
NOT_LOG = re.compile(r"Kernel command line:|^\[[ .0-9]+\] Command line:")

STAMP = re.compile(r"^(<\d+>)?\[ *\d+\.\d+\](\[ *[TC]\d+\])? ?")

TAINTS = ("proprietary module", "forced module load", "SMP-unsafe CPU",
          "forced module unload", "machine check", "bad page", "by user",
          "died: oops or BUG", "ACPI table overridden", "warning",
          "staging driver", "firmware workaround", "out-of-tree module",
          "unsigned module", "soft lockup", "live patch", "auxiliary",
          "randstruct", "in-kernel test")
# memtel, and the module that tests its parts.
TAINTS_EXPECTED = 1 << 12 | 1 << 13 | 1 << 18


def scan_log(text: str, allow: Iterable[str] = ()) -> list[str]:
    """Lines of @text in which the kernel complains, each once, in order.

    A line that matches one of the @allow patterns is no finding, and neither
    is a call trace among the lines that follow it.  Other complaints there
    still are.
    """
    allowed = [re.compile(pattern) for pattern in allow]
    found: dict[str, None] = {}
    stack_allowed = 0
    for raw in text.splitlines():
        line = raw.strip()
        stack_allowed -= 1
        if any(pattern.search(line) for pattern in allowed):
            stack_allowed = STACK_LINES
            continue
        if NOT_LOG.search(line) or not COMPLAINT.search(line):
            continue
        if "Call Trace" in line and stack_allowed > 0:
            continue
        found.setdefault(line)
    return list(found)


def merge(*findings: list[str]) -> list[str]:
    """Findings of several copies of one log, each once.

    Time stamps differ in form between console and dmesg, so they are no part
    of the comparison.
    """
    seen: dict[str, str] = {}
    for line in (line for lines in findings for line in lines):
        seen.setdefault(STAMP.sub("", line), line)
    return list(seen.values())


def scan_taint(taint: int) -> list[str]:
    """A line for each taint bit that loading memtel does not explain."""
    lines = []
    for bit in range(taint.bit_length()):
        if taint & ~TAINTS_EXPECTED & 1 << bit:
            name = TAINTS[bit] if bit < len(TAINTS) else "unknown"
            lines.append(f"tainted: bit {bit} ({name})")
    return lines
