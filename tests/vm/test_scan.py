#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What scan.py must see in a kernel log, and what it must not."""

from __future__ import annotations

import unittest

import scan

# One line each from real logs of 5.10 to 6.12, or from the kernel's formats.
COMPLAINTS = """\
[    5.120000] WARNING: CPU: 0 PID: 1 at kernel/foo.c:12 foo+0x1/0x2 [memtel]
[    5.120000] BUG: kernel NULL pointer dereference, address: 0000000000000008
[    5.120000] BUG: unable to handle page fault for address: ffffdead
[    5.120000] kernel BUG at mm/slub.c:4321!
[    5.120000] BUG kmalloc-64 (Tainted: G           OE     ): Poison overwritten
[    5.120000] BUG kmem (Not tainted): Objects remaining in kmem on __kmem_cache_shutdown()
[    5.120000] Oops: 0002 [#1] PREEMPT SMP PTI
[    5.120000] Call Trace:
[    5.120000] general protection fault, probably for non-canonical address
[   80.120000] watchdog: BUG: soft lockup - CPU#1 stuck for 134s! [insmod:99]
[   80.120000] NMI watchdog: Watchdog detected hard LOCKUP on cpu 0
[   80.120000] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
[   80.120000] rcu: INFO: rcu_sched self-detected stall on CPU
[   80.120000] rcu: rcu_preempt kthread starved for 5252 jiffies! g2597 f0x0
[    9.000000] Kernel panic - not syncing: sysrq triggered crash
[  250.000000] INFO: task insmod:71 blocked for more than 120 seconds.
[    9.000000] "echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this
[    9.000000] BUG: KASAN: slab-use-after-free in foo+0x1/0x2 [memtel]
[    9.000000] UBSAN: shift-out-of-bounds in /work/hist.h:12:3
[    9.000000] BUG: KFENCE: out-of-bounds read in foo+0x1/0x2
[    9.000000] WARNING: possible circular locking dependency detected
[    9.000000] WARNING: possible recursive locking detected
[    9.000000] WARNING: inconsistent lock state
[    9.000000] DEBUG_LOCKS_WARN_ON(lock->magic != lock)
[    9.000000] WARNING: suspicious RCU usage
[    9.000000] INFO: trying to register non-static key.
[    9.000000] BUG: scheduling while atomic: insmod/71/0x00000002
[    9.000000] BUG: sleeping function called from invalid context at mm.c:1
[    9.000000] refcount_t: underflow; use-after-free.
[    9.000000] list_del corruption. next->prev should be ffff
[    9.000000] kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug)
[    9.000000] workqueue: work func f [memtel] enqueued on deprecated workqueue.
"""

# Lines that resemble the above in a guest that is well.
INNOCENT = """\
[    0.000000] Linux version 6.1.0-56-amd64 (gcc-12 (Debian 12.2.0)) #1 SMP
[    0.000000] Command line: console=ttyS0 panic=-1 oops=panic hung_task_panic=1
[    0.000000] Kernel command line: console=ttyS0 rcu_cpu_stall_timeout=120
[    0.000000] rcu: Preemptible hierarchical RCU implementation.
[    0.000000] rcu: \tRCU debug extended QS entry/exit.
[    0.000000] rcu: Max phase no-delay instances is 1000.
[    0.100000] kasan: KernelAddressSanitizer initialized
[    0.100000] kfence: initialized - using 2097152 bytes for 255 objects
[    0.100000] Warning: unable to open an initial console.
[    0.100000] debugfs: directory 'memtel' created
[    0.100000] ftrace: allocating 40000 entries in 150 pages
[    0.100000] Lockdep is turned off.
[    1.500000] memtel: loading out-of-tree module taints kernel.
[    1.500000] memtel: module verification failed: signature missing
"""

FAILED_ALLOCATION = """\
[    7.000000] stress-ng: page allocation failure: order:4, mode:0xcc0
[    7.000001] CPU: 0 PID: 70 Comm: stress-ng Not tainted 6.1.0
[    7.000002] Call Trace:
[    7.000003]  <TASK>
[    7.000004]  dump_stack_lvl+0x44/0x5c
"""


class ScanLog(unittest.TestCase):
    """scan_log() and merge()."""

    def test_each_complaint(self) -> None:
        for line in COMPLAINTS.splitlines():
            with self.subTest(line=line):
                self.assertEqual(scan.scan_log(line), [line])

    def test_order_and_repetition(self) -> None:
        self.assertEqual(scan.scan_log(COMPLAINTS * 2),
                         COMPLAINTS.splitlines())

    def test_innocent(self) -> None:
        self.assertEqual(scan.scan_log(INNOCENT), [])
        self.assertEqual(scan.scan_log(""), [])

    def test_allowed_report(self) -> None:
        self.assertEqual(len(scan.scan_log(FAILED_ALLOCATION)), 1)
        self.assertEqual(
            scan.scan_log(FAILED_ALLOCATION, ["page allocation failure"]), [])

    def test_allowing_covers_only_the_stack(self) -> None:
        bug = "[    7.000005] BUG: kernel NULL pointer dereference"
        stack = "[    9.000000] Call Trace:"
        text = "\n".join([FAILED_ALLOCATION, bug,
                          *["[    8.0] x"] * scan.STACK_LINES, stack])
        self.assertEqual(scan.scan_log(text, ["page allocation failure"]),
                         [bug, stack])

    def test_merge_ignores_stamps(self) -> None:
        console = ["[    9.000000] BUG: one", "[    9.000001][  T12] BUG: two"]
        dmesg = ["[    9.000000] BUG: one", "[    9.000001] BUG: two",
                 "[   10.000000] BUG: three"]
        self.assertEqual(scan.merge(console, dmesg), [*console, dmesg[2]])


class ScanTaint(unittest.TestCase):
    """scan_taint()."""

    def test_expected(self) -> None:
        for taint in (0, 4096, 8192, 12288):
            self.assertEqual(scan.scan_taint(taint), [])

    def test_unexpected(self) -> None:
        self.assertEqual(scan.scan_taint(12288 | 512),
                         ["tainted: bit 9 (warning)"])
        self.assertEqual(scan.scan_taint(1 | 1 << 40),
                         ["tainted: bit 0 (proprietary module)",
                          "tainted: bit 40 (unknown)"])


if __name__ == "__main__":
    unittest.main()
