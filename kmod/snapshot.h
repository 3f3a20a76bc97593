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
 * struct memtel_cache_node_row - a cache on a node
 * @has_occupancy: @occ is there
 * @has_counts: @counts and @cpu_nodes are there
 * @occ: what it holds
 * @counts: what it did
 * @cpu_nodes: that by the CPUs' nodes, nr_node_ids of them
 */
struct memtel_cache_node_row {
	bool has_occupancy;
	bool has_counts;
	struct memtel_occupancy occ;
	struct memtel_slab_counts counts;
	struct memtel_cpu_node_counts *cpu_nodes;
};

/**
 * struct memtel_cache_row - a cache
 * @kind: what it is
 * @address: of a cache on the kernel's list, for memtel_cache_cookie(); 0 for
 *           those that are not on it
 * @id: its slot's id, or 0
 * @gone: destroyed while counted
 * @info: what it is; sizes only for MEMTEL_CACHE_KIND_LARGE_KMALLOC: none
 * @name: the cache's name, of any length
 * @nodes: nr_node_ids of them
 */
struct memtel_cache_row {
	enum memtel_cache_kind kind;
	u64 address;
	u32 id;
	bool gone;
	struct memtel_cache_info info;
	const char *name;
	struct memtel_cache_node_row *nodes;
};

/**
 * struct memtel_snapshot_format - what a snapshot keeps of a cache
 * @bytes_max: most that it takes, a multiple of 8
 * @write: writes a cache where @bytes, which is @bytes_max, are free; returns the
 *         bytes it took, a multiple of 4. Called under memtel_source_lock and
 *         slab_mutex: must not wait for memory
 * @usual_bytes: room that is made at first, a guess; written by any reader
 */
struct memtel_snapshot_format {
	size_t (*bytes_max)(void);
	size_t (*write)(void *to, size_t bytes,
			const struct memtel_cache_row *row, const void *arg);
	size_t usual_bytes;
};

/**
 * struct memtel_snapshot_room - where caches are written to
 * @to: the first byte
 * @size: bytes there are
 * @len: bytes taken
 */
struct memtel_snapshot_room {
	void *to;
	size_t size;
	size_t len;
};

/**
 * struct memtel_snapshot - caches at one moment
 * @since_ns: CLOCK_BOOTTIME since when their counts are, 0 when there are none
 * @nr: how many, those in the reader's room among them
 * @room: of @bytes
 * @bytes: one cache after another, as the format writes them
 */
struct memtel_snapshot {
	u64 since_ns;
	unsigned int nr;
	struct memtel_snapshot_room room;
	u8 bytes[] __aligned(8);
};

/* Whether anything was counted there. */
static inline bool
memtel_node_is_active(const struct memtel_cache_node_row *node)
{
	return node->has_counts && (node->counts.allocs || node->counts.frees);
}

u64 memtel_cache_cookie(u64 address, const char *name);

int memtel_snapshot_check(const struct memtel_cache_filter *filter);
struct memtel_snapshot *
memtel_snapshot_take(const struct memtel_cache_filter *filter,
		     struct memtel_snapshot_format *format, const void *arg,
		     struct memtel_snapshot_room *first);
void memtel_snapshot_free(struct memtel_snapshot *snap);

#endif /* _MEMTEL_SNAPSHOT_H */
