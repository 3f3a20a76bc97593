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
 * Locks. collect_lock protects the last reading, and is held while somebody
 * looks at it; it is innermost, and nothing is waited for under it.
 */
#include <linux/err.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/overflow.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "collect.h"
#include "cost.h"
#include "snapshot.h"

#define COLLECT_SHARE	20

static DEFINE_MUTEX(collect_lock);
static struct memtel_snapshot *last;
/* CLOCK_BOOTTIME just before it was taken; written under collect_lock. */
static u64 last_ns;

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
	ssize_t len = strscpy(c->name, row->name, sizeof(c->name));
	int nid;

	c->id = row->id;
	c->name_len = len < 0 ? sizeof(c->name) - 1 : len;
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

/* Cache i of a reading. */
const struct memtel_collected *
memtel_collected(const struct memtel_snapshot *snap, unsigned int i)
{
	return (void *)(snap->bytes + i * collected_bytes());
}

/* A reading that comes after the stop is not kept. */
static void keep(struct memtel_snapshot *snap, u64 time_ns)
{
	mutex_lock(&collect_lock);
	if (!snap || READ_ONCE(period_ns)) {
		struct memtel_snapshot *old = last;

		WRITE_ONCE(last, snap);
		WRITE_ONCE(last_ns, time_ns);
		snap = old;
	}
	mutex_unlock(&collect_lock);
	memtel_snapshot_free(snap);
}

static void collect(struct work_struct *work)
{
	static const struct memtel_cache_filter all = { .nid = NUMA_NO_NODE };
	u64 period = READ_ONCE(period_ns), begin_ns, took_ns;
	struct memtel_snapshot_room none = {};
	struct memtel_work_scope scope;
	struct memtel_snapshot *snap;

	if (!period)
		return;
	memtel_work_begin(&scope, MEMTEL_WORK_KIND_READINGS);
	begin_ns = ktime_get_boottime_ns();
	snap = memtel_snapshot_take(&all, &collected, NULL, &none);
	took_ns = ktime_get_boottime_ns() - begin_ns;
	/* Without memory the last reading stays. */
	if (!IS_ERR(snap)) {
		keep(snap, begin_ns);
		on_collected();
	}
	memtel_work_end(&scope);
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
	keep(NULL, 0);
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
	keep(NULL, 0);
}

/**
 * memtel_collect_get() - the last reading
 *
 * Return: the caches, or NULL when there is none. To be given back by
 * memtel_collect_put() in either case, soon.
 */
const struct memtel_snapshot *memtel_collect_get(void)
{
	mutex_lock(&collect_lock);
	return last;
}

void memtel_collect_put(void)
{
	mutex_unlock(&collect_lock);
}

/* Is there a reading? Without, the sums below are 0. */
bool memtel_collect_is_there(void)
{
	return READ_ONCE(last);
}

/* Was the last one begun after this time, of CLOCK_BOOTTIME? */
bool memtel_collect_is_since(u64 time_ns)
{
	return READ_ONCE(last_ns) > time_ns;
}

/* Sum of something over the caches and nodes in scope. */
static u64 sum_of(const struct memtel_scope *scope,
		  u64 (*value)(const struct memtel_collected_node *node))
{
	const struct memtel_snapshot *snap = memtel_collect_get();
	unsigned int i;
	u64 sum = 0;
	int nid;

	for (i = 0; snap && i < snap->nr; i++) {
		const struct memtel_collected *cache =
			memtel_collected(snap, i);

		if (!memtel_scope_has_name(scope, cache->name))
			continue;
		for (nid = 0; nid < nr_node_ids; nid++)
			if (memtel_scope_has_node(scope, nid))
				sum += value(&cache->nodes[nid]);
	}
	memtel_collect_put();
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

/* Objects allocated, at the last reading. */
u64 memtel_collect_slab_allocs(const struct memtel_scope *scope)
{
	return sum_of(scope, slab_allocs);
}
