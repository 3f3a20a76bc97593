// SPDX-License-Identifier: GPL-2.0
/*
 * The reclaim source's rows of counters: made, found and read.
 *
 * A node has a row for each kind of reclaim, by zone or reason where a kind has
 * that, whether or not the zone has memory now: it may be plugged in later.
 * Cgroups get theirs when they first reclaim, and give them back when they are
 * removed (keyed.c).
 *
 * Cgroups and those below them. A row counts what tasks of that very cgroup
 * lost. A trigger on a cgroup wants the time of all cgroups below it, too,
 * those that will be made and those that are removed meanwhile. So a trigger
 * watches its cgroup: that one has a row as long as it is watched, and the row
 * of each cgroup below it has a link to the nearest watched one above (@up). A
 * time that is counted is added to the subtree's word of each on that way. The
 * way above a cgroup never changes, so a link is set when a row is made, when a
 * cgroup above is watched, and when it is not watched any more.
 *
 * Locks. Watches: memtel_source_lock. A link: written by the probe that made
 * the row only while it is 0 or leads to a row that was given back; else under
 * memtel_source_lock. The one who adds a row publishes it and then looks for
 * watched cgroups above; the one who watches says so and then looks for rows
 * below: one of both sees the other.
 */
#include <linux/cgroup.h>
#include <linux/moduleparam.h>
#include <linux/mmzone.h>
#include <linux/netlink.h>
#include <linux/nodemask.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "keyed.h"
#include "reclaim_rows.h"
#include "source.h"

#define CGROUPS_MAX	16384

/* Rows that a table sized by itself has at least, memory allowing. */
#define CGROUPS_LEAST	256

static unsigned int reclaim_cgroups;

static int cgroups_set(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, 0, CGROUPS_MAX);
}

static const struct kernel_param_ops cgroups_ops = {
	.set = cgroups_set,
	.get = param_get_uint,
};

module_param_cb(reclaim_cgroups, &cgroups_ops, &reclaim_cgroups, 0444);
MODULE_PARM_DESC(reclaim_cgroups,
		 "Cgroups whose reclaim can be counted at once (1 to 16384); 0, the default: twice as many as there are when the reclaim source is attached; see memtel status for the memory that takes");

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

/**
 * struct cgroup_watch - a cgroup that triggers want the time of
 * @list: in the list of all
 * @id: the cgroup's
 * @in_default: it is of the default hierarchy
 * @users: how many triggers
 * @row: its row, while the source is attached
 */
struct cgroup_watch {
	struct list_head list;
	u64 id;
	bool in_default;
	unsigned int users;
	struct memtel_row row;
};

/* Under memtel_source_lock. They outlive the source's being attached. */
static LIST_HEAD(watches);
static unsigned int nr_watches;

/* Storage; set up and taken down under the source lock while no probe runs. */
static struct memtel_counters rows;
static struct memtel_keyed cgroups;

static struct memtel_key key_of_cgroup(u64 id, bool in_default)
{
	struct memtel_key key = {
		.a = id,
		/* Ids of another hierarchy say nothing of paths in this one. */
		.b = in_default,
		.nid = NUMA_NO_NODE,
	};

	return key;
}

static struct memtel_key key_of(struct cgroup *cgroup)
{
	return key_of_cgroup(cgroup_id(cgroup),
			     cgroup->root == &cgrp_dfl_root);
}

/* A link to a row as it is now; never 0, for the generation is odd. */
static u64 link_to(const struct memtel_keyed_slot *slot)
{
	return (u64)READ_ONCE(slot->generation) << 32 |
	       memtel_keyed_nr(&cgroups, slot);
}

/* The row that a link leads to, or NULL for none or one that was given back. */
static struct memtel_keyed_slot *linked(u64 link)
{
	struct memtel_keyed_slot *slot = &cgroups.slots[(u32)link];

	return link && READ_ONCE(slot->generation) == link >> 32 ? slot : NULL;
}

/* A link to the nearest watched cgroup above, or 0. */
static u64 watched_above(struct cgroup *cgroup)
{
	struct memtel_keyed_slot *slot;
	struct memtel_key key;

	if (!READ_ONCE(nr_watches))
		return 0;
	while ((cgroup = cgroup_parent(cgroup))) {
		key = key_of(cgroup);
		slot = memtel_keyed_find(&cgroups, &key);
		if (slot && READ_ONCE(slot->watchers))
			return link_to(slot);
	}
	return 0;
}

static bool cgroup_is_online(const struct cgroup *cgroup)
{
	return READ_ONCE(cgroup->self.flags) & CSS_ONLINE;
}

static unsigned int cgroups_wanted(void)
{
	unsigned int there = memory_cgrp_subsys.root ?
		atomic_read(&memory_cgrp_subsys.root->nr_cgrps) : 0;

	if (reclaim_cgroups)
		return reclaim_cgroups;
	return memtel_keyed_size(max_t(unsigned int, CGROUPS_LEAST,
				       2 * (there + nr_watches)),
				 CGROUP_WORDS);
}

/*
 * Rows of cgroups below a watched one link to it, unless they link to one that
 * is nearer. What they link to else is above it, or gone.
 */
static void link_below(struct cgroup *cgroup, struct memtel_keyed_slot *watched)
{
	struct cgroup_subsys_state *css;
	struct memtel_keyed_slot *slot;
	struct memtel_key key;
	u64 link;

	css_for_each_descendant_pre(css, &cgroup->self) {
		key = key_of(css->cgroup);
		slot = memtel_keyed_find(&cgroups, &key);
		if (!slot || slot == watched)
			continue;
		link = READ_ONCE(slot->up);
		if (link == watched->up || !linked(link))
			cmpxchg(&slot->up, link, link_to(watched));
	}
}

/* Give a watched cgroup its row. @cgroup: NULL for one that cannot be found. */
static bool watch_begin(struct cgroup_watch *watch, struct cgroup *cgroup)
{
	struct memtel_key key = key_of_cgroup(watch->id, watch->in_default);
	struct memtel_keyed_slot *slot;
	bool is_new, is_placed;

	lockdep_assert_held(&memtel_source_lock);
	rcu_read_lock();
	watch->row = memtel_keyed_place(&cgroups, &key, &is_new);
	slot = &cgroups.slots[watch->row.nr];
	is_placed = slot->id;
	if (is_placed) {
		WRITE_ONCE(slot->watchers, 1);
		/* Pairs with memtel_reclaim_cgroup_row(). */
		smp_mb();
	}
	if (is_placed && cgroup) {
		WRITE_ONCE(slot->up, watched_above(cgroup));
		link_below(cgroup, slot);
	}
	rcu_read_unlock();
	return is_placed;
}

static void watch_end(struct cgroup_watch *watch)
{
	struct memtel_keyed_slot *slot = &cgroups.slots[watch->row.nr];
	unsigned int i, used = memtel_keyed_used(&cgroups);
	u64 link = link_to(slot);

	lockdep_assert_held(&memtel_source_lock);
	WRITE_ONCE(slot->watchers, 0);
	for (i = 0; i < used; i++)
		if (READ_ONCE(cgroups.slots[i].up) == link)
			cmpxchg(&cgroups.slots[i].up, link, slot->up);
}

static struct cgroup_watch *find_watch(u64 id)
{
	struct cgroup_watch *watch;

	list_for_each_entry(watch, &watches, list)
		if (watch->id == id)
			return watch;
	return NULL;
}

/* Of one that is of the default hierarchy, with a reference; else NULL. */
static struct cgroup *get_cgroup(u64 id)
{
	struct cgroup *cgroup = cgroup_get_from_id(id);

	return IS_ERR_OR_NULL(cgroup) ? NULL : cgroup;
}

static int watch_check(struct cgroup_watch *watch, struct cgroup *cgroup,
		       struct netlink_ext_ack *extack)
{
	if (!cgroup) {
		NL_SET_ERR_MSG(extack, "there is no cgroup of this id");
		return -ENOENT;
	}
	if (!memtel_source_is_attached(&memtel_reclaim_source))
		return 0;
	if (!watch_begin(watch, cgroup)) {
		NL_SET_ERR_MSG(extack,
			       "no free row for the cgroup: see reclaim_cgroups");
		return -ENOSPC;
	}
	/* Now: had it been removed before, nobody would tell the row. */
	if (cgroup && !cgroup_is_online(cgroup)) {
		watch_end(watch);
		memtel_keyed_thing_gone(&cgroups,
					&cgroups.slots[watch->row.nr]);
		NL_SET_ERR_MSG(extack, "the cgroup is being removed");
		return -ENOENT;
	}
	return 0;
}

/**
 * memtel_reclaim_watch() - keep the time of a cgroup and of those below it
 * @scope: the scope that names the cgroup; one that does not needs nothing
 * @extack: told why not
 *
 * Its total is then that of memtel_reclaim_total_ns() of this scope, from zero.
 *
 * Context: Process context under memtel_source_lock; the source is held.
 * Return: 0, -ENOENT for no such cgroup, -ENOSPC for no row, -EOPNOTSUPP where
 * memory is not in the default hierarchy, or -ENOMEM.
 */
int memtel_reclaim_watch(const struct memtel_scope *scope,
			 struct netlink_ext_ack *extack)
{
	struct cgroup_watch *watch;
	struct cgroup *cgroup;
	int err;

	lockdep_assert_held(&memtel_source_lock);
	if (!scope->cgroup_id)
		return 0;
	/* An id of another hierarchy cannot be looked up. */
	if (memory_cgrp_subsys.root != &cgrp_dfl_root) {
		NL_SET_ERR_MSG(extack,
			       "cgroups can be watched in the default hierarchy only (cgroup v2)");
		return -EOPNOTSUPP;
	}
	watch = find_watch(scope->cgroup_id);
	if (watch) {
		watch->users++;
		return 0;
	}
	watch = kzalloc(sizeof(*watch), GFP_KERNEL);
	if (!watch)
		return -ENOMEM;
	cgroup = get_cgroup(scope->cgroup_id);
	watch->id = scope->cgroup_id;
	watch->in_default = cgroup;
	watch->users = 1;
	WRITE_ONCE(nr_watches, nr_watches + 1);
	err = watch_check(watch, cgroup, extack);
	if (cgroup)
		cgroup_put(cgroup);
	if (err) {
		WRITE_ONCE(nr_watches, nr_watches - 1);
		kfree(watch);
		return err;
	}
	list_add_tail(&watch->list, &watches);
	return 0;
}

/**
 * memtel_reclaim_unwatch() - the end of a watch
 * @scope: that of a memtel_reclaim_watch() that returned 0
 *
 * Context: Process context under memtel_source_lock, the source still held.
 */
void memtel_reclaim_unwatch(const struct memtel_scope *scope)
{
	struct cgroup_watch *watch;

	lockdep_assert_held(&memtel_source_lock);
	if (!scope->cgroup_id)
		return;
	watch = find_watch(scope->cgroup_id);
	if (--watch->users)
		return;
	if (memtel_source_is_attached(&memtel_reclaim_source))
		watch_end(watch);
	WRITE_ONCE(nr_watches, nr_watches - 1);
	list_del(&watch->list);
	kfree(watch);
}

/* Watches from before the source was attached. */
static void watches_begin(void)
{
	struct cgroup_watch *watch;
	struct cgroup *cgroup;

	list_for_each_entry(watch, &watches, list) {
		cgroup = get_cgroup(watch->id);
		if (watch_begin(watch, cgroup) && !cgroup && watch->in_default)
			memtel_keyed_thing_gone(&cgroups,
						&cgroups.slots[watch->row.nr]);
		if (cgroup)
			cgroup_put(cgroup);
	}
}

int memtel_reclaim_rows_init(void)
{
	int err = memtel_counters_alloc(&rows, nr_node_ids * ROWS_PER_NODE,
					RECLAIM_WORDS);

	if (err)
		return err;
	err = memtel_keyed_init(&cgroups, 1, cgroups_wanted(), CGROUP_WORDS);
	if (err)
		return err;
	watches_begin();
	return 0;
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

/* Give back the rows of cgroups that were removed. */
void memtel_reclaim_rows_tick(void)
{
	memtel_keyed_tick(&cgroups);
}

/**
 * memtel_reclaim_row() - the number of the row of a kind on a node
 * @kind: any but memcg
 * @nid: the node
 * @i: zone index or throttle reason, 0 for kinds that are by node only
 */
u32 memtel_reclaim_row(enum memtel_reclaim_kind kind, int nid, unsigned int i)
{
	return nid * ROWS_PER_NODE + kinds[kind].first + i;
}

/* The words of the row of such a number. */
u64 __percpu *memtel_reclaim_words(u32 row)
{
	return memtel_counters_slot(&rows, row);
}

static u64 __percpu *words_of(enum memtel_reclaim_kind kind, int nid,
			      unsigned int i)
{
	return memtel_reclaim_words(memtel_reclaim_row(kind, nid, i));
}

/**
 * memtel_reclaim_cgroup_row() - the row of the current task's cgroup
 *
 * Context: A probe in task context, within rcu_read_lock().
 * Return: the row; that of all other cgroups when the table is full.
 */
struct memtel_row memtel_reclaim_cgroup_row(void)
{
	struct cgroup *cgroup = task_css(current, memory_cgrp_id)->cgroup;
	struct memtel_key key = key_of(cgroup);
	struct memtel_keyed_slot *slot;
	struct memtel_row row;
	bool is_new;
	u64 link;

	row = memtel_keyed_place(&cgroups, &key, &is_new);
	slot = &cgroups.slots[row.nr];
	if (!slot->id)
		return row;
	link = READ_ONCE(slot->up);
	if (is_new) {
		/* Pairs with watch_begin(), and with the removal of a cgroup. */
		smp_mb();
		/* Its last task may reclaim after it was removed. */
		if (!cgroup_is_online(cgroup))
			memtel_keyed_thing_gone(&cgroups, slot);
	}
	if (is_new || (link && !linked(link)))
		cmpxchg(&slot->up, link, watched_above(cgroup));
	return row;
}

/* Where an event of a cgroup's row counts. */
u64 __percpu *memtel_reclaim_cgroup_words(struct memtel_row row)
{
	return memtel_keyed_counted(&cgroups, row, NUMA_NO_NODE);
}

static u64 __percpu *slot_words(const struct memtel_keyed_slot *slot)
{
	return memtel_keyed_words(&cgroups, memtel_keyed_nr(&cgroups, slot));
}

/* The row's slot, NULL when it was given back or is that of all others. */
static struct memtel_keyed_slot *slot_of(struct memtel_row row)
{
	return row.nr ? linked((u64)row.generation << 32 | row.nr) : NULL;
}

/**
 * memtel_reclaim_cgroup_lost() - count a time for watched cgroups
 * @row: the row of the cgroup whose task lost it
 * @ns: the time
 *
 * Context: A probe in task context, within rcu_read_lock().
 */
void memtel_reclaim_cgroup_lost(struct memtel_row row, u64 ns)
{
	struct memtel_keyed_slot *slot;

	if (!READ_ONCE(nr_watches))
		return;
	for (slot = slot_of(row); slot; slot = linked(READ_ONCE(slot->up)))
		if (READ_ONCE(slot->watchers))
			this_cpu_add(slot_words(slot)[WORD_SUBTREE_NS], ns);
}

/**
 * memtel_reclaim_cgroup_is_in() - is a cgroup in a scope, or below it?
 * @row: the cgroup's
 * @scope: the scope
 *
 * Context: Any, within rcu_read_lock().
 */
bool memtel_reclaim_cgroup_is_in(struct memtel_row row,
				 const struct memtel_scope *scope)
{
	struct memtel_keyed_slot *slot;

	if (!scope->cgroup_id)
		return true;
	for (slot = slot_of(row); slot; slot = linked(READ_ONCE(slot->up)))
		if (slot->a == scope->cgroup_id)
			return true;
	return false;
}

/**
 * memtel_reclaim_cgroup_gone() - a cgroup was removed
 * @cgroup: of any hierarchy
 *
 * Context: A probe.
 */
void memtel_reclaim_cgroup_gone(struct cgroup *cgroup)
{
	struct memtel_key key = key_of(cgroup);
	struct memtel_keyed_slot *slot;

	/* Each hierarchy has ids of its own. */
	if (cgroup->root != memory_cgrp_subsys.root)
		return;
	rcu_read_lock();
	slot = memtel_keyed_find(&cgroups, &key);
	if (slot)
		memtel_keyed_thing_gone(&cgroups, slot);
	rcu_read_unlock();
}

/* The watched row of a scope, or NULL. */
static const struct memtel_keyed_slot *watched(const struct memtel_scope *scope)
{
	struct memtel_keyed_slot *slot;
	struct memtel_key key;
	unsigned int b;

	for (b = 0; b < 2; b++) {
		key = key_of_cgroup(scope->cgroup_id, b);
		slot = memtel_keyed_find(&cgroups, &key);
		if (slot && READ_ONCE(slot->watchers))
			return slot;
	}
	return NULL;
}

/**
 * memtel_reclaim_is_gone() - has a scope's cgroup been removed?
 * @scope: that of a memtel_reclaim_watch() that returned 0
 *
 * Context: Process context, source attached.
 */
bool memtel_reclaim_is_gone(const struct memtel_scope *scope)
{
	const struct memtel_keyed_slot *slot;
	bool is_gone;

	if (!scope->cgroup_id)
		return false;
	rcu_read_lock();
	slot = watched(scope);
	is_gone = slot && READ_ONCE(slot->is_gone);
	rcu_read_unlock();
	return is_gone;
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
 * Return: false when its zone is of a node that is not there, or when it was
 * given back.
 */
bool memtel_reclaim_is_row(unsigned int i, struct memtel_reclaim_row *row)
{
	unsigned int node_rows = nr_node_ids * ROWS_PER_NODE;
	struct zone *zone;

	lockdep_assert_held(&memtel_source_lock);

	row->nid = NUMA_NO_NODE;
	row->zone = NULL;
	row->reason = 0;
	row->cgroup_id = 0;
	row->cgroup_has_path = false;
	row->has_memory = true;
	if (i >= node_rows) {
		const struct memtel_keyed_slot *slot =
			memtel_keyed_slot(&cgroups, i - node_rows);

		if (!slot)
			return false;
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

	lockdep_assert_held(&memtel_source_lock);
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
	for (j = 0; kinds[row->kind].has_orders && j < NR_PAGE_ORDERS; j++)
		row->orders[j] = memtel_counter_sum(&words[WORD_ORDERS + j]);
	for (j = 0; kinds[row->kind].has_orders && j < RECLAIM_CLASSES; j++)
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

	lockdep_assert_held(&memtel_source_lock);

	if (!memtel_source_is_attached(&memtel_reclaim_source))
		return false;
	*timing = (struct memtel_timing) {};
	for (i = 0; i < kinds[kind].nr; i++) {
		if (zid >= 0 && zid != i)
			continue;
		memtel_timing_read(words_of(kind, nid, i), &one);
		memtel_timing_add(timing, &one);
	}
	return true;
}

/**
 * memtel_reclaim_is_in() - is a row in scope?
 * @kind: only of this kind
 * @row: its number, any but a cgroup's; one that is none is in no scope
 *       but that of all
 * @scope: the scope
 */
bool memtel_reclaim_is_in(enum memtel_reclaim_kind kind, u32 row,
			  const struct memtel_scope *scope)
{
	unsigned int i;

	/* Compaction by tasks and by kernel threads differ in their row alone. */
	if (scope->nid == NUMA_NO_NODE && kind != MEMTEL_RECLAIM_KIND_COMPACTION)
		return true;
	if (row >= nr_node_ids * ROWS_PER_NODE)
		return false;
	i = row % ROWS_PER_NODE - kinds[kind].first;
	return i < kinds[kind].nr &&
	       memtel_scope_has_node(scope, row / ROWS_PER_NODE) &&
	       memtel_scope_has_zone(scope, i);
}

/* Sum of a word of the rows of a kind, any but memcg, in scope. */
static u64 sum_in(enum memtel_reclaim_kind kind, unsigned int word,
		  const struct memtel_scope *scope)
{
	bool is_one = scope->nid != NUMA_NO_NODE;
	int nid, last = is_one ? scope->nid : nr_node_ids - 1;
	u64 sum = 0;
	u32 row;

	for (nid = is_one ? scope->nid : 0; nid <= last; nid++)
		for (row = 0; row < kinds[kind].nr; row++)
			if (memtel_scope_has_zone(scope, row))
				sum += memtel_counter_sum(words_of(kind, nid,
								   row) + word);
	return sum;
}

/* Of a cgroup and those below it, by a lookup. */
static u64 subtree_ns(const struct memtel_scope *scope)
{
	const struct memtel_keyed_slot *slot;
	u64 ns = 0;

	rcu_read_lock();
	slot = watched(scope);
	if (slot)
		ns = memtel_counter_sum(slot_words(slot) + WORD_SUBTREE_NS);
	rcu_read_unlock();
	return ns;
}

static u64 cgroups_total_ns(void)
{
	unsigned int i, used = memtel_keyed_used(&cgroups);
	u64 sum = 0;

	/* That of all others is the first: see keyed.c. */
	for (i = 0; i < used; i++) {
		sum += memtel_counter_sum(memtel_keyed_words(&cgroups, i) +
					  TIMING_TOTAL_NS);
		/* Pairs with keyed_fold(). */
		smp_rmb();
	}
	return sum;
}

/* Sum of a kind's time in scope. Process context, source attached. */
u64 memtel_reclaim_total_ns(enum memtel_reclaim_kind kind,
			    const struct memtel_scope *scope)
{
	if (kind != MEMTEL_RECLAIM_KIND_MEMCG)
		return sum_in(kind, TIMING_TOTAL_NS, scope);
	return scope->cgroup_id ? subtree_ns(scope) : cgroups_total_ns();
}

/* Compactions by tasks that did not succeed. Source attached. */
u64 memtel_reclaim_compaction_failures(const struct memtel_scope *scope)
{
	unsigned int class;
	u64 sum = 0;

	for (class = 0; class < RECLAIM_CLASSES; class++)
		if (class + 1 != MEMTEL_COMPACTION_OUTCOME_SUCCESS)
			sum += sum_in(MEMTEL_RECLAIM_KIND_COMPACTION,
				      WORD_CLASSES + class, scope);
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
