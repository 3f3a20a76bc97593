// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What happened between two snapshots, per second. No I/O.
 *
 * A rate is only given where both counts are known to come from one row
 * counted without a break: same attachment (since_ns), same name, same id.
 * Counts only grow within one, so a smaller later count means that this does
 * not hold, and gives no rate rather than a huge one.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define NSEC_PER_SEC 1e9

static const struct {
	unsigned int attr;
	size_t count_offset;
	size_t rate_offset;
} rated[] = {
#define RATED(NAME, member) \
	{ MEMTEL_A_CACHE_NODE_##NAME, \
	  offsetof(struct memtel_cache_node, member), \
	  offsetof(struct memtel_rate, member##_per_s) }
	RATED(ALLOCS, allocs),
	RATED(FREES, frees),
	RATED(BYTES_REQUESTED, bytes_requested),
	RATED(BYTES_ALLOCATED, bytes_allocated),
	RATED(REMOTE_ALLOCS, remote_allocs),
	RATED(REMOTE_FREES, remote_frees),
#undef RATED
};

/*
 * How long the source counted from one to the other; 0 if not throughout. It
 * has a since_ns only while it is attached.
 */
static uint64_t interval_of(const struct memtel_source *before,
			    const struct memtel_source *after)
{
	if (!before || !after ||
	    !memtel_has(before, MEMTEL_A_SOURCE_SINCE_NS) ||
	    !memtel_has(after, MEMTEL_A_SOURCE_SINCE_NS) ||
	    before->since_ns != after->since_ns ||
	    !memtel_has(before, MEMTEL_A_SOURCE_NOW_NS) ||
	    !memtel_has(after, MEMTEL_A_SOURCE_NOW_NS) ||
	    after->now_ns <= before->now_ns)
		return 0;
	return after->now_ns - before->now_ns;
}

/* @before NULL: counted from zero. */
static void rate_fill(const struct memtel_cache_node *before,
		      const struct memtel_cache_node *after,
		      uint64_t interval_ns, struct memtel_rate *rate)
{
	rate->interval_ns = interval_ns;
	for (size_t i = 0; i < ARRAY_SIZE(rated); i++) {
		uint64_t bit = UINT64_C(1) << rated[i].attr;
		uint64_t old = 0, new;

		if (!(after->present & bit) ||
		    (before && !(before->present & bit)))
			continue;
		if (before)
			old = *(const uint64_t *)((const char *)before +
						  rated[i].count_offset);
		new = *(const uint64_t *)((const char *)after +
					  rated[i].count_offset);
		if (new < old)
			continue;
		*(double *)((char *)rate + rated[i].rate_offset) =
			(double)(new - old) / ((double)interval_ns /
					       NSEC_PER_SEC);
		rate->present |= bit;
	}
}

static int by_name_and_id(const void *a, const void *b)
{
	const struct memtel_cache *x = *(const struct memtel_cache *const *)a;
	const struct memtel_cache *y = *(const struct memtel_cache *const *)b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->id > y->id) - (x->id < y->id);
}

/* The earlier caches that have an id, sorted. */
struct index {
	size_t nr;
	const struct memtel_cache **caches;
};

static int index_build(const struct memtel_snapshot *snapshot,
		       struct index *index)
{
	index->nr = 0;
	index->caches = malloc((snapshot->nr_caches + 1) *
			       sizeof(*index->caches));
	if (!index->caches)
		return -ENOMEM;
	for (size_t i = 0; i < snapshot->nr_caches; i++) {
		const struct memtel_cache *cache = snapshot->caches[i].data;

		if (memtel_has(cache, MEMTEL_A_CACHE_ID))
			index->caches[index->nr++] = cache;
	}
	qsort(index->caches, index->nr, sizeof(*index->caches), by_name_and_id);
	return 0;
}

static const struct memtel_cache *index_find(const struct index *index,
					     const struct memtel_cache *cache)
{
	const struct memtel_cache **found;

	if (!memtel_has(cache, MEMTEL_A_CACHE_ID))
		return NULL;
	found = bsearch(&cache, index->caches, index->nr,
			sizeof(*index->caches), by_name_and_id);
	return found ? *found : NULL;
}

static const struct memtel_cache_node *
node_find(const struct memtel_cache *cache, uint32_t node_id)
{
	for (size_t i = 0; i < cache->nr_nodes; i++)
		if (cache->nodes[i]->node_id == node_id)
			return cache->nodes[i];
	return NULL;
}

static int cache_rate(const struct memtel_cache *before,
		      const struct memtel_cache *after, uint64_t interval_ns,
		      int (*row)(const struct memtel_cache *cache,
				 const struct memtel_rate *total,
				 const struct memtel_rate *const *nodes,
				 void *arg),
		      void *arg)
{
	struct memtel_rate total = { 0 };
	const struct memtel_rate **list;
	struct memtel_rate *rates;
	int err = -ENOMEM;

	rates = calloc(after->nr_nodes + 1, sizeof(*rates));
	list = calloc(after->nr_nodes + 1, sizeof(*list));
	if (!rates || !list)
		goto free_lists;
	for (size_t i = 0; i < after->nr_nodes; i++) {
		const struct memtel_cache_node *node = after->nodes[i];

		list[i] = &rates[i];
		if (before && interval_ns)
			rate_fill(node_find(before, node->node_id), node,
				  interval_ns, &rates[i]);
	}
	if (before && interval_ns)
		rate_fill(before->total, after->total, interval_ns, &total);
	err = row(after, &total, list, arg);
free_lists:
	free(list);
	free(rates);
	return err;
}

int memtel_rates(const struct memtel_snapshot *before,
		 const struct memtel_snapshot *after,
		 int (*row)(const struct memtel_cache *cache,
			    const struct memtel_rate *total,
			    const struct memtel_rate *const *nodes, void *arg),
		 void *arg)
{
	uint64_t interval_ns = interval_of(before->source.data,
					   after->source.data);
	struct index index;
	int err;

	err = index_build(before, &index);
	if (err)
		return err;
	for (size_t i = 0; i < after->nr_caches && !err; i++) {
		const struct memtel_cache *cache = after->caches[i].data;

		err = cache_rate(index_find(&index, cache), cache, interval_ns,
				 row, arg);
	}
	free(index.caches);
	return err;
}
