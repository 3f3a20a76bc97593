/* SPDX-License-Identifier: GPL-2.0 */
/* Begin and end events of a task, paired. See window.c. */
#ifndef _MEMTEL_WINDOW_H
#define _MEMTEL_WINDOW_H

#include <linux/gfp.h>
#include <linux/types.h>

#include "counter.h"
#include "stall.h"

struct task_struct;

/**
 * struct memtel_window - what a task has begun and not ended
 * @task: whose; NULL in a free slot
 * @what: what it began; the source's own meaning, NULL in a slot of which the
 *        rest is not valid
 * @depth: how deep in the task's stack it began
 * @begin_ns: when, ktime_get_mono_fast_ns()
 *
 * What follows is the source's own; zero at the beginning.
 * @mark_ns: up to when its time is attributed, or it was seen at work
 * @home: row where it is counted
 * @words: row of the node it works on now
 * @nid: that node
 * @order: of the request
 * @gfp: of the request
 * @value: any number to be kept
 * @loser: who loses the time, where that is counted
 *
 * A task takes and gives back slots by an atomic exchange of @task; all else
 * in a slot belongs to its task alone.
 */
struct memtel_window {
	const struct task_struct *task;
	const void *what;
	unsigned long depth;
	u64 begin_ns;

	u64 mark_ns;
	u64 __percpu *home;
	u64 __percpu *words;
	int nid;
	int order;
	gfp_t gfp;
	long value;
	struct memtel_loser loser;
};

/* Windows begun and ended, of one slot of counters. */
enum window_passed {
	WINDOW_BEGUN,
	WINDOW_ENDED,
	WINDOW_PASSED_WORDS,
};

/* Losses, of one slot of counters. */
enum window_lost {
	WINDOW_UNPAIRED_BEGINS,
	WINDOW_UNPAIRED_ENDS,
	WINDOW_UNPLACED_BEGINS,
	WINDOW_LOST_WORDS,
};

/**
 * struct memtel_windows - the open windows of a source
 * @slots: those that are open, and free ones
 * @passed: how many began and ended; the difference is how many are open
 * @lost: what could not be paired
 */
struct memtel_windows {
	struct memtel_window *slots;
	struct memtel_counters passed;
	struct memtel_counters lost;
};

struct memtel_source_stats;

int memtel_windows_init(struct memtel_windows *windows);
void memtel_windows_exit(struct memtel_windows *windows);
void memtel_windows_reset(struct memtel_windows *windows);
u64 memtel_windows_bytes(const struct memtel_windows *windows);
void memtel_windows_stats(const struct memtel_windows *windows,
			  struct memtel_source_stats *stats);

struct memtel_window *memtel_window_begin(struct memtel_windows *windows,
					  const void *what);
struct memtel_window *memtel_window_find(struct memtel_windows *windows,
					 const void *what);
bool memtel_window_end(struct memtel_windows *windows, const void *what,
		       struct memtel_window *copy);
void memtel_window_take(struct memtel_windows *windows,
			struct memtel_window *window,
			struct memtel_window *copy);

void memtel_windows_each(const struct memtel_windows *windows, const void *what,
			 void (*fn)(const struct memtel_window *copy, void *arg),
			 void *arg);

#endif /* _MEMTEL_WINDOW_H */
