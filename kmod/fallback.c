// SPDX-License-Identifier: GPL-2.0
/*
 * The fallback source: which node and zone an allocation of pages wanted, and
 * which it got.
 *
 * kmem:mm_page_alloc tells what it got. What it wanted first depends on the
 * caller's node, its policies and cpuset, which the event does not tell; but
 * the page allocator has just worked it out and counted it, on this CPU: NUMA_HIT
 * in the zone the page is of, if that is of the node wanted, else NUMA_MISS
 * there and NUMA_FOREIGN in the zone wanted. So each CPU keeps what those
 * counters were at its last look, and what changed tells. Memory bound to
 * another node is not taken for fallen back, as a look at the CPU's node would
 * have it.
 *
 * On a hit the zone wanted is the highest populated one of the node that the
 * gfp mask allows, where the search begins.
 *
 * Pages allocated in bulk are counted by the kernel without an event. They show
 * as a change by more than one, and are counted as untraced; should one look
 * find both hits and misses, a page of the CPU's own node is taken for a hit and
 * any other for a miss. A task that moves to another CPU between the counter
 * and the event leaves no change to be seen: counted as unattributed. So is
 * everything when vm.numa_stat is 0. Reading numastat or zoneinfo zeroes the
 * CPUs' counters after adding them up elsewhere: one that went down is taken to
 * have begun at zero.
 *
 * Sampling. One allocation of fallback_sampling on each CPU is looked at: the
 * one before it takes down the counters of all zones. A task that a kernel with
 * preemptible probes moves in between makes that one sample less certain.
 */
#include <linux/cpumask.h>
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/moduleparam.h>
#include <linux/nodemask.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/topology.h>
#include <linux/vmstat.h>
#include <trace/events/kmem.h>

#include "cost.h"
#include "counter.h"
#include "fallback.h"
#include "probe.h"
#include "source.h"

#define SAMPLING_MIN	1
#define SAMPLING_MAX	1000000

static unsigned int fallback_sampling = 16;

static int sampling_set(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, SAMPLING_MIN, SAMPLING_MAX);
}

static const struct kernel_param_ops sampling_ops = {
	.set = sampling_set,
	.get = param_get_uint,
};

module_param_cb(fallback_sampling, &sampling_ops, &fallback_sampling, 0644);
MODULE_PARM_DESC(fallback_sampling,
		 "The fallback source looks at one of so many page allocations on each CPU (1 to 1000000, default 16); read when it is attached");

/* A zone's words of a CPU: what its counters were at the last look. */
enum seen_word {
	SEEN_HIT,
	SEEN_MISS,
	SEEN_FOREIGN,
	SEEN_WORDS,
};

/* The source's own words, one slot of them. */
enum fallback_word {
	FALLBACK_COUNTDOWN,
	FALLBACK_UNATTRIBUTED,
	FALLBACK_UNTRACED,
	FALLBACK_WORDS,
};

/**
 * struct fallback_zone - a zone with memory, or that may get some
 * @zone: the zone
 * @seen: what its counters were at the last look
 * @cells: allocations that wanted it, by the number of the zone they got
 */
struct fallback_zone {
	struct zone *zone;
	u64 __percpu *seen;
	u64 __percpu *cells;
};

/* Constant while attached; set up under the source lock. */
static struct fallback_zone *zones;
static unsigned int nr_zones;
static int *numbers;		/* by node and zone index; -1 for none */
static unsigned int sampling;
static u64 __percpu *own_words;
static DEFINE_PER_CPU(struct memtel_cost, fallback_cost);
static struct memtel_counters cells;
static struct memtel_counters seen;
static struct memtel_counters own;

static int number_of(int nid, int zid)
{
	return numbers[nid * MAX_NR_ZONES + zid];
}

/*
 * Interrupts off. What a zone's counter grew by since this CPU's last look. A
 * zone whose memory is unplugged loses its counters: only of populated ones.
 */
static __always_inline u64 growth(const struct fallback_zone *z,
				  enum seen_word word,
				  enum numa_stat_item item)
{
	u64 now = this_cpu_read(*memtel_numa_event_word(z->zone, item));
	u64 before = this_cpu_read(z->seen[word]);

	if (now == before)
		return 0;
	this_cpu_write(z->seen[word], now);
	return now > before ? now - before : now;
}

/* Take down all counters of this CPU. */
static void fallback_take_down(void *unused)
{
	unsigned int i;

	lockdep_assert_irqs_disabled();
	for (i = 0; i < nr_zones; i++) {
		if (!populated_zone(zones[i].zone))
			continue;
		growth(&zones[i], SEEN_HIT, NUMA_HIT);
		growth(&zones[i], SEEN_MISS, NUMA_MISS);
		growth(&zones[i], SEEN_FOREIGN, NUMA_FOREIGN);
	}
}

/* The zone in which a page was missed, or -1. */
static int missed_zone(void)
{
	int missed = -1;
	unsigned int i;

	for (i = 0; i < nr_zones; i++)
		if (populated_zone(zones[i].zone) &&
		    growth(&zones[i], SEEN_FOREIGN, NUMA_FOREIGN))
			missed = i;
	return missed;
}

static int highest_zone(int nid, gfp_t gfp)
{
	int zid = gfp_zone(gfp);

	while (zid && !populated_zone(&NODE_DATA(nid)->node_zones[zid]))
		zid--;
	return number_of(nid, zid);
}

/* The zone that the allocation wanted that got a page of zone @got, or -1. */
static int wanted_zone(int got, int nid, gfp_t gfp)
{
	u64 hits = growth(&zones[got], SEEN_HIT, NUMA_HIT);
	u64 misses = growth(&zones[got], SEEN_MISS, NUMA_MISS);

	if (!hits && !misses)
		return -1;
	if (hits + misses > 1)
		this_cpu_add(own_words[FALLBACK_UNTRACED], hits + misses - 1);
	if (hits && (!misses || nid == numa_node_id()))
		return highest_zone(nid, gfp);
	return missed_zone();
}

static void fallback_sample(const struct page *page, gfp_t gfp)
{
	int nid = page_to_nid(page);
	int got = number_of(nid, page_zonenum(page));
	int wanted = got < 0 ? -1 : wanted_zone(got, nid, gfp);

	lockdep_assert_irqs_disabled();
	if (wanted >= 0)
		this_cpu_inc(zones[wanted].cells[got]);
	else
		this_cpu_inc(own_words[FALLBACK_UNATTRIBUTED]);
}

/*
 * Of an allocation that is a sample, or the last before one. Its cost is
 * counted; the countdown of the others is not worth a count of its own.
 */
static noinline void fallback_look(const struct page *page, gfp_t gfp_flags,
				   s64 left)
{
	MEMTEL_COST(&fallback_cost);
	unsigned long flags;

	/* An interrupt that allocates would look in between. */
	local_irq_save(flags);
	if (left == 1)
		fallback_take_down(NULL);
	else if (!left)
		fallback_sample(page, gfp_flags);
	/* Below zero at the beginning: no look was taken before. */
	if (left < 1)
		this_cpu_write(own_words[FALLBACK_COUNTDOWN], sampling);
	local_irq_restore(flags);
}

/* kmem:mm_page_alloc, any context, after the page allocator counted it */
static void fallback_on_page_alloc(void *data, struct page *page,
				   unsigned int order, gfp_t gfp_flags,
				   int migratetype)
{
	s64 left = 0;

	if (unlikely(!page))
		return;
	if (sampling > 1) {
		left = this_cpu_dec_return(own_words[FALLBACK_COUNTDOWN]);
		if (likely(left > 1))
			return;
	}
	fallback_look(page, gfp_flags, left);
}

static struct memtel_probe fallback_probes[] = {
	MEMTEL_PROBE(mm_page_alloc, fallback_on_page_alloc),
};

static const char *fallback_cannot(void)
{
	return IS_ENABLED(CONFIG_NUMA) ? NULL : "a kernel without NUMA";
}

/* Memory is plugged into these, whatever a node has now. */
static bool may_have_memory(struct zone *zone, int zid)
{
	return populated_zone(zone) || zid == ZONE_NORMAL ||
	       zid == ZONE_MOVABLE;
}

static void number_zones(void)
{
	int nid, zid;

	nr_zones = 0;
	for_each_node(nid) {
		for (zid = 0; zid < MAX_NR_ZONES; zid++) {
			struct zone *zone = NODE_DATA(nid) ?
				&NODE_DATA(nid)->node_zones[zid] : NULL;

			numbers[nid * MAX_NR_ZONES + zid] = -1;
			if (!zone || !may_have_memory(zone, zid))
				continue;
			numbers[nid * MAX_NR_ZONES + zid] = nr_zones;
			zones[nr_zones++].zone = zone;
		}
	}
}

static void fallback_cleanup(void)
{
	memtel_counters_free(&own);
	memtel_counters_free(&seen);
	memtel_counters_free(&cells);
	kvfree(numbers);
	kvfree(zones);
	numbers = NULL;
	zones = NULL;
}

static int fallback_prepare(void)
{
	unsigned int nr = nr_node_ids * MAX_NR_ZONES;
	int err = -ENOMEM;
	unsigned int i;

	sampling = READ_ONCE(fallback_sampling);
	zones = kvcalloc(nr, sizeof(*zones), GFP_KERNEL);
	numbers = kvcalloc(nr, sizeof(*numbers), GFP_KERNEL);
	if (!zones || !numbers)
		goto out_cleanup;
	number_zones();
	err = memtel_counters_alloc(&cells, nr_zones, nr_zones) ?:
	      memtel_counters_alloc(&seen, nr_zones, SEEN_WORDS) ?:
	      memtel_counters_alloc(&own, 1, FALLBACK_WORDS);
	if (err)
		goto out_cleanup;
	for (i = 0; i < nr_zones; i++) {
		zones[i].seen = memtel_counters_slot(&seen, i);
		zones[i].cells = memtel_counters_slot(&cells, i);
	}
	own_words = memtel_counters_slot(&own, 0);
	/* A CPU that comes later has counted nothing yet. */
	on_each_cpu(fallback_take_down, NULL, 1);
	return 0;

out_cleanup:
	fallback_cleanup();
	return err;
}

/* What was seen goes on; the countdown begins anew. */
static void fallback_reset(void)
{
	memtel_counters_zero(&cells);
	memtel_counters_zero(&own);
}

static void fallback_stats(struct memtel_source_stats *stats)
{
	stats->memory_bytes = nr_node_ids * MAX_NR_ZONES *
			      (sizeof(*zones) + sizeof(*numbers)) +
			      memtel_counters_bytes(&cells) +
			      memtel_counters_bytes(&seen) +
			      memtel_counters_bytes(&own);
	memtel_stat_add(stats, MEMTEL_A_SOURCE_UNATTRIBUTED,
			memtel_counter_sum(&own_words[FALLBACK_UNATTRIBUTED]));
	if (sampling == 1)
		memtel_stat_add(stats, MEMTEL_A_SOURCE_UNTRACED,
				memtel_counter_sum(&own_words[FALLBACK_UNTRACED]));
	memtel_stat_add(stats, MEMTEL_A_SOURCE_SAMPLING, sampling);
}

/* Cells there are. Source attached. */
unsigned int memtel_fallback_cells(void)
{
	return nr_zones * nr_zones;
}

/* Which cell it is. Nothing is counted. */
void memtel_fallback_key(unsigned int i, struct memtel_fallback_cell *cell)
{
	struct zone *wanted = zones[i / nr_zones].zone;
	struct zone *got = zones[i % nr_zones].zone;

	cell->wanted_nid = zone_to_nid(wanted);
	cell->wanted_zone = wanted->name;
	cell->nid = zone_to_nid(got);
	cell->zone = got->name;
}

/**
 * memtel_fallback_read() - sum what a cell counted
 * @i: below memtel_fallback_cells()
 * @cell: filled
 *
 * Context: Under memtel_source_lock, source attached.
 * Return: false when it counted nothing.
 */
bool memtel_fallback_read(unsigned int i, struct memtel_fallback_cell *cell)
{
	const struct fallback_zone *from = &zones[i / nr_zones];

	lockdep_assert_held(&memtel_source_lock);
	memtel_fallback_key(i, cell);
	cell->samples = memtel_counter_sum(&from->cells[i % nr_zones]);
	return cell->samples;
}

/* Estimated allocations that were not served as wanted. Source attached. */
u64 memtel_fallback_total(const struct memtel_scope *scope)
{
	unsigned int want, got;
	u64 samples = 0;

	for (want = 0; want < nr_zones; want++)
		for (got = 0; got < nr_zones; got++)
			if (want != got &&
			    memtel_scope_has_node(scope,
						  zone_to_nid(zones[want].zone)))
				samples += memtel_counter_sum(&zones[want]
							      .cells[got]);
	return samples * sampling;
}

struct memtel_source memtel_fallback_source = {
	.name = "fallback",
	.capability = "fallback",
	.probes = fallback_probes,
	.nr_probes = ARRAY_SIZE(fallback_probes),
	.cannot = fallback_cannot,
	.prepare = fallback_prepare,
	.cleanup = fallback_cleanup,
	.reset = fallback_reset,
	.stats = fallback_stats,
	.cost = &fallback_cost,
};
