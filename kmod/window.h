/* SPDX-License-Identifier: GPL-2.0 */
/* Begin and end events of a task, paired. See window.c. */
#ifndef _MEMTEL_WINDOW_H
#define _MEMTEL_WINDOW_H

#include <linux/cache.h>
#include <linux/gfp.h>
#include <linux/types.h>

#include "counter.h"
#include "keyed.h"
#include "stall.h"

struct task_struct;

/* A window's row while it has none. */
#define WINDOW_NO_ROW	U32_MAX

/**
 * struct memtel_window - what a task has begun and not ended
 * @what: what it began; the source's own meaning, NULL in a slot of which the
 *        rest is not valid
 * @depth: how deep in the task's stack it began
 * @begin_ns: when, ktime_get_mono_fast_ns()
 * @is_spilled: its task's name stands in another bucket than that of its hash
 *
 * What follows is the source's own; zero at the beginning.
 * @mark_ns: up to when its time is attributed, or it was seen at work
 * @home: row where it is counted, WINDOW_NO_ROW for none
 * @row: number of the row that it works for now, WINDOW_NO_ROW for none
 * @is_at_node: the time since @mark_ns will be that row's, whatever comes next
 * @nid: node that it works on now
 * @order: of the request, -1 for unknown
 * @gfp: of the request
 * @value: any number to be kept
 * @loser: who loses the time, where that is counted
 *
 * All of it belongs to the task that began; others read it by a copy.
 */
struct memtel_window {
	const void *what;
	unsigned long depth;
	u64 begin_ns;
	bool is_spilled;

	bool is_at_node;
	u64 mark_ns;
	struct memtel_row home;
	u32 row;
	int nid;
	int order;
	gfp_t gfp;
	long value;
	struct memtel_loser loser;
};

/* Tasks of a bucket: with the counter they fill one cache line. */
#define WINDOW_TASKS	7

/**
 * struct memtel_window_bucket - whose windows are in some slots
 * @task: by slot, whose; NULL for a free one
 * @spilled: windows of tasks that hash to here and found room elsewhere
 *
 * A task takes and gives back a slot by an atomic exchange of its entry.
 */
struct memtel_window_bucket {
	const struct task_struct *task[WINDOW_TASKS];
	atomic_t spilled;
} ____cacheline_aligned;

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
 * @buckets: whose they are, by a hash of the task
 * @slots: WINDOW_TASKS of each bucket: those that are open, and free ones
 * @bits: log2 of the number of buckets
 * @since_ns: ktime_get_mono_fast_ns() of the last reset; earlier time does not
 *            count
 * @passed: how many began and ended; the difference is how many are open
 * @lost: what could not be paired
 */
struct memtel_windows {
	struct memtel_window_bucket *buckets;
	struct memtel_window *slots;
	unsigned int bits;
	u64 since_ns;
	struct memtel_counters passed;
	struct memtel_counters lost;
};

/* Where the current task's window is counted. */
static inline void memtel_window_set_home(struct memtel_window *window,
					  struct memtel_row home)
{
	WRITE_ONCE(window->home.generation, home.generation);
	/* Pairs with window_copy(). */
	smp_store_release(&window->home.nr, home.nr);
}

struct memtel_source_stats;

int memtel_windows_init(struct memtel_windows *windows);
void memtel_windows_exit(struct memtel_windows *windows);
void memtel_windows_reset(struct memtel_windows *windows);
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
u64 memtel_window_advance(const struct memtel_windows *windows,
			  struct memtel_window *window, u64 now);

void memtel_windows_each(const struct memtel_windows *windows, const void *what,
			 void (*fn)(const struct memtel_window *copy, void *arg),
			 void *arg);
void memtel_windows_drop(struct memtel_windows *windows, const void *what,
			 bool (*is_over)(const struct task_struct *task,
					 const struct memtel_window *copy),
			 void (*fn)(const struct memtel_window *copy));

#endif /* _MEMTEL_WINDOW_H */
