// SPDX-License-Identifier: GPL-2.0
/*
 * A snapshot of all caches.
 *
 * What a cache holds comes from SLUB, what it did from the slab source; both
 * are copied under one hold of slab_mutex, and messages are made from the copy
 * afterwards, at the reader's pace. Counts go on while they are copied: each
 * is exact, the sum of several is of no single instant.
 *
 * Room is made before slab_mutex is taken, for the caches there were then and
 * some more; should more have come, it is done again with more room.
 */
#include <linux/bitmap.h>
#include <linux/glob.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/overflow.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "slab_table.h"
#include "snapshot.h"
#include "source.h"

/* Caches that may come between counting and copying. */
#define SPARE_ROWS	16

struct take {
	const struct memtel_cache_filter *filter;
	struct memtel_snapshot *snap;
	unsigned long *listed;	/* slots whose cache is on the kernel's list */
	bool counting;		/* the slab source is attached */
};

static bool name_matches(const struct memtel_cache_filter *filter,
			 const char *name)
{
	if (filter->name && strncmp(filter->name, name, MEMTEL_NAME_MAX))
		return false;
	return !filter->glob || glob_match(filter->glob, name);
}

static bool node_wanted(const struct memtel_cache_filter *filter, int nid)
{
	return filter->nid == NUMA_NO_NODE || filter->nid == nid;
}

static bool is_active(const struct memtel_cache_node_row *node)
{
	return node->has_counts && (node->counts.allocs || node->counts.frees);
}

/* Take the row at snap->nr, or leave it to be overwritten. */
static void keep_row(struct take *take)
{
	const struct memtel_cache_filter *filter = take->filter;
	struct memtel_snapshot *snap = take->snap;
	bool active = false, there = false;
	int nid;

	for_each_node(nid) {
		const struct memtel_cache_node_row *node =
			memtel_snapshot_node(snap, snap->nr, nid);

		active |= is_active(node);
		there |= is_active(node) || node->has_occupancy;
	}
	if (filter->only_active && !active)
		return;
	if (filter->nid != NUMA_NO_NODE && !there)
		return;
	snap->nr++;
}

static void read_counts(struct take *take, const struct slab_slot *slot)
{
	struct memtel_snapshot *snap = take->snap;
	int nid;

	for_each_node(nid) {
		struct memtel_cache_node_row *node =
			memtel_snapshot_node(snap, snap->nr, nid);

		if (!node_wanted(take->filter, nid))
			continue;
		memtel_slab_read(slot, nid, &node->counts,
				 memtel_snapshot_cpu_nodes(snap, snap->nr,
							   nid));
		node->has_counts = true;
	}
}

static struct memtel_cache_row *new_row(struct take *take,
					enum memtel_cache_kind kind,
					const char *name)
{
	struct memtel_snapshot *snap = take->snap;
	struct memtel_cache_row *row = &snap->rows[snap->nr];

	memset(row, 0, sizeof(*row));
	memset(memtel_snapshot_node(snap, snap->nr, 0), 0,
	       nr_node_ids * sizeof(*snap->nodes));
	row->kind = kind;
	strscpy(row->name, name, sizeof(row->name));
	return row;
}

/* Under slab_mutex. */
static int copy_cache(struct take *take, struct kmem_cache *cache)
{
	const struct memtel_cache_filter *filter = take->filter;
	const struct slab_slot *slot = NULL;
	struct memtel_cache_row *row;
	unsigned int i;
	int nid;

	if (take->counting)
		slot = slab_table_lookup(cache, &i);
	if (slot)
		__set_bit(i, take->listed);
	if (!name_matches(filter, memtel_cache_name(cache)))
		return 0;
	if (filter->id && (!slot || slot->id != filter->id))
		return 0;
	if (take->snap->nr == take->snap->max)
		return -EAGAIN;

	row = new_row(take, MEMTEL_CACHE_KIND_SLAB, memtel_cache_name(cache));
	memtel_private_cache_info(cache, &row->info);
	for_each_node(nid) {
		struct memtel_cache_node_row *node =
			memtel_snapshot_node(take->snap, take->snap->nr, nid);

		if (node_wanted(filter, nid))
			node->has_occupancy =
				memtel_private_occupancy(cache, nid,
							 &node->occ);
	}
	if (slot) {
		row->id = slot->id;
		read_counts(take, slot);
	}
	keep_row(take);
	return 0;
}

/*
 * A slot whose cache is not on the list. No cache has an object before it is
 * listed, so under slab_mutex this one was destroyed. Where there is no list,
 * the slot itself tells.
 */
static int copy_unlisted(struct take *take, const struct slab_slot *slot)
{
	const struct memtel_cache_filter *filter = take->filter;
	struct memtel_cache_row *row;

	if (!name_matches(filter, slot->name) ||
	    (filter->id && slot->id != filter->id))
		return 0;
	if (take->snap->nr == take->snap->max)
		return -EAGAIN;
	row = new_row(take, MEMTEL_CACHE_KIND_SLAB, slot->name);
	row->id = slot->id;
	row->gone = !memtel_private_cannot_list() ||
		    READ_ONCE(slot->state) == SLAB_SLOT_GONE;
	row->info.size_bytes = slot->size_bytes;
	row->info.object_size_bytes = slot->object_size_bytes;
	read_counts(take, slot);
	keep_row(take);
	return 0;
}

static int copy_large_kmalloc(struct take *take)
{
	const struct memtel_cache_filter *filter = take->filter;

	if (filter->id || !name_matches(filter, MEMTEL_LARGE_KMALLOC_NAME))
		return 0;
	if (take->snap->nr == take->snap->max)
		return -EAGAIN;
	new_row(take, MEMTEL_CACHE_KIND_LARGE_KMALLOC,
		MEMTEL_LARGE_KMALLOC_NAME);
	read_counts(take, NULL);
	keep_row(take);
	return 0;
}

static struct memtel_snapshot *alloc_snapshot(unsigned int max)
{
	struct memtel_snapshot *snap = kzalloc(sizeof(*snap), GFP_KERNEL);
	size_t nodes = size_mul(max, nr_node_ids);

	if (!snap)
		return NULL;
	snap->max = max;
	snap->rows = kvmalloc_array(max, sizeof(*snap->rows), GFP_KERNEL);
	snap->nodes = kvmalloc_array(nodes, sizeof(*snap->nodes), GFP_KERNEL);
	snap->cpu_nodes = kvmalloc_array(size_mul(nodes, nr_node_ids),
					 sizeof(*snap->cpu_nodes), GFP_KERNEL);
	if (snap->rows && snap->nodes && snap->cpu_nodes)
		return snap;
	memtel_snapshot_free(snap);
	return NULL;
}

/**
 * memtel_snapshot_free() - free a snapshot
 * @snap: the snapshot, or NULL
 */
void memtel_snapshot_free(struct memtel_snapshot *snap)
{
	if (!snap)
		return;
	kvfree(snap->cpu_nodes);
	kvfree(snap->nodes);
	kvfree(snap->rows);
	kfree(snap);
}

static int copy_all(struct take *take)
{
	struct memtel_cache_walk caches;
	struct kmem_cache *cache;
	unsigned int i;
	int err = 0;

	for (cache = memtel_cache_walk_begin(&caches); cache && !err;
	     cache = memtel_cache_walk_next(&caches))
		err = copy_cache(take, cache);

	for (i = 0; take->counting && !err && i < slab_table_slots(); i++) {
		const struct slab_slot *slot = slab_table_slot(i);

		if (slot && !test_bit(i, take->listed))
			err = copy_unlisted(take, slot);
	}
	if (take->counting && !err)
		err = copy_large_kmalloc(take);
	memtel_cache_walk_end(&caches);
	return err;
}

/* Room for every cache the filter can match now, and some more. */
static unsigned int rows_needed(const struct take *take)
{
	struct memtel_cache_walk caches;
	struct kmem_cache *cache;
	unsigned int nr = SPARE_ROWS;

	for (cache = memtel_cache_walk_begin(&caches); cache;
	     cache = memtel_cache_walk_next(&caches))
		nr += name_matches(take->filter, memtel_cache_name(cache));
	memtel_cache_walk_end(&caches);
	if (take->counting)
		nr += memtel_private_cannot_list() ? slab_table_used() :
						     slab_table_gone();
	return nr;
}

static int take_all(struct take *take)
{
	unsigned int slots = take->counting ? slab_table_slots() : 0;
	int err;

	do {
		memtel_snapshot_free(take->snap);
		bitmap_free(take->listed);
		take->listed = bitmap_zalloc(max(slots, 1U), GFP_KERNEL);
		take->snap = alloc_snapshot(rows_needed(take));
		err = take->snap && take->listed ? copy_all(take) : -ENOMEM;
	} while (err == -EAGAIN && !fatal_signal_pending(current));
	bitmap_free(take->listed);
	return err;
}

/**
 * memtel_snapshot_take() - copy the caches a filter wants
 * @filter: which
 *
 * Context: Process context. Takes memtel_source_lock and slab_mutex.
 * Return: the snapshot, to be freed by memtel_snapshot_free(), or -EOPNOTSUPP
 * when this kernel shows no caches and none are counted, -ENODATA when what
 * the filter needs is not counted, -ENOMEM, or -EINTR.
 */
struct memtel_snapshot *
memtel_snapshot_take(const struct memtel_cache_filter *filter)
{
	struct take take = { .filter = filter };
	int err;

	if (mutex_lock_killable(&memtel_source_lock))
		return ERR_PTR(-EINTR);
	take.counting = memtel_source_is_attached(&memtel_slab_source);
	if ((filter->only_active || filter->id) && !take.counting)
		err = -ENODATA;
	else if (memtel_private_cannot_list() && !take.counting)
		err = -EOPNOTSUPP;
	else
		err = take_all(&take);
	mutex_unlock(&memtel_source_lock);

	if (!err)
		return take.snap;
	memtel_snapshot_free(take.snap);
	return ERR_PTR(err);
}
