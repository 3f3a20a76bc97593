// SPDX-License-Identifier: GPL-2.0
/*
 * The shrinker source: the calls of each shrinker on each node.
 *
 * A call is a window (window.c) of the task and the shrinker, from the event
 * before its scan function is called to the one after the last call of it for
 * one request. So calls on several CPUs, and calls within calls, are each
 * timed for itself; a call within a call is in the time of both. A shrinker
 * that has nothing to free fires no event: the time it takes to say so is not
 * seen.
 *
 * A shrinker is told by its address and its scan function's, and by its name
 * where the kernel keeps one (CONFIG_SHRINKER_DEBUG). Without, its name is the
 * scan function's symbol, looked up at its first call, when the function is
 * surely there: two file systems of one type cannot be told apart by name then,
 * only by id, and one made at the address of another continues its row.
 */
#include <linux/moduleparam.h>
#include <linux/kernel.h>
#include <linux/shrinker.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <trace/events/vmscan.h>

#include "cost.h"
#include "hint.h"
#include "keyed.h"
#include "probe.h"
#include "shrinker.h"
#include "source.h"
#include "window.h"

#define SLOTS_MIN	1
#define SLOTS_MAX	16384

static unsigned int shrinker_slots = 256;

static int slots_set(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, SLOTS_MIN, SLOTS_MAX);
}

static const struct kernel_param_ops slots_ops = {
	.set = slots_set,
	.get = param_get_uint,
};

module_param_cb(shrinker_slots, &slots_ops, &shrinker_slots, 0444);
MODULE_PARM_DESC(shrinker_slots,
		 "Shrinkers, each counted for each node, that the shrinker source can count (1 to 16384, default 256); each takes 296 bytes for each CPU while it is attached");

/* A row's words. */
enum shrinker_word {
	SHRINKER_SCANNED = TIMING_WORDS,
	SHRINKER_FREED,
	SHRINKER_WORDS,
};

/* Set up and taken down under the source lock while no probe runs. */
static struct memtel_keyed shrinkers;
static DEFINE_PER_CPU(struct memtel_cost, shrinker_cost);
static struct memtel_windows calls;

static const char *own_name(const struct shrinker *shrinker)
{
#ifdef CONFIG_SHRINKER_DEBUG
	return shrinker->name;
#else
	return NULL;
#endif
}

/* The name of one that has none. */
static void shrinker_label(const struct memtel_key *key, char *name,
			   size_t size)
{
	snprintf(name, size, "%ps", (void *)(unsigned long)key->b);
	/* A kernel without symbols gives numbers. */
	if (name[0] == '0')
		strscpy(name, "unknown", size);
}

/* vmscan:mm_shrink_slab_start, the task that shrinks */
static void shrinker_on_start(MEMTEL_ARGS_SHRINK_START)
{
	MEMTEL_COST(&shrinker_cost);
	struct memtel_window *win = memtel_window_begin(&calls, shr);
	struct memtel_key key = {
		.a = (unsigned long)shr,
		.b = (unsigned long)shr->scan_objects,
		.nid = sc->nid,
		.name = own_name(shr),
	};

	if (!win)
		return;
	win->value = total_scan;
	WRITE_ONCE(win->home, memtel_keyed_place(&shrinkers, &key));
	memtel_hint_growth();
}

/* vmscan:mm_shrink_slab_end, the same task */
static void shrinker_on_end(MEMTEL_ARGS_SHRINK_END)
{
	MEMTEL_COST(&shrinker_cost);
	u64 now = ktime_get_mono_fast_ns();
	struct memtel_window win;

	if (!memtel_window_end(&calls, shr, &win))
		return;
	memtel_timing_end(win.home, now - win.begin_ns);
	this_cpu_add(win.home[SHRINKER_SCANNED],
		     max(win.value - total_scan, 0L));
	/* An unsigned long that the event cut to an int. */
	this_cpu_add(win.home[SHRINKER_FREED], (unsigned int)shrinker_retval);
}

/* The end before the begin: see window.c. */
static struct memtel_probe shrinker_probes[] = {
	MEMTEL_PROBE(mm_shrink_slab_end, shrinker_on_end),
	MEMTEL_PROBE(mm_shrink_slab_start, shrinker_on_start),
};

static void shrinker_cleanup(void)
{
	memtel_windows_exit(&calls);
	memtel_keyed_exit(&shrinkers);
}

static int shrinker_prepare(void)
{
	int err = memtel_keyed_init(&shrinkers, shrinker_slots,
				    SHRINKER_WORDS) ?:
		  memtel_windows_init(&calls);

	shrinkers.label = shrinker_label;
	if (err)
		shrinker_cleanup();
	return err;
}

static void shrinker_reset(void)
{
	memtel_keyed_reset(&shrinkers);
	memtel_windows_reset(&calls);
}

static void shrinker_stats(struct memtel_source_stats *stats)
{
	memtel_keyed_stats(&shrinkers, stats);
	memtel_windows_stats(&calls, stats);
}

/* Rows there may be, that of all others among them. */
unsigned int memtel_shrinker_max_rows(void)
{
	return shrinker_slots + 1;
}

/* Rows there are. Source attached. */
unsigned int memtel_shrinker_rows(void)
{
	return memtel_keyed_used(&shrinkers);
}

/* Whose row it is. Nothing is counted. Under memtel_source_lock. */
void memtel_shrinker_key(unsigned int i, struct memtel_shrinker_row *row)
{
	const struct memtel_keyed_slot *slot = memtel_keyed_slot(&shrinkers, i);

	row->name = slot->name;
	row->id = slot->id;
	row->nid = slot->nid;
}

/**
 * memtel_shrinker_read() - sum what a row counted
 * @i: below memtel_shrinker_rows()
 * @row: filled
 *
 * Context: Under memtel_source_lock, source attached.
 * Return: false when it has no call since the last reset.
 */
bool memtel_shrinker_read(unsigned int i, struct memtel_shrinker_row *row)
{
	const u64 __percpu *words = memtel_keyed_words(&shrinkers, i);

	memtel_shrinker_key(i, row);
	memtel_timing_read(words, &row->timing);
	row->objects_scanned = memtel_counter_sum(&words[SHRINKER_SCANNED]);
	row->objects_freed = memtel_counter_sum(&words[SHRINKER_FREED]);
	return row->timing.count;
}

static bool is_in(const struct memtel_keyed_slot *slot,
		  const struct memtel_scope *scope)
{
	return memtel_scope_has_node(scope, slot->nid) &&
	       memtel_scope_has_name(scope, slot->name);
}

/* Sum of the calls' time in scope. Process context, source attached. */
u64 memtel_shrinker_total_ns(const struct memtel_scope *scope)
{
	unsigned int i, nr = memtel_shrinker_rows();
	u64 sum = 0;

	for (i = 0; i < nr; i++)
		if (is_in(memtel_keyed_slot(&shrinkers, i), scope))
			sum += memtel_counter_sum(memtel_keyed_words(&shrinkers,
								     i) +
						  TIMING_TOTAL_NS);
	return sum;
}

struct sum_open {
	const struct memtel_scope *scope;
	u64 now;
	struct memtel_open *open;
};

static void add_open(const struct memtel_window *win, void *arg)
{
	const struct sum_open *sum = arg;
	unsigned int i, nr = memtel_shrinker_rows();

	for (i = 0; i < nr; i++)
		if (memtel_keyed_words(&shrinkers, i) == win->home)
			break;
	if (i == nr || !is_in(memtel_keyed_slot(&shrinkers, i), sum->scope))
		return;
	sum->open->nr++;
	if (sum->now > win->begin_ns)
		sum->open->ns += sum->now - win->begin_ns;
}

/**
 * memtel_shrinker_open() - the time of calls that have begun and not ended
 * @scope: of what
 * @now: the time, ktime_get_mono_fast_ns()
 * @open: added to
 *
 * Context: Process context, source attached; read the total first.
 */
void memtel_shrinker_open(const struct memtel_scope *scope, u64 now,
			  struct memtel_open *open)
{
	struct sum_open sum = { scope, now, open };

	memtel_windows_each(&calls, NULL, add_open, &sum);
}

static void add_call(const struct memtel_window *win, void *arg)
{
	struct memtel_shrinker_calls *calls = arg;

	if (calls->nr == MEMTEL_SHRINKER_CALLS || calls->now <= win->begin_ns)
		return;
	calls->row[calls->nr] = win->home;
	calls->ns[calls->nr] = calls->now - win->begin_ns;
	calls->nr++;
}

/**
 * memtel_shrinker_calls_read() - the calls that have begun and not ended
 * @open: filled; more than MEMTEL_SHRINKER_CALLS are left out
 *
 * Context: Process context, source attached.
 */
void memtel_shrinker_calls_read(struct memtel_shrinker_calls *open)
{
	open->nr = 0;
	open->now = ktime_get_mono_fast_ns();
	memtel_windows_each(&calls, NULL, add_call, open);
}

/* The time of those of row @i, below memtel_shrinker_rows(). */
u64 memtel_shrinker_call_ns(const struct memtel_shrinker_calls *open,
			    unsigned int i)
{
	const u64 __percpu *row = memtel_keyed_words(&shrinkers, i);
	unsigned int call;
	u64 ns = 0;

	for (call = 0; call < open->nr; call++)
		if (open->row[call] == row)
			ns += open->ns[call];
	return ns;
}

struct memtel_source memtel_shrinker_source = {
	.name = "shrinker",
	.capability = "shrinker",
	.probes = shrinker_probes,
	.nr_probes = ARRAY_SIZE(shrinker_probes),
	.prepare = shrinker_prepare,
	.cleanup = shrinker_cleanup,
	.reset = shrinker_reset,
	.stats = shrinker_stats,
	.cost = &shrinker_cost,
};
