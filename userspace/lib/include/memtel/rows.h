/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What memtel's replies hold, as plain structs.
 *
 * A member is named as its attribute in kmod/memtel.yaml, which says what it
 * means, in which unit, and where the number comes from; what is said here is
 * only what differs. A number the kernel did not send is absent, not zero:
 * ask memtel_has() before reading it. A string is never NULL, but "" when
 * absent.
 *
 * ABI: the library alone makes these structs, and lists of them are arrays of
 * pointers. So members may be appended without breaking a program built
 * against an older header. Never copy one by value, never take its sizeof.
 */
#ifndef MEMTEL_ROWS_H
#define MEMTEL_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <memtel/uapi.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * memtel_has() - did the kernel send this attribute?
 * @row: pointer to any struct of this file
 * @attr: MEMTEL_A_... of the row's own attribute set; for a nested list it
 *        says that there is at least one entry
 */
#define memtel_has(row, attr) ((((row)->present) >> (attr)) & 1)

/** struct memtel_capability - one thing memtel can or cannot do */
struct memtel_capability {
	uint64_t present;	/* MEMTEL_A_CAPABILITY_* */
	const char *name;
	const char *reason;	/* absent: the kernel has it */
	const char *warning;	/* it has, but not all of it */
};

/** struct memtel_work - a kind of work that memtel does by itself */
struct memtel_work {
	uint64_t present;	/* MEMTEL_A_WORK_* */
	uint32_t kind;		/* enum memtel_work_kind, or a later one */
	uint64_t runs;
	uint64_t ns;
	uint32_t share_ppm;
};

/** struct memtel_timing_bucket - times of one order of magnitude */
struct memtel_timing_bucket {
	uint64_t present;	/* MEMTEL_A_TIMING_BUCKET_* */
	uint64_t from_ns;
	uint64_t count;
};

/** struct memtel_timing - how many, how long */
struct memtel_timing {
	uint64_t present;	/* MEMTEL_A_TIMING_* */
	uint64_t count;
	uint64_t total_ns;
	uint64_t longest_ns;
	size_t nr_buckets;
	const struct memtel_timing_bucket *const *buckets;
};

/** struct memtel_status - what is loaded */
struct memtel_status {
	uint64_t present;	/* MEMTEL_A_STATUS_* */
	const char *version;
	const char *kernel;
	size_t nr_capabilities;
	const struct memtel_capability *const *capabilities;
	uint64_t event_sequence;
	uint64_t events_unsent;
	uint32_t cost_limit_ppm;
	uint32_t subscribers;
	size_t nr_works;
	const struct memtel_work *const *works;
};

/** struct memtel_source - one source of counts, and what it lost */
struct memtel_source {
	uint64_t present;	/* MEMTEL_A_SOURCE_* */
	const char *name;
	bool attached;
	uint32_t holds;
	uint64_t since_ns;
	uint64_t now_ns;
	uint32_t probes;
	uint64_t memory_bytes;
	uint32_t slots_used;
	uint32_t slots_total;
	uint64_t unplaced_allocs;
	uint64_t unplaced_frees;
	uint64_t recursions;
	uint64_t failed_allocs;
	uint64_t unpaired_begins;
	uint64_t unpaired_ends;
	uint64_t unplaced_begins;
	uint64_t unplaced_rows;
	uint64_t unattributed;
	uint64_t untraced;
	uint32_t sampling;
	uint64_t unplaced_ns;
	uint64_t cost_events;
	uint64_t cost_ns;
	uint32_t cost_share_ppm;
	uint64_t cost_samples;
	bool shed;
	uint64_t sheds;
	uint64_t restore_ns;
};

/** struct memtel_hold - who holds a source */
struct memtel_hold {
	uint64_t present;	/* MEMTEL_A_HOLD_* */
	uint32_t id;
	const char *source;
	uint32_t kind;		/* enum memtel_hold_kind, or a later one */
	uint32_t portid;
	uint32_t pid;
	const char *comm;
	uint32_t trigger;
};

/** struct memtel_cpu_node - a cache-node's counts by the CPU's node */
struct memtel_cpu_node {
	uint64_t present;	/* MEMTEL_A_CPU_NODE_* */
	uint32_t node_id;
	uint64_t allocs;
	uint64_t frees;
};

/** struct memtel_cache_node - a cache's numbers on one node */
struct memtel_cache_node {
	uint64_t present;	/* MEMTEL_A_CACHE_NODE_* */
	uint32_t node_id;
	uint64_t allocs;
	uint64_t frees;
	uint64_t bytes_requested;
	uint64_t bytes_allocated;
	uint64_t remote_allocs;
	uint64_t remote_frees;
	size_t nr_cpu_nodes;
	const struct memtel_cpu_node *const *cpu_nodes;
	uint64_t slabs;
	uint64_t partial_slabs;
	uint64_t objects_total;
	uint64_t objects_in_use;
	uint64_t objects_in_use_error;	/* present: in_use is an estimate */
	uint64_t slab_bytes;
};

/**
 * struct memtel_cache - a slab cache, or the large kmallocs
 * @total: not sent by the kernel but summed here: each member over the nodes
 *         that have it, present where one has; no node_id, no cpu_nodes. The
 *         sum of objects_in_use_error bounds the sum's error. A cache that
 *         is counted (has an id) and has no node counted nothing: its counts
 *         are present, and zero. Never NULL.
 */
struct memtel_cache {
	uint64_t present;	/* MEMTEL_A_CACHE_* */
	const char *name;
	uint32_t id;
	uint32_t kind;		/* enum memtel_cache_kind, or a later one */
	bool gone;
	uint32_t object_size_bytes;
	uint32_t size_bytes;
	uint32_t objects_per_slab;
	uint32_t order;
	uint32_t aliases;
	size_t nr_nodes;
	const struct memtel_cache_node *const *nodes;
	const struct memtel_cache_node *total;
};

/**
 * struct memtel_node - gauges of a NUMA node, and what was lost to it
 *
 * A timing is NULL when absent; it has no buckets here.
 */
struct memtel_node {
	uint64_t present;	/* MEMTEL_A_NODE_* */
	uint32_t id;
	uint64_t managed_bytes;
	uint64_t free_bytes;
	uint64_t slab_reclaimable_bytes;
	uint64_t slab_unreclaimable_bytes;
	uint64_t numa_hit;
	uint64_t numa_miss;
	uint64_t numa_foreign;
	uint64_t numa_interleave;
	uint64_t numa_local;
	uint64_t numa_other;
	const struct memtel_timing *direct_reclaim;
	const struct memtel_timing *kswapd;
	const struct memtel_timing *node_reclaim;
	const struct memtel_timing *throttle;
	const struct memtel_timing *lock_wait;
};

/** struct memtel_free_blocks - a zone's free blocks of one order */
struct memtel_free_blocks {
	uint64_t present;	/* MEMTEL_A_FREE_BLOCKS_* */
	uint32_t order;
	uint64_t blocks;
};

/** struct memtel_zone - gauges of a memory zone; timings as in memtel_node */
struct memtel_zone {
	uint64_t present;	/* MEMTEL_A_ZONE_* */
	uint32_t node_id;
	const char *name;
	uint64_t managed_bytes;
	uint64_t present_bytes;
	uint64_t spanned_bytes;
	uint64_t free_bytes;
	uint64_t watermark_min_bytes;
	uint64_t watermark_low_bytes;
	uint64_t watermark_high_bytes;
	size_t nr_free_blocks;
	const struct memtel_free_blocks *const *free_blocks;
	const struct memtel_timing *direct_reclaim;
	const struct memtel_timing *compaction;
	const struct memtel_timing *lock_wait;
};

/** struct memtel_reclaim_order - reclaims by order of the request */
struct memtel_reclaim_order {
	uint64_t present;	/* MEMTEL_A_RECLAIM_ORDER_* */
	uint32_t order;
	uint64_t count;
};

/** struct memtel_reclaim_gfp - reclaims by class of the gfp mask */
struct memtel_reclaim_gfp {
	uint64_t present;	/* MEMTEL_A_RECLAIM_GFP_* */
	uint32_t class_;	/* enum memtel_gfp_class, or a later one */
	uint64_t count;
};

/** struct memtel_reclaim_outcome - compactions by outcome */
struct memtel_reclaim_outcome {
	uint64_t present;	/* MEMTEL_A_RECLAIM_OUTCOME_* */
	uint32_t outcome;	/* enum memtel_compaction_outcome, or later */
	uint64_t count;
};

/** struct memtel_reclaim - reclaim, compaction or throttling in one place */
struct memtel_reclaim {
	uint64_t present;	/* MEMTEL_A_RECLAIM_* */
	uint32_t kind;		/* enum memtel_reclaim_kind, or a later one */
	uint32_t node_id;
	const char *zone;
	uint32_t reason;	/* enum memtel_throttle_reason, or a later one */
	uint64_t cgroup_id;
	const char *cgroup_path;
	const struct memtel_timing *timing;	/* NULL when absent */
	uint64_t visits;
	uint64_t pages_scanned;
	uint64_t pages_reclaimed;
	uint64_t wakeups;
	uint64_t failures;
	uint64_t landed_here;
	uint64_t landed_elsewhere;
	uint64_t landed_nowhere;
	size_t nr_orders;
	const struct memtel_reclaim_order *const *orders;
	size_t nr_gfps;
	const struct memtel_reclaim_gfp *const *gfps;
	size_t nr_outcomes;
	const struct memtel_reclaim_outcome *const *outcomes;
};

/** struct memtel_shrinker - a shrinker's calls on one node */
struct memtel_shrinker {
	uint64_t present;	/* MEMTEL_A_SHRINKER_* */
	const char *name;
	uint32_t id;
	uint32_t node_id;
	const struct memtel_timing *timing;	/* NULL when absent */
	uint64_t objects_scanned;
	uint64_t objects_freed;
};

/** struct memtel_lock - waits for a lock */
struct memtel_lock {
	uint64_t present;	/* MEMTEL_A_LOCK_* */
	uint32_t kind;		/* enum memtel_lock_kind, or a later one */
	uint32_t node_id;
	const char *zone;
	const struct memtel_timing *timing;	/* NULL when absent */
};

/** struct memtel_fallback - allocations by node and zone wanted and got */
struct memtel_fallback {
	uint64_t present;	/* MEMTEL_A_FALLBACK_* */
	uint32_t wanted_node_id;
	const char *wanted_zone;
	uint32_t node_id;
	const char *zone;
	uint64_t samples;	/* of one allocation in source.sampling */
};

/** struct memtel_site - a call site that allocates from a cache */
struct memtel_site {
	uint64_t present;	/* MEMTEL_A_SITE_* */
	uint64_t id;
	const char *cache;
	const char *symbol;
	uint64_t allocs;
	uint64_t bytes;
	uint64_t allocs_error;
};

/** struct memtel_stall - a task or cgroup that lost time */
struct memtel_stall {
	uint64_t present;	/* MEMTEL_A_STALL_* */
	uint32_t kind;	/* enum memtel_suspect_kind, or a later one */
	uint32_t pid;
	const char *comm;
	uint64_t cgroup_id;
	const char *cgroup_path;
	uint64_t count;
	uint64_t total_ns;
	uint64_t total_ns_error;
};

/** struct memtel_trigger - somebody's wish to be told, and where it is at */
struct memtel_trigger {
	uint64_t present;	/* MEMTEL_A_TRIGGER_* */
	uint32_t id;
	uint32_t metric;	/* enum memtel_metric, or a later one */
	uint64_t threshold;
	uint64_t clear;
	uint64_t window_ns;
	uint64_t hold_ns;
	uint32_t node_id;
	const char *zone;
	const char *cache;
	const char *shrinker;
	uint64_t cgroup_id;
	bool no_evidence;
	uint32_t portid;
	uint32_t uid;
	uint32_t pid;
	const char *comm;
	bool raised;
	uint64_t value;
	uint64_t events;
	uint64_t last_sequence;
	bool blind;
	const char *evidence_lacks;
	bool gone;
};

/** struct memtel_suspect - who may have caused an event */
struct memtel_suspect {
	uint64_t present;	/* MEMTEL_A_SUSPECT_* */
	uint32_t kind;	/* enum memtel_suspect_kind, or a later one */
	const char *name;
	uint32_t node_id;
	uint64_t id;
	const char *cgroup_path;
	const char *cache;
	uint32_t measure;	/* enum memtel_measure, or a later one */
	uint64_t value;
	uint64_t total;
	uint32_t share_bp;
	const char *symbol;	/* of a site: the library asked for it; "" */
};

/**
 * struct memtel_event - what a trigger had to tell, or memtel of itself
 *
 * That a source was shed or restored is told to all, without trigger or portid.
 */
struct memtel_event {
	uint64_t present;	/* MEMTEL_A_EVENT_* */
	uint64_t sequence;
	uint64_t time_ns;
	uint32_t kind;	/* enum memtel_event_kind, or a later one */
	uint32_t trigger_id;
	uint32_t portid;
	uint32_t metric;	/* enum memtel_metric, or a later one */
	uint64_t threshold;
	uint64_t clear;
	uint64_t window_ns;
	uint32_t node_id;
	const char *zone;
	const char *cache;
	const char *shrinker;
	uint64_t cgroup_id;
	uint64_t value;
	uint64_t interval_ns;
	uint64_t peak;
	uint64_t raised_ns;
	uint32_t open;
	uint64_t evidence_interval_ns;
	const struct memtel_suspect *cause;	/* NULL when absent */
	size_t nr_suspects;
	const struct memtel_suspect *const *suspects;
	const char *source;
	uint64_t cost_ns;
	uint32_t cost_share_ppm;
	uint64_t shed_ns;
	uint64_t evidence_of;	/* of that event; its suspects stand here, too */
	uint64_t caches_interval_ns;
	const char *evidence_lacks;
};

/** struct memtel_event_message - events that came together */
struct memtel_event_message {
	uint64_t present;	/* MEMTEL_A_EVENT_MESSAGE_* */
	size_t nr_events;
	const struct memtel_event *const *events;
};

/**
 * struct memtel_rate - a cache's counts per second between two snapshots
 * @present: MEMTEL_A_CACHE_NODE_* of the counts; those absent in either
 *           snapshot are absent here
 *
 * Difference of the two counts over the difference of the source's now_ns of
 * the snapshots. That clock is read just before the caches are, so the
 * interval may be off by the time one snapshot takes.
 */
struct memtel_rate {
	uint64_t present;
	uint64_t interval_ns;
	double allocs_per_s;
	double frees_per_s;
	double bytes_requested_per_s;
	double bytes_allocated_per_s;
	double remote_allocs_per_s;
	double remote_frees_per_s;
};

#ifdef __cplusplus
}
#endif

#endif /* MEMTEL_ROWS_H */
