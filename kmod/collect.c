// SPDX-License-Identifier: GPL-2.0
/*
 * The caches, read now and then for the triggers.
 *
 * What slab caches hold cannot be counted by probes: SLUB takes and gives back
 * slabs without an event for it, and reading its counters takes slab_mutex,
 * under which others may wait for memory for long. The triggers must not wait
 * with them. So a work of its own reads all caches once in a period, but takes no
 * more than one part in COLLECT_SHARE of a CPU's time for it, and the triggers
 * and their evidence look at its last reading. That is a period old, or as old
 * as reading took: it waits for slab_mutex, for memory and for a worker.
 *
 * A reading has a time of its own, at which it was over: what grew, grew between
 * two readings, however long ago the later one was. Readers take all numbers of
 * one look from one reading, and its time with them. The last reading is kept, and
 * KEPT before it that are at least KEPT_APART_NS apart; a cache is found in them
 * by what it is. So what each cache got since one of them is known, however many
 * caches there are.
 *
 * Locks. collect_lock protects the readings. A look at the triggers holds it to
 * its end; the collector, which alone waits for it, holds no lock meanwhile.
 */
#include <linux/err.h>
#include <linux/hash.h>
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "collect.h"
#include "cost.h"
#include "snapshot.h"

#define COLLECT_SHARE	20
#define KEPT		8
#define KEPT_APART_NS	NSEC_PER_SEC

static DEFINE_MUTEX(collect_lock);
static struct memtel_collection *last;
/* A ring. */
static struct memtel_collection *kept[KEPT];
static unsigned int newest;

/* Told after each reading. Constant after init. */
static void (*on_collected)(void);
/* Time between readings; 0 for none. Written under memtel_source_lock. */
static u64 period_ns;

static void collect(struct work_struct *work);
static DECLARE_DELAYED_WORK(collect_work, collect);

static size_t collected_bytes(void)
{
	return struct_size((struct memtel_collected *)NULL, nodes, nr_node_ids);
}

static size_t write_collected(void *to, size_t bytes,
			      const struct memtel_cache_row *row,
			      const void *arg)
{
	struct memtel_collected *c = to;
	int nid;

	c->cookie = 0;
	if (row->address)
		c->cookie = memtel_cache_cookie(row->address, row->name);
	c->id = row->id;
	strscpy(c->name, row->name, sizeof(c->name));
	for (nid = 0; nid < nr_node_ids; nid++) {
		const struct memtel_cache_node_row *node = &row->nodes[nid];

		c->nodes[nid] = (struct memtel_collected_node) {
			.slab_bytes = node->has_occupancy ?
				      node->occ.slab_bytes : 0,
			.allocs = node->has_counts ? node->counts.allocs : 0,
		};
	}
	return bytes;
}

static struct memtel_snapshot_format collected = {
	.bytes_max = collected_bytes,
	.write = write_collected,
};

/**
 * memtel_collection_cache() - a cache of a reading
 * @reading: the reading
 * @i: below its number of caches
 */
const struct memtel_collected *
memtel_collection_cache(const struct memtel_collection *reading, unsigned int i)
{
	return (void *)(reading->snap->bytes + i * collected_bytes());
}

/* Large kmallocs, which are no cache, have no id, but are counted. */
static bool is_counted(const struct memtel_collected *cache)
{
	return cache->id || !cache->cookie;
}

static u32 first_entry(const struct memtel_collection *reading, u64 key)
{
	return hash_64(key, ilog2(reading->nr_index));
}

/**
 * memtel_collection_cookie() - find a cache by its cookie
 * @reading: where
 * @cookie: the cookie
 *
 * Return: the cache, or NULL.
 */
const struct memtel_collected *
memtel_collection_cookie(const struct memtel_collection *reading, u64 cookie)
{
	const struct memtel_collected *cache;
	u32 at, i = first_entry(reading, cookie);

	for (; (at = reading->by_cookie[i]);
	     i = (i + 1) & (reading->nr_index - 1)) {
		cache = memtel_collection_cache(reading, at - 1);
		if (cache->cookie == cookie)
			return cache;
	}
	return NULL;
}

static const struct memtel_collected *
find_id(const struct memtel_collection *reading, u32 id)
{
	const struct memtel_collected *cache;
	u32 at, i = first_entry(reading, id);

	for (; (at = reading->by_id[i]);
	     i = (i + 1) & (reading->nr_index - 1)) {
		cache = memtel_collection_cache(reading, at - 1);
		if (cache->id == id)
			return cache;
	}
	return NULL;
}

/**
 * memtel_collection_counted() - find a cache whose allocations were counted
 * @earlier: where
 * @reading: of which @cache is
 * @cache: the cache
 *
 * Return: the cache in @earlier, or NULL: then all that it has was counted since.
 */
const struct memtel_collected *
memtel_collection_counted(const struct memtel_collection *earlier,
			  const struct memtel_collection *reading,
			  const struct memtel_collected *cache)
{
	if (earlier->since_ns != reading->since_ns || !is_counted(cache))
		return NULL;
	return find_id(earlier, cache->id);
}

static void add_entry(const struct memtel_collection *reading, u32 *index,
		      u64 key, unsigned int cache)
{
	u32 i = first_entry(reading, key);

	while (index[i])
		i = (i + 1) & (reading->nr_index - 1);
	index[i] = cache + 1;
}

static void make_index(struct memtel_collection *reading)
{
	unsigned int i;

	for (i = 0; i < reading->nr; i++, cond_resched()) {
		const struct memtel_collected *cache =
			memtel_collection_cache(reading, i);

		if (cache->cookie)
			add_entry(reading, reading->by_cookie, cache->cookie,
				  i);
		if (is_counted(cache))
			add_entry(reading, reading->by_id, cache->id, i);
	}
}

static void read_used(struct memtel_used *used)
{
	static const enum node_stat_item items[MEMTEL_USES] = {
		NR_ANON_MAPPED, NR_FILE_PAGES,
	};
	unsigned int i;
	int nid;

	for_each_online_node(nid) {
		for (i = 0; i < MEMTEL_USES; i++) {
			long pages = atomic_long_read(&NODE_DATA(nid)
						      ->vm_stat[items[i]]);

			used[nid].bytes[i] = (u64)max(pages, 0L) << PAGE_SHIFT;
		}
	}
}

static void free_reading(struct memtel_collection *reading)
{
	if (!reading)
		return;
	memtel_snapshot_free(reading->snap);
	kvfree(reading->by_cookie);
	kvfree(reading->by_id);
	kvfree(reading->used);
	kfree(reading);
}

/* Takes over the snapshot, also when there is no memory: NULL then. */
static struct memtel_collection *new_reading(struct memtel_snapshot *snap)
{
	struct memtel_collection *reading;

	reading = kzalloc(sizeof(*reading), GFP_KERNEL);
	if (!reading) {
		memtel_snapshot_free(snap);
		return NULL;
	}
	reading->snap = snap;
	reading->nr = snap->nr;
	reading->since_ns = snap->since_ns;
	/* Some entries are always empty, so a search ends. */
	reading->nr_index = 2 * roundup_pow_of_two(snap->nr + 1);
	reading->by_cookie = kvcalloc(reading->nr_index,
				      sizeof(*reading->by_cookie), GFP_KERNEL);
	reading->by_id = kvcalloc(reading->nr_index, sizeof(*reading->by_id),
				  GFP_KERNEL);
	reading->used = kvcalloc(nr_node_ids, sizeof(*reading->used),
				 GFP_KERNEL);
	if (reading->by_cookie && reading->by_id && reading->used) {
		make_index(reading);
		read_used(reading->used);
		return reading;
	}
	free_reading(reading);
	return NULL;
}

/* The last reading has a successor. Returns what is not needed any more. */
static struct memtel_collection *retire(struct memtel_collection *old)
{
	if (!old || (kept[newest] && old->time_ns - kept[newest]->time_ns <
				     KEPT_APART_NS))
		return old;
	newest = (newest + 1) % KEPT;
	swap(kept[newest], old);
	return old;
}

/* A reading that comes after the stop is not kept. */
static void keep(struct memtel_collection *reading)
{
	mutex_lock(&collect_lock);
	if (READ_ONCE(period_ns)) {
		swap(last, reading);
		reading = retire(reading);
	}
	mutex_unlock(&collect_lock);
	free_reading(reading);
}

static void drop_readings(void)
{
	unsigned int i;

	mutex_lock(&collect_lock);
	free_reading(last);
	last = NULL;
	for (i = 0; i < KEPT; i++) {
		free_reading(kept[i]);
		kept[i] = NULL;
	}
	mutex_unlock(&collect_lock);
}

static struct memtel_collection *take_reading(u64 begin_ns)
{
	static const struct memtel_cache_filter all = { .nid = NUMA_NO_NODE };
	struct memtel_snapshot_room none = {};
	struct memtel_snapshot *snap;
	struct memtel_collection *reading;
	u64 time_ns;

	snap = memtel_snapshot_take(&all, &collected, NULL, &none);
	if (IS_ERR(snap))
		return NULL;
	time_ns = ktime_get_mono_fast_ns();
	reading = new_reading(snap);
	if (reading) {
		reading->begin_ns = begin_ns;
		reading->time_ns = time_ns;
	}
	return reading;
}

static void collect(struct work_struct *work)
{
	u64 period = READ_ONCE(period_ns), took_ns;
	struct memtel_collection *reading;
	struct memtel_work_scope scope;

	if (!period)
		return;
	memtel_work_begin(&scope, MEMTEL_WORK_KIND_READINGS);
	reading = take_reading(ktime_get_boottime_ns());
	/* Without memory the last reading stays. */
	if (reading)
		keep(reading);
	/* Also without news: marks are made at looks. */
	on_collected();
	took_ns = memtel_work_end(&scope);
	queue_delayed_work(system_dfl_wq, &collect_work,
			   nsecs_to_jiffies(max(period,
						took_ns * COLLECT_SHARE)));
}

/**
 * memtel_collect_every() - read the caches periodically
 * @period: time between readings, ns; 0 to stop
 *
 * Context: Process context under memtel_source_lock. When stopped one reading
 * may still be on its way; memtel_collect_exit() waits for it.
 */
void memtel_collect_every(u64 period)
{
	if (period == period_ns)
		return;
	WRITE_ONCE(period_ns, period);
	if (period) {
		mod_delayed_work(system_dfl_wq, &collect_work, 0);
		return;
	}
	cancel_delayed_work(&collect_work);
	drop_readings();
}

/* Module load. @collected: called after each reading. */
void memtel_collect_init(void (*collected)(void))
{
	on_collected = collected;
}

/* No trigger is left, and memtel_source_lock is not held. */
void memtel_collect_exit(void)
{
	cancel_delayed_work_sync(&collect_work);
	drop_readings();
}

/**
 * memtel_collect_get() - hold the readings
 *
 * What follows is about those that there are now until memtel_collect_put().
 */
void memtel_collect_get(void)
{
	mutex_lock(&collect_lock);
}

void memtel_collect_put(void)
{
	mutex_unlock(&collect_lock);
}

/* The last one, or NULL when there is none: sums are 0 then. */
const struct memtel_collection *memtel_collect_last(void)
{
	lockdep_assert_held(&collect_lock);
	return last;
}

/**
 * memtel_collect_before() - a reading to compare the last one with
 * @age_ns: how much older
 *
 * Return: the youngest that is at least so much older, or the oldest of those
 * that are kept; NULL where there is none before the last.
 */
const struct memtel_collection *memtel_collect_before(u64 age_ns)
{
	const struct memtel_collection *found = NULL;
	unsigned int i;

	lockdep_assert_held(&collect_lock);
	for (i = 0; last && i < KEPT; i++) {
		const struct memtel_collection *older =
			kept[(newest + KEPT - i) % KEPT];

		if (!older)
			break;
		found = older;
		if (last->time_ns - found->time_ns >= age_ns)
			break;
	}
	return found;
}

/* Sum of something over the caches and nodes in scope. */
static u64 sum_of(const struct memtel_scope *scope,
		  u64 (*value)(const struct memtel_collected_node *node))
{
	const struct memtel_collection *reading = memtel_collect_last();
	unsigned int i;
	u64 sum = 0;
	int nid;

	for (i = 0; reading && i < reading->nr; i++, cond_resched()) {
		const struct memtel_collected *cache =
			memtel_collection_cache(reading, i);

		if (!memtel_scope_has_name(scope, cache->name))
			continue;
		for (nid = 0; nid < nr_node_ids; nid++)
			if (memtel_scope_has_node(scope, nid))
				sum += value(&cache->nodes[nid]);
	}
	return sum;
}

static u64 slab_bytes(const struct memtel_collected_node *node)
{
	return node->slab_bytes;
}

static u64 slab_allocs(const struct memtel_collected_node *node)
{
	return node->allocs;
}

/* Memory of slabs at the last reading, bytes. */
u64 memtel_collect_slab_bytes(const struct memtel_scope *scope)
{
	return sum_of(scope, slab_bytes);
}

/* Objects allocated, by that reading. */
u64 memtel_collect_slab_allocs(const struct memtel_scope *scope)
{
	return sum_of(scope, slab_allocs);
}
