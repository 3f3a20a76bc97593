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
 * @cookie: tells a cache of the kernel's list from all others, those of its name
 *          too, as long as it is on the list; 0 for those that are not on it
 * @id: as in struct memtel_cache_row
 * @name: its name, cut
 * @nodes: nr_node_ids of them
 */
struct memtel_collected {
	u64 cookie;
	u32 id;
	char name[MEMTEL_NAME_MAX + 1];
	struct memtel_collected_node nodes[];
};

/* Memory of a node that is no slab: anonymous memory, page cache. */
#define MEMTEL_USES	2

struct memtel_used {
	u64 bytes[MEMTEL_USES];
};

/**
 * struct memtel_collection - all caches, at one time
 * @begin_ns: CLOCK_BOOTTIME when it was begun
 * @time_ns: ktime_get_mono_fast_ns() when it was over
 * @since_ns: CLOCK_BOOTTIME since when allocations were counted; 0: they were not
 * @nr: of caches
 * @snap: the caches
 * @used: other memory, by node
 * @nr_index: entries of each index, a power of two
 * @by_cookie: hash of a cookie to its cache's number plus one, 0 for none
 * @by_id: hash of an id, of those that are counted; that of large kmallocs is 0
 */
struct memtel_collection {
	u64 begin_ns;
	u64 time_ns;
	u64 since_ns;
	unsigned int nr;
	struct memtel_snapshot *snap;
	struct memtel_used *used;
	unsigned int nr_index;
	u32 *by_cookie;
	u32 *by_id;
};

void memtel_collect_init(void (*collected)(void));
void memtel_collect_exit(void);
void memtel_collect_every(u64 period_ns);

void memtel_collect_get(void);
void memtel_collect_put(void);
const struct memtel_collection *memtel_collect_last(void);
const struct memtel_collection *memtel_collect_before(u64 age_ns);
u64 memtel_collect_slab_bytes(const struct memtel_scope *scope);
u64 memtel_collect_slab_allocs(const struct memtel_scope *scope);

const struct memtel_collected *
memtel_collection_cache(const struct memtel_collection *reading,
			unsigned int i);
const struct memtel_collected *
memtel_collection_cookie(const struct memtel_collection *reading, u64 cookie);
const struct memtel_collected *
memtel_collection_counted(const struct memtel_collection *earlier,
			  const struct memtel_collection *reading,
			  const struct memtel_collected *cache);

#endif /* _MEMTEL_COLLECT_H */
