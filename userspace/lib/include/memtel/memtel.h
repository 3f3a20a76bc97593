/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmemtel: slab, reclaim, node and zone telemetry of the memtel kernel
 * module.
 *
 * A handle is one netlink socket. There is no global state but that a handle was
 * opened, see memtel_open(): threads may use different handles at the same time,
 * and one handle one thread at a time.
 * The library starts no thread and installs no signal handler.
 *
 * Every function that returns int returns 0 or a negative errno, unless it
 * says otherwise; memtel_error() then has a sentence, with the kernel's own
 * words. These values mean the same everywhere:
 *
 *	-ENODEV		the module is not loaded, or this is not the initial
 *			network namespace
 *	-EPERM, -EACCES	a capability is missing: reading needs CAP_PERFMON or
 *			CAP_NET_ADMIN, changing needs CAP_NET_ADMIN, both in the
 *			initial user namespace
 *	-ESTALE		the module was unloaded and loaded again since the
 *			handle was opened: what the handle held is released.
 *			Said once, then the handle works with the new module
 *	-ENOENT		no such source, hold, cache, node or zone
 *	-ENODATA	the source that counts what is asked for is not attached
 *	-EAGAIN		the tables changed during every one of a few dumps
 *	-ETIMEDOUT	no answer in the handle's time
 *	-EBADMSG	a reply is not well formed
 *	-E2BIG		a filter asks for what this library does not know
 *	-ENOMEM		no memory
 */
#ifndef MEMTEL_MEMTEL_H
#define MEMTEL_MEMTEL_H

#include <memtel/rows.h>

#ifdef __cplusplus
extern "C" {
#endif

struct memtel;

/**
 * memtel_open() - connect to the module
 * @m: set to a handle, also when it fails, so that memtel_error() can say
 *     why; NULL only with -ENOMEM. To be given to memtel_close() in any case.
 *
 * The first call in a program has the kernel load an installed module, if the
 * system lets it. Nothing later does, no other call and no other handle: a module
 * that was unloaded stays so until somebody loads it.
 */
int memtel_open(struct memtel **m);

/**
 * memtel_close() - release what the handle holds, and free it
 * @m: handle or NULL
 */
void memtel_close(struct memtel *m);

/**
 * memtel_error() - why the last call on this handle failed
 * @m: handle, or NULL after memtel_open() gave none
 *
 * Return: a sentence without a full stop, "" if nothing failed; valid until
 * the next call on the handle.
 */
const char *memtel_error(const struct memtel *m);

/**
 * memtel_set_timeout() - how long to wait for each of the kernel's messages
 * @m: handle
 * @timeout_ms: milliseconds, 0 for ever; 10000 after memtel_open()
 */
int memtel_set_timeout(struct memtel *m, unsigned int timeout_ms);

/*
 * Filters. A row matches all that is set; NULL for a filter, or for one of its
 * pointers, sets nothing. size is sizeof(the filter) and tells the library
 * which members the program knows: that is easier on callers than an opaque
 * filter with setters, and as safe to extend. Start from { .size = sizeof(f) }.
 */

/**
 * struct memtel_cache_filter - which caches
 * @node_id: only this node's numbers, and only caches that have some there
 * @only_active: only with an allocation or free counted; needs the slab source
 */
struct memtel_cache_filter {
	size_t size;
	const char *name;
	const char *glob;
	const uint32_t *id;
	const uint32_t *node_id;
	bool only_active;
};

/** struct memtel_hold_filter - which holds */
struct memtel_hold_filter {
	size_t size;
	const char *source;
	const uint32_t *id;
};

/** struct memtel_zone_filter - which zones */
struct memtel_zone_filter {
	size_t size;
	const uint32_t *node_id;
	const char *name;
};

/** struct memtel_reclaim_filter - which kinds of reclaim, where or of whom */
struct memtel_reclaim_filter {
	size_t size;
	const uint32_t *kind;
	const uint32_t *node_id;
	const char *zone;
	const uint64_t *cgroup_id;
};

/** struct memtel_shrinker_filter - which shrinkers */
struct memtel_shrinker_filter {
	size_t size;
	const char *name;
	const uint32_t *id;
	const uint32_t *node_id;
};

/** struct memtel_lock_filter - which zones' locks */
struct memtel_lock_filter {
	size_t size;
	const uint32_t *node_id;
	const char *zone;
};

/** struct memtel_fallback_filter - which cells of the matrix */
struct memtel_fallback_filter {
	size_t size;
	const uint32_t *wanted_node_id;
	const char *wanted_zone;
	const uint32_t *node_id;
	const char *zone;
};

/** struct memtel_site_filter - which call sites */
struct memtel_site_filter {
	size_t size;
	const uint64_t *id;
	const char *cache;
};

/** struct memtel_stall_filter - which tasks and cgroups */
struct memtel_stall_filter {
	size_t size;
	const uint32_t *kind;	/* MEMTEL_SUSPECT_KIND_TASK or _CGROUP */
	const uint32_t *pid;
	const uint64_t *cgroup_id;
};

/** struct memtel_trigger_filter - which triggers */
struct memtel_trigger_filter {
	size_t size;
	const uint32_t *id;
	const uint32_t *portid;
};

/*
 * Requests for rows. row() is called once for each, after all have arrived and
 * in the kernel's order; the struct lives until row() returns. What row()
 * returns other than 0 ends the call and is its result (memtel_error() is then
 * ""). row() may make other requests on the same handle.
 */
int memtel_status(struct memtel *m,
		  int (*row)(const struct memtel_status *status, void *arg),
		  void *arg);
int memtel_sources(struct memtel *m,
		   int (*row)(const struct memtel_source *source, void *arg),
		   void *arg);
int memtel_holds(struct memtel *m, const struct memtel_hold_filter *filter,
		 int (*row)(const struct memtel_hold *hold, void *arg),
		 void *arg);
int memtel_caches(struct memtel *m, const struct memtel_cache_filter *filter,
		  int (*row)(const struct memtel_cache *cache, void *arg),
		  void *arg);
int memtel_nodes(struct memtel *m,
		 int (*row)(const struct memtel_node *node, void *arg),
		 void *arg);
int memtel_zones(struct memtel *m, const struct memtel_zone_filter *filter,
		 int (*row)(const struct memtel_zone *zone, void *arg),
		 void *arg);


/*
 * The same, of what is counted only while a source is attached: "reclaim",
 * "shrinker", "zonelock" and "fallback"; -ENODATA while it is not.
 */
int memtel_reclaims(struct memtel *m,
		    const struct memtel_reclaim_filter *filter,
		    int (*row)(const struct memtel_reclaim *reclaim, void *arg),
		    void *arg);
int memtel_shrinkers(struct memtel *m,
		     const struct memtel_shrinker_filter *filter,
		     int (*row)(const struct memtel_shrinker *shrinker,
				void *arg),
		     void *arg);
int memtel_locks(struct memtel *m, const struct memtel_lock_filter *filter,
		 int (*row)(const struct memtel_lock *lock, void *arg),
		 void *arg);
int memtel_fallbacks(struct memtel *m,
		     const struct memtel_fallback_filter *filter,
		     int (*row)(const struct memtel_fallback *fallback,
				void *arg),
		     void *arg);

/*
 * Requests for the one row so named; -ENOENT when there is none.
 */
int memtel_source(struct memtel *m, const char *name,
		  int (*row)(const struct memtel_source *source, void *arg),
		  void *arg);
int memtel_cache(struct memtel *m, const char *name,
		 int (*row)(const struct memtel_cache *cache, void *arg),
		 void *arg);
int memtel_node(struct memtel *m, uint32_t id,
		int (*row)(const struct memtel_node *node, void *arg),
		void *arg);
int memtel_zone(struct memtel *m, uint32_t node_id, const char *name,
		int (*row)(const struct memtel_zone *zone, void *arg),
		void *arg);

/**
 * memtel_source_hold() - have a source count until this handle is closed
 * @m: handle
 * @name: the source, such as "slab"
 *
 * Holding twice is one hold.
 */
int memtel_source_hold(struct memtel *m, const char *name);

/** memtel_source_release() - end this handle's hold; -ENOENT without one */
int memtel_source_release(struct memtel *m, const char *name);

/** memtel_source_enable() - hold for the administrator, until disabled */
int memtel_source_enable(struct memtel *m, const char *name);

/** memtel_source_disable() - end the administrator's hold; -ENOENT without */
int memtel_source_disable(struct memtel *m, const char *name);

/** memtel_source_reset() - zero its counts; -ENODATA when not attached */
int memtel_source_reset(struct memtel *m, const char *name);

/*
 * Snapshots: all caches at one time, kept, to compare with a later one.
 */
struct memtel_snapshot;

/**
 * memtel_snapshot_take() - read the slab source and the caches
 * @m: handle
 * @filter: which caches, or NULL
 * @snapshot: set to what memtel_snapshot_free() frees, NULL on failure
 *
 * The source is read before and after the caches, and all again when it was
 * attached or reset between, so that its since_ns is true of every count.
 */
int memtel_snapshot_take(struct memtel *m,
			 const struct memtel_cache_filter *filter,
			 struct memtel_snapshot **snapshot);
void memtel_snapshot_free(struct memtel_snapshot *snapshot);

/** memtel_snapshot_source() - the slab source, as read before the caches */
const struct memtel_source *
memtel_snapshot_source(const struct memtel_snapshot *snapshot);

/** memtel_snapshot_nr_caches() - how many caches it has */
size_t memtel_snapshot_nr_caches(const struct memtel_snapshot *snapshot);

/**
 * memtel_snapshot_cache() - one of its caches
 * @snapshot: the snapshot, which owns the cache
 * @index: from 0, in the kernel's order
 *
 * Return: the cache, or NULL when there are not so many.
 */
const struct memtel_cache *
memtel_snapshot_cache(const struct memtel_snapshot *snapshot, size_t index);

/**
 * memtel_rates() - what happened between two snapshots
 * @before: the earlier
 * @after: the later, taken with the same filter
 * @row: called for each cache of @after, in its order. @total and @nodes (one
 *       for each of cache->nodes) live until row() returns. What it returns
 *       other than 0 ends the call and is its result
 * @arg: for row()
 *
 * A cache has a rate (total->present != 0) if both snapshots have one of its
 * name and id: one made anew under an old name has another id. No cache has
 * one if the source was not attached, or was reset or attached anew, between.
 * A node of the cache that only @after has counted from zero.
 */
int memtel_rates(const struct memtel_snapshot *before,
		 const struct memtel_snapshot *after,
		 int (*row)(const struct memtel_cache *cache,
			    const struct memtel_rate *total,
			    const struct memtel_rate *const *nodes, void *arg),
		 void *arg);

/*
 * Numbers derived from rows. Each is false, and *value untouched, when what it
 * derives from is absent or when it would divide by zero.
 */

/**
 * memtel_cache_fragmentation() - share of slabs' memory no object is in
 * @cache: gives size_bytes
 * @node: one of its nodes, or its total
 * @percent: 0 to 100: 100 * (1 - objects_in_use * size_bytes / slab_bytes).
 *           As uncertain as objects_in_use
 */
bool memtel_cache_fragmentation(const struct memtel_cache *cache,
				const struct memtel_cache_node *node,
				double *percent);

/** memtel_cache_waste() - bytes_allocated less bytes_requested */
bool memtel_cache_waste(const struct memtel_cache_node *node, uint64_t *bytes);

/** memtel_cache_remote() - share of allocs made from another node, percent */
bool memtel_cache_remote(const struct memtel_cache_node *node, double *percent);

/** memtel_node_slab_bytes() - reclaimable and unreclaimable slab memory */
bool memtel_node_slab_bytes(const struct memtel_node *node, uint64_t *bytes);

/** memtel_node_slab_share() - that, of managed_bytes, in percent */
bool memtel_node_slab_share(const struct memtel_node *node, double *percent);

/** memtel_node_hit_share() - numa_hit of numa_hit and numa_miss, in percent */
bool memtel_node_hit_share(const struct memtel_node *node, double *percent);

/** memtel_timing_mean() - total_ns by count */
bool memtel_timing_mean(const struct memtel_timing *timing, uint64_t *mean_ns);

/**
 * memtel_timing_quantile() - a time that so many of them did not exceed
 * @timing: gives buckets, count and longest_ns
 * @permille: 1 to 1000, such as 990
 * @at_most_ns: an upper bound: that of the quantile's bucket, at most twice
 *              the true quantile, and never above longest_ns
 */
bool memtel_timing_quantile(const struct memtel_timing *timing,
			    unsigned int permille, uint64_t *at_most_ns);

/**
 * memtel_node_add() - add a node's numbers to a sum
 * @total: pointer to NULL for the first node; memtel_node_free() frees the sum
 * @node: what to add
 *
 * A number is present in the sum if a node added has it; the id never is. Of
 * timings the longest is that of all, and there are no buckets. The
 * shares above, of the sum of all nodes, are those of all memory.
 *
 * Return: 0 or -ENOMEM.
 */
int memtel_node_add(struct memtel_node **total, const struct memtel_node *node);
void memtel_node_free(struct memtel_node *total);

/**
 * memtel_zone_fragmentation_index() - why would an allocation fail?
 * @zone: gives free_blocks
 * @order: of the allocation, 2^order pages
 * @index: thousandths: towards 0 for lack of memory, towards 1000 because what
 *         is free is in pieces too small; -1000 when it would not fail
 *
 * The kernel's extfrag_index. No free block at all gives 0.
 */
bool memtel_zone_fragmentation_index(const struct memtel_zone *zone,
				     uint32_t order, int *index);

/**
 * memtel_zone_unusable_index() - how much of what is free is too small?
 * @zone: gives free_blocks
 * @order: of the allocation, 2^order pages
 * @index: thousandths: 0 none, 1000 all of it, or nothing is free
 *
 * The kernel's unusable_index.
 */
bool memtel_zone_unusable_index(const struct memtel_zone *zone,
				uint32_t order, int *index);

int memtel_sites(struct memtel *m, const struct memtel_site_filter *filter,
		 int (*row)(const struct memtel_site *site, void *arg),
		 void *arg);
int memtel_stalls(struct memtel *m, const struct memtel_stall_filter *filter,
		  int (*row)(const struct memtel_stall *stall, void *arg),
		  void *arg);
int memtel_triggers(struct memtel *m,
		    const struct memtel_trigger_filter *filter,
		    int (*row)(const struct memtel_trigger *trigger, void *arg),
		    void *arg);

/*
 * Triggers and events.
 */

#define MEMTEL_CGROUP_MAX 1023

/**
 * struct memtel_trigger_spec - a trigger as one wishes it
 * @size: sizeof(the spec), as of a filter
 * @metric: enum memtel_metric
 * @threshold: in the metric's unit
 * @has_clear: @clear is given; else it is the threshold
 * @node_id: only with @has_node
 * @zone: "" for all, as the following
 * @cgroup: path in the cgroup v2 hierarchy, from its root
 */
struct memtel_trigger_spec {
	size_t size;
	uint32_t metric;
	uint64_t threshold;
	bool has_clear;
	uint64_t clear;
	uint64_t window_ns;
	uint64_t hold_ns;
	bool has_node;
	uint32_t node_id;
	char zone[MEMTEL_NAME_MAX + 1];
	char cache[MEMTEL_NAME_MAX + 1];
	char shrinker[MEMTEL_NAME_MAX + 1];
	char cgroup[MEMTEL_CGROUP_MAX + 1];
	bool no_evidence;
};

/**
 * struct memtel_trigger_error - where a text is no trigger
 * @offset: bytes before what is at fault
 * @text: a sentence without a full stop
 */
struct memtel_trigger_error {
	size_t offset;
	char text[160];
};

/**
 * memtel_trigger_parse() - a trigger from text
 * @text: METRIC > VALUE in WINDOW [on KEY=VALUE[,KEY=VALUE...]] [for HOLD]
 *        [until VALUE], such as
 *        direct-reclaim-time > 50ms in 1s on node=0 for 100ms until 20ms
 * @spec: filled; its size, too
 * @error: filled when it fails
 *
 * Values have the unit of the metric: ns, us, ms, s, m, h; B, KiB, MiB, GiB,
 * kB, MB, GB; or a count, with k or M or nothing. Keys are node, zone, cache,
 * shrinker and cgroup; a value in double quotes may have any characters.
 *
 * Return: 0 or -EINVAL.
 */
int memtel_trigger_parse(const char *text, struct memtel_trigger_spec *spec,
			 struct memtel_trigger_error *error);

/**
 * memtel_trigger_format() - the same as text
 * @spec: the trigger
 * @text: filled, cut to @size
 *
 * Return: the length of the whole text.
 */
size_t memtel_trigger_format(const struct memtel_trigger_spec *spec,
			     char *text, size_t size);

/**
 * memtel_metric_format() - a value in the unit of its metric
 * @metric: enum memtel_metric
 * @value: such as an event's value or threshold
 * @text: filled, cut to @size
 *
 * Return: the length of the whole text.
 */
size_t memtel_metric_format(uint32_t metric, uint64_t value, char *text,
			    size_t size);

/**
 * memtel_metric_name() - a metric's name
 * Return: the name, or "" of one this library does not know.
 */
const char *memtel_metric_name(uint32_t metric);

/**
 * memtel_cgroup_id() - the id of a cgroup v2
 * @path: from the root of the hierarchy, with or without a leading slash
 * @id: set
 *
 * Return: 0, -ENOENT when there is no such cgroup, -ENODEV when no cgroup v2
 * hierarchy is mounted, or another negative errno.
 */
int memtel_cgroup_id(const char *path, uint64_t *id);

/** enum memtel_notice_kind - what a subscriber is told */
enum memtel_notice_kind {
	MEMTEL_NOTICE_EVENT = 1,
	MEMTEL_NOTICE_LOST,	/* events that did not arrive */
	MEMTEL_NOTICE_GONE,	/* the module was unloaded */
	MEMTEL_NOTICE_BACK,	/* it is loaded, the triggers are added again */
	MEMTEL_NOTICE_REFUSED,	/* one of them could not be */
};

/**
 * struct memtel_notice - one thing a subscriber is told
 * @kind: which
 * @event: of an event
 * @lost: of lost ones, how many exactly
 * @trigger: of a refused one, which
 * @why: of a refused one, a sentence
 *
 * Lives until the callback returns. Members may be appended.
 */
struct memtel_notice {
	enum memtel_notice_kind kind;
	const struct memtel_event *event;
	uint64_t lost;
	const struct memtel_trigger_spec *trigger;
	const char *why;
};

struct memtel_events;

/**
 * struct memtel_events_options - how to subscribe
 * @size: sizeof(the options)
 * @receive_bytes: size of the receive buffer, 0 for 4 MiB
 * @all: events of all triggers, not only of one's own
 * @wait: without the module succeed, and tell when it comes
 */
struct memtel_events_options {
	size_t size;
	uint32_t receive_bytes;
	bool all;
	bool wait;
};

/**
 * memtel_events_open() - subscribe to events
 * @ev: set to the subscription, also when it fails, for
 *      memtel_events_error(); NULL only with -ENOMEM
 * @options: or NULL
 *
 * The subscription survives that the module is unloaded and loaded: its
 * triggers are added again.
 *
 * Return: 0 or a negative errno, -EPERM without CAP_NET_ADMIN.
 */
int memtel_events_open(struct memtel_events **ev,
		       const struct memtel_events_options *options);

/** memtel_events_close() - end a subscription, and its triggers; or NULL */
void memtel_events_close(struct memtel_events *ev);

/** memtel_events_error() - why the last call failed, as memtel_error() */
const char *memtel_events_error(const struct memtel_events *ev);

/** memtel_events_fd() - becomes readable when there is something to read */
int memtel_events_fd(const struct memtel_events *ev);

/**
 * memtel_events_add() - add a trigger
 * @ev: subscription
 * @spec: the trigger
 *
 * Events tell their trigger by metric and scope; its id changes when the module
 * is loaded anew.
 *
 * Return: 0 or a negative errno; -ENODEV while the module is gone, or -ESTALE
 * where it was loaded anew, and then it will be added when that is read of.
 */
int memtel_events_add(struct memtel_events *ev,
		      const struct memtel_trigger_spec *spec);

/**
 * memtel_events_delete() - delete a trigger
 * @ev: subscription
 * @spec: as it was added; of several that are the same one is deleted
 *
 * Others go on undisturbed. Its events that were not read yet still come. What
 * it alone held is released; so what takes its place is to be added before.
 *
 * Return: 0 or a negative errno, with which it stays; -ENOENT when there is no
 * such trigger.
 */
int memtel_events_delete(struct memtel_events *ev,
			 const struct memtel_trigger_spec *spec);

/**
 * memtel_events_read() - take in all that has come, without waiting
 * @ev: subscription
 * @notice: called for each; what it returns other than 0 ends the call and is
 *          its result, and the rest comes with the next call, for which
 *          memtel_events_fd() may not be readable
 * @arg: for it
 *
 * The library asks the module for the symbols of call sites and, after a loss,
 * for the number of the last event; that may wait for the module's answer.
 *
 * Return: 0 or a negative errno; a subscription goes on after any.
 */
int memtel_events_read(struct memtel_events *ev,
		       int (*notice)(const struct memtel_notice *notice,
				     void *arg),
		       void *arg);

#ifdef __cplusplus
}
#endif

#endif /* MEMTEL_MEMTEL_H */
