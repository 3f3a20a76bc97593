// SPDX-License-Identifier: GPL-2.0
/*
 * From a row to netlink attributes. Each row has one function here, which
 * serves its do and its dump. Meanings and units stand in memtel.yaml.
 *
 * Every function writes at the end of the message and returns 0, or -EMSGSIZE
 * where it does not fit; the caller then cancels the message.
 */
#include <linux/nodemask.h>
#include <linux/timekeeping.h>
#include <linux/utsname.h>
#include <asm/unaligned.h>
#include <net/netlink.h>

#include "fill.h"
#include "gauge.h"
#include "private.h"
#include "snapshot.h"
#include "source.h"

/* A 64-bit attribute to write. */
struct fill_u64 {
	int type;
	u64 value;
};

/*
 * Several u64 at once. A dump of caches is mostly these, and one check of the
 * room for all of them instead of one call each halves its cost. Where a
 * 64-bit attribute must be aligned, the usual function pads.
 */
static int fill_u64s(struct sk_buff *skb, int pad,
		     const struct fill_u64 *attrs, unsigned int nr)
{
	const int attr_len = nla_total_size(sizeof(u64));
	struct nlattr *nla;
	unsigned int i;

	if (!IS_ENABLED(CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS)) {
		for (i = 0; i < nr; i++)
			if (nla_put_u64_64bit(skb, attrs[i].type,
					      attrs[i].value, pad))
				return -EMSGSIZE;
		return 0;
	}

	if (skb_tailroom(skb) < (int)(nr * attr_len))
		return -EMSGSIZE;
	nla = __skb_put(skb, nr * attr_len);
	for (i = 0; i < nr; i++) {
		nla->nla_type = attrs[i].type;
		nla->nla_len = nla_attr_size(sizeof(u64));
		put_unaligned(attrs[i].value, (u64 *)nla_data(nla));
		nla = (void *)nla + attr_len;
	}
	return 0;
}

static int fill_capability(struct sk_buff *skb, const char *name,
			   const char *cannot)
{
	struct nlattr *nest;

	nest = nla_nest_start(skb, MEMTEL_A_STATUS_CAPABILITY);
	if (!nest || nla_put_string(skb, MEMTEL_A_CAPABILITY_NAME, name) ||
	    (cannot &&
	     nla_put_string(skb, MEMTEL_A_CAPABILITY_REASON, cannot)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

int memtel_fill_status(struct sk_buff *skb)
{
	if (nla_put_string(skb, MEMTEL_A_STATUS_VERSION,
			   MEMTEL_VERSION) ||
	    nla_put_string(skb, MEMTEL_A_STATUS_KERNEL,
			   init_utsname()->release) ||
	    fill_capability(skb, "slab-counts",
			    memtel_source_cannot(&memtel_slab_source)) ||
	    fill_capability(skb, "slab-occupancy",
			    memtel_private_cannot_list()))
		return -EMSGSIZE;
	return 0;
}

static int fill_attached(struct sk_buff *skb, struct memtel_source *source)
{
	struct memtel_source_stats stats;

	source->read(&stats);
	{
		const struct fill_u64 attrs[] = {
			{ MEMTEL_A_SOURCE_SINCE_NS, source->since_ns },
			{ MEMTEL_A_SOURCE_MEMORY_BYTES, stats.memory_bytes },
			{ MEMTEL_A_SOURCE_UNPLACED_ALLOCS,
			  stats.unplaced_allocs },
			{ MEMTEL_A_SOURCE_UNPLACED_FREES,
			  stats.unplaced_frees },
			{ MEMTEL_A_SOURCE_RECURSIONS, stats.recursions },
			{ MEMTEL_A_SOURCE_FAILED_ALLOCS, stats.failed_allocs },
		};

		if (fill_u64s(skb, MEMTEL_A_SOURCE_PAD, attrs,
			      ARRAY_SIZE(attrs)) ||
		    nla_put_flag(skb, MEMTEL_A_SOURCE_ATTACHED) ||
		    nla_put_u32(skb, MEMTEL_A_SOURCE_SLOTS_USED,
				stats.slots_used) ||
		    nla_put_u32(skb, MEMTEL_A_SOURCE_SLOTS_TOTAL,
				stats.slots_total))
			return -EMSGSIZE;
	}
	return 0;
}

/* Under memtel_source_lock. */
int memtel_fill_source(struct sk_buff *skb, struct memtel_source *source)
{
	bool attached = memtel_source_is_attached(source);

	if (nla_put_string(skb, MEMTEL_A_SOURCE_NAME, source->name) ||
	    nla_put_u32(skb, MEMTEL_A_SOURCE_HOLDS, source->nr_holds) ||
	    nla_put_u32(skb, MEMTEL_A_SOURCE_PROBES,
			attached ? source->nr_probes : 0) ||
	    nla_put_u64_64bit(skb, MEMTEL_A_SOURCE_NOW_NS,
			      ktime_get_boottime_ns(), MEMTEL_A_SOURCE_PAD))
		return -EMSGSIZE;
	return attached ? fill_attached(skb, source) : 0;
}

/* Under memtel_source_lock. */
int memtel_fill_hold(struct sk_buff *skb, const struct memtel_hold *hold)
{
	if (nla_put_u32(skb, MEMTEL_A_HOLD_ID, hold->id) ||
	    nla_put_string(skb, MEMTEL_A_HOLD_SOURCE, hold->source->name) ||
	    nla_put_u32(skb, MEMTEL_A_HOLD_KIND, hold->kind) ||
	    (hold->kind == MEMTEL_HOLD_KIND_SOCKET &&
	     nla_put_u32(skb, MEMTEL_A_HOLD_PORTID, hold->portid)) ||
	    nla_put_u32(skb, MEMTEL_A_HOLD_PID, hold->pid) ||
	    nla_put_string(skb, MEMTEL_A_HOLD_COMM, hold->comm))
		return -EMSGSIZE;
	return 0;
}

static int fill_counts(struct sk_buff *skb,
		       const struct memtel_slab_counts *counts,
		       const struct memtel_cpu_node_counts *by_cpu_node)
{
	const struct fill_u64 attrs[] = {
		{ MEMTEL_A_CACHE_NODE_ALLOCS, counts->allocs },
		{ MEMTEL_A_CACHE_NODE_FREES, counts->frees },
		{ MEMTEL_A_CACHE_NODE_BYTES_REQUESTED,
		  counts->bytes_requested },
		{ MEMTEL_A_CACHE_NODE_BYTES_ALLOCATED,
		  counts->bytes_allocated },
		{ MEMTEL_A_CACHE_NODE_REMOTE_ALLOCS, counts->remote_allocs },
		{ MEMTEL_A_CACHE_NODE_REMOTE_FREES, counts->remote_frees },
	};
	struct nlattr *nest;
	int nid;

	if (fill_u64s(skb, MEMTEL_A_CACHE_NODE_PAD, attrs, ARRAY_SIZE(attrs)))
		return -EMSGSIZE;

	for_each_node(nid) {
		const struct fill_u64 from[] = {
			{ MEMTEL_A_CPU_NODE_ALLOCS, by_cpu_node[nid].allocs },
			{ MEMTEL_A_CPU_NODE_FREES, by_cpu_node[nid].frees },
		};

		if (!by_cpu_node[nid].allocs && !by_cpu_node[nid].frees)
			continue;
		nest = nla_nest_start(skb, MEMTEL_A_CACHE_NODE_CPU_NODE);
		if (!nest ||
		    nla_put_u32(skb, MEMTEL_A_CPU_NODE_NODE_ID, nid) ||
		    fill_u64s(skb, MEMTEL_A_CPU_NODE_PAD, from,
			      ARRAY_SIZE(from)))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	return 0;
}

static int fill_occupancy(struct sk_buff *skb,
			  const struct memtel_occupancy *occ)
{
	const struct fill_u64 attrs[] = {
		{ MEMTEL_A_CACHE_NODE_SLABS, occ->slabs },
		{ MEMTEL_A_CACHE_NODE_PARTIAL_SLABS, occ->partial_slabs },
		{ MEMTEL_A_CACHE_NODE_OBJECTS_TOTAL, occ->objects_total },
		{ MEMTEL_A_CACHE_NODE_OBJECTS_IN_USE, occ->objects_in_use },
		{ MEMTEL_A_CACHE_NODE_SLAB_BYTES, occ->slab_bytes },
		{ MEMTEL_A_CACHE_NODE_OBJECTS_IN_USE_ERROR,
		  occ->objects_in_use_error },
	};

	/* The error stands last and only by an estimate. */
	return fill_u64s(skb, MEMTEL_A_CACHE_NODE_PAD, attrs,
			 ARRAY_SIZE(attrs) - !occ->objects_in_use_error);
}

static int fill_cache_node(struct sk_buff *skb,
			   const struct memtel_snapshot *snap,
			   unsigned int row, int nid)
{
	const struct memtel_cache_node_row *node =
		memtel_snapshot_node(snap, row, nid);
	struct nlattr *nest;

	/* Neither slabs nor counts: nothing to tell. */
	if (!node->has_occupancy &&
	    (!node->has_counts || (!node->counts.allocs &&
				   !node->counts.frees)))
		return 0;

	nest = nla_nest_start(skb, MEMTEL_A_CACHE_NODE);
	if (!nest || nla_put_u32(skb, MEMTEL_A_CACHE_NODE_NODE_ID, nid))
		return -EMSGSIZE;
	if (node->has_counts &&
	    fill_counts(skb, &node->counts,
			memtel_snapshot_cpu_nodes(snap, row, nid)))
		return -EMSGSIZE;
	if (node->has_occupancy && fill_occupancy(skb, &node->occ))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* A row of a snapshot. */
int memtel_fill_cache(struct sk_buff *skb, const struct memtel_snapshot *snap,
		      unsigned int i)
{
	const struct memtel_cache_row *row = &snap->rows[i];
	const struct memtel_cache_info *info = &row->info;
	int nid;

	if (nla_put_string(skb, MEMTEL_A_CACHE_NAME, row->name) ||
	    nla_put_u32(skb, MEMTEL_A_CACHE_KIND, row->kind) ||
	    (row->id && nla_put_u32(skb, MEMTEL_A_CACHE_ID, row->id)) ||
	    (row->gone && nla_put_flag(skb, MEMTEL_A_CACHE_GONE)))
		return -EMSGSIZE;
	if (row->kind == MEMTEL_CACHE_KIND_SLAB &&
	    (nla_put_u32(skb, MEMTEL_A_CACHE_OBJECT_SIZE_BYTES,
			 info->object_size_bytes) ||
	     nla_put_u32(skb, MEMTEL_A_CACHE_SIZE_BYTES, info->size_bytes)))
		return -EMSGSIZE;
	/* Known only from the cache itself. */
	if (info->objects_per_slab &&
	    (nla_put_u32(skb, MEMTEL_A_CACHE_OBJECTS_PER_SLAB,
			 info->objects_per_slab) ||
	     nla_put_u32(skb, MEMTEL_A_CACHE_ORDER, info->order) ||
	     nla_put_u32(skb, MEMTEL_A_CACHE_ALIASES, info->aliases)))
		return -EMSGSIZE;

	for_each_node(nid)
		if (fill_cache_node(skb, snap, i, nid))
			return -EMSGSIZE;
	return 0;
}

/* Bytes that no cache's row exceeds. */
size_t memtel_fill_cache_bytes(void)
{
	size_t u32s = nla_total_size(sizeof(u32));
	size_t u64s = nla_total_size_64bit(sizeof(u64));
	size_t cpu_node = nla_total_size(u32s + 2 * u64s);
	size_t node = nla_total_size(u32s + 12 * u64s +
				     num_possible_nodes() * cpu_node);

	return nla_total_size(MEMTEL_NAME_MAX + 1) + 7 * u32s +
	       nla_total_size(0) + num_possible_nodes() * node;
}

int memtel_fill_node(struct sk_buff *skb, int nid,
		     const struct memtel_node *node)
{
	const struct fill_u64 attrs[] = {
		{ MEMTEL_A_NODE_MANAGED_BYTES, node->managed_bytes },
		{ MEMTEL_A_NODE_FREE_BYTES, node->free_bytes },
		{ MEMTEL_A_NODE_SLAB_RECLAIMABLE_BYTES,
		  node->slab_reclaimable_bytes },
		{ MEMTEL_A_NODE_SLAB_UNRECLAIMABLE_BYTES,
		  node->slab_unreclaimable_bytes },
		{ MEMTEL_A_NODE_NUMA_HIT, node->numa_hit },
		{ MEMTEL_A_NODE_NUMA_MISS, node->numa_miss },
		{ MEMTEL_A_NODE_NUMA_FOREIGN, node->numa_foreign },
		{ MEMTEL_A_NODE_NUMA_INTERLEAVE, node->numa_interleave },
		{ MEMTEL_A_NODE_NUMA_LOCAL, node->numa_local },
		{ MEMTEL_A_NODE_NUMA_OTHER, node->numa_other },
	};

	if (nla_put_u32(skb, MEMTEL_A_NODE_ID, nid))
		return -EMSGSIZE;
	return fill_u64s(skb, MEMTEL_A_NODE_PAD, attrs, ARRAY_SIZE(attrs));
}

int memtel_fill_zone(struct sk_buff *skb, int nid,
		     const struct memtel_zone *zone)
{
	const struct fill_u64 attrs[] = {
		{ MEMTEL_A_ZONE_MANAGED_BYTES, zone->managed_bytes },
		{ MEMTEL_A_ZONE_PRESENT_BYTES, zone->present_bytes },
		{ MEMTEL_A_ZONE_SPANNED_BYTES, zone->spanned_bytes },
		{ MEMTEL_A_ZONE_FREE_BYTES, zone->free_bytes },
		{ MEMTEL_A_ZONE_WATERMARK_MIN_BYTES,
		  zone->watermark_min_bytes },
		{ MEMTEL_A_ZONE_WATERMARK_LOW_BYTES,
		  zone->watermark_low_bytes },
		{ MEMTEL_A_ZONE_WATERMARK_HIGH_BYTES,
		  zone->watermark_high_bytes },
	};
	struct nlattr *nest;
	u32 order;

	if (nla_put_u32(skb, MEMTEL_A_ZONE_NODE_ID, nid) ||
	    nla_put_string(skb, MEMTEL_A_ZONE_NAME, zone->name) ||
	    fill_u64s(skb, MEMTEL_A_ZONE_PAD, attrs, ARRAY_SIZE(attrs)))
		return -EMSGSIZE;

	for (order = 0; order < MEMTEL_NR_ORDERS; order++) {
		nest = nla_nest_start(skb, MEMTEL_A_ZONE_FREE_BLOCKS);
		if (!nest ||
		    nla_put_u32(skb, MEMTEL_A_FREE_BLOCKS_ORDER, order) ||
		    nla_put_u64_64bit(skb, MEMTEL_A_FREE_BLOCKS_BLOCKS,
				      zone->free_blocks[order],
				      MEMTEL_A_FREE_BLOCKS_PAD))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	return 0;
}
