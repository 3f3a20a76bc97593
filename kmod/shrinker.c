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
 *
 * No event tells that a shrinker was unregistered. So a full table gives back
 * the rows of shrinkers that were not called for a minute, but for those that a
 * trigger names: their counts go to the row of all others of their node
 * (keyed.c). Should such a shrinker be called again, it has a new row and id.
 */
#include <linux/moduleparam.h>
#include <linux/kernel.h>
#include <linux/nodemask.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
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

#define SLOTS_MAX	16384

/* Rows for each node that a table sized by itself has, memory allowing. */
#define SLOTS_PER_NODE	256

static unsigned int shrinker_slots;

static int slots_set(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, 0, SLOTS_MAX);
}

static const struct kernel_param_ops slots_ops = {
	.set = slots_set,
	.get = param_get_uint,
};

module_param_cb(shrinker_slots, &slots_ops, &shrinker_slots, 0444);
MODULE_PARM_DESC(shrinker_slots,
		 "Shrinkers, each counted for each node, that the shrinker source can count at once (1 to 16384); 0, the default: 256 for each node; see memtel status for the memory that takes");

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

/**
 * struct shrinker_watch - a name that triggers want the time of
 * @list: in the list of all
 * @users: how many triggers
 * @name: the name
 */
struct shrinker_watch {
	struct list_head list;
	unsigned int users;
	char name[MEMTEL_NAME_MAX + 1];
};

/* Under memtel_source_lock. They outlive the source's being attached. */
static LIST_HEAD(watches);

static struct shrinker_watch *find_watch(const char *name)
{
	struct shrinker_watch *watch;

	lockdep_assert_held(&memtel_source_lock);
	list_for_each_entry(watch, &watches, list)
		if (!strcmp(watch->name, name))
			return watch;
	return NULL;
}

/* A sum over a name may not fall: its rows stay. */
static bool shrinker_keeps(const struct memtel_keyed_slot *slot)
{
	return find_watch(slot->name);
}

/**
 * memtel_shrinker_watch() - keep the rows of a shrinker
 * @scope: the scope that names the shrinker; one that does not needs nothing
 * @extack: not used
 *
 * Context: Process context under memtel_source_lock.
 * Return: 0 or -ENOMEM.
 */
int memtel_shrinker_watch(const struct memtel_scope *scope,
			  struct netlink_ext_ack *extack)
{
	struct shrinker_watch *watch;

	lockdep_assert_held(&memtel_source_lock);
	if (!scope->name[0])
		return 0;
	watch = find_watch(scope->name);
	if (!watch) {
		watch = kzalloc(sizeof(*watch), GFP_KERNEL);
		if (!watch)
			return -ENOMEM;
		strscpy(watch->name, scope->name, sizeof(watch->name));
		list_add_tail(&watch->list, &watches);
	}
	watch->users++;
	return 0;
}

/**
 * memtel_shrinker_unwatch() - the end of a watch
 * @scope: that of a memtel_shrinker_watch() that returned 0
 *
 * Context: Process context under memtel_source_lock.
 */
void memtel_shrinker_unwatch(const struct memtel_scope *scope)
{
	struct shrinker_watch *watch;

	lockdep_assert_held(&memtel_source_lock);
	if (!scope->name[0])
		return;
	watch = find_watch(scope->name);
	if (--watch->users)
		return;
	list_del(&watch->list);
	kfree(watch);
}

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

	bool is_new;

	if (!win)
		return;
	win->value = total_scan;
	WRITE_ONCE(win->nid, key.nid);
	rcu_read_lock();
	memtel_window_set_home(win, memtel_keyed_place(&shrinkers, &key,
						       &is_new));
	rcu_read_unlock();
	memtel_hint_growth();
}

/* vmscan:mm_shrink_slab_end, the same task */
static void shrinker_on_end(MEMTEL_ARGS_SHRINK_END)
{
	MEMTEL_COST(&shrinker_cost);
	u64 now = ktime_get_mono_fast_ns();
	struct memtel_window win;
	u64 __percpu *words;

	if (!memtel_window_end(&calls, shr, &win))
		return;
	rcu_read_lock();
	words = memtel_keyed_counted(&shrinkers, win.home, win.nid);
	memtel_timing_end(words, memtel_elapsed_ns(now, win.begin_ns));
	this_cpu_add(words[SHRINKER_SCANNED], max(win.value - total_scan, 0L));
	/* An unsigned long that the event cut to an int. */
	this_cpu_add(words[SHRINKER_FREED], (unsigned int)shrinker_retval);
	rcu_read_unlock();
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

/* Rows that a table is made with. */
static unsigned int shrinker_rows_max(void)
{
	if (shrinker_slots)
		return shrinker_slots;
	return memtel_keyed_size(nr_node_ids * SLOTS_PER_NODE, SHRINKER_WORDS);
}

static int shrinker_prepare(void)
{
	int err;

	err = memtel_keyed_init(&shrinkers, nr_node_ids, shrinker_rows_max(),
				SHRINKER_WORDS);
	if (err)
		return err;
	shrinkers.label = shrinker_label;
	shrinkers.keeps = shrinker_keeps;
	err = memtel_windows_init(&calls);
	if (err)
		shrinker_cleanup();
	return err;
}

static void shrinker_reset(void)
{
	/* First: what ends from now on counts its time from now on. */
	memtel_windows_reset(&calls);
	memtel_keyed_reset(&shrinkers);
}

/* Once a second. */
static void shrinker_tick(void)
{
	memtel_keyed_tick(&shrinkers);
}

static void shrinker_stats(struct memtel_source_stats *stats)
{
	memtel_keyed_stats(&shrinkers, stats);
	memtel_windows_stats(&calls, stats);
}

/* Rows there may be, that of all others among them. */
unsigned int memtel_shrinker_max_rows(void)
{
	return shrinker_rows_max() + nr_node_ids;
}

/* Rows there are. Source attached. */
unsigned int memtel_shrinker_rows(void)
{
	return memtel_keyed_used(&shrinkers);
}

/**
 * memtel_shrinker_key() - whose row is it?
 * @i: below memtel_shrinker_rows()
 * @row: filled but for what is counted
 *
 * Context: Process context, source attached.
 * Return: false when there is no such row now.
 */
bool memtel_shrinker_key(unsigned int i, struct memtel_shrinker_row *row)
{
	const struct memtel_keyed_slot *slot;

	rcu_read_lock();
	slot = memtel_keyed_slot(&shrinkers, i);
	if (slot) {
		strscpy(row->name, slot->name, sizeof(row->name));
		row->id = slot->id;
		row->nid = slot->nid;
	}
	rcu_read_unlock();
	return slot;
}

/**
 * memtel_shrinker_read() - sum what a row counted
 * @i: below memtel_shrinker_rows()
 * @row: filled
 *
 * Context: Process context, source attached.
 * Return: false when there is no such row now, or it has no call since the last
 * reset.
 */
bool memtel_shrinker_read(unsigned int i, struct memtel_shrinker_row *row)
{
	const u64 __percpu *words = memtel_keyed_words(&shrinkers, i);
	bool has_calls = false;

	/* While it is read the row goes to no other shrinker. */
	rcu_read_lock();
	if (memtel_shrinker_key(i, row)) {
		memtel_timing_read(words, &row->timing);
		row->objects_scanned =
			memtel_counter_sum(&words[SHRINKER_SCANNED]);
		row->objects_freed =
			memtel_counter_sum(&words[SHRINKER_FREED]);
		has_calls = row->timing.count;
	}
	rcu_read_unlock();
	return has_calls;
}

/* Within rcu_read_lock(). */
static bool shrinker_is_in(unsigned int i, const struct memtel_scope *scope)
{
	const struct memtel_keyed_slot *slot = &shrinkers.slots[i];

	/*
	 * What is in a row that is being given back is not yet with all others.
	 * The row is no shrinker's any more, but still of its node.
	 */
	if (scope->name[0])
		slot = memtel_keyed_slot(&shrinkers, i);
	return slot && memtel_scope_has_node(scope, slot->nid) &&
	       memtel_scope_has_name(scope, slot->name);
}

/* Sum of the calls' time in scope. Process context, source attached. */
u64 memtel_shrinker_total_ns(const struct memtel_scope *scope)
{
	unsigned int i, nr = memtel_shrinker_rows();
	u64 sum = 0;

	/* Those of all others are the first: see keyed.c. */
	for (i = 0; i < nr; i++) {
		rcu_read_lock();
		if (shrinker_is_in(i, scope))
			sum += memtel_counter_sum(memtel_keyed_words(&shrinkers,
								     i) +
						  TIMING_TOTAL_NS);
		rcu_read_unlock();
		/* Pairs with keyed_fold(). */
		smp_rmb();
	}
	return sum;
}

struct sum_open {
	const struct memtel_scope *scope;
	u64 now;
	struct memtel_open *open;
};

/*
 * The row where a call counts if it ends now, WINDOW_NO_ROW when it has none
 * yet. Within rcu_read_lock().
 */
static u32 row_of_call(const struct memtel_window *win)
{
	if (win->home.nr == WINDOW_NO_ROW)
		return WINDOW_NO_ROW;
	return memtel_keyed_current(&shrinkers, win->home, win->nid);
}

static void add_open(const struct memtel_window *win, void *arg)
{
	const struct sum_open *sum = arg;
	bool is_in;
	u32 row;

	rcu_read_lock();
	row = row_of_call(win);
	is_in = row != WINDOW_NO_ROW && shrinker_is_in(row, sum->scope);
	rcu_read_unlock();
	if (!is_in)
		return;
	sum->open->nr++;
	sum->open->ns += memtel_elapsed_ns(sum->now, win->begin_ns);
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
	rcu_read_lock();
	calls->row[calls->nr] = row_of_call(win);
	rcu_read_unlock();
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
	unsigned int call;
	u64 ns = 0;

	for (call = 0; call < open->nr; call++)
		if (open->row[call] == i)
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
	.tick = shrinker_tick,
	.cost = &shrinker_cost,
};
