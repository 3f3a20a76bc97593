// SPDX-License-Identifier: GPL-2.0
/*
 * The slab source: allocations and frees by cache and node.
 *
 * Model. Four tracepoints (six before 6.1) tell of each object that comes or
 * goes; compat/trace/events/kmem.h has what differs. Which node it belongs to,
 * and which cache where the event does not tell it, is read from the object's
 * own page, so that kmalloc(), kmem_cache_alloc() and a kfree() of a cache's
 * object all count in one place. What is not on a slab page is a large kmalloc.
 * A CPU adds to its own counters only; the node of the CPU is thus
 * known when they are read, and the matrix of CPU's node and object's node
 * costs an event nothing.
 *
 * What an event does: finds the page, its cache and node, the cache's counters
 * by one hash lookup, and adds one or two numbers. It takes no lock, writes no
 * shared line and calls nothing outside this file, so an event may interrupt
 * an event at any instruction and neither is lost. Only the first event of a
 * new cache leaves this path (slab_table.c).
 *
 * A free is told of before it happens, so that the object still is the cache's
 * whose page it lies on. Where the kernel tells of it after (5.10) the entry of
 * the function is hooked instead of the tracepoint. Large kmallocs that fire
 * twice are counted once (large.c).
 *
 * What it does not see: bulk allocation and freeing (kfree_rcu() among them)
 * fire no tracepoint. So allocs less frees is no count of objects; occupancy
 * is, and comes from SLUB (private.c).
 */
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/topology.h>
#include <trace/events/kmem.h>

#include "cost.h"
#include "large.h"
#include "private.h"
#include "probe.h"
#include "slab.h"
#include "slab_table.h"
#include "source.h"

#define SLOTS_MIN	16
#define SLOTS_MAX	65536

static unsigned int slab_slots = 1024;

static int slab_slots_set(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, SLOTS_MIN, SLOTS_MAX);
}

static const struct kernel_param_ops slab_slots_ops = {
	.set = slab_slots_set,
	.get = param_get_uint,
};

module_param_cb(slab_slots, &slab_slots_ops, &slab_slots, 0444);
MODULE_PARM_DESC(slab_slots,
		 "Caches the slab source can count (16 to 65536, default 1024); each takes 32 bytes for each CPU and node while attached");

/* An object of the cache of caches goes by kmem_cache_free(). */
enum slab_what { SLAB_ALLOC, SLAB_KFREE, SLAB_CACHE_FREE };

/*
 * What an event tells. @cache is given where it is told (@cache_is_told), else
 * the object's page tells.
 */
struct slab_event {
	const void *object;
	const struct kmem_cache *cache;
	size_t bytes_requested;
	size_t bytes_allocated;
	bool cache_is_told;
	enum slab_what what;
};

/* What the allocations of a cache take is known by their number. */
static __always_inline void slab_add(u64 __percpu *counts, unsigned int nid,
				     size_t bytes_requested,
				     enum slab_what what)
{
	counts += nid * SLAB_WORDS;
	if (what != SLAB_ALLOC) {
		this_cpu_inc(counts[SLAB_FREES]);
		return;
	}
	this_cpu_inc(counts[SLAB_ALLOCS]);
	this_cpu_add(counts[SLAB_BYTES_REQUESTED], bytes_requested);
}

/* The counts of a cache that is not at its home, which may be a new one. */
static u64 __percpu *slab_search(const struct kmem_cache *cache,
				 const void *freed, enum slab_what what)
{
	const struct slab_entry *entry = slab_table_home(cache);
	const struct kmem_cache *found;

	/*
	 * Pairs with add_cache(): the counts are written before the cache. The
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
static noinline __noclone void
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

static noinline void slab_no_object(enum slab_what what)
{
	/* A free of no object is none of memtel's. */
	if (what == SLAB_ALLOC)
		this_cpu_inc(slab_hot.lost[SLAB_FAILED_ALLOCS]);
}

/*
 * Count an event of an object that is not NULL.
 *
 * Most slabs are of one page, or the object lies on their first; only where it
 * does not is the head looked for. Its node is that of any page of it.
 *
 * An entry's counts are written before its cache is (release), and a cache is
 * not taken out while a probe holds an object of it: the counts read are its.
 */
static __always_inline void slab_count(struct slab_event event)
{
	const struct slab_entry *entry;
	unsigned long flags;
	struct page *page;

	if (unlikely(!memtel_is_mapped(event.object)))
		return slab_no_object(event.what);

	page = memtel_own_page(event.object);
	flags = memtel_page_flags(page);
	if (!event.cache_is_told) {
		if (unlikely(!memtel_is_slab(page, flags))) {
			page = compound_head(page);
			flags = memtel_page_flags(page);
			if (!memtel_is_slab(page, flags))
				goto rare;
		}
		event.cache = memtel_slab_cache(page);
	}

	entry = slab_table_home(event.cache);
	/* A pointer is loaded in one piece, and once. */
	if (unlikely(data_race(entry->cache) != event.cache))
		goto rare;
	/* Pairs with add_cache(). */
	smp_acquire__after_ctrl_dep();
	slab_add(entry->counts, memtel_page_nid(page, flags),
		 event.bytes_requested, event.what);
	return;

rare:
	slab_count_rare(page, event.cache,
			event.what == SLAB_CACHE_FREE ? event.object : NULL,
			event.bytes_requested, event.bytes_allocated,
			event.what);
}

static DEFINE_PER_CPU(struct memtel_cost, slab_cost);

/* An event that may be one to time. As for arguments, see slab_count_rare(). */
static noinline __noclone notrace void
slab_count_costed(struct memtel_cost __percpu *cost,
		  const struct kmem_cache *cache, const void *object,
		  size_t bytes_requested, size_t bytes_allocated,
		  enum slab_what what)
{
	MEMTEL_COST_OF(cost, MEMTEL_COST_PAGES_EVERY);

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

/* NULL and ZERO_SIZE_PTR are of a page that is timed, and sorted out there. */
static __always_inline void slab_event(struct slab_event event)
{
	BUILD_BUG_ON(!memtel_cost_has_page(NULL) ||
		     !memtel_cost_has_page(ZERO_SIZE_PTR));

	if (unlikely(memtel_cost_has_page(event.object)))
		slab_count_costed(&slab_cost, event.cache, event.object,
				  event.bytes_requested, event.bytes_allocated,
				  event.what);
	else
		slab_count(event);
}

/* An allocation of which the page tells the cache. */
static __always_inline void slab_alloc(const void *object,
				       size_t bytes_requested,
				       size_t bytes_allocated)
{
	slab_event((struct slab_event) {
		.object = object,
		.bytes_requested = bytes_requested,
		.bytes_allocated = bytes_allocated,
	});
}

/* kmem:kmalloc, any context */
static notrace void slab_on_kmalloc(MEMTEL_ARGS_KMALLOC)
{
	slab_alloc(ptr, bytes_req, bytes_alloc);
}

/* The same where some are fired twice; see large.c. */
static notrace void slab_on_kmalloc_twice(MEMTEL_ARGS_KMALLOC)
{
	if (unlikely(bytes_req > KMALLOC_MAX_CACHE_SIZE) &&
	    memtel_large_is_inner(call_site))
		return;
	slab_alloc(ptr, bytes_req, bytes_alloc);
}

/* kmem:kmalloc_node and kmem:kmem_cache_alloc_node, any context */
static notrace void slab_on_alloc_node(MEMTEL_ARGS_KMALLOC_NODE)
{
	slab_alloc(ptr, bytes_req, bytes_alloc);
}

/* kmem:kmem_cache_alloc, any context */
static notrace void slab_on_cache_alloc(MEMTEL_ARGS_CACHE_ALLOC)
{
	slab_event((struct slab_event) {
		.object = ptr,
		.bytes_requested = MEMTEL_CACHE_BYTES_REQ,
		MEMTEL_CACHE_TOLD,
	});
}

/* kmem:kfree, any context, before the object is freed */
static notrace void slab_on_kfree(void *data, unsigned long call_site,
				  const void *ptr)
{
	slab_event((struct slab_event) { .object = ptr, .what = SLAB_KFREE });
}

/* kmem:kmem_cache_free, any context, before the object is freed */
static notrace void slab_on_cache_free(MEMTEL_ARGS_CACHE_FREE)
{
	slab_event((struct slab_event) {
		.object = MEMTEL_CACHE_FREE_PTR,
		.what = SLAB_CACHE_FREE,
		MEMTEL_CACHE_TOLD,
	});
}

static struct memtel_probe slab_probes[] = {
	/* Stays the first: see slab_prepare(). */
	MEMTEL_PROBE(kmalloc, slab_on_kmalloc),
	MEMTEL_PROBE(kmem_cache_alloc, slab_on_cache_alloc),
	MEMTEL_PROBE_IF_ANY(kmalloc_node, slab_on_alloc_node),
	MEMTEL_PROBE_IF_ANY(kmem_cache_alloc_node, slab_on_alloc_node),
	MEMTEL_PROBE(kfree, slab_on_kfree),
	MEMTEL_PROBE_CACHE_FREE(slab_on_cache_free),
};

static int slab_prepare(void)
{
	/* It has the type of the one in the table. */
	if (memtel_large_is_twice())
		slab_probes[0].func = slab_on_kmalloc_twice;
	return slab_table_init(slab_slots);
}

/*
 * Give today's caches their slots, so that few events take the slow path. Only
 * now that the probes would see the end of a cache may its address be kept.
 */
static void slab_started(void)
{
	struct memtel_cache_walk walk;
	struct kmem_cache *cache;

	for (cache = memtel_cache_walk_begin(&walk); cache;
	     cache = memtel_cache_walk_next(&walk))
		slab_table_place(cache, NULL, SLAB_LOST_WORDS);
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
	const struct slab_slot *slot;
	unsigned int i;
	int nid;
	u64 sum = 0;

	for (i = 0; i <= slab_table_high(); i++) {
		const u64 __percpu *words = slab_hot.large;

		if (i < slab_table_high()) {
			slot = slab_table_slot(i);
			if (!slot)
				continue;
			words = slot->counts;
		}
		for_each_online_node(nid) {
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
	int cpu, i;

	for (i = 0; i < nr_node_ids; i++)
		by_cpu_node[i] = (struct memtel_cpu_node_counts) {};

	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		struct memtel_cpu_node_counts *by;
		u64 allocs, frees;
		const u64 *w;

		if (!cpu_possible(cpu))
			continue;
		w = per_cpu_ptr(words, cpu);
		allocs = READ_ONCE(w[SLAB_ALLOCS]);
		frees = READ_ONCE(w[SLAB_FREES]);
		if (!allocs && !frees)
			continue;
		/* Only a CPU never online, which counts nothing, has none. */
		by = &by_cpu_node[max(cpu_to_node(cpu), 0)];
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
	.probes = slab_probes,
	.nr_probes = ARRAY_SIZE(slab_probes),
	.cannot = memtel_private_cannot_count,
	.prepare = slab_prepare,
	.started = slab_started,
	.cleanup = slab_table_exit,
	.reset = slab_table_reset,
	.stats = slab_stats,
	.cost = &slab_cost,
	.events = slab_events,
};
