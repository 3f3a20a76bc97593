// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * memtel.yaml's attribute sets and commands, as tables.
 *
 * An attribute that comes with a newer module needs a row here, a member in
 * rows.h and a row in the tools' table of fields; until then it is skipped.
 */
#include "internal.h"

#define IGNORED(set, NAME, string) \
	[MEMTEL_A_##set##_##NAME] = { string, MEMTEL_ATTR_IGNORED, 0, 0, NULL }
#define PLAIN(set, NAME, string, type, row, member) \
	[MEMTEL_A_##set##_##NAME] = { \
		string, MEMTEL_ATTR_##type, \
		offsetof(struct memtel_##row, member), 0, NULL }
#define NEST(set, NAME, string, row, member, inner) \
	[MEMTEL_A_##set##_##NAME] = { \
		string, MEMTEL_ATTR_NEST, \
		offsetof(struct memtel_##row, member), \
		offsetof(struct memtel_##row, nr_##member), &inner }
#define STRUCT(set, NAME, string, row, member, inner) \
	[MEMTEL_A_##set##_##NAME] = { \
		string, MEMTEL_ATTR_STRUCT, \
		offsetof(struct memtel_##row, member), 0, &inner }
#define SET(string, row, attrs) \
	{ string, sizeof(struct memtel_##row), attrs, ARRAY_SIZE(attrs) }

/* The decoder finds present without knowing the row. */
#define PRESENT_FIRST(row) \
	_Static_assert(offsetof(struct memtel_##row, present) == 0, \
		       "present comes first")
PRESENT_FIRST(capability);
PRESENT_FIRST(work);
PRESENT_FIRST(status);
PRESENT_FIRST(source);
PRESENT_FIRST(hold);
PRESENT_FIRST(cpu_node);
PRESENT_FIRST(cache_node);
PRESENT_FIRST(cache);
PRESENT_FIRST(node);
PRESENT_FIRST(free_blocks);
PRESENT_FIRST(zone);
PRESENT_FIRST(timing_bucket);
PRESENT_FIRST(timing);
PRESENT_FIRST(reclaim_order);
PRESENT_FIRST(reclaim_gfp);
PRESENT_FIRST(reclaim_outcome);
PRESENT_FIRST(reclaim);
PRESENT_FIRST(shrinker);
PRESENT_FIRST(lock);
PRESENT_FIRST(fallback);
PRESENT_FIRST(site);
PRESENT_FIRST(stall);
PRESENT_FIRST(trigger);
PRESENT_FIRST(suspect);
PRESENT_FIRST(event);
PRESENT_FIRST(event_message);

static const struct memtel_attr capability_attrs[] = {
	PLAIN(CAPABILITY, NAME, "name", STRING, capability, name),
	PLAIN(CAPABILITY, REASON, "reason", STRING, capability, reason),
	PLAIN(CAPABILITY, WARNING, "warning", STRING, capability, warning),
};

static const struct memtel_set capability_set =
	SET("capability", capability, capability_attrs);

static const struct memtel_attr work_attrs[] = {
	IGNORED(WORK, PAD, "pad"),
	PLAIN(WORK, KIND, "kind", U32, work, kind),
	PLAIN(WORK, RUNS, "runs", U64, work, runs),
	PLAIN(WORK, NS, "ns", U64, work, ns),
	PLAIN(WORK, SHARE_PPM, "share-ppm", U32, work, share_ppm),
};

static const struct memtel_set work_set = SET("work", work, work_attrs);

static const struct memtel_attr status_attrs[] = {
	PLAIN(STATUS, VERSION, "version", STRING, status, version),
	PLAIN(STATUS, KERNEL, "kernel", STRING, status, kernel),
	NEST(STATUS, CAPABILITY, "capability", status, capabilities,
	     capability_set),
	IGNORED(STATUS, PAD, "pad"),
	PLAIN(STATUS, EVENT_SEQUENCE, "event-sequence", U64, status,
	      event_sequence),
	PLAIN(STATUS, EVENTS_UNSENT, "events-unsent", U64, status,
	      events_unsent),
	PLAIN(STATUS, COST_LIMIT_PPM, "cost-limit-ppm", U32, status,
	      cost_limit_ppm),
	PLAIN(STATUS, SUBSCRIBERS, "subscribers", U32, status, subscribers),
	NEST(STATUS, WORK, "work", status, works, work_set),
};

const struct memtel_set memtel_status_set = SET("status", status, status_attrs);

static const struct memtel_attr source_attrs[] = {
	IGNORED(SOURCE, PAD, "pad"),
	PLAIN(SOURCE, NAME, "name", STRING, source, name),
	PLAIN(SOURCE, ATTACHED, "attached", FLAG, source, attached),
	PLAIN(SOURCE, HOLDS, "holds", U32, source, holds),
	PLAIN(SOURCE, SINCE_NS, "since-ns", U64, source, since_ns),
	PLAIN(SOURCE, NOW_NS, "now-ns", U64, source, now_ns),
	PLAIN(SOURCE, PROBES, "probes", U32, source, probes),
	PLAIN(SOURCE, MEMORY_BYTES, "memory-bytes", U64, source, memory_bytes),
	PLAIN(SOURCE, SLOTS_USED, "slots-used", U32, source, slots_used),
	PLAIN(SOURCE, SLOTS_TOTAL, "slots-total", U32, source, slots_total),
	PLAIN(SOURCE, UNPLACED_ALLOCS, "unplaced-allocs", U64, source,
	      unplaced_allocs),
	PLAIN(SOURCE, UNPLACED_FREES, "unplaced-frees", U64, source,
	      unplaced_frees),
	PLAIN(SOURCE, RECURSIONS, "recursions", U64, source, recursions),
	PLAIN(SOURCE, FAILED_ALLOCS, "failed-allocs", U64, source,
	      failed_allocs),
	PLAIN(SOURCE, UNPAIRED_BEGINS, "unpaired-begins", U64, source,
	      unpaired_begins),
	PLAIN(SOURCE, UNPAIRED_ENDS, "unpaired-ends", U64, source,
	      unpaired_ends),
	PLAIN(SOURCE, UNPLACED_BEGINS, "unplaced-begins", U64, source,
	      unplaced_begins),
	PLAIN(SOURCE, UNPLACED_ROWS, "unplaced-rows", U64, source,
	      unplaced_rows),
	PLAIN(SOURCE, UNATTRIBUTED, "unattributed", U64, source, unattributed),
	PLAIN(SOURCE, UNTRACED, "untraced", U64, source, untraced),
	PLAIN(SOURCE, SAMPLING, "sampling", U32, source, sampling),
	PLAIN(SOURCE, UNPLACED_NS, "unplaced-ns", U64, source, unplaced_ns),
	PLAIN(SOURCE, COST_EVENTS, "cost-events", U64, source, cost_events),
	PLAIN(SOURCE, COST_NS, "cost-ns", U64, source, cost_ns),
	PLAIN(SOURCE, COST_SHARE_PPM, "cost-share-ppm", U32, source,
	      cost_share_ppm),
	PLAIN(SOURCE, COST_SAMPLES, "cost-samples", U64, source, cost_samples),
	PLAIN(SOURCE, SHED, "shed", FLAG, source, shed),
	PLAIN(SOURCE, SHEDS, "sheds", U64, source, sheds),
	PLAIN(SOURCE, RESTORE_NS, "restore-ns", U64, source, restore_ns),
};

const struct memtel_set memtel_source_set = SET("source", source, source_attrs);

static const struct memtel_attr hold_attrs[] = {
	PLAIN(HOLD, ID, "id", U32, hold, id),
	PLAIN(HOLD, SOURCE, "source", STRING, hold, source),
	PLAIN(HOLD, KIND, "kind", U32, hold, kind),
	PLAIN(HOLD, PORTID, "portid", U32, hold, portid),
	PLAIN(HOLD, TRIGGER, "trigger", U32, hold, trigger),
	PLAIN(HOLD, PID, "pid", U32, hold, pid),
	PLAIN(HOLD, COMM, "comm", STRING, hold, comm),
};

const struct memtel_set memtel_hold_set = SET("hold", hold, hold_attrs);

static const struct memtel_attr cpu_node_attrs[] = {
	IGNORED(CPU_NODE, PAD, "pad"),
	PLAIN(CPU_NODE, NODE_ID, "node-id", U32, cpu_node, node_id),
	PLAIN(CPU_NODE, ALLOCS, "allocs", U64, cpu_node, allocs),
	PLAIN(CPU_NODE, FREES, "frees", U64, cpu_node, frees),
};

static const struct memtel_set cpu_node_set =
	SET("cpu-node", cpu_node, cpu_node_attrs);

static const struct memtel_attr cache_node_attrs[] = {
	IGNORED(CACHE_NODE, PAD, "pad"),
	PLAIN(CACHE_NODE, NODE_ID, "node-id", U32, cache_node, node_id),
	PLAIN(CACHE_NODE, ALLOCS, "allocs", U64, cache_node, allocs),
	PLAIN(CACHE_NODE, FREES, "frees", U64, cache_node, frees),
	PLAIN(CACHE_NODE, BYTES_REQUESTED, "bytes-requested", U64, cache_node,
	      bytes_requested),
	PLAIN(CACHE_NODE, BYTES_ALLOCATED, "bytes-allocated", U64, cache_node,
	      bytes_allocated),
	PLAIN(CACHE_NODE, REMOTE_ALLOCS, "remote-allocs", U64, cache_node,
	      remote_allocs),
	PLAIN(CACHE_NODE, REMOTE_FREES, "remote-frees", U64, cache_node,
	      remote_frees),
	NEST(CACHE_NODE, CPU_NODE, "cpu-node", cache_node, cpu_nodes,
	     cpu_node_set),
	PLAIN(CACHE_NODE, SLABS, "slabs", U64, cache_node, slabs),
	PLAIN(CACHE_NODE, PARTIAL_SLABS, "partial-slabs", U64, cache_node,
	      partial_slabs),
	PLAIN(CACHE_NODE, OBJECTS_TOTAL, "objects-total", U64, cache_node,
	      objects_total),
	PLAIN(CACHE_NODE, OBJECTS_IN_USE, "objects-in-use", U64, cache_node,
	      objects_in_use),
	PLAIN(CACHE_NODE, OBJECTS_IN_USE_ERROR, "objects-in-use-error", U64,
	      cache_node, objects_in_use_error),
	PLAIN(CACHE_NODE, SLAB_BYTES, "slab-bytes", U64, cache_node,
	      slab_bytes),
};

static const struct memtel_set cache_node_set =
	SET("cache-node", cache_node, cache_node_attrs);

static const struct memtel_attr cache_attrs[] = {
	PLAIN(CACHE, NAME, "name", STRING, cache, name),
	PLAIN(CACHE, ID, "id", U32, cache, id),
	IGNORED(CACHE, GLOB, "glob"),
	IGNORED(CACHE, NODE_ID, "node-id"),
	IGNORED(CACHE, ONLY_ACTIVE, "only-active"),
	PLAIN(CACHE, KIND, "kind", U32, cache, kind),
	PLAIN(CACHE, GONE, "gone", FLAG, cache, gone),
	PLAIN(CACHE, OBJECT_SIZE_BYTES, "object-size-bytes", U32, cache,
	      object_size_bytes),
	PLAIN(CACHE, SIZE_BYTES, "size-bytes", U32, cache, size_bytes),
	PLAIN(CACHE, OBJECTS_PER_SLAB, "objects-per-slab", U32, cache,
	      objects_per_slab),
	PLAIN(CACHE, ORDER, "order", U32, cache, order),
	PLAIN(CACHE, ALIASES, "aliases", U32, cache, aliases),
	NEST(CACHE, NODE, "node", cache, nodes, cache_node_set),
};

const struct memtel_set memtel_cache_set = SET("cache", cache, cache_attrs);

static const struct memtel_attr timing_bucket_attrs[] = {
	IGNORED(TIMING_BUCKET, PAD, "pad"),
	PLAIN(TIMING_BUCKET, FROM_NS, "from-ns", U64, timing_bucket, from_ns),
	PLAIN(TIMING_BUCKET, COUNT, "count", U64, timing_bucket, count),
};

static const struct memtel_set timing_bucket_set =
	SET("timing-bucket", timing_bucket, timing_bucket_attrs);

static const struct memtel_attr timing_attrs[] = {
	IGNORED(TIMING, PAD, "pad"),
	PLAIN(TIMING, COUNT, "count", U64, timing, count),
	PLAIN(TIMING, TOTAL_NS, "total-ns", U64, timing, total_ns),
	PLAIN(TIMING, LONGEST_NS, "longest-ns", U64, timing, longest_ns),
	NEST(TIMING, BUCKET, "bucket", timing, buckets, timing_bucket_set),
};

static const struct memtel_set timing_set =
	SET("timing", timing, timing_attrs);

static const struct memtel_attr node_attrs[] = {
	IGNORED(NODE, PAD, "pad"),
	PLAIN(NODE, ID, "id", U32, node, id),
	PLAIN(NODE, MANAGED_BYTES, "managed-bytes", U64, node, managed_bytes),
	PLAIN(NODE, FREE_BYTES, "free-bytes", U64, node, free_bytes),
	PLAIN(NODE, SLAB_RECLAIMABLE_BYTES, "slab-reclaimable-bytes", U64, node,
	      slab_reclaimable_bytes),
	PLAIN(NODE, SLAB_UNRECLAIMABLE_BYTES, "slab-unreclaimable-bytes", U64,
	      node, slab_unreclaimable_bytes),
	PLAIN(NODE, NUMA_HIT, "numa-hit", U64, node, numa_hit),
	PLAIN(NODE, NUMA_MISS, "numa-miss", U64, node, numa_miss),
	PLAIN(NODE, NUMA_FOREIGN, "numa-foreign", U64, node, numa_foreign),
	PLAIN(NODE, NUMA_INTERLEAVE, "numa-interleave", U64, node,
	      numa_interleave),
	PLAIN(NODE, NUMA_LOCAL, "numa-local", U64, node, numa_local),
	PLAIN(NODE, NUMA_OTHER, "numa-other", U64, node, numa_other),
	STRUCT(NODE, DIRECT_RECLAIM, "direct-reclaim", node, direct_reclaim,
	       timing_set),
	STRUCT(NODE, KSWAPD, "kswapd", node, kswapd, timing_set),
	STRUCT(NODE, NODE_RECLAIM, "node-reclaim", node, node_reclaim,
	       timing_set),
	STRUCT(NODE, THROTTLE, "throttle", node, throttle, timing_set),
	STRUCT(NODE, LOCK_WAIT, "lock-wait", node, lock_wait, timing_set),
};

const struct memtel_set memtel_node_set = SET("node", node, node_attrs);

static const struct memtel_attr free_blocks_attrs[] = {
	IGNORED(FREE_BLOCKS, PAD, "pad"),
	PLAIN(FREE_BLOCKS, ORDER, "order", U32, free_blocks, order),
	PLAIN(FREE_BLOCKS, BLOCKS, "blocks", U64, free_blocks, blocks),
};

static const struct memtel_set free_blocks_set =
	SET("free-blocks", free_blocks, free_blocks_attrs);

static const struct memtel_attr zone_attrs[] = {
	IGNORED(ZONE, PAD, "pad"),
	PLAIN(ZONE, NODE_ID, "node-id", U32, zone, node_id),
	PLAIN(ZONE, NAME, "name", STRING, zone, name),
	PLAIN(ZONE, MANAGED_BYTES, "managed-bytes", U64, zone, managed_bytes),
	PLAIN(ZONE, PRESENT_BYTES, "present-bytes", U64, zone, present_bytes),
	PLAIN(ZONE, SPANNED_BYTES, "spanned-bytes", U64, zone, spanned_bytes),
	PLAIN(ZONE, FREE_BYTES, "free-bytes", U64, zone, free_bytes),
	PLAIN(ZONE, WATERMARK_MIN_BYTES, "watermark-min-bytes", U64, zone,
	      watermark_min_bytes),
	PLAIN(ZONE, WATERMARK_LOW_BYTES, "watermark-low-bytes", U64, zone,
	      watermark_low_bytes),
	PLAIN(ZONE, WATERMARK_HIGH_BYTES, "watermark-high-bytes", U64, zone,
	      watermark_high_bytes),
	NEST(ZONE, FREE_BLOCKS, "free-blocks", zone, free_blocks,
	     free_blocks_set),
	STRUCT(ZONE, DIRECT_RECLAIM, "direct-reclaim", zone, direct_reclaim,
	       timing_set),
	STRUCT(ZONE, COMPACTION, "compaction", zone, compaction, timing_set),
	STRUCT(ZONE, LOCK_WAIT, "lock-wait", zone, lock_wait, timing_set),
};

const struct memtel_set memtel_zone_set = SET("zone", zone, zone_attrs);

static const struct memtel_attr reclaim_order_attrs[] = {
	IGNORED(RECLAIM_ORDER, PAD, "pad"),
	PLAIN(RECLAIM_ORDER, ORDER, "order", U32, reclaim_order, order),
	PLAIN(RECLAIM_ORDER, COUNT, "count", U64, reclaim_order, count),
};

static const struct memtel_set reclaim_order_set =
	SET("reclaim-order", reclaim_order, reclaim_order_attrs);

static const struct memtel_attr reclaim_gfp_attrs[] = {
	IGNORED(RECLAIM_GFP, PAD, "pad"),
	PLAIN(RECLAIM_GFP, CLASS, "class", U32, reclaim_gfp, class_),
	PLAIN(RECLAIM_GFP, COUNT, "count", U64, reclaim_gfp, count),
};

static const struct memtel_set reclaim_gfp_set =
	SET("reclaim-gfp", reclaim_gfp, reclaim_gfp_attrs);

static const struct memtel_attr reclaim_outcome_attrs[] = {
	IGNORED(RECLAIM_OUTCOME, PAD, "pad"),
	PLAIN(RECLAIM_OUTCOME, OUTCOME, "outcome", U32, reclaim_outcome,
	      outcome),
	PLAIN(RECLAIM_OUTCOME, COUNT, "count", U64, reclaim_outcome, count),
};

static const struct memtel_set reclaim_outcome_set =
	SET("reclaim-outcome", reclaim_outcome, reclaim_outcome_attrs);

static const struct memtel_attr reclaim_attrs[] = {
	IGNORED(RECLAIM, PAD, "pad"),
	PLAIN(RECLAIM, KIND, "kind", U32, reclaim, kind),
	PLAIN(RECLAIM, NODE_ID, "node-id", U32, reclaim, node_id),
	PLAIN(RECLAIM, ZONE, "zone", STRING, reclaim, zone),
	PLAIN(RECLAIM, REASON, "reason", U32, reclaim, reason),
	PLAIN(RECLAIM, CGROUP_ID, "cgroup-id", U64, reclaim, cgroup_id),
	PLAIN(RECLAIM, CGROUP_PATH, "cgroup-path", STRING, reclaim,
	      cgroup_path),
	STRUCT(RECLAIM, TIMING, "timing", reclaim, timing, timing_set),
	PLAIN(RECLAIM, VISITS, "visits", U64, reclaim, visits),
	PLAIN(RECLAIM, PAGES_SCANNED, "pages-scanned", U64, reclaim,
	      pages_scanned),
	PLAIN(RECLAIM, PAGES_RECLAIMED, "pages-reclaimed", U64, reclaim,
	      pages_reclaimed),
	PLAIN(RECLAIM, WAKEUPS, "wakeups", U64, reclaim, wakeups),
	PLAIN(RECLAIM, FAILURES, "failures", U64, reclaim, failures),
	PLAIN(RECLAIM, LANDED_HERE, "landed-here", U64, reclaim, landed_here),
	PLAIN(RECLAIM, LANDED_ELSEWHERE, "landed-elsewhere", U64, reclaim,
	      landed_elsewhere),
	PLAIN(RECLAIM, LANDED_NOWHERE, "landed-nowhere", U64, reclaim,
	      landed_nowhere),
	NEST(RECLAIM, ORDER, "order", reclaim, orders, reclaim_order_set),
	NEST(RECLAIM, GFP, "gfp", reclaim, gfps, reclaim_gfp_set),
	NEST(RECLAIM, OUTCOME, "outcome", reclaim, outcomes,
	     reclaim_outcome_set),
};

const struct memtel_set memtel_reclaim_set =
	SET("reclaim", reclaim, reclaim_attrs);

static const struct memtel_attr shrinker_attrs[] = {
	IGNORED(SHRINKER, PAD, "pad"),
	PLAIN(SHRINKER, NAME, "name", STRING, shrinker, name),
	PLAIN(SHRINKER, ID, "id", U32, shrinker, id),
	PLAIN(SHRINKER, NODE_ID, "node-id", U32, shrinker, node_id),
	STRUCT(SHRINKER, TIMING, "timing", shrinker, timing, timing_set),
	PLAIN(SHRINKER, OBJECTS_SCANNED, "objects-scanned", U64, shrinker,
	      objects_scanned),
	PLAIN(SHRINKER, OBJECTS_FREED, "objects-freed", U64, shrinker,
	      objects_freed),
};

const struct memtel_set memtel_shrinker_set =
	SET("shrinker", shrinker, shrinker_attrs);

static const struct memtel_attr lock_attrs[] = {
	IGNORED(LOCK, PAD, "pad"),
	PLAIN(LOCK, KIND, "kind", U32, lock, kind),
	PLAIN(LOCK, NODE_ID, "node-id", U32, lock, node_id),
	PLAIN(LOCK, ZONE, "zone", STRING, lock, zone),
	STRUCT(LOCK, TIMING, "timing", lock, timing, timing_set),
};

const struct memtel_set memtel_lock_set = SET("lock", lock, lock_attrs);

static const struct memtel_attr fallback_attrs[] = {
	IGNORED(FALLBACK, PAD, "pad"),
	PLAIN(FALLBACK, WANTED_NODE_ID, "wanted-node-id", U32, fallback,
	      wanted_node_id),
	PLAIN(FALLBACK, WANTED_ZONE, "wanted-zone", STRING, fallback,
	      wanted_zone),
	PLAIN(FALLBACK, NODE_ID, "node-id", U32, fallback, node_id),
	PLAIN(FALLBACK, ZONE, "zone", STRING, fallback, zone),
	PLAIN(FALLBACK, SAMPLES, "samples", U64, fallback, samples),
};

const struct memtel_set memtel_fallback_set =
	SET("fallback", fallback, fallback_attrs);

static const struct memtel_attr site_attrs[] = {
	IGNORED(SITE, PAD, "pad"),
	PLAIN(SITE, ID, "id", U64, site, id),
	PLAIN(SITE, CACHE, "cache", STRING, site, cache),
	PLAIN(SITE, SYMBOL, "symbol", STRING, site, symbol),
	PLAIN(SITE, ALLOCS, "allocs", U64, site, allocs),
	PLAIN(SITE, BYTES, "bytes", U64, site, bytes),
	PLAIN(SITE, ALLOCS_ERROR, "allocs-error", U64, site, allocs_error),
};

const struct memtel_set memtel_site_set = SET("site", site, site_attrs);

static const struct memtel_attr stall_attrs[] = {
	IGNORED(STALL, PAD, "pad"),
	PLAIN(STALL, KIND, "kind", U32, stall, kind),
	PLAIN(STALL, PID, "pid", U32, stall, pid),
	PLAIN(STALL, COMM, "comm", STRING, stall, comm),
	PLAIN(STALL, CGROUP_ID, "cgroup-id", U64, stall, cgroup_id),
	PLAIN(STALL, CGROUP_PATH, "cgroup-path", STRING, stall, cgroup_path),
	PLAIN(STALL, COUNT, "count", U64, stall, count),
	PLAIN(STALL, TOTAL_NS, "total-ns", U64, stall, total_ns),
	PLAIN(STALL, TOTAL_NS_ERROR, "total-ns-error", U64, stall,
	      total_ns_error),
};

const struct memtel_set memtel_stall_set = SET("stall", stall, stall_attrs);

static const struct memtel_attr trigger_attrs[] = {
	IGNORED(TRIGGER, PAD, "pad"),
	PLAIN(TRIGGER, ID, "id", U32, trigger, id),
	PLAIN(TRIGGER, METRIC, "metric", U32, trigger, metric),
	PLAIN(TRIGGER, THRESHOLD, "threshold", U64, trigger, threshold),
	PLAIN(TRIGGER, CLEAR, "clear", U64, trigger, clear),
	PLAIN(TRIGGER, WINDOW_NS, "window-ns", U64, trigger, window_ns),
	PLAIN(TRIGGER, HOLD_NS, "hold-ns", U64, trigger, hold_ns),
	PLAIN(TRIGGER, NODE_ID, "node-id", U32, trigger, node_id),
	PLAIN(TRIGGER, ZONE, "zone", STRING, trigger, zone),
	PLAIN(TRIGGER, CACHE, "cache", STRING, trigger, cache),
	PLAIN(TRIGGER, SHRINKER, "shrinker", STRING, trigger, shrinker),
	PLAIN(TRIGGER, CGROUP_ID, "cgroup-id", U64, trigger, cgroup_id),
	PLAIN(TRIGGER, NO_EVIDENCE, "no-evidence", FLAG, trigger, no_evidence),
	PLAIN(TRIGGER, PORTID, "portid", U32, trigger, portid),
	PLAIN(TRIGGER, UID, "uid", U32, trigger, uid),
	PLAIN(TRIGGER, PID, "pid", U32, trigger, pid),
	PLAIN(TRIGGER, COMM, "comm", STRING, trigger, comm),
	PLAIN(TRIGGER, RAISED, "raised", FLAG, trigger, raised),
	PLAIN(TRIGGER, VALUE, "value", U64, trigger, value),
	PLAIN(TRIGGER, EVENTS, "events", U64, trigger, events),
	PLAIN(TRIGGER, LAST_SEQUENCE, "last-sequence", U64, trigger,
	      last_sequence),
	PLAIN(TRIGGER, BLIND, "blind", FLAG, trigger, blind),
	PLAIN(TRIGGER, EVIDENCE_LACKS, "evidence-lacks", STRING, trigger,
	      evidence_lacks),
	PLAIN(TRIGGER, GONE, "gone", FLAG, trigger, gone),
};

const struct memtel_set memtel_trigger_set =
	SET("trigger", trigger, trigger_attrs);

static const struct memtel_attr suspect_attrs[] = {
	IGNORED(SUSPECT, PAD, "pad"),
	PLAIN(SUSPECT, KIND, "kind", U32, suspect, kind),
	PLAIN(SUSPECT, NAME, "name", STRING, suspect, name),
	PLAIN(SUSPECT, NODE_ID, "node-id", U32, suspect, node_id),
	PLAIN(SUSPECT, ID, "id", U64, suspect, id),
	PLAIN(SUSPECT, CGROUP_PATH, "cgroup-path", STRING, suspect,
	      cgroup_path),
	PLAIN(SUSPECT, CACHE, "cache", STRING, suspect, cache),
	PLAIN(SUSPECT, MEASURE, "measure", U32, suspect, measure),
	PLAIN(SUSPECT, VALUE, "value", U64, suspect, value),
	PLAIN(SUSPECT, TOTAL, "total", U64, suspect, total),
	PLAIN(SUSPECT, SHARE_BP, "share-bp", U32, suspect, share_bp),
};

static const struct memtel_set suspect_set =
	SET("suspect", suspect, suspect_attrs);

static const struct memtel_attr event_attrs[] = {
	IGNORED(EVENT, PAD, "pad"),
	PLAIN(EVENT, SEQUENCE, "sequence", U64, event, sequence),
	PLAIN(EVENT, TIME_NS, "time-ns", U64, event, time_ns),
	PLAIN(EVENT, KIND, "kind", U32, event, kind),
	PLAIN(EVENT, TRIGGER_ID, "trigger-id", U32, event, trigger_id),
	PLAIN(EVENT, PORTID, "portid", U32, event, portid),
	PLAIN(EVENT, METRIC, "metric", U32, event, metric),
	PLAIN(EVENT, THRESHOLD, "threshold", U64, event, threshold),
	PLAIN(EVENT, CLEAR, "clear", U64, event, clear),
	PLAIN(EVENT, WINDOW_NS, "window-ns", U64, event, window_ns),
	PLAIN(EVENT, NODE_ID, "node-id", U32, event, node_id),
	PLAIN(EVENT, ZONE, "zone", STRING, event, zone),
	PLAIN(EVENT, CACHE, "cache", STRING, event, cache),
	PLAIN(EVENT, SHRINKER, "shrinker", STRING, event, shrinker),
	PLAIN(EVENT, CGROUP_ID, "cgroup-id", U64, event, cgroup_id),
	PLAIN(EVENT, VALUE, "value", U64, event, value),
	PLAIN(EVENT, INTERVAL_NS, "interval-ns", U64, event, interval_ns),
	PLAIN(EVENT, PEAK, "peak", U64, event, peak),
	PLAIN(EVENT, RAISED_NS, "raised-ns", U64, event, raised_ns),
	PLAIN(EVENT, OPEN, "open", U32, event, open),
	PLAIN(EVENT, EVIDENCE_INTERVAL_NS, "evidence-interval-ns", U64, event,
	      evidence_interval_ns),
	STRUCT(EVENT, CAUSE, "cause", event, cause, suspect_set),
	NEST(EVENT, SUSPECT, "suspect", event, suspects, suspect_set),
	PLAIN(EVENT, SOURCE, "source", STRING, event, source),
	PLAIN(EVENT, COST_NS, "cost-ns", U64, event, cost_ns),
	PLAIN(EVENT, COST_SHARE_PPM, "cost-share-ppm", U32, event,
	      cost_share_ppm),
	PLAIN(EVENT, SHED_NS, "shed-ns", U64, event, shed_ns),
	PLAIN(EVENT, EVIDENCE_OF, "evidence-of", U64, event, evidence_of),
	PLAIN(EVENT, CACHES_INTERVAL_NS, "caches-interval-ns", U64, event,
	      caches_interval_ns),
	PLAIN(EVENT, EVIDENCE_LACKS, "evidence-lacks", STRING, event,
	      evidence_lacks),
};

static const struct memtel_set event_set = SET("event", event, event_attrs);

static const struct memtel_attr event_message_attrs[] = {
	NEST(EVENT_MESSAGE, EVENT, "event", event_message, events, event_set),
};

const struct memtel_set memtel_event_message_set =
	SET("event-message", event_message, event_message_attrs);

static const struct memtel_command commands[] = {
	[MEMTEL_CMD_STATUS_GET] = { "status-get", &memtel_status_set, false },
	[MEMTEL_CMD_SOURCE_GET] = { "source-get", &memtel_source_set, false },
	[MEMTEL_CMD_SOURCE_HOLD] = { "source-hold", &memtel_source_set, true },
	[MEMTEL_CMD_SOURCE_RELEASE] = { "source-release", &memtel_source_set,
					true },
	[MEMTEL_CMD_SOURCE_ENABLE] = { "source-enable", &memtel_source_set,
				       true },
	[MEMTEL_CMD_SOURCE_DISABLE] = { "source-disable", &memtel_source_set,
					true },
	[MEMTEL_CMD_SOURCE_RESET] = { "source-reset", &memtel_source_set,
				      true },
	[MEMTEL_CMD_HOLD_GET] = { "hold-get", &memtel_hold_set, false },
	[MEMTEL_CMD_CACHE_GET] = { "cache-get", &memtel_cache_set, false },
	[MEMTEL_CMD_NODE_GET] = { "node-get", &memtel_node_set, false },
	[MEMTEL_CMD_ZONE_GET] = { "zone-get", &memtel_zone_set, false },
	[MEMTEL_CMD_RECLAIM_GET] = { "reclaim-get", &memtel_reclaim_set,
				     false },
	[MEMTEL_CMD_SHRINKER_GET] = { "shrinker-get", &memtel_shrinker_set,
				      false },
	[MEMTEL_CMD_LOCK_GET] = { "lock-get", &memtel_lock_set, false },
	[MEMTEL_CMD_FALLBACK_GET] = { "fallback-get", &memtel_fallback_set,
				      false },
	[MEMTEL_CMD_SITE_GET] = { "site-get", &memtel_site_set, false },
	[MEMTEL_CMD_STALL_GET] = { "stall-get", &memtel_stall_set, false },
	[MEMTEL_CMD_TRIGGER_ADD] = { "trigger-add", &memtel_trigger_set, true },
	[MEMTEL_CMD_TRIGGER_DELETE] = { "trigger-delete", &memtel_trigger_set,
					true },
	[MEMTEL_CMD_TRIGGER_GET] = { "trigger-get", &memtel_trigger_set,
				     false },
	[MEMTEL_CMD_EVENT] = { "event", &memtel_event_message_set, false },
	[MEMTEL_CMD_SUBSCRIBE] = { "subscribe", &memtel_status_set, true },
};

/**
 * memtel_command_find() - a command by its number
 * Return: the command, or NULL for a number this library does not know.
 */
const struct memtel_command *memtel_command_find(uint8_t cmd)
{
	if (cmd >= ARRAY_SIZE(commands) || !commands[cmd].name)
		return NULL;
	return &commands[cmd];
}
