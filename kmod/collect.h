/* SPDX-License-Identifier: GPL-2.0 */
/* The caches, read now and then for the triggers. See collect.c. */
#ifndef _MEMTEL_COLLECT_H
#define _MEMTEL_COLLECT_H

#include <linux/memtel.h>
#include <linux/types.h>

#include "scope.h"

struct memtel_snapshot;

/**
 * struct memtel_collected_node - a cache on a node
 * @slab_bytes: memory of its slabs, 0 where it has none
 * @allocs: objects allocated, 0 where it is not counted
 */
struct memtel_collected_node {
	u64 slab_bytes;
	u64 allocs;
};

/**
 * struct memtel_collected - a cache of a reading
 * @cookie: as in struct memtel_cache_row
 * @id: as there
 * @name: its name, cut
 * @nodes: nr_node_ids of them
 */
struct memtel_collected {
	u64 cookie;
	u32 id;
	char name[MEMTEL_NAME_MAX + 1];
	struct memtel_collected_node nodes[];
};

void memtel_collect_init(void (*collected)(void));
void memtel_collect_exit(void);
void memtel_collect_every(u64 period_ns);

void memtel_collect_get(void);
void memtel_collect_put(void);
const struct memtel_snapshot *memtel_collect_last(void);
u64 memtel_collect_time_ns(void);
bool memtel_collect_is_since(u64 time_ns);
const struct memtel_collected *
memtel_collected(const struct memtel_snapshot *snap, unsigned int i);
u64 memtel_collect_slab_bytes(const struct memtel_scope *scope);
u64 memtel_collect_slab_allocs(const struct memtel_scope *scope);

#endif /* _MEMTEL_COLLECT_H */
