// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Numbers that follow from a row's own numbers. Pure.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* The members of a cache-node that add up over nodes. */
static const struct {
	unsigned int attr;
	size_t offset;
	bool is_count;		/* counted by the source, not a gauge */
} summable[] = {
#define GAUGE(NAME, member) \
	{ MEMTEL_A_CACHE_NODE_##NAME, \
	  offsetof(struct memtel_cache_node, member), false }
#define COUNT(NAME, member) \
	{ MEMTEL_A_CACHE_NODE_##NAME, \
	  offsetof(struct memtel_cache_node, member), true }
	COUNT(ALLOCS, allocs),
	COUNT(FREES, frees),
	COUNT(BYTES_REQUESTED, bytes_requested),
	COUNT(BYTES_ALLOCATED, bytes_allocated),
	COUNT(REMOTE_ALLOCS, remote_allocs),
	COUNT(REMOTE_FREES, remote_frees),
	GAUGE(SLABS, slabs),
	GAUGE(PARTIAL_SLABS, partial_slabs),
	GAUGE(OBJECTS_TOTAL, objects_total),
	GAUGE(OBJECTS_IN_USE, objects_in_use),
	GAUGE(OBJECTS_IN_USE_ERROR, objects_in_use_error),
	GAUGE(SLAB_BYTES, slab_bytes),
#undef GAUGE
#undef COUNT
};

/**
 * memtel_cache_sum() - add a cache's nodes up, as rows.h says of its total
 * @cache: the cache
 * @total: zeros, to be filled
 */
void memtel_cache_sum(const struct memtel_cache *cache,
		      struct memtel_cache_node *total)
{
	for (size_t i = 0; i < ARRAY_SIZE(summable); i++) {
		uint64_t *sum = (uint64_t *)((char *)total + summable[i].offset);
		uint64_t bit = UINT64_C(1) << summable[i].attr;

		for (size_t n = 0; n < cache->nr_nodes; n++) {
			const struct memtel_cache_node *node = cache->nodes[n];

			if (!(node->present & bit))
				continue;
			*sum += *(const uint64_t *)((const char *)node +
						    summable[i].offset);
			total->present |= bit;
		}
		if (!cache->nr_nodes && summable[i].is_count &&
		    memtel_has(cache, MEMTEL_A_CACHE_ID))
			total->present |= bit;
	}
}

static bool percent_of(uint64_t part, uint64_t whole, double *percent)
{
	if (!whole)
		return false;
	*percent = 100.0 * (double)part / (double)whole;
	return true;
}

bool memtel_cache_fragmentation(const struct memtel_cache *cache,
				const struct memtel_cache_node *node,
				double *percent)
{
	uint64_t used_bytes;
	double used;

	if (!memtel_has(cache, MEMTEL_A_CACHE_SIZE_BYTES) ||
	    !memtel_has(node, MEMTEL_A_CACHE_NODE_OBJECTS_IN_USE) ||
	    !memtel_has(node, MEMTEL_A_CACHE_NODE_SLAB_BYTES))
		return false;
	used_bytes = node->objects_in_use * cache->size_bytes;
	if (!percent_of(used_bytes, node->slab_bytes, &used))
		return false;
	/* Slabs come and go between the kernel's two readings. */
	*percent = used < 100.0 ? 100.0 - used : 0.0;
	return true;
}

bool memtel_cache_waste(const struct memtel_cache_node *node, uint64_t *bytes)
{
	if (!memtel_has(node, MEMTEL_A_CACHE_NODE_BYTES_ALLOCATED) ||
	    !memtel_has(node, MEMTEL_A_CACHE_NODE_BYTES_REQUESTED))
		return false;
	/* Read one after the other while both grow. */
	*bytes = node->bytes_allocated > node->bytes_requested ?
		 node->bytes_allocated - node->bytes_requested : 0;
	return true;
}

bool memtel_cache_remote(const struct memtel_cache_node *node, double *percent)
{
	return memtel_has(node, MEMTEL_A_CACHE_NODE_REMOTE_ALLOCS) &&
	       memtel_has(node, MEMTEL_A_CACHE_NODE_ALLOCS) &&
	       percent_of(node->remote_allocs, node->allocs, percent);
}

bool memtel_node_slab_bytes(const struct memtel_node *node, uint64_t *bytes)
{
	if (!memtel_has(node, MEMTEL_A_NODE_SLAB_RECLAIMABLE_BYTES) ||
	    !memtel_has(node, MEMTEL_A_NODE_SLAB_UNRECLAIMABLE_BYTES))
		return false;
	*bytes = node->slab_reclaimable_bytes + node->slab_unreclaimable_bytes;
	return true;
}

bool memtel_node_slab_share(const struct memtel_node *node, double *percent)
{
	uint64_t slab_bytes;

	return memtel_has(node, MEMTEL_A_NODE_MANAGED_BYTES) &&
	       memtel_node_slab_bytes(node, &slab_bytes) &&
	       percent_of(slab_bytes, node->managed_bytes, percent);
}

bool memtel_node_hit_share(const struct memtel_node *node, double *percent)
{
	return memtel_has(node, MEMTEL_A_NODE_NUMA_HIT) &&
	       memtel_has(node, MEMTEL_A_NODE_NUMA_MISS) &&
	       percent_of(node->numa_hit, node->numa_hit + node->numa_miss,
			  percent);
}

bool memtel_timing_mean(const struct memtel_timing *timing, uint64_t *mean_ns)
{
	if (!memtel_has(timing, MEMTEL_A_TIMING_COUNT) ||
	    !memtel_has(timing, MEMTEL_A_TIMING_TOTAL_NS) || !timing->count)
		return false;
	*mean_ns = timing->total_ns / timing->count;
	return true;
}

/* Where a bucket ends, or for ever. */
static uint64_t bucket_end_ns(const struct memtel_timing_bucket *bucket)
{
	const uint64_t last_ns = (uint64_t)MEMTEL_TIMING_BUCKET_NS <<
				 (MEMTEL_TIMING_BUCKETS - 2);

	if (!bucket->from_ns)
		return MEMTEL_TIMING_BUCKET_NS;
	return bucket->from_ns >= last_ns ? UINT64_MAX : 2 * bucket->from_ns;
}

bool memtel_timing_quantile(const struct memtel_timing *timing,
			    unsigned int permille, uint64_t *at_most_ns)
{
	uint64_t all = 0, below = 0, end_ns = 0;
	size_t i;

	if (!memtel_has(timing, MEMTEL_A_TIMING_LONGEST_NS) || !permille ||
	    permille > 1000)
		return false;
	/* Not count: it was read at another instant. */
	for (i = 0; i < timing->nr_buckets; i++)
		all += timing->buckets[i]->count;
	if (!all)
		return false;
	for (i = 0; i < timing->nr_buckets; i++) {
		below += timing->buckets[i]->count;
		end_ns = bucket_end_ns(timing->buckets[i]);
		/* In a double: 1000 times a count may not fit. */
		if ((double)below * 1000 >= (double)all * permille)
			break;
	}
	*at_most_ns = end_ns < timing->longest_ns ? end_ns :
						    timing->longest_ns;
	return true;
}

/* A sum's timings lie behind it, so that they go with it. */
struct node_sum {
	struct memtel_node node;
	struct memtel_timing timings[5];
};

static void timing_add(struct memtel_timing *sum,
		       const struct memtel_timing *timing)
{
	sum->present |= timing->present &
			~(UINT64_C(1) << MEMTEL_A_TIMING_BUCKET);
	sum->count += timing->count;
	sum->total_ns += timing->total_ns;
	if (timing->longest_ns > sum->longest_ns)
		sum->longest_ns = timing->longest_ns;
}

static void timings_add(struct node_sum *sum, const struct memtel_node *node)
{
	static const struct {
		unsigned int attr;
		size_t offset;
	} timings[ARRAY_SIZE(sum->timings)] = {
#define TIMING(NAME, member) \
	{ MEMTEL_A_NODE_##NAME, offsetof(struct memtel_node, member) }
		TIMING(DIRECT_RECLAIM, direct_reclaim),
		TIMING(KSWAPD, kswapd),
		TIMING(NODE_RECLAIM, node_reclaim),
		TIMING(THROTTLE, throttle),
		TIMING(LOCK_WAIT, lock_wait),
#undef TIMING
	};

	for (size_t i = 0; i < ARRAY_SIZE(timings); i++) {
		const struct memtel_timing *timing;

		memcpy(&timing, (const char *)node + timings[i].offset,
		       sizeof(timing));
		if (!timing)
			continue;
		timing_add(&sum->timings[i], timing);
		timing = &sum->timings[i];
		memcpy((char *)&sum->node + timings[i].offset, &timing,
		       sizeof(timing));
		sum->node.present |= UINT64_C(1) << timings[i].attr;
	}
}

int memtel_node_add(struct memtel_node **total, const struct memtel_node *node)
{
	static const struct {
		unsigned int attr;
		size_t offset;
	} added[] = {
#define ADDED(NAME, member) \
	{ MEMTEL_A_NODE_##NAME, offsetof(struct memtel_node, member) }
		ADDED(MANAGED_BYTES, managed_bytes),
		ADDED(FREE_BYTES, free_bytes),
		ADDED(SLAB_RECLAIMABLE_BYTES, slab_reclaimable_bytes),
		ADDED(SLAB_UNRECLAIMABLE_BYTES, slab_unreclaimable_bytes),
		ADDED(NUMA_HIT, numa_hit),
		ADDED(NUMA_MISS, numa_miss),
		ADDED(NUMA_FOREIGN, numa_foreign),
		ADDED(NUMA_INTERLEAVE, numa_interleave),
		ADDED(NUMA_LOCAL, numa_local),
		ADDED(NUMA_OTHER, numa_other),
#undef ADDED
	};

	if (!*total)
		*total = calloc(1, sizeof(struct node_sum));
	if (!*total)
		return -ENOMEM;
	timings_add((struct node_sum *)*total, node);
	for (size_t i = 0; i < ARRAY_SIZE(added); i++) {
		uint64_t bit = UINT64_C(1) << added[i].attr;

		if (!(node->present & bit))
			continue;
		*(uint64_t *)((char *)*total + added[i].offset) +=
			*(const uint64_t *)((const char *)node +
					    added[i].offset);
		(*total)->present |= bit;
	}
	return 0;
}

void memtel_node_free(struct memtel_node *total)
{
	free(total);
}

/*
 * A zone's free memory, seen by who wants 2^order pages at once.
 *
 * pages:	free pages, in blocks of any order
 * blocks:	in how many blocks they are
 * fitting:	how many blocks of the wanted order the blocks at least as large
 *		can be cut into
 */
struct free_memory {
	uint64_t pages;
	uint64_t blocks;
	uint64_t fitting;
};

static bool free_memory_read(const struct memtel_zone *zone, uint32_t order,
			     struct free_memory *free)
{
	*free = (struct free_memory){ 0 };
	if (!zone->nr_free_blocks || order >= 32)
		return false;
	for (size_t i = 0; i < zone->nr_free_blocks; i++) {
		const struct memtel_free_blocks *area = zone->free_blocks[i];

		if (!memtel_has(area, MEMTEL_A_FREE_BLOCKS_ORDER) ||
		    !memtel_has(area, MEMTEL_A_FREE_BLOCKS_BLOCKS) ||
		    area->order >= 32)
			return false;
		free->blocks += area->blocks;
		free->pages += area->blocks << area->order;
		if (area->order >= order)
			free->fitting += area->blocks << (area->order - order);
	}
	return true;
}

/*
 * When no block fits: is there too little memory, or is it in pieces? Were the
 * pieces of the right size, there would be pages / 2^order of them, plus the
 * one that is asked for. The more pieces there are beyond that, the smaller
 * they are, and the more is fragmentation to blame:
 *
 *	index = 1 - (1 + pages / 2^order) / blocks
 *
 * in thousandths, each division rounded down, as the kernel does.
 */
bool memtel_zone_fragmentation_index(const struct memtel_zone *zone,
				     uint32_t order, int *index)
{
	struct free_memory free;
	uint64_t wanted_milli;

	if (!free_memory_read(zone, order, &free))
		return false;
	if (!free.blocks) {
		*index = 0;
	} else if (free.fitting) {
		*index = -1000;
	} else {
		wanted_milli = (free.pages * 1000) >> order;
		*index = 1000 - (int)((1000 + wanted_milli) / free.blocks);
	}
	return true;
}

/* The pages outside of blocks that fit, of all free pages. */
bool memtel_zone_unusable_index(const struct memtel_zone *zone,
				uint32_t order, int *index)
{
	struct free_memory free;

	if (!free_memory_read(zone, order, &free))
		return false;
	if (!free.pages)
		*index = 1000;
	else
		*index = (int)((free.pages - (free.fitting << order)) * 1000 /
			       free.pages);
	return true;
}
