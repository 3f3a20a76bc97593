// SPDX-License-Identifier: GPL-2.0
/*
 * A snapshot of all caches.
 *
 * What a cache holds comes from SLUB, what it did from the slab source; both
 * are copied under one hold of slab_mutex, and messages are made from the copy
 * afterwards, at the reader's pace. Counts go on while they are copied: each
 * is exact, the sum of several is of no single instant.
 *
 * Room is made before slab_mutex is taken, for as many rows as the largest
 * snapshot so far had and some more; if that is too little, it is done again
 * with twice as much.
 */
#include <linux/bitmap.h>
#include <linux/glob.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "slab_table.h"
#include "snapshot.h"
#include "source.h"

/* Enough for a name, and for caches that come between two snapshots. */
#define FEW_ROWS	16

/* Rows to make room for at first; under memtel_source_lock. */
static unsigned int usual_rows = 64;

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

/* Take the row at snap->nr, or leave it to be overwritten. */
static void keep_row(struct take *take)
{
	const struct memtel_cache_filter *filter = take->filter;
	struct memtel_snapshot *snap = take->snap;
	bool active = false, there = false;
	int nid;

	if (filter->only_active || filter->nid != NUMA_NO_NODE) {
		for (nid = 0; nid < nr_node_ids; nid++) {
			const struct memtel_cache_node_row *node =
				memtel_snapshot_node(snap, snap->nr, nid);

			active |= memtel_node_is_active(node);
			there |= active || node->has_occupancy;
		}
		if (!there || (filter->only_active && !active))
			return;
	}
	snap->nr++;
}

/* What each node has, did, or neither. cache or slot may be NULL. */
static void copy_nodes(struct take *take, struct kmem_cache *cache,
		       const struct slab_slot *slot, bool counted)
{
	struct memtel_snapshot *snap = take->snap;
	int nid;

	for (nid = 0; nid < nr_node_ids; nid++) {
		struct memtel_cache_node_row *node =
			memtel_snapshot_node(snap, snap->nr, nid);
		bool wanted = node_wanted(take->filter, nid);

		node->has_occupancy = wanted && cache &&
			memtel_private_occupancy(cache, nid, &node->occ);
		node->has_counts = wanted && counted;
		if (node->has_counts)
			memtel_slab_read(slot, nid, &node->counts,
					 memtel_snapshot_cpu_nodes(snap,
								   snap->nr,
								   nid));
	}
	keep_row(take);
}

static struct memtel_cache_row *new_row(struct take *take,
					enum memtel_cache_kind kind,
					const char *name)
{
	struct memtel_cache_row *row = &take->snap->rows[take->snap->nr];
	ssize_t len = strscpy(row->name, name, sizeof(row->name));

	row->name_len = len < 0 ? sizeof(row->name) - 1 : len;
	row->kind = kind;
	row->id = 0;
	row->gone = false;
	row->info = (struct memtel_cache_info) {};
	return row;
}

/* Under slab_mutex. */
static int copy_cache(struct take *take, struct kmem_cache *cache)
{
	const struct memtel_cache_filter *filter = take->filter;
	const struct slab_slot *slot = NULL;
	struct memtel_cache_row *row;
	unsigned int i;

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
	if (slot)
		row->id = slot->id;
	copy_nodes(take, cache, slot, slot);
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
	copy_nodes(take, NULL, slot, true);
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
	copy_nodes(take, NULL, NULL, true);
	return 0;
}

static struct memtel_snapshot *alloc_snapshot(unsigned int max)
{
	struct memtel_snapshot *snap = kzalloc(sizeof(*snap), GFP_KERNEL);
	size_t nodes = size_mul(max, nr_node_ids);

	if (!snap)
		return NULL;
	snap->max = max;
	snap->rows = kvmalloc_array(max, sizeof(*snap->rows),
				    GFP_KERNEL_ACCOUNT);
	snap->nodes = kvmalloc_array(nodes, sizeof(*snap->nodes),
				     GFP_KERNEL_ACCOUNT);
	snap->cpu_nodes = kvmalloc_array(size_mul(nodes, nr_node_ids),
					 sizeof(*snap->cpu_nodes),
					 GFP_KERNEL_ACCOUNT);
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
	unsigned int i, high;
	int err = 0;

	for (cache = memtel_cache_walk_begin(&caches); cache && !err;
	     cache = memtel_cache_walk_next(&caches))
		err = copy_cache(take, cache);

	high = take->counting ? slab_table_high() : 0;
	for (i = 0; i < high && !err; i++) {
		const struct slab_slot *slot = slab_table_slot(i);

		if (slot && !test_bit(i, take->listed))
			err = copy_unlisted(take, slot);
	}
	if (take->counting && !err)
		err = copy_large_kmalloc(take);
	memtel_cache_walk_end(&caches);
	return err;
}

static int take_all(struct take *take)
{
	unsigned int slots = take->counting ? slab_table_slots() : 0;
	unsigned int rows = take->filter->name ? FEW_ROWS : usual_rows;
	int err;

	for (;; rows *= 2) {
		take->listed = bitmap_zalloc(max(slots, 1U), GFP_KERNEL);
		take->snap = alloc_snapshot(rows);
		err = take->snap && take->listed ? copy_all(take) : -ENOMEM;
		bitmap_free(take->listed);
		if (err != -EAGAIN)
			break;
		memtel_snapshot_free(take->snap);
	}
	if (!err)
		usual_rows = max(usual_rows, take->snap->nr + FEW_ROWS);
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
