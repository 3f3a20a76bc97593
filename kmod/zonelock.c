// SPDX-License-Identifier: GPL-2.0
/*
 * The zonelock source: waits for the locks of zones' free lists.
 *
 * lock:contention_begin and contention_end fire for all kinds of contended
 * locks and none that is free; what comes here is told from the rest by its
 * address alone, through a small hash table of the zones' locks. A CPU that
 * waits for a zone's lock has interrupts off and waits for nothing else
 * meanwhile, so one place per CPU is enough to keep when it began.
 *
 * The counts are lower bounds. The first waiter of an x86 queued spinlock
 * spins on the pending bit, before the event. A virtual machine whose
 * hypervisor has no paravirtual spinlocks uses a test-and-set lock that fires
 * nothing at all; memtel says so in its status. With PREEMPT_RT a zone's lock
 * sleeps, and waiters move between CPUs: not supported.
 *
 * contention_end fires while the waiter holds the zone's lock, and other CPUs
 * wait for that. So the event only notes in its CPU's place how long the wait
 * was. The next wait on that CPU adds the note to the counters, before it
 * waits; until then readers add the note to their sums. Triggers get their hint
 * from the begin of a wait, too, and from the look that comes once a second.
 *
 * Times are by ktime_get_mono_fast_ns(). A wait that began before a reset is
 * not counted.
 */
#include <linux/hash.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <trace/events/lock.h>

#ifdef CONFIG_X86
#include <asm/cpufeature.h>
#include <asm/paravirt.h>
#endif

#include "cost.h"
#include "counter.h"
#include "hint.h"
#include "hist.h"
#include "probe.h"
#include "source.h"
#include "zonelock.h"

/* The table is at most a quarter full. */
#define ENTRIES_PER_LOCK	4

/* The source's losses, one slot of counters. */
enum zonelock_lost {
	ZONELOCK_UNPAIRED_BEGINS,
	ZONELOCK_UNPAIRED_ENDS,
	ZONELOCK_LOST_WORDS,
};

/**
 * struct zonelock_entry - where a lock is found
 * @lock: its address, NULL for none
 * @row: the number of its row
 */
struct zonelock_entry {
	const void *lock;
	u32 row;
};

/**
 * struct zonelock_wait - the last wait of a CPU
 * @lock: what it waits for, NULL when it is over
 * @begin_ns: since when
 * @row: the number of the lock's row
 * @noted: of a wait that is over and not in the counters: its time times two,
 *         plus one; else 0
 * @told_ns: @begin_ns when the look that comes once a second was there last
 *
 * Written by that CPU alone, with interrupts off, but for the last.
 */
struct zonelock_wait {
	const void *lock;
	u64 begin_ns;
	u32 row;
	u64 noted;
	u64 told_ns;
};

static DEFINE_PER_CPU(struct zonelock_wait, wait);
static DEFINE_PER_CPU(struct memtel_cost, zonelock_cost);

/* Constant while attached; set up under the source lock. */
static struct zonelock_entry *entries;
static unsigned int nr_entries;
static struct memtel_counters rows;
static struct memtel_counters lost;

/* Waits that began before do not count; changed by a reset. */
static u64 since_ns;

static u32 row_of(int nid, int zid)
{
	return nid * MAX_NR_ZONES + zid;
}

/* The entry of a lock, or an empty one. */
static __always_inline struct zonelock_entry *find_entry(const void *lock)
{
	u32 i = hash_ptr(lock, ilog2(nr_entries));

	while (entries[i].lock && entries[i].lock != lock)
		i = (i + 1) & (nr_entries - 1);
	return &entries[i];
}

static void zonelock_lose(enum zonelock_lost what)
{
	this_cpu_inc(memtel_counters_slot(&lost, 0)[what]);
}

/* Count the last wait of this CPU. Interrupts off, no zone's lock held. */
static void count_note(void)
{
	u64 noted = this_cpu_read(wait.noted);
	bool counts = this_cpu_read(wait.begin_ns) >= READ_ONCE(since_ns);

	this_cpu_write(wait.noted, 0);
	/* Pairs with note_of(): it is in no sum for a moment, never in two. */
	smp_wmb();
	if (counts)
		memtel_timing_end(memtel_counters_slot(&rows,
						       this_cpu_read(wait.row)),
				  noted >> 1);
}

/* lock:contention_begin, any context; of a zone's lock: interrupts off */
static void zonelock_on_begin(void *data, void *lock, unsigned int flags)
{
	MEMTEL_COST(&zonelock_cost);
	const struct zonelock_entry *entry = find_entry(lock);

	if (!entry->lock)
		return;
	if (this_cpu_read(wait.lock))
		zonelock_lose(ZONELOCK_UNPAIRED_BEGINS);
	if (this_cpu_read(wait.noted))
		count_note();
	this_cpu_write(wait.row, entry->row);
	this_cpu_write(wait.lock, lock);
	memtel_hint_growth();
	this_cpu_write(wait.begin_ns, ktime_get_mono_fast_ns());
}

/* lock:contention_end, any context; the lock is held now: be short */
static void zonelock_on_end(void *data, void *lock, int ret)
{
	MEMTEL_COST(&zonelock_cost);
	u64 ns;

	if (likely(this_cpu_read(wait.lock) != lock)) {
		if (unlikely(find_entry(lock)->lock))
			zonelock_lose(ZONELOCK_UNPAIRED_ENDS);
		return;
	}
	ns = memtel_elapsed_ns(ktime_get_mono_fast_ns(),
			       this_cpu_read(wait.begin_ns));
	this_cpu_write(wait.lock, NULL);
	this_cpu_write(wait.noted, ns << 1 | 1);
}

/* The end before the begin, so that no begin is left waiting. */
static struct memtel_probe zonelock_probes[] = {
	MEMTEL_PROBE(contention_end, zonelock_on_end),
	MEMTEL_PROBE(contention_begin, zonelock_on_begin),
};

static const char *zonelock_cannot(void)
{
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		return "zone locks sleep on a PREEMPT_RT kernel";
	return NULL;
}

/*
 * Without paravirtual spinlocks both operations are the same that does
 * nothing.
 */
static const char *zonelock_warning(void)
{
#if defined(CONFIG_X86) && defined(CONFIG_PARAVIRT_SPINLOCKS)
	if (boot_cpu_has(X86_FEATURE_HYPERVISOR) &&
	    (void *)pv_ops_lock.wait == (void *)pv_ops_lock.kick)
		return "a virtual machine without paravirtual spinlocks: nearly no wait is traced";
#endif
	return NULL;
}

static void add_locks(int nid)
{
	struct zonelock_entry *entry;
	const void *lock;
	int zid;

	for (zid = 0; zid < MAX_NR_ZONES; zid++) {
		lock = &NODE_DATA(nid)->node_zones[zid].lock;
		entry = find_entry(lock);
		entry->lock = lock;
		entry->row = row_of(nid, zid);
	}
}

static void zonelock_cleanup(void)
{
	memtel_counters_free(&lost);
	memtel_counters_free(&rows);
	kvfree(entries);
	entries = NULL;
}

/* Nodes that memory may be plugged into later have their zones already. */
static int zonelock_prepare(void)
{
	unsigned int locks = nr_node_ids * MAX_NR_ZONES;
	int cpu, nid;

	nr_entries = roundup_pow_of_two(locks * ENTRIES_PER_LOCK);
	entries = kvcalloc(nr_entries, sizeof(*entries), GFP_KERNEL);
	if (!entries || memtel_counters_alloc(&rows, locks, TIMING_WORDS) ||
	    memtel_counters_alloc(&lost, 1, ZONELOCK_LOST_WORDS)) {
		zonelock_cleanup();
		return -ENOMEM;
	}
	for_each_node(nid)
		if (NODE_DATA(nid))
			add_locks(nid);
	for_each_possible_cpu(cpu)
		per_cpu(wait, cpu) = (struct zonelock_wait) {};
	since_ns = 0;
	return 0;
}

static void zonelock_reset(void)
{
	WRITE_ONCE(since_ns, ktime_get_mono_fast_ns());
	memtel_counters_zero(&rows);
	memtel_counters_zero(&lost);
}

static void zonelock_stats(struct memtel_source_stats *stats)
{
	const u64 __percpu *words = memtel_counters_slot(&lost, 0);

	stats->memory_bytes = nr_entries * sizeof(*entries) +
			      memtel_counters_bytes(&rows) +
			      memtel_counters_bytes(&lost);
	memtel_stat_add(stats, MEMTEL_A_SOURCE_UNPAIRED_BEGINS,
			memtel_counter_sum(&words[ZONELOCK_UNPAIRED_BEGINS]));
	memtel_stat_add(stats, MEMTEL_A_SOURCE_UNPAIRED_ENDS,
			memtel_counter_sum(&words[ZONELOCK_UNPAIRED_ENDS]));
}

/*
 * The time that a CPU has noted of a wait for a zone's lock. Returns false when
 * there is none. Read the counters first.
 */
static bool note_of(int cpu, u32 row, u64 *ns)
{
	const struct zonelock_wait *w = per_cpu_ptr(&wait, cpu);
	u64 noted = READ_ONCE(w->noted);

	if (!noted || READ_ONCE(w->row) != row ||
	    READ_ONCE(w->begin_ns) < READ_ONCE(since_ns))
		return false;
	*ns = noted >> 1;
	/* Still the same: the CPU writes the row after it has counted. */
	smp_rmb();
	return READ_ONCE(w->noted) == noted;
}

static void zonelock_read(u32 row, struct memtel_timing *timing)
{
	struct memtel_timing one = { .count = 1 };
	int cpu;

	memtel_timing_read(memtel_counters_slot(&rows, row), timing);
	/* Pairs with count_note(). */
	smp_rmb();
	for_each_possible_cpu(cpu) {
		if (!note_of(cpu, row, &one.total_ns))
			continue;
		memset(one.buckets, 0, sizeof(one.buckets));
		one.buckets[memtel_hist_bucket(one.total_ns)] = 1;
		one.longest_ns = one.total_ns;
		memtel_timing_add(timing, &one);
	}
}

static u64 zonelock_total_ns(u32 row)
{
	u64 sum = memtel_counter_sum(memtel_counters_slot(&rows, row) +
				     TIMING_TOTAL_NS);
	u64 ns;
	int cpu;

	/* Pairs with count_note(). */
	smp_rmb();
	for_each_possible_cpu(cpu)
		if (note_of(cpu, row, &ns))
			sum += ns;
	return sum;
}

/**
 * memtel_zonelock_time() - waits for a zone's lock
 * @nid: its node
 * @zid: its index, -1 for the sum of the node's
 * @timing: filled
 *
 * Context: Under memtel_source_lock.
 * Return: false while the source is not attached.
 */
bool memtel_zonelock_time(int nid, int zid, struct memtel_timing *timing)
{
	struct memtel_timing one;
	int i;

	lockdep_assert_held(&memtel_source_lock);
	if (!memtel_source_is_attached(&memtel_zonelock_source))
		return false;
	*timing = (struct memtel_timing) {};
	for (i = 0; i < MAX_NR_ZONES; i++) {
		if (zid >= 0 && zid != i)
			continue;
		zonelock_read(row_of(nid, i), &one);
		memtel_timing_add(timing, &one);
	}
	return true;
}

/* Sum of the waits in scope. Process context, source attached. */
u64 memtel_zonelock_total_ns(const struct memtel_scope *scope)
{
	u64 sum = 0;
	int nid, zid;

	for (nid = 0; nid < nr_node_ids; nid++)
		for (zid = 0; zid < MAX_NR_ZONES; zid++)
			if (memtel_scope_has_node(scope, nid) &&
			    memtel_scope_has_zone(scope, zid))
				sum += zonelock_total_ns(row_of(nid, zid));
	return sum;
}

/*
 * Once a second. A wait longer than a trigger's look is away from its begin has
 * nobody else to tell that it grew.
 */
static void zonelock_tick(void)
{
	bool is_new = false;
	int cpu;

	for_each_possible_cpu(cpu) {
		struct zonelock_wait *w = per_cpu_ptr(&wait, cpu);
		u64 begin_ns = READ_ONCE(w->begin_ns);

		if (begin_ns == w->told_ns || !READ_ONCE(w->noted))
			continue;
		w->told_ns = begin_ns;
		is_new = true;
	}
	if (is_new)
		memtel_hint_growth();
}

struct memtel_source memtel_zonelock_source = {
	.name = "zonelock",
	.capability = "zonelock",
	.probes = zonelock_probes,
	.nr_probes = ARRAY_SIZE(zonelock_probes),
	.cannot = zonelock_cannot,
	.warning = zonelock_warning,
	.prepare = zonelock_prepare,
	.cleanup = zonelock_cleanup,
	.reset = zonelock_reset,
	.stats = zonelock_stats,
	.tick = zonelock_tick,
	.cost = &zonelock_cost,
};
