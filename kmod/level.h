/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When a value is too high, and when no longer. Pure: compiles on the host, too.
 *
 * A level is raised when its value has been over the threshold for the whole of
 * the hold time, at every look, and cleared by the first look at which it is no
 * more than the clear value. So a value that swings between the two makes no
 * events, and a short peak makes none where there is a hold time.
 */
#ifndef _MEMTEL_LEVEL_H
#define _MEMTEL_LEVEL_H

#include <linux/types.h>
#ifndef __KERNEL__
#include <stdbool.h>
#endif

enum memtel_level_change {
	MEMTEL_LEVEL_SAME,
	MEMTEL_LEVEL_RAISED,
	MEMTEL_LEVEL_CLEARED,
};

/**
 * struct memtel_level - a threshold and where the value is
 * @threshold: over this is too high
 * @clear: no more than this is low again; at most @threshold
 * @hold_ns: how long it must be too high
 * @is_over: not raised, but too high since @since_ns
 * @is_raised: raised at @since_ns
 * @since_ns: see above
 * @peak: the highest value while raised
 */
struct memtel_level {
	__u64 threshold;
	__u64 clear;
	__u64 hold_ns;
	bool is_over;
	bool is_raised;
	__u64 since_ns;
	__u64 peak;
};

/* Look at the value. Times do not go back. */
static inline enum memtel_level_change
memtel_level_look(struct memtel_level *level, __u64 now_ns, __u64 value)
{
	if (level->is_raised) {
		if (value > level->peak)
			level->peak = value;
		if (value > level->clear)
			return MEMTEL_LEVEL_SAME;
		level->is_raised = false;
		return MEMTEL_LEVEL_CLEARED;
	}
	if (value <= level->threshold) {
		level->is_over = false;
		return MEMTEL_LEVEL_SAME;
	}
	if (!level->is_over) {
		level->is_over = true;
		level->since_ns = now_ns;
	}
	if (now_ns - level->since_ns < level->hold_ns)
		return MEMTEL_LEVEL_SAME;
	level->is_over = false;
	level->is_raised = true;
	level->since_ns = now_ns;
	level->peak = value;
	return MEMTEL_LEVEL_RAISED;
}

#endif /* _MEMTEL_LEVEL_H */
