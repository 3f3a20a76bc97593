// SPDX-License-Identifier: GPL-2.0
/*
 * The numbers that triggers watch: a table from a metric's name in memtel.yaml
 * to the functions that read it from its source.
 */
#include <linux/bits.h>

#include "collect.h"
#include "fallback.h"
#include "metric.h"
#include "reclaim.h"
#include "shrinker.h"
#include "source.h"
#include "zonelock.h"

/* The functions of one kind of reclaim. */
#define RECLAIM(name, KIND)						\
static u64 name##_total(const struct memtel_scope *scope)		\
{									\
	return memtel_reclaim_total_ns(MEMTEL_RECLAIM_KIND_##KIND,	\
				       scope);				\
}									\
									\
static void name##_open(const struct memtel_scope *scope, u64 now,	\
			struct memtel_open *open)			\
{									\
	memtel_reclaim_open(MEMTEL_RECLAIM_KIND_##KIND, scope, now,	\
			    open);					\
}

RECLAIM(direct, DIRECT)
RECLAIM(kswapd, KSWAPD)
RECLAIM(node, NODE)
RECLAIM(memcg, MEMCG)
RECLAIM(compaction, COMPACTION)

static u64 throttle_total(const struct memtel_scope *scope)
{
	return memtel_reclaim_total_ns(MEMTEL_RECLAIM_KIND_THROTTLE, scope);
}

static u64 stall_total(const struct memtel_scope *scope)
{
	return direct_total(scope) + node_total(scope) + memcg_total(scope) +
	       compaction_total(scope);
}

static void stall_open(const struct memtel_scope *scope, u64 now,
		       struct memtel_open *open)
{
	direct_open(scope, now, open);
	node_open(scope, now, open);
	memcg_open(scope, now, open);
	compaction_open(scope, now, open);
}

const struct memtel_metric_ops memtel_metrics[MEMTEL_METRIC_SLAB_ALLOCS + 1] = {
	[MEMTEL_METRIC_DIRECT_RECLAIM_TIME] = {
		.source = &memtel_reclaim_source,
		.by = METRIC_BY_NODE | METRIC_BY_ZONE,
		.total = direct_total,
		.open = direct_open,
		.is_time = true,
	},
	[MEMTEL_METRIC_KSWAPD_TIME] = {
		.source = &memtel_reclaim_source,
		.by = METRIC_BY_NODE,
		.total = kswapd_total,
		.open = kswapd_open,
		.is_time = true,
	},
	[MEMTEL_METRIC_NODE_RECLAIM_TIME] = {
		.source = &memtel_reclaim_source,
		.by = METRIC_BY_NODE,
		.total = node_total,
		.open = node_open,
		.is_time = true,
	},
	[MEMTEL_METRIC_MEMCG_RECLAIM_TIME] = {
		.source = &memtel_reclaim_source,
		.by = METRIC_BY_CGROUP,
		.total = memcg_total,
		.open = memcg_open,
		.watch = memtel_reclaim_watch,
		.unwatch = memtel_reclaim_unwatch,
		.is_gone = memtel_reclaim_is_gone,
		.is_time = true,
	},
	[MEMTEL_METRIC_COMPACTION_TIME] = {
		.source = &memtel_reclaim_source,
		.by = METRIC_BY_NODE | METRIC_BY_ZONE,
		.total = compaction_total,
		.open = compaction_open,
		.is_time = true,
	},
	[MEMTEL_METRIC_THROTTLE_TIME] = {
		.source = &memtel_reclaim_source,
		.by = METRIC_BY_NODE,
		.total = throttle_total,
		.is_time = true,
	},
	[MEMTEL_METRIC_STALL_TIME] = {
		.source = &memtel_reclaim_source,
		.total = stall_total,
		.open = stall_open,
		.is_time = true,
	},
	[MEMTEL_METRIC_SHRINKER_TIME] = {
		.source = &memtel_shrinker_source,
		.by = METRIC_BY_NODE | METRIC_BY_SHRINKER,
		.total = memtel_shrinker_total_ns,
		.open = memtel_shrinker_open,
		.watch = memtel_shrinker_watch,
		.unwatch = memtel_shrinker_unwatch,
		.is_time = true,
	},
	[MEMTEL_METRIC_ZONE_LOCK_WAIT_TIME] = {
		.source = &memtel_zonelock_source,
		.by = METRIC_BY_NODE | METRIC_BY_ZONE,
		.total = memtel_zonelock_total_ns,
		.is_time = true,
	},
	[MEMTEL_METRIC_COMPACTION_FAILURES] = {
		.source = &memtel_reclaim_source,
		.by = METRIC_BY_NODE | METRIC_BY_ZONE,
		.total = memtel_reclaim_compaction_failures,
	},
	[MEMTEL_METRIC_FALLBACK_ALLOCS] = {
		.source = &memtel_fallback_source,
		.by = METRIC_BY_NODE,
		.from = METRIC_POLLED,
		.total = memtel_fallback_total,
	},
	[MEMTEL_METRIC_SLAB_GROWTH] = {
		.by = METRIC_BY_NODE | METRIC_BY_CACHE,
		.from = METRIC_COLLECTED,
		.total = memtel_collect_slab_bytes,
		.is_gauge = true,
	},
	[MEMTEL_METRIC_SLAB_ALLOCS] = {
		.source = &memtel_slab_source,
		.by = METRIC_BY_NODE | METRIC_BY_CACHE,
		.from = METRIC_COLLECTED,
		.total = memtel_collect_slab_allocs,
	},
};
