// SPDX-License-Identifier: GPL-2.0
/*
 * The slab source: allocations and frees by cache and node.
 *
 * Model. Four tracepoints tell of each object that comes or goes. Which cache
 * and node it belongs to is read from the object's own slab page, not from the
 * tracepoint, so that kmalloc(), kmem_cache_alloc() and a kfree() of a cache's
 * object all count in one place. What is not on a slab page is a large
 * kmalloc. A CPU adds to its own counters only; the node of the CPU is thus
 * known when they are read, and the matrix of CPU's node and object's node
 * costs an event nothing.
 *
 * What an event does: finds the page, its cache and node, the cache's counters
 * by one hash lookup, and adds one to three numbers. It takes no lock, writes no
 * shared line and calls nothing, so an event may interrupt an event at any
 * instruction and neither is lost. Only the first event of a new cache leaves
 * this path (slab_table.c).
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

/* The object's words for its own node, or NULL when it could not be placed. */
static __always_inline u64 __percpu *slab_counts(const void *object,
						 bool is_free)
{
	struct page *page = virt_to_head_page(object);
	struct kmem_cache *cache = memtel_slab_cache(page);
	u64 __percpu *counts;

	if (unlikely(!cache)) {
		counts = slab_hot.large;
	} else {
		counts = slab_table_find(cache, object, is_free);
		if (unlikely(!counts))
			return NULL;
	}
	return counts + page_to_nid(page) * SLAB_WORDS;
}

static __always_inline void slab_alloc(const void *object,
				       size_t bytes_requested,
				       size_t bytes_allocated)
{
	u64 __percpu *counts;

	if (unlikely(ZERO_OR_NULL_PTR(object))) {
		this_cpu_inc(slab_hot.lost[SLAB_FAILED_ALLOCS]);
		return;
	}
	counts = slab_counts(object, false);
	if (unlikely(!counts))
		return;
	this_cpu_inc(counts[SLAB_ALLOCS]);
	this_cpu_add(counts[SLAB_BYTES_REQUESTED], bytes_requested);
	this_cpu_add(counts[SLAB_BYTES_ALLOCATED], bytes_allocated);
}

static __always_inline void slab_free(const void *object)
{
	u64 __percpu *counts;

	/* kfree() of nothing is an event too. */
	if (unlikely(ZERO_OR_NULL_PTR(object)))
		return;
	counts = slab_counts(object, true);
	if (likely(counts))
		this_cpu_inc(counts[SLAB_FREES]);
}

/* kmem:kmalloc, any context */
static void slab_on_kmalloc(void *data, unsigned long call_site,
			    const void *ptr, size_t bytes_req,
			    size_t bytes_alloc, gfp_t gfp_flags, int node)
{
	slab_alloc(ptr, bytes_req, bytes_alloc);
}

/* kmem:kmem_cache_alloc, any context */
static void slab_on_cache_alloc(void *data, unsigned long call_site,
				const void *ptr, struct kmem_cache *cache,
				gfp_t gfp_flags, int node)
{
	slab_alloc(ptr, memtel_cache_object_size(cache),
		   memtel_cache_size(cache));
}

/* kmem:kfree, any context, before the object is freed */
static void slab_on_kfree(void *data, unsigned long call_site, const void *ptr)
{
	slab_free(ptr);
}

/* kmem:kmem_cache_free, any context, before the object is freed */
static void slab_on_cache_free(void *data, unsigned long call_site,
			       const void *ptr, const struct kmem_cache *cache)
{
	slab_free(ptr);
}

static struct memtel_probe slab_probes[] = {
	MEMTEL_PROBE(kmalloc, slab_on_kmalloc),
	MEMTEL_PROBE(kmem_cache_alloc, slab_on_cache_alloc),
	MEMTEL_PROBE(kfree, slab_on_kfree),
	MEMTEL_PROBE(kmem_cache_free, slab_on_cache_free),
};

static int slab_prepare(void)
{
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
		slab_table_place(cache, NULL, false);
	memtel_cache_walk_end(&walk);
}

static void slab_read_stats(struct memtel_source_stats *stats)
{
	stats->memory_bytes = slab_table_bytes();
	stats->slots_used = slab_table_used();
	stats->slots_total = slab_table_slots();
	stats->unplaced_allocs =
		memtel_counter_sum(&slab_hot.lost[SLAB_UNPLACED_ALLOCS]);
	stats->unplaced_frees =
		memtel_counter_sum(&slab_hot.lost[SLAB_UNPLACED_FREES]);
	stats->recursions =
		memtel_counter_sum(&slab_hot.lost[SLAB_RECURSIONS]);
	stats->failed_allocs =
		memtel_counter_sum(&slab_hot.lost[SLAB_FAILED_ALLOCS]);
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
	u64 __percpu *words = (slot ? slot->counts : slab_hot.large) +
			      nid * SLAB_WORDS;
	int cpu, cpu_nid;

	memset(counts, 0, sizeof(*counts));
	memset(by_cpu_node, 0, nr_node_ids * sizeof(*by_cpu_node));

	for_each_possible_cpu(cpu) {
		const u64 *w = per_cpu_ptr(words, cpu);
		u64 allocs = READ_ONCE(w[SLAB_ALLOCS]);
		u64 frees = READ_ONCE(w[SLAB_FREES]);

		/* A CPU never online may have no node; it counted nothing. */
		cpu_nid = max(cpu_to_node(cpu), 0);
		by_cpu_node[cpu_nid].allocs += allocs;
		by_cpu_node[cpu_nid].frees += frees;
		counts->allocs += allocs;
		counts->frees += frees;
		counts->bytes_requested += READ_ONCE(w[SLAB_BYTES_REQUESTED]);
		counts->bytes_allocated += READ_ONCE(w[SLAB_BYTES_ALLOCATED]);
	}
	counts->remote_allocs = counts->allocs - by_cpu_node[nid].allocs;
	counts->remote_frees = counts->frees - by_cpu_node[nid].frees;
}

struct memtel_source memtel_slab_source = {
	.name = "slab",
	.probes = slab_probes,
	.nr_probes = ARRAY_SIZE(slab_probes),
	.cannot = memtel_private_cannot_count,
	.prepare = slab_prepare,
	.started = slab_started,
	.cleanup = slab_table_exit,
	.reset = slab_table_reset,
	.read = slab_read_stats,
};
