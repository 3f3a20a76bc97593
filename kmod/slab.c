// SPDX-License-Identifier: GPL-2.0
/*
 * The slab source: allocations and frees by cache and node.
 *
 * Model. The probes of kmem (kmem.c) tell of each object that comes or goes.
 * Which node it belongs to, and which cache where the event does not tell it,
 * is read from the object's own page, so that kmalloc(), kmem_cache_alloc() and
 * a kfree() of a cache's object all count in one place. What is not on a slab
 * page is a large kmalloc. A CPU adds to its own counters only; the node of the
 * CPU is thus known when they are read, and the matrix of CPU's node and
 * object's node costs an event nothing.
 *
 * What an event does (slab_event.h): finds the page, its cache and node, the
 * cache's counters by one hash lookup, and adds one or two numbers. It takes no
 * lock, writes no shared line and calls nothing else, so an event may interrupt
 * an event at any instruction and neither is lost. Only the first event of a
 * new cache leaves this path (slab_table.c).
 *
 * What it does not see: bulk allocation and freeing fire no tracepoint, and nor
 * do kmalloc_nolock() and kfree_nolock() of newer kernels. So allocs less frees
 * is no count of objects; occupancy is, and comes from SLUB (private.c).
 */
#include <linux/kstrtox.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/topology.h>

#include "cost.h"
#include "kmem.h"
#include "private.h"
#include "slab.h"
#include "slab_event.h"
#include "slab_table.h"
#include "source.h"

/* Caches that get their slots in one hold of slab_mutex. */
#define STARTED_HOLD	64

#define SLOTS_MIN	16U
#define SLOTS_USUAL	1024U
#define SLOTS_MAX	65536U

/* 0: as many as the host needs. */
static unsigned int slab_slots;

static int slab_slots_set(const char *val, const struct kernel_param *kp)
{
	unsigned int slots;

	if (!kstrtouint(val, 0, &slots) && !slots)
		return param_set_uint(val, kp);
	return param_set_uint_minmax(val, kp, SLOTS_MIN, SLOTS_MAX);
}

static const struct kernel_param_ops slab_slots_ops = {
	.set = slab_slots_set,
	.get = param_get_uint,
};

module_param_cb(slab_slots, &slab_slots_ops, &slab_slots, 0444);
MODULE_PARM_DESC(slab_slots,
		 "Caches the slab source can count (16 to 65536; default 0: twice as many as there are when it is attached, at least 1024); each takes 32 bytes for each CPU and node while attached");

/* The counts of a cache that is not at its home, which may be a new one. */
static u64 __percpu *slab_search(const struct kmem_cache *cache,
				 const void *freed, enum slab_what what)
{
	const struct slab_entry *entry = slab_table_home(cache);
	const struct kmem_cache *found;

	/*
	 * Pairs with slab_table_add(): the counts are written before the cache. The
	 * last entry is always empty, so the search ends.
	 */
	while ((found = smp_load_acquire(&entry->cache)) && found != cache)
		entry++;
	if (found)
		return entry->counts;
	return slab_table_place(cache, freed,
				what == SLAB_ALLOC ? SLAB_UNPLACED_ALLOCS :
						     SLAB_UNPLACED_FREES);
}

/*
 * An event away from the fast path: a large kmalloc (no @cache), or a cache
 * that is not at its home in the table: further on, or new, or the cache of
 * caches. @freed is the object where it may be a cache that goes, else NULL.
 * Arguments stand where a probe has them, which spares it to move them.
 */
noinline __noclone void
slab_count_rare(const struct page *page, const struct kmem_cache *cache,
		const void *freed, size_t bytes_requested,
		size_t bytes_allocated, enum slab_what what)
{
	int nid = memtel_page_nid(page, memtel_page_flags(page));
	u64 __percpu *counts = slab_hot.large;

	if (cache)
		counts = slab_search(cache, freed, what);
	else if (what == SLAB_ALLOC)
		this_cpu_add(counts[nid * SLAB_WORDS + SLAB_BYTES_ALLOCATED],
			     bytes_allocated);
	if (counts)
		slab_add(counts, nid, bytes_requested, what);
}

noinline void slab_no_object(enum slab_what what)
{
	/* A free of no object is none of memtel's. */
	if (what == SLAB_ALLOC)
		this_cpu_inc(slab_hot.lost[SLAB_FAILED_ALLOCS]);
}

static DEFINE_PER_CPU(struct memtel_cost, slab_cost);

/* An event that may be one to time; away from the path of the others. */
notrace void slab_count_costed(const struct kmem_cache *cache,
			       const void *object, size_t bytes_requested,
			       size_t bytes_allocated, enum slab_what what)
{
	MEMTEL_COST_OF(&slab_cost, MEMTEL_COST_PAGES_EVERY);

	if (memtel_is_object(object))
		slab_count((struct slab_event) {
			.object = object,
			.cache = cache,
			.bytes_requested = bytes_requested,
			.bytes_allocated = bytes_allocated,
			.cache_is_told = cache,
			.what = what,
		});
	else
		slab_no_object(what);
}

/* What the kernel can allocate without an event, beside bulks. */
static const char *slab_warning(void)
{
#ifdef kmalloc_nolock
	return "kmalloc_nolock() and kfree_nolock() fire no event: not counted";
#else
	return NULL;
#endif
}

static int slab_prepare(void)
{
	unsigned int slots = slab_slots;

	if (!slots)
		slots = clamp(2 * memtel_private_caches(), SLOTS_USUAL,
			      SLOTS_MAX);
	return slab_table_init(slots);
}

/* Once a second. */
static void slab_tick(void)
{
	slab_table_recycle();
}

/*
 * Give today's caches their slots, so that few events take the slow path. Only
 * now that the probes would see the end of a cache may its address be kept.
 */
static void slab_started(void)
{
	struct memtel_cache_walk walk;
	struct kmem_cache *cache;

	/* Without memory for the walk a cache's first event gives its slot. */
	if (memtel_cache_walk_begin(&walk, STARTED_HOLD, GFP_KERNEL))
		return;
	do {
		memtel_cache_walk_lock(&walk);
		while ((cache = memtel_cache_walk_next(&walk)))
			slab_table_place(cache, NULL, SLAB_LOST_WORDS);
		memtel_cache_walk_unlock(&walk);
	} while (!walk.is_done);
	memtel_cache_walk_end(&walk);
}

static void slab_stats(struct memtel_source_stats *stats)
{
	static const unsigned int attrs[SLAB_LOST_WORDS] = {
		[SLAB_UNPLACED_ALLOCS] = MEMTEL_A_SOURCE_UNPLACED_ALLOCS,
		[SLAB_UNPLACED_FREES] = MEMTEL_A_SOURCE_UNPLACED_FREES,
		[SLAB_RECURSIONS] = MEMTEL_A_SOURCE_RECURSIONS,
		[SLAB_FAILED_ALLOCS] = MEMTEL_A_SOURCE_FAILED_ALLOCS,
	};
	unsigned int i;

	stats->memory_bytes = slab_table_bytes();
	memtel_stat_add(stats, MEMTEL_A_SOURCE_SLOTS_USED, slab_table_used());
	memtel_stat_add(stats, MEMTEL_A_SOURCE_SLOTS_TOTAL,
			slab_table_slots());
	for (i = 0; i < SLAB_LOST_WORDS; i++)
		memtel_stat_add(stats, attrs[i],
				memtel_counter_sum(&slab_hot.lost[i]));
}

/* All there were since the last reset, on all CPUs. Source attached. */
static u64 slab_events(void)
{
	/* Read once, as it grows: what is large would be counted twice. */
	const unsigned int high = slab_table_high();
	const struct slab_slot *slot;
	unsigned int i;
	int nid;
	u64 sum = 0;

	for (i = 0; i <= high; i++) {
		const u64 __percpu *words = slab_hot.large;

		if (i < high) {
			slot = slab_table_slot(i);
			if (!slot)
				continue;
			words = slot->counts;
		}
		/* All there may be: the sum of a node that goes stays in. */
		for (nid = 0; nid < nr_node_ids; nid++) {
			sum += memtel_counter_sum(&words[nid * SLAB_WORDS +
							 SLAB_ALLOCS]);
			sum += memtel_counter_sum(&words[nid * SLAB_WORDS +
							 SLAB_FREES]);
		}
	}
	return sum;
}

/**
 * memtel_slab_read() - sum a cache's counts for objects of one node
 * @slot: the cache, NULL for large kmallocs
 * @nid: node of the objects
 * @counts: filled
 * @by_cpu_node: filled, nr_node_ids of them
 *
 * Context: Process context under memtel_source_lock, source attached.
 */
void memtel_slab_read(const struct slab_slot *slot, int nid,
		      struct memtel_slab_counts *counts,
		      struct memtel_cpu_node_counts *by_cpu_node)
{
	const u64 __percpu *words = (slot ? slot->counts : slab_hot.large) +
				    nid * SLAB_WORDS;
	struct memtel_slab_counts sum = {};
	const unsigned int *end = memtel_cpus_end(), *cpu;
	int i;

	lockdep_assert_held(&memtel_source_lock);
	/* No unsigned index: a call of memset() takes longer for some nodes. */
	for (i = 0; i < nr_node_ids; i++)
		by_cpu_node[i] = (struct memtel_cpu_node_counts) {};

	for (cpu = memtel_cpus.ids; cpu < end; cpu++) {
		struct memtel_cpu_node_counts *by;
		u64 allocs, frees;
		const u64 *w;

		w = per_cpu_ptr(words, *cpu);
		allocs = READ_ONCE(w[SLAB_ALLOCS]);
		frees = READ_ONCE(w[SLAB_FREES]);
		if (!allocs && !frees)
			continue;
		/* Only a CPU that never came up, which counts nothing, has none. */
		by = &by_cpu_node[max(cpu_to_node(*cpu), 0)];
		by->allocs += allocs;
		by->frees += frees;
		sum.allocs += allocs;
		sum.frees += frees;
		sum.bytes_requested += READ_ONCE(w[SLAB_BYTES_REQUESTED]);
		if (!slot)
			sum.bytes_allocated +=
				READ_ONCE(w[SLAB_BYTES_ALLOCATED]);
	}
	if (slot)
		sum.bytes_allocated = sum.allocs * slot->size_bytes;
	sum.remote_allocs = sum.allocs - by_cpu_node[nid].allocs;
	sum.remote_frees = sum.frees - by_cpu_node[nid].frees;
	*counts = sum;
}

struct memtel_source memtel_slab_source = {
	.name = "slab",
	.capability = "slab-counts",
	.probes = memtel_kmem_probes,
	.nr_probes = MEMTEL_KMEM_PROBES,
	.on = &memtel_slab_on,
	.cannot = memtel_private_cannot_count,
	.warning = slab_warning,
	.prepare = slab_prepare,
	.started = slab_started,
	.cleanup = slab_table_exit,
	.reset = slab_table_reset,
	.stats = slab_stats,
	.tick = slab_tick,
	.cost = &slab_cost,
	.events = slab_events,
};
