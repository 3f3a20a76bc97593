// SPDX-License-Identifier: GPL-2.0
/*
 * Who had most of what, lately: what an event says beside its number.
 *
 * Model. Every group of suspects (caches by growth, shrinkers by time, ...) has
 * items, each with a key and a number that grows. While there are triggers, all
 * numbers are marked down about once a second, for the last MARKS times. At an
 * event each item's number less that of the youngest mark that is at least a
 * window old is its part, and the few items of a group that have most are the
 * suspects. So evidence covers a window of up to MARKS seconds, and of a longer
 * one its end. An item that was in no mark began at zero.
 *
 * Bounds. A mark has room for MARK_ITEMS numbers other than zero; small groups
 * are marked first. Where not all of a group are in the mark, an item that is not
 * is left out, rather than charged with all it ever had. Nor are caches in a
 * mark that was made before the collector's first reading (collect.c).
 *
 * Locks. All is called under the triggers' lock. Sources are read without
 * theirs: the caller says by @held which of them its triggers hold, and so are
 * attached for as long as it holds its lock.
 */
#include <linux/hash.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "collect.h"
#include "evidence.h"
#include "reclaim.h"
#include "shrinker.h"
#include "site.h"
#include "snapshot.h"
#include "source.h"
#include "stall.h"
#include "topk.h"
#include "zonelock.h"

#define MARKS			8
#define MARK_APART_NS		NSEC_PER_SEC
#define MARK_ITEMS_BITS		13
#define MARK_ITEMS		(BIT(MARK_ITEMS_BITS) / 2)

/**
 * struct mark - all numbers at one time
 * @time_ns: when, 0 for never
 * @nr: numbers in @items
 * @lacks: groups of which some were left out, a bit each
 * @is_early: there was no reading of the caches yet
 * @items: by hash of their key, open addressing; key 0 for none
 */
struct mark {
	u64 time_ns;
	unsigned int nr;
	unsigned int lacks;
	bool is_early;
	struct mark_item {
		u64 key;
		u64 number;
	} items[BIT(MARK_ITEMS_BITS)];
};

/* Made and freed with the first and the last trigger. */
static struct mark *marks[MARKS];
static unsigned int newest;
static struct memtel_topk_view view;

/* Of what the memory of nodes is made, beside slab; no suspects. */
#define GROUP_MEMORY	MEMTEL_SUSPECT_GROUPS

/**
 * struct item - one who may be a suspect
 * @key: in its group
 * @number: what it has now
 * @nid: where, NUMA_NO_NODE for none
 * @id: for the event
 * @has_path: for the event
 * @name: for the event
 * @cache: for the event
 */
struct item {
	u64 key;
	u64 number;
	int nid;
	u64 id;
	bool has_path;
	const char *name;
	const char *cache;
};

/**
 * struct gather - what is done with items
 * @mark: note them here, or NULL
 * @base: compare with this mark, if not
 * @scope: only of its node
 * @group: they are of this
 * @cache: only sites of this cache, NULL for all
 * @total: sum of parts
 * @top: those with most
 * @nr: of @top
 */
struct gather {
	struct mark *mark;
	const struct mark *base;
	const struct memtel_scope *scope;
	unsigned int group;
	const char *cache;
	u64 total;
	struct memtel_suspect top[MEMTEL_SUSPECTS_EACH];
	unsigned int nr;
};

static struct mark_item *find(struct mark *mark, u64 key)
{
	u32 i = hash_64(key, MARK_ITEMS_BITS);

	while (mark->items[i].key && mark->items[i].key != key)
		i = (i + 1) & (BIT(MARK_ITEMS_BITS) - 1);
	return &mark->items[i];
}

static void note(struct gather *g, u64 key, u64 number)
{
	struct mark_item *item = find(g->mark, key);

	if (!number)
		return;
	if (!item->key && g->mark->nr == MARK_ITEMS) {
		g->mark->lacks |= BIT(g->group);
		return;
	}
	g->mark->nr += !item->key;
	item->key = key;
	item->number = number;
}

/* What an item has got since the mark. */
static u64 part_of(const struct gather *g, u64 key, const struct item *item)
{
	const struct mark_item *was = find((struct mark *)g->base, key);

	if (!was->key)
		return g->base->lacks & BIT(g->group) ? 0 : item->number;
	/* Less than it was: what falls did not grow, what counts began anew. */
	return item->number > was->number ? item->number - was->number : 0;
}

static void rank(struct gather *g, const struct item *item, u64 part)
{
	unsigned int i = g->nr;

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
	g->top[i].value = part;
	strscpy(g->top[i].name, item->name ?: "", sizeof(g->top[i].name));
	strscpy(g->top[i].cache, item->cache ?: "", sizeof(g->top[i].cache));
}

/* An item of a group comes by. */
static void offer(struct gather *g, const struct item *item)
{
	/* Never 0, and apart from other groups'. */
	u64 key = hash_64(item->key, 56) | (u64)(g->group + 1) << 56;
	u64 part;

	if (g->mark) {
		note(g, key, item->number);
		return;
	}
	if (item->nid != NUMA_NO_NODE &&
	    !memtel_scope_has_node(g->scope, item->nid))
		return;
	if (g->cache && strcmp(g->cache, item->cache))
		return;
	part = part_of(g, key, item);
	if (!part)
		return;
	g->total += part;
	rank(g, item, part);
}

static void each_cache(struct gather *g, bool by_allocs)
{
	const struct memtel_snapshot *snap = memtel_collect_get();
	unsigned int i;
	int nid;

	if (!snap && g->mark) {
		g->mark->is_early = true;
		g->mark->lacks |= BIT(g->group);
	}
	for (i = 0; snap && i < snap->nr; i++) {
		const struct memtel_collected *row = memtel_collected(snap, i);

		for (nid = 0; nid < nr_node_ids; nid++) {
			const struct memtel_collected_node *node =
				&row->nodes[nid];
			struct item item = {
				.nid = nid,
				.id = row->id,
				.name = row->name,
			};

			/*
			 * Memory is there, under its name, before the slab
			 * source counts, which alone gives ids, and after.
			 */
			item.key = (by_allocs ? row->id :
				    full_name_hash(NULL, row->name,
						   row->name_len)) +
				   ((u64)nid << 40);
			item.number = by_allocs ? node->allocs :
						  node->slab_bytes;
			offer(g, &item);
		}
	}
	memtel_collect_put();
}

static void each_growth(struct gather *g)
{
	each_cache(g, false);
}

static void each_allocs(struct gather *g)
{
	each_cache(g, true);
}

static void each_site(struct gather *g)
{
	unsigned int i;

	memtel_site_view_take(&view);
	for (i = 0; i < view.nr; i++) {
		const struct memtel_topk_row *row = &view.rows[i];
		u64 id = memtel_site_id(row);

		offer(g, &(struct item) {
			.key = id,
			.number = row->extra,
			.nid = NUMA_NO_NODE,
			.id = id,
			.cache = row->name,
		});
	}
}

static void each_shrinker(struct gather *g)
{
	/* Much for a stack; one at a time under the triggers' lock. */
	static struct memtel_shrinker_calls calls;
	unsigned int i, nr = memtel_shrinker_rows();
	struct memtel_shrinker_row row;
	u64 total_ns;

	for (i = 0; i < nr; i++) {
		/* Totals first, see window.c; what is open is read once. */
		row.timing.total_ns = 0;
		row.id = 0;
		memtel_shrinker_read(i, &row);
		total_ns = row.timing.total_ns;
		if (!i)
			memtel_shrinker_calls_read(&calls);
		/* All others have no id and no name: nobody to blame. */
		if (!row.id)
			continue;
		offer(g, &(struct item) {
			.key = (u64)row.id * MAX_NUMNODES + row.nid,
			.number = total_ns + memtel_shrinker_call_ns(&calls, i),
			.nid = row.nid,
			.id = row.id,
			.name = row.name,
		});
	}
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

static void each_zone(struct gather *g,
		      u64 (*total_ns)(const struct memtel_scope *scope))
{
	struct memtel_scope scope = {};
	unsigned int i;

	for (i = 0; i < nr_node_ids * MAX_NR_ZONES; i++) {
		struct zone *zone = zone_at(i, &scope);
		u64 ns;

		if (!zone)
			continue;
		ns = total_ns(&scope);
		offer(g, &(struct item) {
			.key = i + 1,
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
			.key = scope.nid + 1,
			.number = ns,
			.nid = scope.nid,
		});
	}
}

static void each_stalled(struct gather *g, enum memtel_suspect_kind kind)
{
	unsigned int i;

	memtel_stall_view_take(&view, kind);
	memtel_reclaim_add_losers(&view, kind);
	for (i = 0; i < view.nr; i++) {
		const struct memtel_topk_row *row = &view.rows[i];

		offer(g, &(struct item) {
			.key = row->a * 31 + row->b,
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

static void each_memory(struct gather *g)
{
	static const enum node_stat_item items[] = {
		NR_ANON_MAPPED, NR_FILE_PAGES,
	};
	unsigned int i;
	int nid;

	for_each_online_node(nid) {
		for (i = 0; i < ARRAY_SIZE(items); i++) {
			long pages = atomic_long_read(&NODE_DATA(nid)
						      ->vm_stat[items[i]]);
			u64 bytes = (u64)max(pages, 0L) << PAGE_SHIFT;

			offer(g, &(struct item) {
				.key = nid * ARRAY_SIZE(items) + i + 1,
				.number = bytes,
				.nid = nid,
			});
		}
	}
}

/* In the order in which they stand in an event. */
static const struct {
	enum memtel_suspect_kind kind;
	enum memtel_measure measure;
	struct memtel_source *source;
	void (*each)(struct gather *g);
} groups[MEMTEL_SUSPECT_GROUPS + 1] = {
	{ MEMTEL_SUSPECT_KIND_CACHE, MEMTEL_MEASURE_GROWTH_BYTES, NULL,
	  each_growth },
	{ MEMTEL_SUSPECT_KIND_CACHE, MEMTEL_MEASURE_ALLOCS, NULL,
	  each_allocs },
	{ MEMTEL_SUSPECT_KIND_SITE, MEMTEL_MEASURE_ALLOCATED_BYTES,
	  &memtel_site_source, each_site },
	{ MEMTEL_SUSPECT_KIND_SHRINKER, MEMTEL_MEASURE_SHRINK_NS,
	  &memtel_shrinker_source, each_shrinker },
	{ MEMTEL_SUSPECT_KIND_LOCK, MEMTEL_MEASURE_WAIT_NS,
	  &memtel_zonelock_source, each_lock },
	{ MEMTEL_SUSPECT_KIND_NODE, MEMTEL_MEASURE_RECLAIM_NS,
	  &memtel_reclaim_source, each_node },
	{ MEMTEL_SUSPECT_KIND_ZONE, MEMTEL_MEASURE_COMPACTION_NS,
	  &memtel_reclaim_source, each_compaction },
	{ MEMTEL_SUSPECT_KIND_TASK, MEMTEL_MEASURE_STALL_NS,
	  &memtel_reclaim_source, each_task },
	{ MEMTEL_SUSPECT_KIND_CGROUP, MEMTEL_MEASURE_STALL_NS,
	  &memtel_reclaim_source, each_cgroup },
	[GROUP_MEMORY] = { .each = each_memory },
};

static bool can_gather(unsigned int group, unsigned int held)
{
	return !groups[group].source ||
	       held & memtel_source_bit(groups[group].source);
}

/* Forget what was: sources began anew. */
void memtel_evidence_forget(void)
{
	unsigned int i;

	for (i = 0; i < MARKS; i++)
		if (marks[i])
			marks[i]->time_ns = 0;
}

/* No trigger is left. */
void memtel_evidence_stop(void)
{
	unsigned int i;

	for (i = 0; i < MARKS; i++) {
		vfree(marks[i]);
		marks[i] = NULL;
	}
	memtel_topk_view_exit(&view);
}

/**
 * memtel_evidence_start() - make room for what is marked down
 *
 * Return: 0 or -ENOMEM.
 */
int memtel_evidence_start(void)
{
	unsigned int i;

	for (i = 0; i < MARKS; i++) {
		marks[i] = vzalloc(sizeof(*marks[i]));
		if (!marks[i])
			goto err_stop;
	}
	if (!memtel_topk_view_init(&view, max(memtel_site_max_rows(),
					      memtel_stall_max_rows())))
		return 0;

err_stop:
	memtel_evidence_stop();
	return -ENOMEM;
}

/**
 * memtel_evidence_mark() - mark all numbers down, if it is time to
 * @now_ns: the time
 * @held: sources that are attached for sure
 */
void memtel_evidence_mark(u64 now_ns, unsigned int held)
{
	struct gather g = {};

	/* Once there are caches, marks without them are of little use. */
	if (marks[newest]->is_early && memtel_collect_is_there())
		memtel_evidence_forget();
	if (marks[newest]->time_ns &&
	    now_ns - marks[newest]->time_ns < MARK_APART_NS)
		return;
	newest = (newest + 1) % MARKS;
	g.mark = marks[newest];
	memset(g.mark, 0, sizeof(*g.mark));
	g.mark->time_ns = now_ns;
	/* The caches, of which there are many, come last. */
	for (g.group = ARRAY_SIZE(groups); g.group--; cond_resched())
		if (can_gather(g.group, held))
			groups[g.group].each(&g);
}

/* The youngest mark of some age, or the oldest. */
static const struct mark *mark_of_age(u64 now_ns, u64 age_ns)
{
	const struct mark *mark = marks[newest];
	unsigned int i;

	for (i = 1; i < MARKS && now_ns - mark->time_ns < age_ns; i++) {
		const struct mark *older = marks[(newest + MARKS - i) % MARKS];

		if (!older->time_ns)
			break;
		mark = older;
	}
	return mark;
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

/* Only the sites of the cache that matters: which grew most, or allocates. */
static const char *cache_of_interest(const struct memtel_evidence *evidence)
{
	return evidence->nr ? evidence->suspects[0].name : NULL;
}

/**
 * memtel_evidence_take() - gather the suspects of an event
 * @evidence: filled, but for the cause
 * @scope: of the trigger: only its node
 * @now_ns: the time
 * @window_ns: over how long, as far as marks go back
 * @held: sources that are attached for sure
 */
void memtel_evidence_take(struct memtel_evidence *evidence,
			  const struct memtel_scope *scope, u64 now_ns,
			  u64 window_ns, unsigned int held)
{
	const struct mark *base = mark_of_age(now_ns, window_ns);
	unsigned int group;

	evidence->nr = 0;
	evidence->has_cause = false;
	evidence->reclaim_ns = 0;
	evidence->consumed_bytes = 0;
	evidence->interval_ns = base->time_ns ? now_ns - base->time_ns : 0;
	if (!base->time_ns)
		return;
	for (group = 0; group < ARRAY_SIZE(groups); group++) {
		/* Much for a stack; one at a time under the triggers' lock. */
		static struct gather g;

		memset(&g, 0, sizeof(g));
		g.base = base;
		g.scope = scope;
		g.group = group;
		if (groups[group].kind == MEMTEL_SUSPECT_KIND_SITE)
			g.cache = cache_of_interest(evidence);
		if (can_gather(group, held))
			groups[group].each(&g);
		cond_resched();
		if (groups[group].measure == MEMTEL_MEASURE_RECLAIM_NS)
			evidence->reclaim_ns = g.total;
		if (groups[group].measure == MEMTEL_MEASURE_GROWTH_BYTES ||
		    group == GROUP_MEMORY)
			evidence->consumed_bytes += g.total;
		if (group != GROUP_MEMORY)
			add_suspects(evidence, &g);
	}
}
