// SPDX-License-Identifier: GPL-2.0
/*
 * Windows: from a task's begin event to its end event.
 *
 * A table of slots, allocated when the source is attached. A task looks at a
 * few slots from the one its address hashes to. It takes a free one by an
 * atomic exchange, and only it writes there until it gives the slot back, so
 * nothing else is needed to protect what is in it from other tasks. Begin and end
 * both happen in the task itself; it may have slept and moved to another CPU
 * between.
 *
 * Pairs that are none. An end without a begin is counted and forgotten. A begin
 * without an end is noticed by the stack: what began there is over when the
 * same task begins the same thing again no deeper in its stack. So a window
 * within a window (a shrinker that runs into its own reclaim) is told from a
 * lost one, and a lost one is counted and never timed. Sources attach end
 * probes first and detach them last, so that probes coming and going lose
 * begins, never ends.
 *
 * Others may look at what is open (memtel_windows_each()): @what is written last
 * when a window begins and first when it ends, so that what is read between two
 * looks at it is one window's. Whether anything is open at all is told by two
 * per-CPU counters. A window's end comes before its time is counted: a reader
 * who reads totals first finds a time in neither for a moment, never in both.
 *
 * Cost: one cache line for most events, at worst STEPS of them; these are
 * events of which each stands for thousands of instructions.
 */
#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>

#include "source.h"
#include "window.h"

#define WINDOW_BITS	11
#define NR_WINDOWS	BIT(WINDOW_BITS)

/* How far from its hash a task looks. */
#define STEPS		16

int memtel_windows_init(struct memtel_windows *windows)
{
	windows->slots = kvcalloc(NR_WINDOWS, sizeof(*windows->slots),
				  GFP_KERNEL);
	if (windows->slots &&
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
	windows->slots = NULL;
	memtel_counters_free(&windows->passed);
	memtel_counters_free(&windows->lost);
}

/* Losses to zero. What is open stays so: its end will come. */
void memtel_windows_reset(struct memtel_windows *windows)
{
	memtel_counters_zero(&windows->lost);
}

u64 memtel_windows_bytes(const struct memtel_windows *windows)
{
	return NR_WINDOWS * sizeof(*windows->slots) +
	       memtel_counters_bytes(&windows->passed) +
	       memtel_counters_bytes(&windows->lost);
}

static void lose(const struct memtel_windows *windows, enum window_lost what)
{
	this_cpu_inc(memtel_counters_slot(&windows->lost, 0)[what]);
}

static u64 lost(const struct memtel_windows *windows, enum window_lost what)
{
	return memtel_counter_sum(memtel_counters_slot(&windows->lost, 0) +
				  what);
}

/* Add the losses to a source's. */
void memtel_windows_stats(const struct memtel_windows *windows,
			  struct memtel_source_stats *stats)
{
	memtel_stat_add(stats, MEMTEL_A_SOURCE_UNPAIRED_BEGINS,
			lost(windows, WINDOW_UNPAIRED_BEGINS));
	memtel_stat_add(stats, MEMTEL_A_SOURCE_UNPAIRED_ENDS,
			lost(windows, WINDOW_UNPAIRED_ENDS));
	memtel_stat_add(stats, MEMTEL_A_SOURCE_UNPLACED_BEGINS,
			lost(windows, WINDOW_UNPLACED_BEGINS));
	stats->memory_bytes += memtel_windows_bytes(windows);
}

/* The i-th slot the current task looks at. */
static struct memtel_window *slot_of_current(struct memtel_windows *windows,
					     unsigned int i)
{
	u32 home = hash_ptr(current, WINDOW_BITS);

	return &windows->slots[(home + i) & (NR_WINDOWS - 1)];
}

/* Grows as the stack does; stacks are aligned to their size. */
static unsigned long stack_depth(void)
{
	unsigned long here = (unsigned long)__builtin_frame_address(0);

	return THREAD_SIZE - (here & (THREAD_SIZE - 1));
}

/**
 * memtel_window_begin() - the current task begins something
 * @windows: of the source
 * @what: what it begins
 *
 * Context: A probe in task context.
 * Return: a window that is the task's until memtel_window_free(), or NULL;
 * then it has counted why.
 */
noinline struct memtel_window *
memtel_window_begin(struct memtel_windows *windows, const void *what)
{
	struct memtel_window *window, *mine = NULL;
	unsigned long depth = stack_depth();
	unsigned int i;

	for (i = 0; i < STEPS; i++) {
		window = slot_of_current(windows, i);
		if (READ_ONCE(window->task) == current &&
		    window->what == what && window->depth >= depth) {
			lose(windows, WINDOW_UNPAIRED_BEGINS);
			memtel_window_take(windows, window, NULL);
		}
		if (!mine && !READ_ONCE(window->task) &&
		    !cmpxchg(&window->task, NULL, current))
			mine = window;
	}
	if (!mine) {
		lose(windows, WINDOW_UNPLACED_BEGINS);
		return NULL;
	}
	/* The task stays as it is: a slot without one is anybody's. */
	mine->depth = depth;
	/* A look may still be at who was here before: copy_of(). */
	WRITE_ONCE(mine->begin_ns, ktime_get_mono_fast_ns());
	WRITE_ONCE(mine->mark_ns, mine->begin_ns);
	WRITE_ONCE(mine->home, NULL);
	WRITE_ONCE(mine->words, NULL);
	WRITE_ONCE(mine->nid, NUMA_NO_NODE);
	mine->order = 0;
	mine->gfp = 0;
	mine->value = 0;
	mine->loser = (struct memtel_loser) {};
	/* Pairs with copy_of(). */
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
	unsigned int i;

	for (i = 0; i < STEPS; i++) {
		window = slot_of_current(windows, i);
		if (READ_ONCE(window->task) != current ||
		    (what && window->what != what))
			continue;
		if (!found || window->depth > found->depth)
			found = window;
	}
	return found;
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
	if (copy)
		*copy = *window;
	WRITE_ONCE(window->what, NULL);
	/* Pairs with the exchange in memtel_window_begin(). */
	smp_store_release(&window->task, NULL);
	this_cpu_inc(memtel_counters_slot(&windows->passed, 0)[WINDOW_ENDED]);
	/* Pairs with memtel_windows_each(): before what is counted of it. */
	smp_wmb();
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
		lose(windows, WINDOW_UNPAIRED_ENDS);
		return false;
	}
	memtel_window_take(windows, window, copy);
	return true;
}

/* Ended is summed first, so that what is open is never missed for good. */
static bool any_open(const struct memtel_windows *windows)
{
	const u64 __percpu *words = memtel_counters_slot(&windows->passed, 0);
	u64 ended = memtel_counter_sum(&words[WINDOW_ENDED]);

	return memtel_counter_sum(&words[WINDOW_BEGUN]) != ended;
}

/* What is in a slot, unless it changes or is free. */
static bool copy_of(const struct memtel_window *window,
		    struct memtel_window *copy)
{
	/* Pairs with memtel_window_begin(). */
	copy->what = smp_load_acquire(&window->what);
	if (!copy->what)
		return false;
	copy->begin_ns = READ_ONCE(window->begin_ns);
	copy->mark_ns = READ_ONCE(window->mark_ns);
	copy->home = READ_ONCE(window->home);
	copy->words = READ_ONCE(window->words);
	copy->nid = READ_ONCE(window->nid);
	/* Written when the window has begun: a name may be of two tasks. */
	data_race(copy->loser = window->loser);
	/* Still the same: what was read is one window's. */
	smp_rmb();
	return READ_ONCE(window->what) == copy->what &&
	       READ_ONCE(window->begin_ns) == copy->begin_ns;
}

/**
 * memtel_windows_each() - look at the windows that are open
 * @windows: of the source
 * @what: only of this, NULL for any
 * @fn: called for each with a copy, without its task; what its task writes
 *      just then may be old or new, member by member
 * @arg: for it
 *
 * A window that ends or begins meanwhile may be left out. Cost: two loads for
 * each CPU when none is open, else a look at every slot.
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
	for (i = 0; i < NR_WINDOWS; i++)
		if (copy_of(&windows->slots[i], &copy) &&
		    (!what || copy.what == what))
			fn(&copy, arg);
}
