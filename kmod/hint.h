/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A probe's word to the triggers that one of their numbers grows, or will.
 *
 * A hint makes the triggers look soon (trigger.c says how soon), and from then
 * on they look by themselves as long as there is something to see. While no
 * trigger is there a hint costs a load and a branch.
 */
#ifndef _MEMTEL_HINT_H
#define _MEMTEL_HINT_H

#include <linux/compiler.h>
#include <linux/types.h>

/**
 * struct memtel_hint - whether hints are wanted
 * @is_armed: there are triggers
 * @is_wanted: they have not been told yet
 *
 * The second is set by the triggers at each look and cleared by the first hint.
 * Read by all CPUs, written at most once for every look.
 */
struct memtel_hint {
	bool is_armed;
	bool is_wanted;
};

extern struct memtel_hint memtel_hint;

void memtel_hint_give(void);

/* Context: any. */
static __always_inline void memtel_hint_growth(void)
{
	if (unlikely(READ_ONCE(memtel_hint.is_armed)))
		memtel_hint_give();
}

#endif /* _MEMTEL_HINT_H */
