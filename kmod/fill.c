// SPDX-License-Identifier: GPL-2.0
/*
 * From a row to netlink attributes. Each row has one function here, which
 * serves its do and its dump. Meanings and units stand in memtel.yaml.
 *
 * Every function writes at the end of the message and returns 0, or -EMSGSIZE
 * where there might be no room; the caller then cancels the message. Only that
 * of caches writes where it is told, before there is a message.
 */
#include <linux/kernel.h>
#include <linux/nodemask.h>
#include <linux/timekeeping.h>
#include <linux/utsname.h>

#include "cost.h"
#include "cursor.h"
#include "event.h"
#include "fill.h"
#include "gauge.h"
#include "private.h"
#include "probe.h"
#include "reclaim.h"
#include "snapshot.h"
#include "restraint.h"
#include "source.h"
#include "subscriber.h"
#include "zonelock.h"

static void put_capability(struct memtel_cursor *c, const char *name,
			   const char *cannot, const char *warning)
{
	struct nlattr *nest = memtel_nest_begin(c, MEMTEL_A_STATUS_CAPABILITY);

	memtel_put_string(c, MEMTEL_A_CAPABILITY_NAME, name);
	if (cannot)
		memtel_put_string(c, MEMTEL_A_CAPABILITY_REASON, cannot);
	else if (warning)
		memtel_put_string(c, MEMTEL_A_CAPABILITY_WARNING, warning);
	memtel_nest_end(c, nest);
}

static void put_work(struct memtel_cursor *c, enum memtel_work_kind kind)
{
	struct nlattr *nest = memtel_nest_begin(c, MEMTEL_A_STATUS_WORK);
	struct memtel_work_cost cost;

	memtel_work_read(kind, &cost);
	c->pad = MEMTEL_A_WORK_PAD;
	memtel_put_u32(c, MEMTEL_A_WORK_KIND, kind);
	memtel_put_u64(c, MEMTEL_A_WORK_RUNS, cost.runs);
	memtel_put_u64(c, MEMTEL_A_WORK_NS, cost.ns);
	if (cost.has_share)
		memtel_put_u32(c, MEMTEL_A_WORK_SHARE_PPM, cost.share_ppm);
	c->pad = MEMTEL_A_STATUS_PAD;
	memtel_nest_end(c, nest);
}

/* Of each source, and of what needs none. */
int memtel_fill_status(struct sk_buff *skb)
{
	unsigned int i, nr = memtel_nr_sources + 2;
	enum memtel_work_kind kind;
	struct memtel_cursor c;

	if (memtel_cursor_begin(&c, skb, 2 * NAME_BYTES +
				nr * (NEST_BYTES + NAME_BYTES + REASON_BYTES) +
				2 * U64_BYTES + 2 * U32_BYTES +
				MEMTEL_WORK_KIND_MAX * (NEST_BYTES +
				2 * U32_BYTES + 2 * U64_BYTES),
				MEMTEL_A_STATUS_PAD))
		return -EMSGSIZE;
	memtel_put_string(&c, MEMTEL_A_STATUS_VERSION, MEMTEL_VERSION);
	memtel_put_string(&c, MEMTEL_A_STATUS_KERNEL, init_utsname()->release);
	for (i = 0; i < memtel_nr_sources; i++) {
		const struct memtel_source *source = memtel_sources[i];

		put_capability(&c, source->capability,
			       memtel_source_cannot(source),
			       source->warning ? source->warning() : NULL);
	}
	put_capability(&c, "slab-occupancy", memtel_private_cannot_list(),
		       NULL);
	put_capability(&c, "throttle", memtel_reclaim_cannot_throttle(), NULL);
	memtel_put_u64(&c, MEMTEL_A_STATUS_EVENT_SEQUENCE,
		       memtel_event_sequence());
	memtel_put_u64(&c, MEMTEL_A_STATUS_EVENTS_UNSENT,
		       memtel_events_unsent());
	memtel_put_u32(&c, MEMTEL_A_STATUS_COST_LIMIT_PPM,
		       memtel_restraint_limit_ppm());
	memtel_put_u32(&c, MEMTEL_A_STATUS_SUBSCRIBERS, memtel_subscribers());
	for (kind = MEMTEL_WORK_KIND_LOOKS; kind <= MEMTEL_WORK_KIND_MAX;
	     kind++)
		put_work(&c, kind);
	return memtel_cursor_end(&c);
}

static bool is_u32(unsigned int attr)
{
	return attr == MEMTEL_A_SOURCE_SLOTS_USED ||
	       attr == MEMTEL_A_SOURCE_SLOTS_TOTAL ||
	       attr == MEMTEL_A_SOURCE_SAMPLING;
}

static void put_attached(struct memtel_cursor *c, struct memtel_source *source)
{
	struct memtel_source_stats stats = {};
	unsigned int attr;

	source->stats(&stats);
	memtel_put_flag(c, MEMTEL_A_SOURCE_ATTACHED);
	memtel_put_u64(c, MEMTEL_A_SOURCE_SINCE_NS, source->since_ns);
	memtel_put_u64(c, MEMTEL_A_SOURCE_MEMORY_BYTES, stats.memory_bytes);
	for (attr = 0; attr <= MEMTEL_A_SOURCE_MAX; attr++) {
		if (!(stats.present & BIT_ULL(attr)))
			continue;
		if (is_u32(attr))
			memtel_put_u32(c, attr, stats.values[attr]);
		else
			memtel_put_u64(c, attr, stats.values[attr]);
	}
}

static void put_cost(struct memtel_cursor *c,
		     const struct memtel_estimate *estimate)
{
	memtel_put_u64(c, MEMTEL_A_SOURCE_COST_EVENTS, estimate->events);
	memtel_put_u64(c, MEMTEL_A_SOURCE_COST_NS, estimate->ns);
	memtel_put_u32(c, MEMTEL_A_SOURCE_COST_SHARE_PPM, estimate->share_ppm);
	memtel_put_u64(c, MEMTEL_A_SOURCE_COST_SAMPLES, estimate->samples);
}

int memtel_fill_source(struct sk_buff *skb, struct memtel_source *source)
{
	bool attached = memtel_source_is_attached(source);
	struct memtel_cursor c;

	lockdep_assert_held(&memtel_source_lock);
	if (memtel_cursor_begin(&c, skb, NAME_BYTES + NEST_BYTES +
				2 * U32_BYTES +
				(MEMTEL_A_SOURCE_MAX + 1) * U64_BYTES,
				MEMTEL_A_SOURCE_PAD))
		return -EMSGSIZE;
	memtel_put_string(&c, MEMTEL_A_SOURCE_NAME, source->name);
	memtel_put_u32(&c, MEMTEL_A_SOURCE_HOLDS, source->nr_holds);
	memtel_put_u32(&c, MEMTEL_A_SOURCE_PROBES,
		       attached ? memtel_probes_there(source->probes,
						      source->nr_probes) : 0);
	memtel_put_u64(&c, MEMTEL_A_SOURCE_NOW_NS, ktime_get_boottime_ns());
	if (attached)
		put_attached(&c, source);
	if (attached && source->estimate.is_known)
		put_cost(&c, &source->estimate);
	if (memtel_restraint_is_away(source)) {
		memtel_put_flag(&c, MEMTEL_A_SOURCE_SHED);
		memtel_put_u64(&c, MEMTEL_A_SOURCE_RESTORE_NS,
			       source->back_at_ns);
	}
	memtel_put_u64(&c, MEMTEL_A_SOURCE_SHEDS, source->sheds);
	return memtel_cursor_end(&c);
}

int memtel_fill_hold(struct sk_buff *skb, const struct memtel_hold *hold)
{
	struct memtel_cursor c;

	lockdep_assert_held(&memtel_source_lock);
	if (memtel_cursor_begin(&c, skb, 5 * U32_BYTES + 2 * NAME_BYTES, 0))
		return -EMSGSIZE;
	memtel_put_u32(&c, MEMTEL_A_HOLD_ID, hold->id);
	memtel_put_string(&c, MEMTEL_A_HOLD_SOURCE, hold->source->name);
	memtel_put_u32(&c, MEMTEL_A_HOLD_KIND, hold->holder.kind);
	if (hold->holder.portid)
		memtel_put_u32(&c, MEMTEL_A_HOLD_PORTID, hold->holder.portid);
	if (hold->holder.trigger)
		memtel_put_u32(&c, MEMTEL_A_HOLD_TRIGGER, hold->holder.trigger);
	if (memtel_shows_pids())
		memtel_put_u32(&c, MEMTEL_A_HOLD_PID, hold->pid);
	memtel_put_string(&c, MEMTEL_A_HOLD_COMM, hold->comm);
	return memtel_cursor_end(&c);
}

/* A row without its nodes: the name, numbers and a flag. */
#define CACHE_BYTES	(NAME_ROOM + 7 * U32_BYTES + NEST_BYTES)

/* A node in a cache's row, at most. */
static size_t cache_node_bytes(void)
{
	size_t cpu_node = NEST_BYTES + U32_BYTES + 2 * U64_BYTES;

	return NEST_BYTES + U32_BYTES + 12 * U64_BYTES + nr_node_ids * cpu_node;
}

/*
 * The parts of a cache's row are inline, so that the cursor stays in registers:
 * a dump has thousands of their attributes.
 */
static __always_inline void
put_counts(struct memtel_cursor *c, const struct memtel_slab_counts *counts,
	   const struct memtel_cpu_node_counts *by_cpu_node)
{
	struct nlattr *nest;
	int nid;

	__memtel_put_u64(c, MEMTEL_A_CACHE_NODE_ALLOCS, counts->allocs);
	__memtel_put_u64(c, MEMTEL_A_CACHE_NODE_FREES, counts->frees);
	__memtel_put_u64(c, MEMTEL_A_CACHE_NODE_BYTES_REQUESTED,
			 counts->bytes_requested);
	__memtel_put_u64(c, MEMTEL_A_CACHE_NODE_BYTES_ALLOCATED,
			 counts->bytes_allocated);
	__memtel_put_u64(c, MEMTEL_A_CACHE_NODE_REMOTE_ALLOCS,
			 counts->remote_allocs);
	__memtel_put_u64(c, MEMTEL_A_CACHE_NODE_REMOTE_FREES,
			 counts->remote_frees);

	for (nid = 0; nid < nr_node_ids; nid++) {
		if (!by_cpu_node[nid].allocs && !by_cpu_node[nid].frees)
			continue;
		c->pad = MEMTEL_A_CPU_NODE_PAD;
		nest = __memtel_nest_begin(c, MEMTEL_A_CACHE_NODE_CPU_NODE);
		__memtel_put_u32(c, MEMTEL_A_CPU_NODE_NODE_ID, nid);
		__memtel_put_u64(c, MEMTEL_A_CPU_NODE_ALLOCS,
				 by_cpu_node[nid].allocs);
		__memtel_put_u64(c, MEMTEL_A_CPU_NODE_FREES,
				 by_cpu_node[nid].frees);
		__memtel_nest_end(c, nest);
		c->pad = MEMTEL_A_CACHE_NODE_PAD;
	}
}

static __always_inline void
put_occupancy(struct memtel_cursor *c, const struct memtel_occupancy *occ)
{
	__memtel_put_u64(c, MEMTEL_A_CACHE_NODE_SLABS, occ->slabs);
	__memtel_put_u64(c, MEMTEL_A_CACHE_NODE_PARTIAL_SLABS,
			 occ->partial_slabs);
	__memtel_put_u64(c, MEMTEL_A_CACHE_NODE_OBJECTS_TOTAL,
			 occ->objects_total);
	__memtel_put_u64(c, MEMTEL_A_CACHE_NODE_OBJECTS_IN_USE,
			 occ->objects_in_use);
	if (occ->objects_in_use_error)
		__memtel_put_u64(c, MEMTEL_A_CACHE_NODE_OBJECTS_IN_USE_ERROR,
				 occ->objects_in_use_error);
	__memtel_put_u64(c, MEMTEL_A_CACHE_NODE_SLAB_BYTES, occ->slab_bytes);
}

static __always_inline void
put_cache_node(struct memtel_cursor *c, const struct memtel_cache_node_row *node,
	       int nid)
{
	struct nlattr *nest;

	/* Neither slabs nor counts: nothing to tell. */
	if (!node->has_occupancy && !memtel_node_is_active(node))
		return;
	nest = __memtel_nest_begin(c, MEMTEL_A_CACHE_NODE);
	__memtel_put_u32(c, MEMTEL_A_CACHE_NODE_NODE_ID, nid);
	if (node->has_counts)
		put_counts(c, &node->counts, node->cpu_nodes);
	if (node->has_occupancy)
		put_occupancy(c, &node->occ);
	__memtel_nest_end(c, nest);
}

/* Bytes that no cache's row exceeds. */
size_t memtel_fill_cache_bytes(void)
{
	return CACHE_BYTES + nr_node_ids * cache_node_bytes();
}

/*
 * A cache, where @bytes are free, at least memtel_fill_cache_bytes().
 *
 * Return: bytes written, or -EMSGSIZE, a bug: there were too few.
 */
ssize_t memtel_fill_cache(void *to, size_t bytes,
			  const struct memtel_cache_row *row)
{
	const struct memtel_cache_node_row *node = row->nodes;
	const struct memtel_cache_info *info = &row->info;
	struct memtel_cursor c;
	int nid;

	memtel_cursor_begin_at(&c, to, bytes, MEMTEL_A_CACHE_NODE_PAD);
	if (!memtel_cursor_fits(&c, memtel_fill_cache_bytes()))
		return -EMSGSIZE;
	__memtel_put_name(&c, MEMTEL_A_CACHE_NAME, row->name);
	__memtel_put_u32(&c, MEMTEL_A_CACHE_KIND, row->kind);
	if (row->id)
		__memtel_put_u32(&c, MEMTEL_A_CACHE_ID, row->id);
	if (row->gone)
		__memtel_cursor_put(&c, MEMTEL_A_CACHE_GONE, 0);
	if (row->kind == MEMTEL_CACHE_KIND_SLAB) {
		__memtel_put_u32(&c, MEMTEL_A_CACHE_OBJECT_SIZE_BYTES,
				 info->object_size_bytes);
		__memtel_put_u32(&c, MEMTEL_A_CACHE_SIZE_BYTES,
				 info->size_bytes);
	}
	/* Known only from the cache itself. */
	if (info->objects_per_slab) {
		__memtel_put_u32(&c, MEMTEL_A_CACHE_OBJECTS_PER_SLAB,
				 info->objects_per_slab);
		__memtel_put_u32(&c, MEMTEL_A_CACHE_ORDER, info->order);
		__memtel_put_u32(&c, MEMTEL_A_CACHE_ALIASES, info->aliases);
	}
	for (nid = 0; nid < nr_node_ids; nid++, node++)
		put_cache_node(&c, node, nid);
	return memtel_cursor_end_at(&c, to);
}

int memtel_fill_node(struct sk_buff *skb, int nid,
		     const struct memtel_node *node)
{
	static const struct {
		unsigned int attr;
		enum memtel_reclaim_kind kind;
	} times[] = {
		{ MEMTEL_A_NODE_DIRECT_RECLAIM, MEMTEL_RECLAIM_KIND_DIRECT },
		{ MEMTEL_A_NODE_KSWAPD, MEMTEL_RECLAIM_KIND_KSWAPD },
		{ MEMTEL_A_NODE_NODE_RECLAIM, MEMTEL_RECLAIM_KIND_NODE },
		{ MEMTEL_A_NODE_THROTTLE, MEMTEL_RECLAIM_KIND_THROTTLE },
	};
	struct memtel_timing timing;
	struct memtel_cursor c;
	unsigned int i;

	/* For the times. */
	lockdep_assert_held(&memtel_source_lock);
	if (memtel_cursor_begin(&c, skb, U32_BYTES + 10 * U64_BYTES +
				(ARRAY_SIZE(times) + 1) * MEMTEL_TIME_BYTES,
				MEMTEL_A_NODE_PAD))
		return -EMSGSIZE;
	memtel_put_u32(&c, MEMTEL_A_NODE_ID, nid);
	memtel_put_u64(&c, MEMTEL_A_NODE_MANAGED_BYTES, node->managed_bytes);
	memtel_put_u64(&c, MEMTEL_A_NODE_FREE_BYTES, node->free_bytes);
	memtel_put_u64(&c, MEMTEL_A_NODE_SLAB_RECLAIMABLE_BYTES,
		       node->slab_reclaimable_bytes);
	memtel_put_u64(&c, MEMTEL_A_NODE_SLAB_UNRECLAIMABLE_BYTES,
		       node->slab_unreclaimable_bytes);
	memtel_put_u64(&c, MEMTEL_A_NODE_NUMA_HIT, node->numa_hit);
	memtel_put_u64(&c, MEMTEL_A_NODE_NUMA_MISS, node->numa_miss);
	memtel_put_u64(&c, MEMTEL_A_NODE_NUMA_FOREIGN, node->numa_foreign);
	memtel_put_u64(&c, MEMTEL_A_NODE_NUMA_INTERLEAVE,
		       node->numa_interleave);
	memtel_put_u64(&c, MEMTEL_A_NODE_NUMA_LOCAL, node->numa_local);
	memtel_put_u64(&c, MEMTEL_A_NODE_NUMA_OTHER, node->numa_other);
	for (i = 0; i < ARRAY_SIZE(times); i++)
		if (memtel_reclaim_time(times[i].kind, nid, -1, &timing))
			memtel_put_time(&c, times[i].attr, &timing);
	if (memtel_zonelock_time(nid, -1, &timing))
		memtel_put_time(&c, MEMTEL_A_NODE_LOCK_WAIT, &timing);
	return memtel_cursor_end(&c);
}

int memtel_fill_zone(struct sk_buff *skb, int nid,
		     const struct memtel_zone *zone)
{
	struct memtel_timing timing;
	struct memtel_cursor c;
	struct nlattr *nest;
	u32 order;

	/* For the times. */
	lockdep_assert_held(&memtel_source_lock);
	if (memtel_cursor_begin(&c, skb, U32_BYTES + NAME_BYTES +
				7 * U64_BYTES + NR_PAGE_ORDERS *
				(NEST_BYTES + U32_BYTES + U64_BYTES) +
				3 * MEMTEL_TIME_BYTES,
				MEMTEL_A_ZONE_PAD))
		return -EMSGSIZE;
	memtel_put_u32(&c, MEMTEL_A_ZONE_NODE_ID, nid);
	memtel_put_string(&c, MEMTEL_A_ZONE_NAME, zone->name);
	memtel_put_u64(&c, MEMTEL_A_ZONE_MANAGED_BYTES, zone->managed_bytes);
	memtel_put_u64(&c, MEMTEL_A_ZONE_PRESENT_BYTES, zone->present_bytes);
	memtel_put_u64(&c, MEMTEL_A_ZONE_SPANNED_BYTES, zone->spanned_bytes);
	memtel_put_u64(&c, MEMTEL_A_ZONE_FREE_BYTES, zone->free_bytes);
	memtel_put_u64(&c, MEMTEL_A_ZONE_WATERMARK_MIN_BYTES,
		       zone->watermark_min_bytes);
	memtel_put_u64(&c, MEMTEL_A_ZONE_WATERMARK_LOW_BYTES,
		       zone->watermark_low_bytes);
	memtel_put_u64(&c, MEMTEL_A_ZONE_WATERMARK_HIGH_BYTES,
		       zone->watermark_high_bytes);

	c.pad = MEMTEL_A_FREE_BLOCKS_PAD;
	for (order = 0; order < NR_PAGE_ORDERS; order++) {
		nest = memtel_nest_begin(&c, MEMTEL_A_ZONE_FREE_BLOCKS);
		memtel_put_u32(&c, MEMTEL_A_FREE_BLOCKS_ORDER, order);
		memtel_put_u64(&c, MEMTEL_A_FREE_BLOCKS_BLOCKS,
			       zone->free_blocks[order]);
		memtel_nest_end(&c, nest);
	}

	if (memtel_reclaim_time(MEMTEL_RECLAIM_KIND_DIRECT, nid, zone->idx,
				&timing))
		memtel_put_time(&c, MEMTEL_A_ZONE_DIRECT_RECLAIM, &timing);
	if (memtel_reclaim_time(MEMTEL_RECLAIM_KIND_COMPACTION, nid, zone->idx,
				&timing))
		memtel_put_time(&c, MEMTEL_A_ZONE_COMPACTION, &timing);
	if (memtel_zonelock_time(nid, zone->idx, &timing))
		memtel_put_time(&c, MEMTEL_A_ZONE_LOCK_WAIT, &timing);
	return memtel_cursor_end(&c);
}
