// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of those parts of memtel that need no probe: what is pure, though
 * the host tests that too, and what has per-CPU memory, which it cannot.
 *
 * Each other file has the part under test in it, as a whole.
 */
#include <linux/module.h>

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The memtel authors");
MODULE_DESCRIPTION("KUnit tests of memtel");
