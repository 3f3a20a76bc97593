// SPDX-License-Identifier: GPL-2.0
/*
 * A snapshot of all caches.
 *
 * What a cache holds comes from SLUB, what it did from the slab source. Both are
 * read under slab_mutex and memtel_source_lock, a cache at a time. After some
 * caches both locks are given back, so that neither a cache that is to be made nor
 * memtel's own works wait for more than a part of a reading. Each cache that is
 * there all the while is met once (memtel_cache_walk_begin()). When counts were
 * reset meanwhile, or the slab source was detached, the reading begins anew.
 *
 * Caches are written as the reader wants to keep them: as messages
 * (netlink_cache.c), of which the first go where they are sent from and the rest is
 * kept, for the receiver's pace; or as rows (collect.c). Counts go on meanwhile:
 * each is exact, the sum of several is of no single instant.
 *
 * The reader's cgroup pays for its memory, and may be made to wait for it: it
 * is allocated before any lock is taken, for as much as the largest snapshot so
 * far took and some more; if that is too little, the reading begins anew with twice
 * as much.
 */
#include <linux/bitmap.h>
#include <linux/glob.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/overflow.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/stringhash.h>

#include "counter.h"
#include "slab_table.h"
#include "snapshot.h"
#include "source.h"

/* Enough for the caches of one name, those that are gone among them. */
#define NAME_ROWS	4
/* Enough for caches that come between two snapshots. */
#define FEW_ROWS	4
/* In one hold of the locks: nodes of caches, and CPUs' counts of these. */
#define HOLD_NODES	256
#define HOLD_COUNTS	16384
/* Slots of which caches that are gone are looked for in one hold. */
#define UNLISTED_SLOTS	256
/* How often a reading begins anew because counts were reset. */
#define TRIES		16

/* Makes cookies. Set at the first snapshot, under memtel_source_lock. */
static siphash_key_t cookie_key __read_mostly;

/**
 * struct take - a snapshot that is being taken
 * @filter: which caches
 * @format: how they are written
 * @arg: for @format
 * @first: the reader's room
 * @snap: the result
 * @bytes_max: of a cache, as it is written
 * @counting: the slab source is attached
 * @since_ns: its counts are since then
 * @next_id: slots that were there at the beginning have lower ids
 * @listed: slots whose cache is on the kernel's list
 * @walk: over that list
 * @row: the cache that is looked at
 */
struct take {
	const struct memtel_cache_filter *filter;
	struct memtel_snapshot_format *format;
	const void *arg;
	struct memtel_snapshot_room *first;
	struct memtel_snapshot *snap;
	size_t bytes_max;
	bool counting;
	u64 since_ns;
	u32 next_id;
	unsigned long *listed;
	struct memtel_cache_walk walk;
	struct memtel_cache_row row;
};

/* By what it is; row_wanted() asks what it has. */
static bool cache_wanted(const struct memtel_cache_filter *filter,
			 const struct memtel_cache_row *row)
{
	if (filter->id && row->id != filter->id)
		return false;
	if (filter->name && strncmp(filter->name, row->name, MEMTEL_NAME_MAX))
		return false;
	return !filter->glob || glob_match(filter->glob, row->name);
}

static bool node_wanted(const struct memtel_cache_filter *filter, int nid)
{
	return filter->nid == NUMA_NO_NODE || filter->nid == nid;
}

static bool row_wanted(const struct take *take)
{
	const struct memtel_cache_filter *filter = take->filter;
	bool active = false, there = false;
	int nid;

	if (!filter->only_active && filter->nid == NUMA_NO_NODE)
		return true;
	for (nid = 0; nid < nr_node_ids; nid++) {
		const struct memtel_cache_node_row *node =
			&take->row.nodes[nid];

		active |= memtel_node_is_active(node);
		there |= active || node->has_occupancy;
	}
	return there && (active || !filter->only_active);
}

/* What each node has, did, or neither. cache or slot may be NULL. */
static void read_node(const struct take *take,
		      struct memtel_cache_node_row *node, int nid,
		      struct kmem_cache *cache, const struct slab_slot *slot,
		      bool counted)
{
	bool wanted = node_wanted(take->filter, nid);

	node->has_occupancy = wanted && cache &&
			      memtel_private_occupancy(cache, nid, &node->occ);
	node->has_counts = wanted && counted;
	if (node->has_counts)
		memtel_slab_read(slot, nid, &node->counts, node->cpu_nodes);
}

static bool has_room(const struct memtel_snapshot_room *room, size_t bytes)
{
	return room->size - room->len >= bytes;
}

/* If take->row, filled but for its nodes, is wanted: read these and keep it. */
static int keep_row(struct take *take, struct kmem_cache *cache,
		    const struct slab_slot *slot, bool counted)
{
	struct memtel_cache_node_row *node = take->row.nodes;
	struct memtel_snapshot_room *room = take->first;
	int nid;

	lockdep_assert_held(&memtel_source_lock);
	if (!cache_wanted(take->filter, &take->row))
		return 0;
	if (!has_room(room, take->bytes_max)) {
		room = &take->snap->room;
		if (!has_room(room, take->bytes_max))
			return -ENOSPC;
	}
	for (nid = 0; nid < nr_node_ids; nid++, node++)
		read_node(take, node, nid, cache, slot, counted);
	if (!row_wanted(take))
		return 0;
	room->len += take->format->write(room->to + room->len, take->bytes_max,
					 &take->row, take->arg);
	take->snap->nr++;
	return 0;
}

/**
 * memtel_cache_cookie() - what a cache is known by
 * @address: of the cache
 * @name: its name, cut or not
 *
 * The address is not for others' eyes. The name is in it for a cache that is made
 * where another was: that is another one.
 *
 * Return: never 0, when there was a snapshot before.
 */
u64 memtel_cache_cookie(u64 address, const char *name)
{
	u32 name_hash = full_name_hash(NULL, name,
				       strnlen(name, MEMTEL_NAME_MAX));

	return siphash_2u64(address, name_hash, &cookie_key) ?: 1;
}

/* Under slab_mutex. */
static int copy_cache(struct take *take, struct kmem_cache *cache)
{
	struct memtel_cache_row *row = &take->row;
	const struct slab_slot *slot = NULL;
	unsigned int i;

	if (take->counting)
		slot = slab_table_lookup(cache, &i);
	if (slot)
		__set_bit(i, take->listed);
	row->kind = MEMTEL_CACHE_KIND_SLAB;
	row->name = memtel_cache_name(cache);
	row->address = (unsigned long)cache;
	row->id = slot ? slot->id : 0;
	row->gone = false;
	memtel_private_cache_info(cache, &row->info);
	return keep_row(take, cache, slot, slot);
}

/*
 * A slot whose cache is not on the list. No cache has an object before it is
 * listed, so this one, which had one at the beginning, was destroyed. Where there
 * is no list, the slot itself tells.
 */
static int copy_unlisted(struct take *take, const struct slab_slot *slot)
{
	take->row.kind = MEMTEL_CACHE_KIND_SLAB;
	take->row.name = slot->name;
	take->row.address = 0;
	take->row.id = slot->id;
	take->row.gone = !memtel_private_cannot_list() ||
			 READ_ONCE(slot->state) == SLAB_SLOT_GONE;
	take->row.info = (struct memtel_cache_info) {
		.size_bytes = slot->size_bytes,
		.object_size_bytes = slot->object_size_bytes,
	};
	return keep_row(take, NULL, slot, true);
}

static int copy_large_kmalloc(struct take *take)
{
	take->row.kind = MEMTEL_CACHE_KIND_LARGE_KMALLOC;
	take->row.name = MEMTEL_LARGE_KMALLOC_NAME;
	take->row.address = 0;
	take->row.id = 0;
	take->row.gone = false;
	take->row.info = (struct memtel_cache_info) {};
	return keep_row(take, NULL, NULL, true);
}

/**
 * memtel_snapshot_free() - free a snapshot
 * @snap: the snapshot, or NULL
 */
void memtel_snapshot_free(struct memtel_snapshot *snap)
{
	kvfree(snap);
}

/* Take memtel_source_lock, if counts still are those of the beginning. */
static int lock_source(const struct take *take)
{
	if (mutex_lock_killable(&memtel_source_lock))
		return -EINTR;
	if (!take->counting ||
	    (memtel_source_is_attached(&memtel_slab_source) &&
	     memtel_slab_source.since_ns == take->since_ns))
		return 0;
	mutex_unlock(&memtel_source_lock);
	return -EAGAIN;
}

/* Caches of the kernel's list: as many as are looked at in one hold. */
static int copy_some(struct take *take)
{
	struct kmem_cache *cache;
	int err;

	err = lock_source(take);
	if (err)
		return err;
	memtel_cache_walk_lock(&take->walk);
	while (!err && (cache = memtel_cache_walk_next(&take->walk)))
		err = copy_cache(take, cache);
	memtel_cache_walk_unlock(&take->walk);
	mutex_unlock(&memtel_source_lock);
	return err;
}

/* Of some slots those that are of no cache on the list. */
static int copy_some_unlisted(struct take *take, unsigned int from)
{
	unsigned int i, high;
	int err;

	err = lock_source(take);
	if (err)
		return err;
	high = min(slab_table_high(), from + UNLISTED_SLOTS);
	for (i = from; i < high && !err; i++) {
		const struct slab_slot *slot = slab_table_slot(i);

		/* A cache on the list may have had its first event meanwhile. */
		if (!slot || slot->id >= take->next_id ||
		    test_bit(i, take->listed))
			continue;
		err = copy_unlisted(take, slot);
		cond_resched();
	}
	if (!err && high == slab_table_high())
		err = copy_large_kmalloc(take) ?: 1;
	mutex_unlock(&memtel_source_lock);
	return err;
}

static int copy_all(struct take *take)
{
	unsigned int from;
	int err;

	do {
		err = copy_some(take);
	} while (!err && !take->walk.is_done);
	for (from = 0; take->counting && !err; from += UNLISTED_SLOTS)
		err = copy_some_unlisted(take, from);
	return min(err, 0);
}

/* Room for the nodes of one cache. To be freed by kvfree(). */
static struct memtel_cache_node_row *alloc_nodes(void)
{
	size_t cpu_nodes = array3_size(nr_node_ids, nr_node_ids,
				       sizeof(struct memtel_cpu_node_counts));
	struct memtel_cache_node_row *nodes =
		kvmalloc(size_add(array_size(nr_node_ids, sizeof(*nodes)),
				  cpu_nodes), GFP_KERNEL_ACCOUNT);
	int nid;

	for (nid = 0; nodes && nid < nr_node_ids; nid++)
		nodes[nid].cpu_nodes = (void *)(nodes + nr_node_ids) +
				       cpu_nodes / nr_node_ids * nid;
	return nodes;
}

static struct memtel_snapshot *alloc_snapshot(size_t size)
{
	struct memtel_snapshot *snap =
		kvmalloc(size_add(sizeof(*snap), size), GFP_KERNEL_ACCOUNT);

	if (snap)
		*snap = (struct memtel_snapshot) {
			.room = { .to = snap->bytes, .size = size },
		};
	return snap;
}

static int check(const struct memtel_cache_filter *filter)
{
	lockdep_assert_held(&memtel_source_lock);
	if (memtel_source_is_attached(&memtel_slab_source))
		return 0;
	if (filter->only_active || filter->id)
		return -ENODATA;
	return memtel_private_cannot_list() ? -EOPNOTSUPP : 0;
}

/**
 * memtel_snapshot_check() - can a snapshot be had now
 * @filter: of which caches
 *
 * Context: Process context. Takes memtel_source_lock.
 * Return: 0, or -EOPNOTSUPP, -ENODATA or -EINTR as memtel_snapshot_take().
 */
int memtel_snapshot_check(const struct memtel_cache_filter *filter)
{
	int err;

	if (mutex_lock_killable(&memtel_source_lock))
		return -EINTR;
	err = check(filter);
	mutex_unlock(&memtel_source_lock);
	return err;
}

/* What there is to be read now. Sets @slots to how many may be counted. */
static int begin(struct take *take, unsigned int *slots)
{
	int err;

	if (mutex_lock_killable(&memtel_source_lock))
		return -EINTR;
	if (!cookie_key.key[0])
		get_random_bytes(&cookie_key, sizeof(cookie_key));
	err = check(take->filter);
	take->counting = !err &&
			 memtel_source_is_attached(&memtel_slab_source);
	*slots = 0;
	if (take->counting) {
		take->since_ns = memtel_slab_source.since_ns;
		take->next_id = slab_table_next_id();
		*slots = slab_table_slots();
	}
	mutex_unlock(&memtel_source_lock);
	return err;
}

/* So many caches in one hold of the locks. */
static unsigned int hold_caches(const struct take *take)
{
	unsigned int nodes = HOLD_NODES;

	if (take->counting)
		nodes = min(nodes, HOLD_COUNTS / memtel_nr_cpus());
	return max(nodes / nr_node_ids, 1U);
}

/* One try, with room for so much. No lock is held while it waits for memory. */
static int take_once(struct take *take, size_t size)
{
	unsigned int slots;
	int err;

	err = begin(take, &slots);
	if (err)
		return err;
	take->first->len = 0;
	take->snap = alloc_snapshot(size);
	take->listed = slots ? bitmap_zalloc(slots, GFP_KERNEL_ACCOUNT) : NULL;
	err = memtel_cache_walk_begin(&take->walk, hold_caches(take),
				      GFP_KERNEL_ACCOUNT);
	if (!take->snap || (slots && !take->listed))
		err = -ENOMEM;
	if (!err)
		err = copy_all(take);
	memtel_cache_walk_end(&take->walk);
	bitmap_free(take->listed);
	if (!err)
		return 0;
	memtel_snapshot_free(take->snap);
	return err;
}

static int take_all(struct take *take)
{
	struct memtel_snapshot_format *format = take->format;
	size_t few = FEW_ROWS * take->bytes_max;
	/* Another reader may write it at the same time: it is a guess. */
	size_t usual = READ_ONCE(format->usual_bytes);
	size_t size = take->filter->name ? NAME_ROWS * take->bytes_max :
					   max(usual, few);
	unsigned int tries = 0;
	int err;

	/* What the reader has room for need not be kept. */
	size = max(size, take->first->size) - take->first->size;
	do {
		err = take_once(take, size);
		if (err == -ENOSPC)
			size = max(2 * size, few);
	} while (err == -ENOSPC || (err == -EAGAIN && ++tries < TRIES));
	if (err)
		return err;
	take->snap->since_ns = take->counting ? take->since_ns : 0;
	WRITE_ONCE(format->usual_bytes,
		   max(usual, take->first->len + take->snap->room.len + few));
	return 0;
}

/**
 * memtel_snapshot_take() - copy the caches a filter wants
 * @filter: which
 * @format: how
 * @arg: passed on to @format
 * @first: the reader's own room, which is filled first
 *
 * Context: Process context, no lock held. Takes memtel_source_lock and
 * slab_mutex.
 * Return: the snapshot, to be freed by memtel_snapshot_free(), or -EOPNOTSUPP
 * when this kernel shows no caches and none are counted, -ENODATA when what
 * the filter needs is not counted, -ENOMEM, -EINTR, or -EAGAIN when counts were
 * reset again and again.
 */
struct memtel_snapshot *
memtel_snapshot_take(const struct memtel_cache_filter *filter,
		     struct memtel_snapshot_format *format, const void *arg,
		     struct memtel_snapshot_room *first)
{
	struct take take = {
		.filter = filter,
		.format = format,
		.arg = arg,
		.first = first,
		.bytes_max = format->bytes_max(),
		.row.nodes = alloc_nodes(),
	};
	int err = take.row.nodes ? take_all(&take) : -ENOMEM;

	kvfree(take.row.nodes);
	return err ? ERR_PTR(err) : take.snap;
}
