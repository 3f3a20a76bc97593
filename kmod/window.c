// SPDX-License-Identifier: GPL-2.0
/*
 * Windows: from a task's begin event to its end event.
 *
 * A table of slots, allocated when the source is attached. The tasks that slots
 * belong to stand apart from what is in the slots, in buckets of one cache line
 * each. A task looks for a free entry in the bucket that its address hashes to,
 * and takes the entry by an atomic exchange. Only that task writes to the slot
 * until the task gives the entry back, so nothing else protects the slot from
 * other tasks. The task may sleep and move to another CPU between begin and
 * end. When its bucket is full a task looks in the buckets behind, up to
 * WINDOW_REACH of them; the first bucket counts how many did so. While that
 * count is zero, no search looks further.
 *
 * Pairs that are none. An end without a begin is counted and forgotten. A begin
 * without an end is noticed by the stack: what began there is over when the
 * same task begins the same thing again no deeper in its stack. So a window
 * within a window (a shrinker that runs into its own reclaim) is told from a
 * lost one, and a lost one is counted and never timed. Sources attach end
 * probes first and detach them last, so that probes coming and going lose
 * begins, never ends.
 *
 * Others may look at what is open (memtel_windows_each()): @what is written
 * last when a window begins and first when it ends, so that what is read
 * between two looks at it is one window's. Whether anything is open at all is
 * told by two per-CPU counters. A window's end comes before its time is
 * counted: a reader who reads totals first finds a time in neither for a
 * moment, never in both.
 *
 * A reset does not end what is open. Time before the reset is left out of what
 * a window that began earlier counts when it ends.
 *
 * Cost: begin, find and end read one cache line of tasks, and write it when a
 * window begins and ends; more lines only after a spill. Seven tasks share such
 * a line; the slots, which a task writes at each sign of work, it shares with
 * nobody but its neighbours' edges.
 *
 * Size: two windows for each MiB of memory and 32 for each CPU, at least 1792
 * and at most 28,672 (7/8 of 2^15), about 130 bytes each; stalled_tasks
 * overrides. With random addresses a table that is four sevenths full places
 * every task, one that is four fifths full all but one in 10,000, and a full
 * one 97 of 100. What finds no slot is counted in unplaced_begins and its time
 * is lost.
 */
#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/hash.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>

#include "source.h"
#include "timing.h"
#include "window.h"

/* Slots there are at least, at most, for each CPU, for each MiB of memory. */
#define SLOTS_MIN	2048
#define SLOTS_MAX	32768
#define SLOTS_PER_CPU	32
#define SLOTS_PER_MIB	2

/* How many buckets a task looks at. */
#define WINDOW_REACH	16

#define STALLED_MAX	262144

static unsigned int stalled_tasks;

static int stalled_set(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, 0, STALLED_MAX);
}

static const struct kernel_param_ops stalled_ops = {
	.set = stalled_set,
	.get = param_get_uint,
};

module_param_cb(stalled_tasks, &stalled_ops, &stalled_tasks, 0444);
MODULE_PARM_DESC(stalled_tasks,
		 "Tasks that may be in reclaim, in compaction or in a shrinker at once and are timed (1 to 262144); 0, the default: by the size of memory and the number of CPUs");

static unsigned int nr_buckets(const struct memtel_windows *windows)
{
	return BIT(windows->bits);
}

static unsigned int nr_slots(const struct memtel_windows *windows)
{
	return nr_buckets(windows) * WINDOW_TASKS;
}

static unsigned int window_bits(void)
{
	u64 slots = totalram_pages() >> (20 - PAGE_SHIFT);

	slots = max_t(u64, slots * SLOTS_PER_MIB,
		      num_possible_cpus() * SLOTS_PER_CPU);
	slots = clamp_t(u64, slots, SLOTS_MIN, SLOTS_MAX);
	/* So it is four sevenths full at most. */
	if (stalled_tasks)
		slots = max(2 * stalled_tasks, 2U * WINDOW_TASKS);
	return order_base_2(DIV_ROUND_UP((unsigned int)slots,
					 WINDOW_TASKS + 1));
}

int memtel_windows_init(struct memtel_windows *windows)
{
	windows->bits = window_bits();
	windows->since_ns = 0;
	windows->buckets = kvcalloc(nr_buckets(windows),
				    sizeof(*windows->buckets), GFP_KERNEL);
	windows->slots = kvcalloc(nr_slots(windows), sizeof(*windows->slots),
				  GFP_KERNEL);
	if (windows->buckets && windows->slots &&
	    !memtel_counters_alloc(&windows->passed, 1, WINDOW_PASSED_WORDS) &&
	    !memtel_counters_alloc(&windows->lost, 1, WINDOW_LOST_WORDS))
		return 0;
	memtel_windows_exit(windows);
	return -ENOMEM;
}

/* No probe runs any more. What was open is forgotten. */
void memtel_windows_exit(struct memtel_windows *windows)
{
	kvfree(windows->slots);
	kvfree(windows->buckets);
	windows->slots = NULL;
	windows->buckets = NULL;
	memtel_counters_free(&windows->passed);
	memtel_counters_free(&windows->lost);
}

/**
 * memtel_windows_reset() - count anew from now on
 * @windows: of the source
 *
 * Zero the loss counters. Open windows stay open and count their time from now
 * on when they end. Call this before the times are zeroed.
 */
void memtel_windows_reset(struct memtel_windows *windows)
{
	WRITE_ONCE(windows->since_ns, ktime_get_mono_fast_ns());
	memtel_counters_zero(&windows->lost);
}

static u64 windows_bytes(const struct memtel_windows *windows)
{
	return (u64)nr_buckets(windows) * sizeof(*windows->buckets) +
	       (u64)nr_slots(windows) * sizeof(*windows->slots) +
	       memtel_counters_bytes(&windows->passed) +
	       memtel_counters_bytes(&windows->lost);
}

static void window_lose(const struct memtel_windows *windows,
			enum window_lost what)
{
	this_cpu_inc(memtel_counters_slot(&windows->lost, 0)[what]);
}

static u64 windows_lost(const struct memtel_windows *windows,
			enum window_lost what)
{
	return memtel_counter_sum(memtel_counters_slot(&windows->lost, 0) +
				  what);
}

/* Add the losses to a source's. */
void memtel_windows_stats(const struct memtel_windows *windows,
			  struct memtel_source_stats *stats)
{
	memtel_stat_add(stats, MEMTEL_A_SOURCE_UNPAIRED_BEGINS,
			windows_lost(windows, WINDOW_UNPAIRED_BEGINS));
	memtel_stat_add(stats, MEMTEL_A_SOURCE_UNPAIRED_ENDS,
			windows_lost(windows, WINDOW_UNPAIRED_ENDS));
	memtel_stat_add(stats, MEMTEL_A_SOURCE_UNPLACED_BEGINS,
			windows_lost(windows, WINDOW_UNPLACED_BEGINS));
	stats->memory_bytes += windows_bytes(windows);
}

/**
 * struct window_walk - a walk over slots that a task may have
 * @bucket: where it is
 * @i: the entry there that is next
 * @left: buckets from here on
 * @spills: it has left the first bucket
 */
struct window_walk {
	u32 bucket;
	unsigned int i;
	unsigned int left;
	bool spills;
};

static u32 home_bucket(const struct memtel_windows *windows,
		       const struct task_struct *task)
{
	return hash_ptr(task, windows->bits);
}

static unsigned int window_reach(const struct memtel_windows *windows)
{
	return min_t(unsigned int, WINDOW_REACH, nr_buckets(windows));
}

/* From the current task's first bucket, over all that its windows may be in. */
static void walk_begin(const struct memtel_windows *windows,
		       struct window_walk *walk)
{
	walk->bucket = home_bucket(windows, current);
	walk->i = 0;
	walk->left = 1;
	walk->spills = false;
	if (unlikely(atomic_read(&windows->buckets[walk->bucket].spilled)))
		walk->left = window_reach(windows);
}

/* The next slot that belongs to a task, to NULL for a free one; or NULL. */
static __always_inline struct memtel_window *
walk_next(const struct memtel_windows *windows, struct window_walk *walk,
	  const struct task_struct *task)
{
	for (; walk->left; walk->left--) {
		const struct memtel_window_bucket *bucket =
			&windows->buckets[walk->bucket];

		while (walk->i < WINDOW_TASKS)
			if (READ_ONCE(bucket->task[walk->i++]) == task)
				return &windows->slots[walk->bucket *
						       WINDOW_TASKS +
						       walk->i - 1];
		walk->i = 0;
		walk->spills = true;
		walk->bucket = (walk->bucket + 1) & (nr_buckets(windows) - 1);
	}
	return NULL;
}

/* Grows as the stack does; stacks are aligned to their size. */
static unsigned long stack_depth(void)
{
	unsigned long here = (unsigned long)__builtin_frame_address(0);

	return THREAD_SIZE - (here & (THREAD_SIZE - 1));
}

/* What the task began here before, and no less deep in its stack, is over. */
static void window_forget_lost(struct memtel_windows *windows,
			       const void *what, unsigned long depth)
{
	const struct task_struct *me = current;
	struct memtel_window *window;
	struct window_walk walk;

	walk_begin(windows, &walk);
	while ((window = walk_next(windows, &walk, me))) {
		if (window->what != what || window->depth < depth)
			continue;
		window_lose(windows, WINDOW_UNPAIRED_BEGINS);
		memtel_window_take(windows, window, NULL);
	}
}

/* A free slot, now the current task's, or NULL. */
static struct memtel_window *window_get(struct memtel_windows *windows)
{
	struct memtel_window *window;
	struct window_walk walk;
	u32 home;

	walk_begin(windows, &walk);
	walk.left = window_reach(windows);
	home = walk.bucket;
	while ((window = walk_next(windows, &walk, NULL))) {
		if (cmpxchg(&windows->buckets[walk.bucket].task[walk.i - 1],
			    NULL, current))
			continue;
		window->is_spilled = walk.spills;
		if (walk.spills)
			atomic_inc(&windows->buckets[home].spilled);
		return window;
	}
	return NULL;
}

/**
 * memtel_window_begin() - the current task begins something
 * @windows: of the source
 * @what: what it begins
 *
 * Context: A probe in task context.
 * Return: a window that is the task's until memtel_window_take(), or NULL;
 * then it has counted why.
 */
noinline struct memtel_window *
memtel_window_begin(struct memtel_windows *windows, const void *what)
{
	unsigned long depth = stack_depth();
	struct memtel_window *mine;

	window_forget_lost(windows, what, depth);
	mine = window_get(windows);
	if (!mine) {
		window_lose(windows, WINDOW_UNPLACED_BEGINS);
		return NULL;
	}
	mine->depth = depth;
	/* Readers may still be copying the previous owner's data: window_copy(). */
	WRITE_ONCE(mine->begin_ns, ktime_get_mono_fast_ns());
	WRITE_ONCE(mine->mark_ns, mine->begin_ns);
	WRITE_ONCE(mine->home.nr, WINDOW_NO_ROW);
	WRITE_ONCE(mine->row, WINDOW_NO_ROW);
	WRITE_ONCE(mine->is_at_node, false);
	WRITE_ONCE(mine->nid, NUMA_NO_NODE);
	mine->order = 0;
	mine->gfp = 0;
	mine->value = 0;
	mine->loser = (struct memtel_loser) {};
	/* Pairs with window_copy(). */
	smp_store_release(&mine->what, what);
	this_cpu_inc(memtel_counters_slot(&windows->passed, 0)[WINDOW_BEGUN]);
	return mine;
}

/**
 * memtel_window_find() - the current task's innermost window
 * @windows: of the source
 * @what: only of this, NULL for any
 *
 * Context: A probe in task context.
 * Return: the window, or NULL when the task has none.
 */
struct memtel_window *memtel_window_find(struct memtel_windows *windows,
					 const void *what)
{
	struct memtel_window *window, *found = NULL;
	const struct task_struct *me = current;
	struct window_walk walk;

	walk_begin(windows, &walk);
	while ((window = walk_next(windows, &walk, me))) {
		if (what && window->what != what)
			continue;
		if (!found || window->depth > found->depth)
			found = window;
	}
	return found;
}

/* Time before a reset is none of it. */
static u64 since_reset(const struct memtel_windows *windows, u64 ns)
{
	return max(ns, READ_ONCE(windows->since_ns));
}

/* Give a slot back. */
static void window_put(struct memtel_windows *windows,
		       struct memtel_window *window,
		       const struct task_struct *task)
{
	unsigned int slot = window - windows->slots;

	WRITE_ONCE(window->what, NULL);
	if (window->is_spilled)
		atomic_dec(&windows->buckets[home_bucket(windows,
							 task)].spilled);
	/* Pairs with the exchange in window_get(). */
	smp_store_release(&windows->buckets[slot / WINDOW_TASKS]
			  .task[slot % WINDOW_TASKS], NULL);
	this_cpu_inc(memtel_counters_slot(&windows->passed, 0)[WINDOW_ENDED]);
	/* Pairs with memtel_windows_each(): before what is counted of it. */
	smp_wmb();
}

/**
 * memtel_window_take() - a window ends
 * @windows: of the source
 * @window: the current task's
 * @copy: set to what was in it, or NULL
 */
void memtel_window_take(struct memtel_windows *windows,
			struct memtel_window *window, struct memtel_window *copy)
{
	if (copy) {
		*copy = *window;
		copy->begin_ns = since_reset(windows, copy->begin_ns);
		copy->mark_ns = since_reset(windows, copy->mark_ns);
	}
	window_put(windows, window, current);
}

/**
 * memtel_window_end() - an end event: end the window of its begin
 * @windows: of the source
 * @what: what ends
 * @copy: set to what was in the window
 *
 * Context: A probe in task context.
 * Return: false for an end without a begin, which is counted.
 */
bool memtel_window_end(struct memtel_windows *windows, const void *what,
		       struct memtel_window *copy)
{
	struct memtel_window *window = memtel_window_find(windows, what);

	if (!window) {
		window_lose(windows, WINDOW_UNPAIRED_ENDS);
		return false;
	}
	memtel_window_take(windows, window, copy);
	return true;
}

/**
 * memtel_window_advance() - move a window's mark
 * @windows: of the source
 * @window: the current task's
 * @now: to this time
 *
 * The time that it passes is in no row until the caller counts it.
 *
 * Return: that time, as far as it is after the last reset.
 */
u64 memtel_window_advance(const struct memtel_windows *windows,
			  struct memtel_window *window, u64 now)
{
	u64 ns = memtel_elapsed_ns(now, since_reset(windows, window->mark_ns));

	/* Pairs with window_copy(): it is at no node before its mark moves. */
	WRITE_ONCE(window->is_at_node, false);
	/* The one before the other. */
	smp_wmb();
	WRITE_ONCE(window->mark_ns, max(now, window->mark_ns));
	/* Pairs with memtel_windows_each(): what is spent is open no more. */
	smp_wmb();
	return ns;
}

/* Sum ENDED before BEGUN: a race can only make us look once too often. */
static bool any_open(const struct memtel_windows *windows)
{
	const u64 __percpu *words = memtel_counters_slot(&windows->passed, 0);
	u64 ended = memtel_counter_sum(&words[WINDOW_ENDED]);

	return memtel_counter_sum(&words[WINDOW_BEGUN]) != ended;
}

/*
 * What is in a slot, unless the slot changes or is free. is_at_node is read
 * between two looks at the row and the mark, and holds only when neither
 * changed: then the window has been at that row's node since that mark.
 */
static bool window_copy(const struct memtel_windows *windows,
			const struct memtel_window *window,
			struct memtel_window *copy)
{
	u64 begin_ns, mark_ns;

	/* Pairs with memtel_window_begin(). */
	copy->what = smp_load_acquire(&window->what);
	if (!copy->what)
		return false;
	begin_ns = READ_ONCE(window->begin_ns);
	/* Pairs with memtel_window_set_home(). */
	copy->home.nr = smp_load_acquire(&window->home.nr);
	copy->home.generation = READ_ONCE(window->home.generation);
	mark_ns = READ_ONCE(window->mark_ns);
	/* Pairs with memtel_window_advance() and who writes the row. */
	smp_rmb();
	copy->row = READ_ONCE(window->row);
	/* Likewise. */
	smp_rmb();
	copy->is_at_node = READ_ONCE(window->is_at_node);
	/* Likewise. */
	smp_rmb();
	copy->is_at_node &= READ_ONCE(window->row) == copy->row;
	/* Likewise. */
	smp_rmb();
	copy->is_at_node &= READ_ONCE(window->mark_ns) == mark_ns;
	copy->nid = READ_ONCE(window->nid);
	/* loser is written after ->what, so comm may be torn between two tasks. */
	data_race(copy->loser = window->loser);
	copy->begin_ns = since_reset(windows, begin_ns);
	copy->mark_ns = since_reset(windows, mark_ns);
	/* Still the same: what was read is one window's. */
	smp_rmb();
	return READ_ONCE(window->what) == copy->what &&
	       READ_ONCE(window->begin_ns) == begin_ns;
}

/**
 * memtel_windows_each() - look at the windows that are open
 * @windows: of the source
 * @what: only of this, NULL for any
 * @fn: called for each with a copy; what its task writes just then may be old
 *      or new, member by member
 * @arg: for it
 *
 * A window that ends or begins meanwhile may be left out. Cost: two loads for
 * each CPU when none is open, else one cache line for each bucket and two or
 * three for each open window.
 *
 * Context: Process context, source attached.
 */
void memtel_windows_each(const struct memtel_windows *windows, const void *what,
			 void (*fn)(const struct memtel_window *copy, void *arg),
			 void *arg)
{
	struct memtel_window copy = {};
	unsigned int i;

	/* Pairs with memtel_window_take(): totals were read before. */
	smp_rmb();
	if (!any_open(windows))
		return;
	for (i = 0; i < nr_slots(windows); i++) {
		if (!READ_ONCE(windows->buckets[i / WINDOW_TASKS]
			       .task[i % WINDOW_TASKS]))
			continue;
		if (window_copy(windows, &windows->slots[i], &copy) &&
		    (!what || copy.what == what))
			fn(&copy, arg);
	}
}

/**
 * memtel_windows_drop() - end the windows of tasks that are no more
 * @windows: of the source
 * @what: only of this
 * @is_over: is the task gone? Only the task's address may be looked at
 * @fn: called with what was in such a window
 *
 * Context: Process context, source attached.
 */
void memtel_windows_drop(struct memtel_windows *windows, const void *what,
			 bool (*is_over)(const struct task_struct *task,
					 const struct memtel_window *copy),
			 void (*fn)(const struct memtel_window *copy))
{
	struct memtel_window copy = {};
	unsigned int i;

	if (!any_open(windows))
		return;
	for (i = 0; i < nr_slots(windows); i++) {
		const struct task_struct *task =
			READ_ONCE(windows->buckets[i / WINDOW_TASKS]
				  .task[i % WINDOW_TASKS]);

		if (!task || READ_ONCE(windows->slots[i].what) != what ||
		    !window_copy(windows, &windows->slots[i], &copy) ||
		    copy.what != what || !is_over(task, &copy))
			continue;
		/* What was copied is that task's. */
		if (READ_ONCE(windows->buckets[i / WINDOW_TASKS]
			      .task[i % WINDOW_TASKS]) != task)
			continue;
		window_put(windows, &windows->slots[i], task);
		fn(&copy);
	}
}
