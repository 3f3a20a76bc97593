// SPDX-License-Identifier: GPL-2.0
/*
 * The reclaim source's rows of counters: made, found and read.
 *
 * A node has a row for each kind of reclaim, by zone or reason where a kind has
 * that, whether or not the zone has memory now: it may be plugged in later.
 * Cgroups get theirs when they first reclaim. All rows have the same words.
 */
#include <linux/cgroup.h>
#include <linux/moduleparam.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "keyed.h"
#include "reclaim_rows.h"
#include "source.h"

#define CGROUPS_MIN	1
#define CGROUPS_MAX	16384

static unsigned int reclaim_cgroups = 256;

static int cgroups_set(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, CGROUPS_MIN, CGROUPS_MAX);
}

static const struct kernel_param_ops cgroups_ops = {
	.set = cgroups_set,
	.get = param_get_uint,
};

module_param_cb(reclaim_cgroups, &cgroups_ops, &reclaim_cgroups, 0444);
MODULE_PARM_DESC(reclaim_cgroups,
		 "Cgroups whose reclaim can be counted (1 to 16384, default 256); each takes 480 bytes for each CPU while the reclaim source is attached");

#define REASONS		MEMTEL_THROTTLE_REASON_CONGESTED

/* A node's rows: by zone, alone, or by reason. Kinds without are elsewhere. */
enum node_row {
	ROW_DIRECT,
	ROW_COMPACTION = ROW_DIRECT + MAX_NR_ZONES,
	ROW_BACKGROUND = ROW_COMPACTION + MAX_NR_ZONES,
	ROW_KSWAPD = ROW_BACKGROUND + MAX_NR_ZONES,
	ROW_NODE,
	ROW_THROTTLE,
	ROWS_PER_NODE = ROW_THROTTLE + REASONS,
};

#define HAS(count)	BIT(RECLAIM_##count)
#define HAS_PAGES	(HAS(PAGES_SCANNED) | HAS(PAGES_RECLAIMED))

/* What a kind counts, and where its rows are. */
static const struct {
	unsigned int first;
	unsigned int nr;
	unsigned int has;
	bool is_by_zone;
	bool has_orders;
} kinds[] = {
	[MEMTEL_RECLAIM_KIND_DIRECT] = {
		ROW_DIRECT, MAX_NR_ZONES,
		HAS_PAGES | HAS(VISITS) | HAS(FAILURES), true, true
	},
	[MEMTEL_RECLAIM_KIND_KSWAPD] = {
		ROW_KSWAPD, 1, HAS_PAGES | HAS(WAKEUPS)
	},
	[MEMTEL_RECLAIM_KIND_NODE] = {
		ROW_NODE, 1, HAS_PAGES | HAS(FAILURES) | HAS(LANDED_HERE) |
			     HAS(LANDED_ELSEWHERE) | HAS(LANDED_NOWHERE)
	},
	[MEMTEL_RECLAIM_KIND_MEMCG] = {
		0, 0, HAS_PAGES | HAS(FAILURES)
	},
	[MEMTEL_RECLAIM_KIND_COMPACTION] = {
		ROW_COMPACTION, MAX_NR_ZONES, 0, true, true
	},
	[MEMTEL_RECLAIM_KIND_BACKGROUND_COMPACTION] = {
		ROW_BACKGROUND, MAX_NR_ZONES, 0, true, true
	},
	[MEMTEL_RECLAIM_KIND_THROTTLE] = { ROW_THROTTLE, REASONS },
};

/* Storage; set up and taken down under the source lock while no probe runs. */
static struct memtel_counters rows;
static struct memtel_keyed cgroups;

int memtel_reclaim_rows_init(void)
{
	return memtel_counters_alloc(&rows, nr_node_ids * ROWS_PER_NODE,
				     RECLAIM_WORDS) ?:
	       memtel_keyed_init(&cgroups, reclaim_cgroups, RECLAIM_WORDS);
}

/* Also of what was made but in part. */
void memtel_reclaim_rows_exit(void)
{
	memtel_keyed_exit(&cgroups);
	memtel_counters_free(&rows);
}

void memtel_reclaim_rows_reset(void)
{
	memtel_counters_zero(&rows);
	memtel_keyed_reset(&cgroups);
}

void memtel_reclaim_rows_stats(struct memtel_source_stats *stats)
{
	stats->memory_bytes += memtel_counters_bytes(&rows);
	memtel_keyed_stats(&cgroups, stats);
}

/**
 * memtel_reclaim_row() - the row of a kind on a node
 * @kind: any but memcg
 * @nid: the node
 * @i: zone index or throttle reason, 0 for kinds that are by node only
 */
u64 __percpu *memtel_reclaim_row(enum memtel_reclaim_kind kind, int nid,
				 unsigned int i)
{
	return memtel_counters_slot(&rows, nid * ROWS_PER_NODE +
				    kinds[kind].first + i);
}

/**
 * memtel_reclaim_cgroup_row() - the row of the current task's cgroup
 *
 * Context: A probe in task context.
 * Return: its words; those of all other cgroups when the table is full.
 */
u64 __percpu *memtel_reclaim_cgroup_row(void)
{
	struct memtel_key key = { .nid = NUMA_NO_NODE };
	struct cgroup *cgroup;

	rcu_read_lock();
	cgroup = task_css(current, memory_cgrp_id)->cgroup;
	key.a = cgroup_id(cgroup);
	/* Ids of another hierarchy say nothing of paths in this one. */
	key.b = cgroup->root == &cgrp_dfl_root;
	rcu_read_unlock();
	return memtel_keyed_place(&cgroups, &key);
}

/* Does a kind count this? */
bool memtel_reclaim_has(enum memtel_reclaim_kind kind,
			enum reclaim_count count)
{
	return kinds[kind].has & BIT(count);
}

/* Does a kind count orders, and gfp classes or outcomes? */
bool memtel_reclaim_has_orders(enum memtel_reclaim_kind kind)
{
	return kinds[kind].has_orders;
}

/* Rows there are, counting those that have nothing to show. Source attached. */
unsigned int memtel_reclaim_rows(void)
{
	return nr_node_ids * ROWS_PER_NODE + memtel_keyed_used(&cgroups);
}

static enum memtel_reclaim_kind kind_at(unsigned int i)
{
	enum memtel_reclaim_kind kind;

	for (kind = ARRAY_SIZE(kinds) - 1; kind; kind--)
		if (i - kinds[kind].first < kinds[kind].nr)
			break;
	return kind;
}

/**
 * memtel_reclaim_is_row() - what a row is
 * @i: below memtel_reclaim_rows()
 * @row: all but the counts is filled
 *
 * Context: Under memtel_source_lock, source attached.
 * Return: false when its zone is of a node that is not there.
 */
bool memtel_reclaim_is_row(unsigned int i, struct memtel_reclaim_row *row)
{
	unsigned int node_rows = nr_node_ids * ROWS_PER_NODE;
	struct zone *zone;

	row->nid = NUMA_NO_NODE;
	row->zone = NULL;
	row->reason = 0;
	row->cgroup_id = 0;
	row->cgroup_has_path = false;
	row->has_memory = true;
	if (i >= node_rows) {
		const struct memtel_keyed_slot *slot =
			memtel_keyed_slot(&cgroups, i - node_rows);

		row->kind = MEMTEL_RECLAIM_KIND_MEMCG;
		row->cgroup_id = slot->a;
		row->cgroup_has_path = slot->b;
		return true;
	}
	row->nid = i / ROWS_PER_NODE;
	row->kind = kind_at(i % ROWS_PER_NODE);
	i = i % ROWS_PER_NODE - kinds[row->kind].first;
	if (row->kind == MEMTEL_RECLAIM_KIND_THROTTLE)
		row->reason = i + 1;
	row->has_memory = node_state(row->nid, N_MEMORY);
	if (!kinds[row->kind].is_by_zone)
		return true;
	if (!node_online(row->nid))
		return false;
	zone = &NODE_DATA(row->nid)->node_zones[i];
	row->zone = zone->name;
	row->has_memory = populated_zone(zone);
	return true;
}

static u64 __percpu *words_at(unsigned int i)
{
	unsigned int node_rows = nr_node_ids * ROWS_PER_NODE;

	return i < node_rows ? memtel_counters_slot(&rows, i) :
			       memtel_keyed_words(&cgroups, i - node_rows);
}

static bool always_shown(enum memtel_reclaim_kind kind)
{
	return kind != MEMTEL_RECLAIM_KIND_MEMCG &&
	       kind != MEMTEL_RECLAIM_KIND_THROTTLE;
}

/**
 * memtel_reclaim_read() - sum what a row counted
 * @i: below memtel_reclaim_rows()
 * @row: filled
 *
 * Context: Under memtel_source_lock, source attached.
 * Return: false when there is no such row now or it has nothing to show.
 */
bool memtel_reclaim_read(unsigned int i, struct memtel_reclaim_row *row)
{
	const u64 __percpu *words = words_at(i);
	unsigned int j;

	if (!memtel_reclaim_is_row(i, row))
		return false;
	/*
	 * Two words say whether there is anything to show. On CPUs without memory
	 * of their own reclaim may end without a sign.
	 */
	if (!(row->has_memory && always_shown(row->kind)) &&
	    !memtel_counter_sum(&words[TIMING_COUNT]) &&
	    !memtel_counter_sum(&words[TIMING_TOTAL_NS]))
		return false;
	memtel_timing_read(words, &row->timing);
	for (j = 0; j < RECLAIM_COUNTS; j++)
		row->counts[j] = memtel_counter_sum(&words[WORD_COUNTS + j]);
	for (j = 0; j < NR_PAGE_ORDERS; j++)
		row->orders[j] = memtel_counter_sum(&words[WORD_ORDERS + j]);
	for (j = 0; j < RECLAIM_CLASSES; j++)
		row->classes[j] = memtel_counter_sum(&words[WORD_CLASSES + j]);
	return true;
}

/**
 * memtel_reclaim_time() - the time of a kind on a node
 * @kind: which, not memcg
 * @nid: the node
 * @zid: only of this zone, -1 for the sum of all there is on the node
 * @timing: filled
 *
 * Context: Under memtel_source_lock.
 * Return: false while the source is not attached.
 */
bool memtel_reclaim_time(enum memtel_reclaim_kind kind, int nid, int zid,
			 struct memtel_timing *timing)
{
	struct memtel_timing one;
	unsigned int i;

	if (!memtel_source_is_attached(&memtel_reclaim_source))
		return false;
	*timing = (struct memtel_timing) {};
	for (i = 0; i < kinds[kind].nr; i++) {
		if (zid >= 0 && zid != i)
			continue;
		memtel_timing_read(memtel_reclaim_row(kind, nid, i), &one);
		memtel_timing_add(timing, &one);
	}
	return true;
}

/* Rows a kind has, on all nodes or of all cgroups. */
static unsigned int rows_of(enum memtel_reclaim_kind kind)
{
	return kind == MEMTEL_RECLAIM_KIND_MEMCG ? memtel_keyed_used(&cgroups) :
						   nr_node_ids * kinds[kind].nr;
}

/* The i-th of these, or NULL when it is out of scope. */
static u64 __percpu *row_in(enum memtel_reclaim_kind kind, unsigned int i,
			    const struct memtel_scope *scope)
{
	unsigned int nr = kinds[kind].nr;

	if (kind == MEMTEL_RECLAIM_KIND_MEMCG) {
		if (scope->cgroup_id &&
		    memtel_keyed_slot(&cgroups, i)->a != scope->cgroup_id)
			return NULL;
		return memtel_keyed_words(&cgroups, i);
	}
	if (!memtel_scope_has_node(scope, i / nr) ||
	    !memtel_scope_has_zone(scope, i % nr))
		return NULL;
	return memtel_reclaim_row(kind, i / nr, i % nr);
}

/**
 * memtel_reclaim_is_in() - is a row in scope?
 * @kind: its kind
 * @words: the row; NULL for none, which is in no scope but that of all
 * @scope: the scope
 *
 * Context: Process context, source attached.
 */
bool memtel_reclaim_is_in(enum memtel_reclaim_kind kind,
			  const u64 __percpu *words,
			  const struct memtel_scope *scope)
{
	unsigned int i;

	/* Compaction by tasks and by kernel threads differ in their row alone. */
	if (scope->nid == NUMA_NO_NODE && !scope->cgroup_id &&
	    kind != MEMTEL_RECLAIM_KIND_COMPACTION)
		return true;
	for (i = 0; words && i < rows_of(kind); i++)
		if (row_in(kind, i, scope) == words)
			return true;
	return false;
}

/* Sum of a kind's time in scope. Process context, source attached. */
u64 memtel_reclaim_total_ns(enum memtel_reclaim_kind kind,
			    const struct memtel_scope *scope)
{
	u64 sum = 0;
	unsigned int i;

	for (i = 0; i < rows_of(kind); i++) {
		const u64 __percpu *row = row_in(kind, i, scope);

		if (row)
			sum += memtel_counter_sum(&row[TIMING_TOTAL_NS]);
	}
	return sum;
}

/* Compactions by tasks that did not succeed. Source attached. */
u64 memtel_reclaim_compaction_failures(const struct memtel_scope *scope)
{
	const enum memtel_reclaim_kind kind = MEMTEL_RECLAIM_KIND_COMPACTION;
	unsigned int i, class;
	u64 sum = 0;

	for (i = 0; i < rows_of(kind); i++) {
		const u64 __percpu *row = row_in(kind, i, scope);

		for (class = 0; row && class < RECLAIM_CLASSES; class++)
			if (class + 1 != MEMTEL_COMPACTION_OUTCOME_SUCCESS)
				sum += memtel_counter_sum(&row[WORD_CLASSES +
							       class]);
	}
	return sum;
}

/**
 * memtel_reclaim_cgroup_path() - where a cgroup is
 * @id: its id in the default hierarchy
 * @buf: filled with the path, its beginning left out if it is too long
 * @size: of @buf
 *
 * Context: Process context, may sleep.
 * Return: false when it has gone or cannot
 * be seen from the caller's cgroup namespace.
 */
bool memtel_reclaim_cgroup_path(u64 id, char *buf, size_t size)
{
	struct cgroup *cgroup;
	bool found = false;
	size_t len;
	char *path;

	cgroup = cgroup_get_from_id(id);
	if (IS_ERR_OR_NULL(cgroup))
		return false;
	/* Callers hold locks that nobody may wait for memory under. */
	path = kmalloc(PATH_MAX, GFP_NOWAIT | __GFP_NOWARN);
	if (path && cgroup_path(cgroup, path, PATH_MAX) >= 0) {
		len = strlen(path);
		strscpy(buf, path + (len < size ? 0 : len - size + 1), size);
		found = true;
	}
	kfree(path);
	cgroup_put(cgroup);
	return found;
}
