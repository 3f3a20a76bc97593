// SPDX-License-Identifier: GPL-2.0
/*
 * From evidence to the best single answer: who caused it.
 *
 * Each metric has a list of rules, tried in order; the first that finds somebody
 * is right. A rule that could blame anybody asks for half of the whole: half of
 * the time of reclaim in one shrinker, half of all memory that was consumed in
 * one cache, half of the time lost in one task. The last rule of a list names
 * where it happened, for want of a better answer.
 */
#include <linux/mmzone.h>
#include <linux/nodemask.h>

#include "evidence.h"
#include "gauge.h"

/* A node that has a tenth of its memory free is not short of it. */
#define PLENTY		10

static bool is_half(u64 value, u64 total)
{
	return value && value >= total / 2;
}

static const struct memtel_suspect *
first_of(const struct memtel_evidence *evidence, enum memtel_suspect_kind kind,
	 enum memtel_measure measure)
{
	const struct memtel_suspect *suspect;
	unsigned int i;

	for (i = 0; i < evidence->nr; i++) {
		suspect = &evidence->suspects[i];
		if (suspect->kind == kind && suspect->measure == measure)
			return suspect;
	}
	return NULL;
}

static bool blame(struct memtel_evidence *evidence,
		  const struct memtel_suspect *suspect)
{
	if (!suspect)
		return false;
	evidence->cause = *suspect;
	return true;
}

static bool blame_shrinker(struct memtel_evidence *evidence)
{
	return blame(evidence, first_of(evidence, MEMTEL_SUSPECT_KIND_SHRINKER,
					MEMTEL_MEASURE_SHRINK_NS));
}

/* It took half of the time of all reclaim. */
static bool blame_slow_shrinker(struct memtel_evidence *evidence)
{
	const struct memtel_suspect *shrinker =
		first_of(evidence, MEMTEL_SUSPECT_KIND_SHRINKER,
			 MEMTEL_MEASURE_SHRINK_NS);

	if (!shrinker || !is_half(shrinker->value, evidence->reclaim_ns))
		return false;
	blame(evidence, shrinker);
	evidence->cause.total = max(evidence->reclaim_ns, shrinker->value);
	return true;
}

/* A cache, or the site that makes half of its allocations. */
static bool blame_cache_or_site(struct memtel_evidence *evidence,
				enum memtel_measure measure)
{
	const struct memtel_suspect *cache =
		first_of(evidence, MEMTEL_SUSPECT_KIND_CACHE, measure);
	const struct memtel_suspect *site =
		first_of(evidence, MEMTEL_SUSPECT_KIND_SITE,
			 MEMTEL_MEASURE_ALLOCATED_BYTES);

	if (cache && site && site->cookie == cache->cookie &&
	    !strcmp(site->cache, cache->name) &&
	    is_half(site->value, site->total))
		return blame(evidence, site);
	return blame(evidence, cache);
}

static bool blame_growth(struct memtel_evidence *evidence)
{
	return blame_cache_or_site(evidence, MEMTEL_MEASURE_GROWTH_BYTES);
}

static bool blame_allocs(struct memtel_evidence *evidence)
{
	return blame_cache_or_site(evidence, MEMTEL_MEASURE_ALLOCS);
}

/* It took half of all memory that was consumed. */
static bool blame_great_growth(struct memtel_evidence *evidence)
{
	const struct memtel_suspect *cache =
		first_of(evidence, MEMTEL_SUSPECT_KIND_CACHE,
			 MEMTEL_MEASURE_GROWTH_BYTES);

	return cache && is_half(cache->value, evidence->consumed_bytes) &&
	       blame_growth(evidence);
}

static bool blame_node(struct memtel_evidence *evidence)
{
	return blame(evidence, first_of(evidence, MEMTEL_SUSPECT_KIND_NODE,
					MEMTEL_MEASURE_RECLAIM_NS));
}

static bool has_plenty(int nid)
{
	struct memtel_node node;

	return memtel_node_read(nid, &node) &&
	       node.free_bytes > node.managed_bytes / PLENTY;
}

/* It is short of memory while another has plenty. */
static bool blame_lone_node(struct memtel_evidence *evidence)
{
	const struct memtel_suspect *node =
		first_of(evidence, MEMTEL_SUSPECT_KIND_NODE,
			 MEMTEL_MEASURE_RECLAIM_NS);
	int nid;

	if (!node || !is_half(node->value, node->total) ||
	    has_plenty(node->nid))
		return false;
	for_each_node_state(nid, N_MEMORY)
		if (nid != node->nid && has_plenty(nid))
			return blame(evidence, node);
	return false;
}

/* It is compacted although its node has plenty: no block is large enough. */
static bool blame_fragmentation(struct memtel_evidence *evidence)
{
	const struct memtel_suspect *zone =
		first_of(evidence, MEMTEL_SUSPECT_KIND_ZONE,
			 MEMTEL_MEASURE_COMPACTION_NS);

	return zone && has_plenty(zone->nid) && blame(evidence, zone);
}

static bool blame_loser(struct memtel_evidence *evidence,
			enum memtel_suspect_kind kind)
{
	const struct memtel_suspect *loser =
		first_of(evidence, kind, MEMTEL_MEASURE_STALL_NS);

	return loser && is_half(loser->value, loser->total) &&
	       blame(evidence, loser);
}

static bool blame_task(struct memtel_evidence *evidence)
{
	return blame_loser(evidence, MEMTEL_SUSPECT_KIND_TASK);
}

static bool blame_great_cgroup(struct memtel_evidence *evidence)
{
	return blame_loser(evidence, MEMTEL_SUSPECT_KIND_CGROUP);
}

static bool blame_cgroup(struct memtel_evidence *evidence)
{
	return blame(evidence, first_of(evidence, MEMTEL_SUSPECT_KIND_CGROUP,
					MEMTEL_MEASURE_STALL_NS));
}

static bool blame_zone(struct memtel_evidence *evidence)
{
	return blame(evidence, first_of(evidence, MEMTEL_SUSPECT_KIND_ZONE,
					MEMTEL_MEASURE_COMPACTION_NS));
}

static bool blame_lock(struct memtel_evidence *evidence)
{
	return blame(evidence, first_of(evidence, MEMTEL_SUSPECT_KIND_LOCK,
					MEMTEL_MEASURE_WAIT_NS));
}

#define RULES	7

static const struct {
	bool (*blame[RULES])(struct memtel_evidence *evidence);
} rules[] = {
	[MEMTEL_METRIC_DIRECT_RECLAIM_TIME] = { {
		blame_slow_shrinker, blame_great_growth, blame_fragmentation,
		blame_lone_node, blame_task, blame_great_cgroup, blame_node,
	} },
	[MEMTEL_METRIC_KSWAPD_TIME] = { {
		blame_slow_shrinker, blame_great_growth, blame_lone_node,
		blame_node,
	} },
	[MEMTEL_METRIC_NODE_RECLAIM_TIME] = { {
		blame_lone_node, blame_task, blame_node,
	} },
	[MEMTEL_METRIC_MEMCG_RECLAIM_TIME] = { { blame_cgroup } },
	[MEMTEL_METRIC_COMPACTION_TIME] = { { blame_zone } },
	[MEMTEL_METRIC_THROTTLE_TIME] = { {
		blame_slow_shrinker, blame_great_growth, blame_fragmentation,
		blame_lone_node, blame_task, blame_great_cgroup, blame_node,
	} },
	[MEMTEL_METRIC_STALL_TIME] = { {
		blame_slow_shrinker, blame_great_growth, blame_fragmentation,
		blame_lone_node, blame_great_cgroup, blame_task, blame_node,
	} },
	[MEMTEL_METRIC_SHRINKER_TIME] = { { blame_shrinker } },
	[MEMTEL_METRIC_ZONE_LOCK_WAIT_TIME] = { { blame_lock } },
	[MEMTEL_METRIC_COMPACTION_FAILURES] = { { blame_zone } },
	[MEMTEL_METRIC_FALLBACK_ALLOCS] = { {
		blame_lone_node, blame_great_growth, blame_task,
	} },
	[MEMTEL_METRIC_SLAB_GROWTH] = { { blame_growth } },
	[MEMTEL_METRIC_SLAB_ALLOCS] = { { blame_allocs } },
};

/**
 * memtel_cause_find() - the best single answer
 * @evidence: the suspects; the cause is filled, if there is one
 * @metric: what grew
 */
void memtel_cause_find(struct memtel_evidence *evidence,
		       enum memtel_metric metric)
{
	unsigned int i;

	evidence->has_cause = false;
	for (i = 0; i < RULES && rules[metric].blame[i]; i++) {
		evidence->has_cause = rules[metric].blame[i](evidence);
		if (evidence->has_cause)
			break;
	}
}
