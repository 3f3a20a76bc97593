/* SPDX-License-Identifier: GPL-2.0 */
/* All caches at one moment: what they are, hold and did. See snapshot.c. */
#ifndef _MEMTEL_SNAPSHOT_H
#define _MEMTEL_SNAPSHOT_H

#include <linux/memtel.h>
#include <linux/types.h>

#include "private.h"
#include "slab.h"

/**
 * struct memtel_cache_filter - which caches; all that are given must match
 * @name: whole name, or NULL
 * @glob: pattern for the name, or NULL
 * @id: id of its slot, or 0
 * @nid: only this node's numbers, or NUMA_NO_NODE
 * @only_active: only caches with an allocation or a free counted
 */
struct memtel_cache_filter {
	const char *name;
	const char *glob;
	u32 id;
	int nid;
	bool only_active;
};

/**
 * struct memtel_cache_row - a cache
 * @kind: what it is
 * @id: its slot's id, or 0
 * @gone: destroyed while counted
 * @info: what it is; sizes only for MEMTEL_CACHE_KIND_LARGE_KMALLOC: none
 * @name_len: bytes of @name
 * @name: the cache's name, cut
 *
 * Its nodes stand in the snapshot: memtel_snapshot_node().
 */
struct memtel_cache_row {
	enum memtel_cache_kind kind;
	u32 id;
	bool gone;
	struct memtel_cache_info info;
	unsigned int name_len;
	char name[MEMTEL_NAME_MAX + 1];
};

/**
 * struct memtel_cache_node_row - a cache on a node
 * @has_occupancy: @occ is there
 * @has_counts: @counts and the CPUs' nodes are there
 * @occ: what it holds
 * @counts: what it did
 */
struct memtel_cache_node_row {
	bool has_occupancy;
	bool has_counts;
	struct memtel_occupancy occ;
	struct memtel_slab_counts counts;
};

/**
 * struct memtel_snapshot - caches at one moment
 * @nr: rows
 * @max: room for rows
 * @rows: the caches
 * @nodes: nr_node_ids for each row
 * @cpu_nodes: nr_node_ids for each of @nodes
 */
struct memtel_snapshot {
	unsigned int nr;
	unsigned int max;
	struct memtel_cache_row *rows;
	struct memtel_cache_node_row *nodes;
	struct memtel_cpu_node_counts *cpu_nodes;
};

/* Whether anything was counted there. */
static inline bool
memtel_node_is_active(const struct memtel_cache_node_row *node)
{
	return node->has_counts && (node->counts.allocs || node->counts.frees);
}

struct memtel_snapshot *
memtel_snapshot_take(const struct memtel_cache_filter *filter);
void memtel_snapshot_free(struct memtel_snapshot *snap);

static inline struct memtel_cache_node_row *
memtel_snapshot_node(const struct memtel_snapshot *snap, unsigned int row,
		     int nid)
{
	return &snap->nodes[row * nr_node_ids + nid];
}

static inline struct memtel_cpu_node_counts *
memtel_snapshot_cpu_nodes(const struct memtel_snapshot *snap, unsigned int row,
			  int nid)
{
	return &snap->cpu_nodes[(row * nr_node_ids + nid) * nr_node_ids];
}

#endif /* _MEMTEL_SNAPSHOT_H */
