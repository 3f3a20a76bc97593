// SPDX-License-Identifier: GPL-2.0
/*
 * Who had most of what, lately: what an event says beside its number.
 *
 * Model. Every group of suspects (caches by growth, shrinkers by time, ...) has
 * items, each with a key and a number that grows. At an event an item's number
 * less what the number was about a window ago is the item's part, and the few of
 * a group that have most are the suspects. An item that was not there then began
 * at zero; so did all that were counted since, where counts were reset.
 *
 * Where the earlier number comes from. Of caches, and of memory that is no slab,
 * the collector keeps earlier readings (collect.c), which have all of them. Of all
 * others, while there are triggers, the numbers are marked down about once a
 * second, for the last MARKS times. Both reach back as far as there is: evidence
 * covers a window of up to MARKS seconds, and of a longer one its end.
 *
 * Suspects. A cache or a shrinker has an item on each node, but is one suspect:
 * the parts that it has on the nodes of the scope are summed before they are
 * compared with others'. Its node is named only where one has most of the sum.
 * Caches are told from each other by their cookies and ids, never by their names,
 * which several may share.
 *
 * Bounds. A mark has room for all rows that its sources can have, but of sites,
 * tasks and cgroups for no more than GROUP_ITEMS_MAX each. An item that found no
 * room may have begun at anything: such items are left out, and the event says so.
 *
 * Locks. All is called under memtel_trigger_lock, with the collector's readings
 * held. Sources are read without theirs: the caller says which of them its
 * triggers hold, and so are attached for as long as it holds its lock.
 */
#include <linux/hash.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "collect.h"
#include "evidence.h"
#include "reclaim.h"
#include "shrinker.h"
#include "site.h"
#include "snapshot.h"
#include "source.h"
#include "stall.h"
#include "topk.h"
#include "trigger.h"
#include "zonelock.h"

/* A last reading of the caches that is older is none; so far back go marks. */
#define CACHES_OLD_NS		(8 * (u64)NSEC_PER_SEC)

#define MARKS			8
#define MARK_APART_NS		NSEC_PER_SEC
#define GROUP_ITEMS_MAX		8192U

/**
 * struct item_key - what tells an item from all others, whole
 * @a: what it is
 * @b: the rest of that
 * @nid: where, NUMA_NO_NODE for none
 * @group: of which group
 */
struct item_key {
	u64 a;
	u64 b;
	int nid;
	unsigned int group;
};

/**
 * struct mark - all numbers at one time
 * @time_ns: when, 0 for never
 * @lacks: groups of which some were left out, a bit each
 * @since_ns: by group, since when its source counts; 0 where it did not
 * @nr_of: by group, how many of it are there
 * @nr: of @items
 * @items: those that are not zero
 * @index: hash of a key to its item's number plus one, 0 for none
 */
struct mark {
	u64 time_ns;
	unsigned int lacks;
	u64 since_ns[MEMTEL_SUSPECT_GROUPS];
	unsigned int nr_of[MEMTEL_SUSPECT_GROUPS];
	unsigned int nr;
	struct mark_item {
		struct item_key key;
		u64 number;
	} *items;
	u32 *index;
};

/**
 * struct sum - what one has on all nodes of the scope
 * @value: the sum of its parts
 * @most: the largest of them
 * @nid: where it has that
 */
struct sum {
	u64 value;
	u64 most;
	int nid;
};

/**
 * struct shrinker_sum - that of a shrinker
 * @id: its id, 0 for none
 * @name: its name
 * @sum: its sum
 */
struct shrinker_sum {
	u32 id;
	char name[MEMTEL_NAME_MAX + 1];
	struct sum sum;
};

/**
 * struct item - one who may be a suspect
 * @a: what it is, in its group and node
 * @b: the rest of that
 * @number: what it has now
 * @nid: where, NUMA_NO_NODE for none
 * @id: for the event
 * @has_path: for the event
 * @name: for the event
 * @cache: for the event
 * @cookie: that of the cache, or of a site's cache
 */
struct item {
	u64 a;
	u64 b;
	u64 number;
	int nid;
	u64 id;
	bool has_path;
	const char *name;
	const char *cache;
	u64 cookie;
};

/**
 * struct gather - what is done with items
 * @mark: note them here, or NULL
 * @base: compare with this mark, if not
 * @ask: for whom
 * @group: they are of this
 * @since_ns: since when they are counted
 * @name: rank only what has this name, "" for all
 * @cache: rank only sites of this cache, NULL for all
 * @lacks: some were left out
 * @total: sum of parts
 * @top: those with most
 * @nr: of @top
 */
struct gather {
	struct mark *mark;
	const struct mark *base;
	const struct memtel_evidence_ask *ask;
	unsigned int group;
	u64 since_ns;
	const char *name;
	const struct memtel_suspect *cache;
	bool lacks;
	u64 total;
	struct memtel_suspect top[MEMTEL_SUSPECTS_EACH];
	unsigned int nr;
};

/**
 * struct memtel_evidence_room - all the memory that evidence needs
 * @marks: a ring
 * @newest: of them
 * @items: by group, for how many a mark has room
 * @nr_index: entries of a mark's index, a power of two
 * @view: for sites, tasks and cgroups
 * @calls: for shrinkers
 * @sums: for shrinkers, by hash of the id, open addressing
 * @nr_sums: of them, a power of two; at least twice the shrinkers there may be
 * @gather: for the group that is looked at
 */
struct memtel_evidence_room {
	struct mark marks[MARKS];
	unsigned int newest;
	unsigned int items[MEMTEL_SUSPECT_GROUPS];
	unsigned int nr_index;
	struct memtel_topk_view view;
	struct memtel_shrinker_calls calls;
	struct shrinker_sum *sums;
	unsigned int nr_sums;
	struct gather gather;
};

/* There while there are triggers. Protected by memtel_trigger_lock. */
static struct memtel_evidence_room *room;

static bool is_same(const struct item_key *a, const struct item_key *b)
{
	return a->a == b->a && a->b == b->b && a->nid == b->nid &&
	       a->group == b->group;
}

/* Where the number of a key is, or the empty place where it may go. */
static u32 *find_entry(const struct mark *mark, const struct item_key *key)
{
	/* Only where to look first: the whole key is compared there. */
	u32 i = hash_64(key->a + key->b * 31 + key->nid * 127 +
			key->group * 1021, ilog2(room->nr_index));
	u32 at;

	while ((at = mark->index[i]) &&
	       !is_same(&mark->items[at - 1].key, key))
		i = (i + 1) & (room->nr_index - 1);
	return &mark->index[i];
}

static void note(struct gather *g, const struct item_key *key, u64 number)
{
	struct mark *mark = g->mark;
	u32 *entry;

	if (!number)
		return;
	if (mark->nr_of[g->group] == room->items[g->group]) {
		g->lacks = true;
		return;
	}
	entry = find_entry(mark, key);
	/* Two rows of one key came in one look: the later one is right. */
	if (!*entry) {
		mark->nr_of[g->group]++;
		*entry = ++mark->nr;
	}
	mark->items[*entry - 1] = (struct mark_item) { *key, number };
}

/* Less than it was: what falls did not grow, what counts began anew. */
static u64 growth(u64 number, u64 was)
{
	return number > was ? number - was : 0;
}

/* What an item has got since the mark. */
static u64 part_of(const struct gather *g, const struct item_key *key,
		   u64 number)
{
	u32 at;

	/* All that it counts came after the mark. */
	if (g->base->since_ns[g->group] != g->since_ns)
		return number;
	at = *find_entry(g->base, key);
	if (at)
		return growth(number, g->base->items[at - 1].number);
	return g->base->lacks & BIT(g->group) ? 0 : number;
}

static void add_part(struct sum *sum, int nid, u64 part)
{
	sum->value += part;
	if (part <= sum->most)
		return;
	sum->most = part;
	sum->nid = nid;
}

/* The node that has most of a sum, if there is one. */
static int node_of(const struct sum *sum)
{
	return sum->most > sum->value / 2 ? sum->nid : NUMA_NO_NODE;
}

static void rank(struct gather *g, const struct item *item, u64 part)
{
	unsigned int i = g->nr;

	if (!part)
		return;
	g->total += part;
	if (g->name[0] && strcmp(g->name, item->name))
		return;
	while (i && g->top[i - 1].value < part)
		i--;
	if (i == MEMTEL_SUSPECTS_EACH)
		return;
	if (g->nr < MEMTEL_SUSPECTS_EACH)
		g->nr++;
	memmove(&g->top[i + 1], &g->top[i],
		(g->nr - 1 - i) * sizeof(g->top[0]));
	g->top[i].nid = item->nid;
	g->top[i].id = item->id;
	g->top[i].has_path = item->has_path;
	g->top[i].cookie = item->cookie;
	g->top[i].value = part;
	strscpy(g->top[i].name, item->name ?: "", sizeof(g->top[i].name));
	strscpy(g->top[i].cache, item->cache ?: "", sizeof(g->top[i].cache));
}

/* An item comes by: it is noted, or its part returned, if it is in scope. */
static u64 take_part(struct gather *g, const struct item *item)
{
	struct item_key key = {
		.a = item->a,
		.b = item->b,
		.nid = item->nid,
		.group = g->group,
	};

	if (g->mark) {
		note(g, &key, item->number);
		return 0;
	}
	if (item->nid != NUMA_NO_NODE &&
	    !memtel_scope_has_node(g->ask->scope, item->nid))
		return 0;
	return part_of(g, &key, item->number);
}

/* An item that is a suspect for itself. */
static void offer(struct gather *g, const struct item *item)
{
	rank(g, item, take_part(g, item));
}

/* What a cache has got on a node since it was @was, or since it began. */
static u64 node_part(const struct memtel_collected *row,
		     const struct memtel_collected *was, int nid,
		     bool by_allocs)
{
	const struct memtel_collected_node *node = &row->nodes[nid];
	const struct memtel_collected_node none = {};
	const struct memtel_collected_node *then = was ? &was->nodes[nid] :
							 &none;

	return by_allocs ? growth(node->allocs, then->allocs) :
			   growth(node->slab_bytes, then->slab_bytes);
}

static void each_cache(struct gather *g, bool by_allocs)
{
	const struct memtel_collection *now = memtel_collect_last();
	const struct memtel_collection *base =
		memtel_collect_before(g->ask->window_ns);
	unsigned int i;
	int nid;

	for (i = 0; i < now->nr; i++, cond_resched()) {
		const struct memtel_collected *row =
			memtel_collection_cache(now, i);
		const struct memtel_collected *was = by_allocs ?
			memtel_collection_counted(base, now, row) :
			memtel_collection_cookie(base, row->cookie);
		struct sum sum = {};

		for (nid = 0; nid < nr_node_ids; nid++)
			if (memtel_scope_has_node(g->ask->scope, nid))
				add_part(&sum, nid, node_part(row, was, nid,
							      by_allocs));
		rank(g, &(struct item) {
			.nid = node_of(&sum),
			.id = row->id,
			.name = row->name,
			.cookie = row->cookie,
		}, sum.value);
	}
}

static void each_growth(struct gather *g)
{
	each_cache(g, false);
}

static void each_allocs(struct gather *g)
{
	each_cache(g, true);
}

/* A name alone may be another's. */
static bool is_site_of(const struct memtel_topk_row *row,
		       const struct memtel_suspect *cache)
{
	return !strcmp(row->name, cache->name) &&
	       (!cache->cookie ||
		memtel_cache_cookie(row->b, row->name) == cache->cookie);
}

static void each_site(struct gather *g)
{
	struct memtel_topk_view *view = &room->view;
	unsigned int i;

	memtel_site_view_take(view);
	g->lacks |= view->nr == view->max;
	for (i = 0; i < view->nr; i++, cond_resched()) {
		const struct memtel_topk_row *row = &view->rows[i];

		if (g->cache && !is_site_of(row, g->cache))
			continue;
		offer(g, &(struct item) {
			.a = row->a,
			.b = row->b,
			.number = row->extra,
			.nid = NUMA_NO_NODE,
			.id = memtel_site_id(row),
			.cache = row->name,
			.cookie = g->cache ? g->cache->cookie : 0,
		});
	}
}

/* Where the sum of an id is, or the empty place where it may go. */
static struct shrinker_sum *find_sum(u32 id)
{
	u32 i = hash_32(id, ilog2(room->nr_sums));

	while (room->sums[i].id && room->sums[i].id != id)
		i = (i + 1) & (room->nr_sums - 1);
	return &room->sums[i];
}

static void sum_shrinker(struct gather *g, const struct item *item,
			 const char *name)
{
	struct shrinker_sum *sum;
	u64 part = take_part(g, item);

	if (!part)
		return;
	/*
	 * All that found no row have no id, and are nobody. What rows had that
	 * were given back lately is with them: that is no growth.
	 */
	if (!item->id)
		return;
	sum = find_sum(item->id);
	if (!sum->id) {
		sum->id = item->id;
		strscpy(sum->name, name, sizeof(sum->name));
	}
	add_part(&sum->sum, item->nid, part);
}

static void each_shrinker(struct gather *g)
{
	unsigned int i, nr = min(memtel_shrinker_rows(), room->nr_sums / 2);

	memset(room->sums, 0, room->nr_sums * sizeof(*room->sums));
	for (i = 0; i < nr; i++, cond_resched()) {
		struct memtel_shrinker_row row = {};
		u64 total_ns;

		/* Totals first, see window.c; what is open is read once. */
		memtel_shrinker_read(i, &row);
		total_ns = row.timing.total_ns;
		if (!i)
			memtel_shrinker_calls_read(&room->calls);
		sum_shrinker(g, &(struct item) {
			.a = row.id,
			.number = total_ns +
				  memtel_shrinker_call_ns(&room->calls, i),
			.nid = row.nid,
			.id = row.id,
		}, row.name);
	}
	for (i = 0; !g->mark && i < room->nr_sums; i++)
		rank(g, &(struct item) {
			.nid = node_of(&room->sums[i].sum),
			.id = room->sums[i].id,
			.name = room->sums[i].name,
		}, room->sums[i].sum.value);
}

/* The zones that have memory, one after another. */
static struct zone *zone_at(unsigned int i, struct memtel_scope *scope)
{
	struct zone *zone;

	scope->nid = i / MAX_NR_ZONES;
	scope->zid = i % MAX_NR_ZONES;
	if (!node_online(scope->nid))
		return NULL;
	zone = &NODE_DATA(scope->nid)->node_zones[scope->zid];
	return populated_zone(zone) ? zone : NULL;
}

static bool is_asked_zone(const struct gather *g, int zid)
{
	return g->mark || memtel_scope_has_zone(g->ask->scope, zid);
}

static void each_zone(struct gather *g,
		      u64 (*total_ns)(const struct memtel_scope *scope))
{
	struct memtel_scope scope = {};
	unsigned int i;

	for (i = 0; i < nr_node_ids * MAX_NR_ZONES;
	     i++, cond_resched()) {
		struct zone *zone = zone_at(i, &scope);
		u64 ns;

		if (!zone || !is_asked_zone(g, scope.zid))
			continue;
		ns = total_ns(&scope);
		offer(g, &(struct item) {
			.a = scope.zid,
			.number = ns,
			.nid = scope.nid,
			.name = zone->name,
		});
	}
}

static void each_lock(struct gather *g)
{
	each_zone(g, memtel_zonelock_total_ns);
}

static u64 with_open(enum memtel_reclaim_kind kind,
		     const struct memtel_scope *scope)
{
	struct memtel_open open = {};
	u64 total_ns = memtel_reclaim_total_ns(kind, scope);

	memtel_reclaim_open(kind, scope, ktime_get_mono_fast_ns(), &open);
	return total_ns + open.ns;
}

static u64 compaction_ns(const struct memtel_scope *scope)
{
	return with_open(MEMTEL_RECLAIM_KIND_COMPACTION, scope);
}

static void each_compaction(struct gather *g)
{
	each_zone(g, compaction_ns);
}

static void each_node(struct gather *g)
{
	struct memtel_scope scope = { .zid = MEMTEL_NO_ZONE };
	u64 ns;

	for_each_online_node(scope.nid) {
		ns = with_open(MEMTEL_RECLAIM_KIND_DIRECT, &scope) +
		     with_open(MEMTEL_RECLAIM_KIND_KSWAPD, &scope) +
		     with_open(MEMTEL_RECLAIM_KIND_NODE, &scope);
		offer(g, &(struct item) {
			.number = ns,
			.nid = scope.nid,
		});
	}
}

static void each_stalled(struct gather *g, enum memtel_suspect_kind kind)
{
	struct memtel_topk_view *view = &room->view;
	unsigned int i;

	memtel_stall_view_take(view, kind);
	memtel_reclaim_add_losers(view, kind);
	g->lacks |= view->nr == view->max;
	for (i = 0; i < view->nr; i++, cond_resched()) {
		const struct memtel_topk_row *row = &view->rows[i];

		offer(g, &(struct item) {
			.a = row->a,
			.b = row->b,
			/* Not what it took over from others. */
			.number = row->rank - row->error,
			.nid = NUMA_NO_NODE,
			.id = row->a,
			.has_path = kind == MEMTEL_SUSPECT_KIND_CGROUP &&
				    row->b,
			.name = row->name,
		});
	}
}

static void each_task(struct gather *g)
{
	each_stalled(g, MEMTEL_SUSPECT_KIND_TASK);
}

static void each_cgroup(struct gather *g)
{
	each_stalled(g, MEMTEL_SUSPECT_KIND_CGROUP);
}

static unsigned int zones_max(void)
{
	return nr_node_ids * MAX_NR_ZONES;
}

static unsigned int nodes_max(void)
{
	return nr_node_ids;
}

/**
 * struct group - suspects of one kind and measure
 * @kind: what they are
 * @measure: what their numbers are
 * @source: counts them; NULL: the collector reads them
 * @each: lets them come by
 * @most: how many there may be; NULL where they are not marked
 *
 * In the order in which they stand in an event.
 */
static const struct group {
	enum memtel_suspect_kind kind;
	enum memtel_measure measure;
	struct memtel_source *source;
	void (*each)(struct gather *g);
	unsigned int (*most)(void);
} groups[MEMTEL_SUSPECT_GROUPS] = {
	{
		.kind = MEMTEL_SUSPECT_KIND_CACHE,
		.measure = MEMTEL_MEASURE_GROWTH_BYTES,
		.each = each_growth,
	}, {
		.kind = MEMTEL_SUSPECT_KIND_CACHE,
		.measure = MEMTEL_MEASURE_ALLOCS,
		.each = each_allocs,
	}, {
		.kind = MEMTEL_SUSPECT_KIND_SITE,
		.measure = MEMTEL_MEASURE_ALLOCATED_BYTES,
		.source = &memtel_site_source,
		.each = each_site,
		.most = memtel_site_max_rows,
	}, {
		.kind = MEMTEL_SUSPECT_KIND_SHRINKER,
		.measure = MEMTEL_MEASURE_SHRINK_NS,
		.source = &memtel_shrinker_source,
		.each = each_shrinker,
		.most = memtel_shrinker_max_rows,
	}, {
		.kind = MEMTEL_SUSPECT_KIND_LOCK,
		.measure = MEMTEL_MEASURE_WAIT_NS,
		.source = &memtel_zonelock_source,
		.each = each_lock,
		.most = zones_max,
	}, {
		.kind = MEMTEL_SUSPECT_KIND_NODE,
		.measure = MEMTEL_MEASURE_RECLAIM_NS,
		.source = &memtel_reclaim_source,
		.each = each_node,
		.most = nodes_max,
	}, {
		.kind = MEMTEL_SUSPECT_KIND_ZONE,
		.measure = MEMTEL_MEASURE_COMPACTION_NS,
		.source = &memtel_reclaim_source,
		.each = each_compaction,
		.most = zones_max,
	}, {
		.kind = MEMTEL_SUSPECT_KIND_TASK,
		.measure = MEMTEL_MEASURE_STALL_NS,
		.source = &memtel_reclaim_source,
		.each = each_task,
		.most = memtel_stall_max_rows,
	}, {
		.kind = MEMTEL_SUSPECT_KIND_CGROUP,
		.measure = MEMTEL_MEASURE_STALL_NS,
		.source = &memtel_reclaim_source,
		.each = each_cgroup,
		.most = memtel_stall_max_rows,
	},
};

/* Its source is attached for sure. */
static bool is_held(const struct group *group, unsigned int held)
{
	return held & memtel_source_bit(group->source);
}

/* Let a group's items come by. */
static void gather(struct gather *g)
{
	const struct memtel_source *source = groups[g->group].source;

	if (source)
		/* Before the numbers: pairs with memtel_source_reset(). */
		g->since_ns = smp_load_acquire(&source->since_ns);
	groups[g->group].each(g);
	cond_resched();
}

/**
 * memtel_evidence_room_free() - free what memtel_evidence_room_alloc() made
 * @old: the room, or NULL
 */
void memtel_evidence_room_free(struct memtel_evidence_room *old)
{
	unsigned int i;

	if (!old)
		return;
	for (i = 0; i < MARKS; i++) {
		kvfree(old->marks[i].items);
		kvfree(old->marks[i].index);
	}
	kvfree(old->sums);
	memtel_topk_view_exit(&old->view);
	kvfree(old);
}

/* It serves all triggers: no one's cgroup pays for it. */
static int alloc_parts(struct memtel_evidence_room *new)
{
	unsigned int i, nr = 0, most = 0;

	for (i = 0; i < MEMTEL_SUSPECT_GROUPS; i++) {
		if (!groups[i].most)
			continue;
		new->items[i] = min(groups[i].most(), GROUP_ITEMS_MAX);
		nr += new->items[i];
		most = max(most, groups[i].most());
	}
	new->nr_index = 2 * roundup_pow_of_two(nr);
	for (i = 0; i < MARKS; i++) {
		struct mark *mark = &new->marks[i];

		mark->items = kvmalloc_array(nr, sizeof(*mark->items),
					     GFP_KERNEL);
		mark->index = kvcalloc(new->nr_index, sizeof(*mark->index),
				       GFP_KERNEL);
		if (!mark->items || !mark->index)
			return -ENOMEM;
	}
	new->nr_sums = 2 * roundup_pow_of_two(memtel_shrinker_max_rows());
	new->sums = kvcalloc(new->nr_sums, sizeof(*new->sums), GFP_KERNEL);
	if (!new->sums)
		return -ENOMEM;
	return memtel_topk_view_init(&new->view, most, GFP_KERNEL);
}

/**
 * memtel_evidence_room_alloc() - make room for evidence
 *
 * Context: Process context, without locks: it may wait for memory.
 * Return: the room, or NULL.
 */
struct memtel_evidence_room *memtel_evidence_room_alloc(void)
{
	struct memtel_evidence_room *new = kvzalloc(sizeof(*new), GFP_KERNEL);

	if (!new || !alloc_parts(new))
		return new;
	memtel_evidence_room_free(new);
	return NULL;
}

/* The first trigger is there: begin to mark numbers down. */
void memtel_evidence_start(struct memtel_evidence_room *new)
{
	lockdep_assert_held(&memtel_trigger_lock);
	room = new;
}

/* No trigger is left. Returns the room, to be freed without locks. */
struct memtel_evidence_room *memtel_evidence_stop(void)
{
	struct memtel_evidence_room *old = room;

	lockdep_assert_held(&memtel_trigger_lock);
	room = NULL;
	return old;
}

/**
 * memtel_evidence_mark() - mark all numbers down, if it is time to
 * @now_ns: the time
 * @held: sources that are attached for sure
 */
void memtel_evidence_mark(u64 now_ns, unsigned int held)
{
	struct mark *mark = &room->marks[room->newest];
	struct gather *g = &room->gather;
	unsigned int group;

	lockdep_assert_held(&memtel_trigger_lock);
	if (mark->time_ns && now_ns - mark->time_ns < MARK_APART_NS)
		return;
	room->newest = (room->newest + 1) % MARKS;
	mark = &room->marks[room->newest];
	*mark = (struct mark) {
		.time_ns = now_ns,
		.items = mark->items,
		.index = mark->index,
	};
	memset(mark->index, 0, room->nr_index * sizeof(*mark->index));
	for (group = 0; group < MEMTEL_SUSPECT_GROUPS; group++) {
		if (!groups[group].most || !is_held(&groups[group], held))
			continue;
		*g = (struct gather) {
			.mark = mark,
			.group = group,
			.name = "",
		};
		gather(g);
		mark->since_ns[group] = g->since_ns;
		if (g->lacks)
			mark->lacks |= BIT(group);
	}
}

/* The youngest mark of some age, or the oldest; NULL when there is none. */
static const struct mark *mark_of_age(u64 now_ns, u64 age_ns)
{
	const struct mark *mark = NULL;
	unsigned int i;

	for (i = 0; i < MARKS; i++) {
		const struct mark *older =
			&room->marks[(room->newest + MARKS - i) % MARKS];

		if (!older->time_ns)
			break;
		mark = older;
		if (now_ns - mark->time_ns >= age_ns)
			break;
	}
	return mark;
}

/* The earlier reading of the caches to compare the last with, or NULL. */
static const struct memtel_collection *
caches_base(const struct memtel_evidence_ask *ask)
{
	const struct memtel_collection *now = memtel_collect_last();

	/* What grew long ago, before a reading that waited, says nothing of now. */
	if (!now || ask->now_ns > now->time_ns + max_t(u64, ask->window_ns,
						       CACHES_OLD_NS))
		return NULL;
	return memtel_collect_before(ask->window_ns);
}

/* Is there an earlier number of the group to compare with? */
static bool has_base(const struct gather *g)
{
	return groups[g->group].most ? !!g->base : !!caches_base(g->ask);
}

static void add_suspects(struct memtel_evidence *evidence,
			 const struct gather *g)
{
	struct memtel_suspect *suspect;
	unsigned int i;

	for (i = 0; i < g->nr; i++) {
		suspect = &evidence->suspects[evidence->nr++];
		*suspect = g->top[i];
		suspect->kind = groups[g->group].kind;
		suspect->measure = groups[g->group].measure;
		suspect->total = g->total;
	}
}

/* The cache whose sites matter: which allocates most, or grew most. */
static const struct memtel_suspect *
cache_of_interest(const struct memtel_evidence *evidence,
		  const struct memtel_evidence_ask *ask)
{
	enum memtel_measure measure = ask->by_allocs ?
				      MEMTEL_MEASURE_ALLOCS :
				      MEMTEL_MEASURE_GROWTH_BYTES;
	unsigned int i;

	for (i = 0; i < evidence->nr; i++)
		if (evidence->suspects[i].measure == measure)
			return &evidence->suspects[i];
	return NULL;
}

/* Only what the trigger is about can be the cause. */
static const char *name_of_interest(enum memtel_suspect_kind kind,
				    const struct memtel_evidence_ask *ask)
{
	if (kind == MEMTEL_SUSPECT_KIND_CACHE && ask->is_by_cache)
		return ask->scope->name;
	if (kind == MEMTEL_SUSPECT_KIND_SHRINKER && ask->is_by_shrinker)
		return ask->scope->name;
	return "";
}

static void take_group(struct memtel_evidence *evidence, struct gather *g)
{
	const struct group *group = &groups[g->group];

	if (group->source && !is_held(group, g->ask->held)) {
		/* One that is shed would have had something to say. */
		if (group->source->is_shed)
			evidence->lacks |= BIT(group->kind);
		return;
	}
	if (has_base(g))
		gather(g);
	else
		g->lacks = true;
	if (g->lacks || (g->base && g->base->lacks & BIT(g->group)))
		evidence->lacks |= BIT(group->kind);
	if (group->measure == MEMTEL_MEASURE_RECLAIM_NS)
		evidence->reclaim_ns = g->total;
	if (group->measure == MEMTEL_MEASURE_GROWTH_BYTES)
		evidence->consumed_bytes += g->total;
	add_suspects(evidence, g);
}

/* By how much memory that is no slab grew, each where it did. */
static void take_used(struct memtel_evidence *evidence,
		      const struct memtel_evidence_ask *ask)
{
	const struct memtel_collection *base = caches_base(ask);
	const struct memtel_collection *now = memtel_collect_last();
	unsigned int i;
	int nid;

	if (!base)
		return;
	evidence->caches_interval_ns = now->time_ns - base->time_ns;
	for (nid = 0; nid < nr_node_ids; nid++)
		for (i = 0; i < MEMTEL_USES; i++)
			if (memtel_scope_has_node(ask->scope, nid))
				evidence->consumed_bytes +=
					growth(now->used[nid].bytes[i],
					       base->used[nid].bytes[i]);
}

/**
 * memtel_evidence_take() - gather the suspects of an event
 * @evidence: filled, but for the cause
 * @ask: for whom
 */
void memtel_evidence_take(struct memtel_evidence *evidence,
			  const struct memtel_evidence_ask *ask)
{
	const struct mark *base = mark_of_age(ask->now_ns, ask->window_ns);
	struct gather *g = &room->gather;
	unsigned int group;

	lockdep_assert_held(&memtel_trigger_lock);
	evidence->nr = 0;
	evidence->lacks = 0;
	evidence->has_cause = false;
	evidence->reclaim_ns = 0;
	evidence->consumed_bytes = 0;
	evidence->interval_ns = base ? ask->now_ns - base->time_ns : 0;
	evidence->caches_interval_ns = 0;
	take_used(evidence, ask);
	for (group = 0; group < MEMTEL_SUSPECT_GROUPS; group++) {
		*g = (struct gather) {
			.base = base,
			.ask = ask,
			.group = group,
			.name = name_of_interest(groups[group].kind, ask),
		};
		if (groups[group].kind == MEMTEL_SUSPECT_KIND_SITE)
			g->cache = cache_of_interest(evidence, ask);
		take_group(evidence, g);
	}
}

/**
 * memtel_evidence_lacks() - of what kinds of suspects some may be missing
 * @evidence: the evidence
 * @text: filled with the kinds' names, as in memtel.yaml, a space between
 * @size: bytes of @text
 */
void memtel_evidence_lacks(const struct memtel_evidence *evidence, char *text,
			   size_t size)
{
	static const char *const kinds[] = {
		[MEMTEL_SUSPECT_KIND_CACHE] = "cache",
		[MEMTEL_SUSPECT_KIND_SITE] = "site",
		[MEMTEL_SUSPECT_KIND_NODE] = "node",
		[MEMTEL_SUSPECT_KIND_ZONE] = "zone",
		[MEMTEL_SUSPECT_KIND_SHRINKER] = "shrinker",
		[MEMTEL_SUSPECT_KIND_LOCK] = "lock",
		[MEMTEL_SUSPECT_KIND_TASK] = "task",
		[MEMTEL_SUSPECT_KIND_CGROUP] = "cgroup",
	};
	unsigned int kind, len = 0;

	text[0] = '\0';
	for (kind = 1; kind < ARRAY_SIZE(kinds); kind++)
		if (evidence->lacks & BIT(kind))
			len += scnprintf(text + len, size - len, "%s%s",
					 len ? " " : "", kinds[kind]);
}
