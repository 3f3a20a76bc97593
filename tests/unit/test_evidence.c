// SPDX-License-Identifier: GPL-2.0
/*
 * Whom an event names: evidence.c, cause.c and collect.c as they are, on a
 * made-up host whose numbers are known. Time passes when the test says so; once
 * a second the host is read and marked down, as the triggers do.
 */
#include "kernel_stub.h"
#include "tap.h"

#include "collect.h"
#include "cost.h"
#include "evidence.h"
#include "gauge.h"
#include "reclaim.h"
#include "shrinker.h"
#include "site.h"
#include "snapshot.h"
#include "source.h"
#include "stall.h"
#include "topk.h"
#include "work_stub.h"
#include "zonelock.h"

#define MIB	(1ULL << 20)
#define SECOND	((u64)NSEC_PER_SEC)
#define ALL	~0U

unsigned int stub_alloc_fail;
unsigned int nr_node_ids;
pg_data_t stub_nodes[STUB_NODES];
u64 stub_now_ns;
struct delayed_work *stub_queued;

/* The made-up host. */
#define CACHES_MAX	5000
#define ROWS_MAX	20000

static struct fake_cache {
	char name[32];
	u64 cookie;
	u32 id;
	u64 bytes[STUB_NODES];
	u64 allocs[STUB_NODES];
} caches[CACHES_MAX];
static unsigned int nr_caches;

static struct memtel_topk_row sites[ROWS_MAX];
static unsigned int nr_sites, sites_max;

static struct fake_shrinker {
	const char *name;
	u32 id;
	int nid;
	u64 ns;
} shrinkers[64];
static unsigned int nr_shrinkers;

static u64 kswapd_ns[STUB_NODES];

static void shrinker(const char *name, u32 id)
{
	for (unsigned int nid = 0; nid < nr_node_ids; nid++)
		shrinkers[nr_shrinkers++] = (struct fake_shrinker) {
			.name = name, .id = id, .nid = nid,
		};
}

static struct fake_cache *cache(const char *name)
{
	struct fake_cache *c = &caches[nr_caches];

	strscpy(c->name, name, sizeof(c->name));
	memset(c->bytes, 0, sizeof(c->bytes));
	memset(c->allocs, 0, sizeof(c->allocs));
	c->id = ++nr_caches;
	c->cookie = 0x1234567800000000 + c->id;
	return c;
}

static void site(const struct fake_cache *c, u64 address, u64 bytes)
{
	struct memtel_topk_row *row = &sites[nr_sites++];

	*row = (struct memtel_topk_row) {
		.a = address, .b = c->cookie, .rank = 1, .extra = bytes,
	};
	strscpy(row->name, c->name, sizeof(row->name));
}

/* What the module asks of it. */
struct memtel_source memtel_slab_source, memtel_site_source;
struct memtel_source memtel_shrinker_source, memtel_reclaim_source;
struct memtel_source memtel_zonelock_source;
DEFINE_MUTEX(memtel_trigger_lock);

unsigned int memtel_source_bit(const struct memtel_source *source)
{
	return source ? 1 : 0;
}

struct memtel_snapshot *
memtel_snapshot_take(const struct memtel_cache_filter *filter,
		     struct memtel_snapshot_format *format, const void *arg,
		     struct memtel_snapshot_room *first)
{
	size_t bytes = format->bytes_max(), size = bytes * nr_caches;
	struct memtel_cache_node_row nodes[STUB_NODES] = {};
	struct memtel_snapshot *snap = calloc(1, sizeof(*snap) + size + 8);

	if (filter->nid != NUMA_NO_NODE || first->size)
		abort();
	for (unsigned int i = 0; i < nr_caches; i++) {
		struct memtel_cache_row row = {
			.kind = MEMTEL_CACHE_KIND_SLAB,
			.address = caches[i].cookie,
			.id = caches[i].id,
			.name = caches[i].name,
			.nodes = nodes,
		};

		for (unsigned int nid = 0; nid < nr_node_ids; nid++) {
			nodes[nid].has_occupancy = true;
			nodes[nid].has_counts = caches[i].id;
			nodes[nid].occ.slab_bytes = caches[i].bytes[nid];
			nodes[nid].counts.allocs = caches[i].allocs[nid];
		}
		snap->room.len += format->write(snap->bytes + snap->room.len,
						bytes, &row, arg);
		snap->nr++;
	}
	snap->since_ns = memtel_slab_source.since_ns;
	return snap;
}

void memtel_snapshot_free(struct memtel_snapshot *snap)
{
	free(snap);
}

u64 memtel_cache_cookie(u64 address, const char *name)
{
	return name ? address : 0;
}

int memtel_topk_view_init(struct memtel_topk_view *view, unsigned int max,
			  gfp_t gfp)
{
	(void)gfp;
	view->max = 2 * max;
	view->rows = calloc(view->max, sizeof(*view->rows));
	return view->rows ? 0 : -ENOMEM;
}

void memtel_topk_view_exit(struct memtel_topk_view *view)
{
	free(view->rows);
	memset(view, 0, sizeof(*view));
}

unsigned int memtel_site_max_rows(void)
{
	return sites_max;
}

void memtel_site_view_take(struct memtel_topk_view *view)
{
	view->nr = min(nr_sites, view->max);
	memcpy(view->rows, sites, view->nr * sizeof(*sites));
}

u64 memtel_site_id(const struct memtel_topk_row *row)
{
	return row->a;
}

unsigned int memtel_stall_max_rows(void)
{
	return 16;
}

void memtel_stall_view_take(struct memtel_topk_view *view,
			    enum memtel_suspect_kind kind)
{
	(void)kind;
	view->nr = 0;
}

void memtel_reclaim_add_losers(struct memtel_topk_view *view,
			       enum memtel_suspect_kind kind)
{
	(void)view;
	(void)kind;
}

unsigned int memtel_shrinker_max_rows(void)
{
	return ARRAY_SIZE(shrinkers);
}

unsigned int memtel_shrinker_rows(void)
{
	return nr_shrinkers;
}

bool memtel_shrinker_read(unsigned int i, struct memtel_shrinker_row *row)
{
	*row = (struct memtel_shrinker_row) {
		.id = shrinkers[i].id,
		.nid = shrinkers[i].nid,
		.timing.total_ns = shrinkers[i].ns,
	};
	strscpy(row->name, shrinkers[i].name, sizeof(row->name));
	return true;
}

void memtel_shrinker_calls_read(struct memtel_shrinker_calls *open)
{
	open->nr = 0;
}

u64 memtel_shrinker_call_ns(const struct memtel_shrinker_calls *open,
			    unsigned int i)
{
	return open->nr + i ? 0 : 0;
}

u64 memtel_zonelock_total_ns(const struct memtel_scope *scope)
{
	return scope->zid ? 0 : 0;
}

u64 memtel_reclaim_total_ns(enum memtel_reclaim_kind kind,
			    const struct memtel_scope *scope)
{
	return kind == MEMTEL_RECLAIM_KIND_KSWAPD ? kswapd_ns[scope->nid] : 0;
}

void memtel_reclaim_open(enum memtel_reclaim_kind kind,
			 const struct memtel_scope *scope, u64 now,
			 struct memtel_open *open)
{
	(void)kind;
	(void)scope;
	(void)now;
	(void)open;
}

bool memtel_node_read(int nid, struct memtel_node *node)
{
	*node = (struct memtel_node) { .managed_bytes = 100 * MIB };
	return nid >= 0;
}

/* The triggers, as far as evidence is theirs. */
static struct memtel_evidence evidence;
static const struct memtel_scope everywhere = {
	.nid = NUMA_NO_NODE, .zid = MEMTEL_NO_ZONE,
};

static void on_reading(void)
{
}

static void begin_with(unsigned int nodes, unsigned int rows)
{
	struct memtel_evidence_room *room;

	nr_node_ids = nodes;
	nr_caches = 0;
	nr_sites = 0;
	nr_shrinkers = 0;
	sites_max = rows;
	memtel_slab_source.since_ns = 1;
	memset(kswapd_ns, 0, sizeof(kswapd_ns));
	memset(stub_nodes, 0, sizeof(stub_nodes));
	stub_now_ns += 1000 * SECOND;
	memtel_collect_init(on_reading);
	memtel_collect_every(SECOND);
	room = memtel_evidence_room_alloc();
	if (!room)
		abort();
	mutex_lock(&memtel_trigger_lock);
	memtel_evidence_start(room);
	mutex_unlock(&memtel_trigger_lock);
}

static void begin(unsigned int nodes)
{
	begin_with(nodes, 64);
}

static void end(void)
{
	memtel_collect_every(0);
	mutex_lock(&memtel_trigger_lock);
	memtel_evidence_room_free(memtel_evidence_stop());
	mutex_unlock(&memtel_trigger_lock);
}

static void second(void)
{
	struct delayed_work *work = stub_queued;

	stub_now_ns += SECOND;
	stub_queued = NULL;
	work->work.fn(&work->work);
	mutex_lock(&memtel_trigger_lock);
	memtel_collect_get();
	memtel_evidence_mark(stub_now_ns, ALL);
	memtel_collect_put();
	mutex_unlock(&memtel_trigger_lock);
}

static const struct memtel_suspect *
cause_in(const struct memtel_scope *scope, enum memtel_metric metric,
	 u64 window_ns)
{
	bool is_slab = metric == MEMTEL_METRIC_SLAB_GROWTH ||
		       metric == MEMTEL_METRIC_SLAB_ALLOCS;
	struct memtel_evidence_ask ask = {
		.scope = scope,
		.is_by_cache = is_slab,
		.is_by_shrinker = metric == MEMTEL_METRIC_SHRINKER_TIME,
		.by_allocs = metric == MEMTEL_METRIC_SLAB_ALLOCS,
		.now_ns = stub_now_ns,
		.window_ns = window_ns,
		.held = ALL,
	};

	mutex_lock(&memtel_trigger_lock);
	memtel_collect_get();
	memtel_evidence_take(&evidence, &ask);
	memtel_cause_find(&evidence, metric);
	memtel_collect_put();
	mutex_unlock(&memtel_trigger_lock);
	return evidence.has_cause ? &evidence.cause : NULL;
}

static const struct memtel_suspect *cause(enum memtel_metric metric,
					  u64 window_ns)
{
	return cause_in(&everywhere, metric, window_ns);
}

static bool is(const struct memtel_suspect *suspect, const char *name,
	       u64 value)
{
	if (suspect && !strcmp(suspect->name, name) && suspect->value == value)
		return true;
	printf("# %s %llu\n", suspect ? suspect->name : "nobody",
	       suspect ? suspect->value : 0);
	return false;
}

static bool is_suspected(const char *name)
{
	for (unsigned int i = 0; i < evidence.nr; i++)
		if (!strcmp(evidence.suspects[i].name, name) &&
		    evidence.suspects[i].measure == MEMTEL_MEASURE_GROWTH_BYTES)
			return true;
	return false;
}

/* It rests, with much more on one node; another grows. */
static void test_uneven_at_rest(void)
{
	struct fake_cache *inodes, *leak;

	begin(2);
	inodes = cache("inode_cache");
	leak = cache("kmalloc-192");
	inodes->bytes[0] = 100 * MIB;
	inodes->bytes[1] = MIB;
	inodes->allocs[0] = 500000;
	inodes->allocs[1] = 5;
	second();
	second();
	leak->bytes[0] += 32 * MIB;
	leak->allocs[0] += 1000;
	second();
	ok(is(cause(MEMTEL_METRIC_SLAB_GROWTH, SECOND), "kmalloc-192",
	      32 * MIB), "what grew is the cause");
	ok(!is_suspected("inode_cache"), "what rests is no suspect");
	ok(evidence.consumed_bytes == 32 * MIB, "nor consumed anything");
	ok(is(cause(MEMTEL_METRIC_SLAB_ALLOCS, SECOND), "kmalloc-192", 1000),
	   "the same of allocations");
	second();
	second();
	ok(!cause(MEMTEL_METRIC_SLAB_GROWTH, SECOND) && !evidence.nr,
	   "where nothing grew nobody is suspected");
	end();
}

/* It grows on the node where it has less. */
static void test_growth_where_it_has_less(void)
{
	struct fake_cache *inodes;

	begin(2);
	inodes = cache("inode_cache");
	inodes->bytes[0] = MIB;
	inodes->bytes[1] = 100 * MIB;
	second();
	second();
	inodes->bytes[0] += 59 * MIB;
	second();
	ok(is(cause(MEMTEL_METRIC_SLAB_GROWTH, SECOND), "inode_cache",
	      59 * MIB) && evidence.cause.nid == 0,
	   "growth on the node where it has less is seen");
	end();
}

static void test_shrinking(void)
{
	struct fake_cache *dentries, *leak;

	begin(2);
	dentries = cache("dentry");
	leak = cache("kmalloc-64");
	dentries->bytes[0] = 100 * MIB;
	dentries->bytes[1] = 50 * MIB;
	second();
	second();
	dentries->bytes[0] -= 60 * MIB;
	leak->bytes[1] += MIB;
	second();
	ok(is(cause(MEMTEL_METRIC_SLAB_GROWTH, SECOND), "kmalloc-64", MIB) &&
	   !is_suspected("dentry"), "what shrank did not grow");
	end();
}

/* The counts begin anew at zero. */
static void test_reset(void)
{
	struct fake_cache *busy, *idle;

	begin(2);
	busy = cache("kmalloc-64");
	idle = cache("dentry");
	busy->allocs[0] = 1000;
	idle->allocs[1] = 100000;
	second();
	second();
	busy->allocs[0] = 500;
	idle->allocs[1] = 0;
	second();
	cause(MEMTEL_METRIC_SLAB_ALLOCS, SECOND);
	for (unsigned int i = 0; i < evidence.nr; i++)
		ok(strcmp(evidence.suspects[i].name, "dentry"),
		   "after a reset what rests is no suspect");
	ok(evidence.nr <= 1, "and there are no others");
	end();
}

/* Rows that differ in nothing but one half of what they are. */
static void test_keys(void)
{
	begin(1);
	cache("kmalloc-64")->bytes[0] = MIB;
	for (unsigned int i = 1; i <= 8; i++)
		site(&caches[0], (u64)i << 56, i * MIB);
	second();
	second();
	sites[3].extra += 7 * MIB;
	caches[0].bytes[0] += MIB;
	second();
	ok(cause(MEMTEL_METRIC_SLAB_GROWTH, SECOND) &&
	   evidence.cause.kind == MEMTEL_SUSPECT_KIND_SITE &&
	   evidence.cause.id == sites[3].a &&
	   evidence.cause.value == 7 * MIB &&
	   evidence.cause.total == 7 * MIB, "the site that allocates it");
	end();
}

/* All that was consumed, evenly over the nodes, is one cache's. */
static void test_even_over_nodes(unsigned int nodes)
{
	struct fake_cache *leak;

	begin(nodes);
	cache("dentry")->bytes[0] = 7 * MIB;
	leak = cache("kmalloc-192");
	second();
	second();
	for (unsigned int nid = 0; nid < nodes; nid++)
		leak->bytes[nid] += 288 * MIB;
	second();
	ok(is(cause(MEMTEL_METRIC_KSWAPD_TIME, SECOND), "kmalloc-192",
	      nodes * 288 * MIB), "a cache that grew on %u nodes is the cause",
	   nodes);
	ok(evidence.cause.nid == (nodes == 1 ? 0 : NUMA_NO_NODE),
	   "no node has most of it, but one that is alone");
	ok(evidence.nr == 1, "and it is one suspect");
	leak->bytes[nodes - 1] += nodes * 10 * MIB;
	leak->bytes[0] += MIB;
	second();
	ok(cause(MEMTEL_METRIC_SLAB_GROWTH, SECOND)->nid == (int)nodes - 1,
	   "the node that has most is named");
	end();
}

/* The same of shrinkers, beside two others and what found no place. */
static void test_shrinker_over_nodes(unsigned int nodes)
{
	begin(nodes);
	shrinker("", 0);
	shrinker("super_cache_scan", 77);
	shrinker("mb_cache_scan", 3);
	second();
	second();
	for (unsigned int i = 0; i < nr_shrinkers; i++)
		shrinkers[i].ns += shrinkers[i].id == 77 ? 600 : 150;
	for (unsigned int nid = 0; nid < nodes; nid++)
		kswapd_ns[nid] += 1000;
	second();
	ok(is(cause(MEMTEL_METRIC_KSWAPD_TIME, SECOND), "super_cache_scan",
	      nodes * 600) && evidence.cause.total == nodes * 1000 &&
	   evidence.cause.id == 77,
	   "a shrinker on %u nodes that took most of their time is the cause",
	   nodes);
	is(cause(MEMTEL_METRIC_SHRINKER_TIME, SECOND), "super_cache_scan",
	   nodes * 600);
	ok(evidence.cause.total == nodes * 750,
	   "of the time of all shrinkers that have a row");
	end();
}

/* Of one node's trigger only what is on that node counts. */
static void test_scope(void)
{
	struct memtel_scope node1 = everywhere;
	struct fake_cache *here, *there;

	begin(4);
	here = cache("kmalloc-64");
	there = cache("kmalloc-96");
	second();
	second();
	here->bytes[1] += 5 * MIB;
	there->bytes[1] += 4 * MIB;
	there->bytes[2] += 100 * MIB;
	second();
	node1.nid = 1;
	cause_in(&node1, MEMTEL_METRIC_SLAB_GROWTH, SECOND);
	ok(is(&evidence.cause, "kmalloc-64", 5 * MIB) &&
	   evidence.cause.nid == 1 && evidence.consumed_bytes == 9 * MIB,
	   "a node's trigger counts what is on the node");
	end();
}

/* Two of one name at rest, and a third that grows, of the same name too. */
static void test_same_name(void)
{
	struct fake_cache *leak, *third;

	begin(2);
	cache("mlx5_fs_ftes")->bytes[0] = MIB;
	cache("mlx5_fs_ftes")->bytes[0] = 1024 * MIB;
	cache("mlx5_fs_ftes")->bytes[1] = 17 * MIB;
	leak = cache("kmalloc-192");
	second();
	second();
	leak->bytes[1] += 32 * MIB;
	second();
	ok(is(cause(MEMTEL_METRIC_SLAB_GROWTH, SECOND), "kmalloc-192",
	      32 * MIB) && !is_suspected("mlx5_fs_ftes"),
	   "caches of one name at rest are not mixed up");
	third = cache("mlx5_fs_ftes");
	third->bytes[0] = 3 * MIB;
	second();
	ok(is(cause(MEMTEL_METRIC_SLAB_GROWTH, SECOND), "mlx5_fs_ftes",
	      3 * MIB), "one that is new grew from nothing");
	end();
}

/* Destroyed while it is counted: no cookie any more, and its id stays. */
static void test_gone(void)
{
	struct fake_cache *gone;

	begin(1);
	gone = cache("short-lived");
	gone->bytes[0] = MIB;
	gone->allocs[0] = 100000;
	second();
	second();
	gone->cookie = 0;
	gone->bytes[0] = 0;
	gone->allocs[0] += 50;
	second();
	ok(is(cause(MEMTEL_METRIC_SLAB_ALLOCS, SECOND), "short-lived", 50),
	   "what a cache did before it was destroyed");
	end();
}

/* More caches than anybody thought of: the right one, and nobody else. */
static void test_many_caches(unsigned int nodes)
{
	struct fake_cache *leak, *other;
	char name[32];

	begin_with(nodes, ROWS_MAX);
	leak = cache("kmalloc-192");
	for (unsigned int i = 1; i < 4000; i++) {
		struct fake_cache *c;

		snprintf(name, sizeof(name), "cache-%u", i);
		c = cache(name);
		for (unsigned int nid = 0; nid < nodes; nid++) {
			c->bytes[nid] = i % (nid + 3) * MIB;
			c->allocs[nid] = i * 1000 * (nid + 1);
		}
	}
	other = &caches[5];
	for (unsigned int i = 1; i <= 5000; i++)
		site(&caches[i % 4000], i, i);
	second();
	second();
	leak->bytes[nodes - 1] += 2300 * MIB;
	leak->allocs[nodes - 1] += 9000000;
	other->bytes[0] += MIB;
	other->allocs[0] += 10;
	site(leak, 0x123456, 9000000 * 192ULL);
	second();
	ok(cause(MEMTEL_METRIC_SLAB_GROWTH, SECOND) &&
	   evidence.cause.kind == MEMTEL_SUSPECT_KIND_SITE &&
	   evidence.cause.id == 0x123456, "of 4000 caches on %u nodes and "
	   "5000 sites the one that leaks", nodes);
	ok(is(&evidence.suspects[0], "kmalloc-192", 2300 * MIB) &&
	   is(&evidence.suspects[1], "cache-5", MIB) &&
	   evidence.suspects[2].measure == MEMTEL_MEASURE_ALLOCS,
	   "two grew, and no others");
	ok(evidence.consumed_bytes == 2301 * MIB && !evidence.lacks,
	   "nothing is left out");
	end();
}

/* More sites than a mark has room for: those without a mark are left out. */
static void test_lack(void)
{
	char text[MEMTEL_NAME_MAX + 1];
	struct fake_cache *leak;

	begin_with(1, ROWS_MAX);
	leak = cache("kmalloc-192");
	for (unsigned int i = 1; i < ROWS_MAX; i++)
		site(leak, i, 1000 * MIB);
	second();
	second();
	leak->bytes[0] += 10 * MIB;
	sites[100].extra += 11 * MIB;
	second();
	ok(cause(MEMTEL_METRIC_SLAB_GROWTH, SECOND) &&
	   evidence.cause.id == 101 && evidence.cause.value == 11 * MIB,
	   "a site that is not in the mark is not charged with all it has");
	memtel_evidence_lacks(&evidence, text, sizeof(text));
	ok(!strcmp(text, "site"), "and the event says that sites are lacking");
	evidence.lacks = ~0U;
	memtel_evidence_lacks(&evidence, text, sizeof(text));
	ok(!strcmp(text, "cache site node zone shrinker lock task cgroup"),
	   "all kinds have room");
	end();
}

/* Two caches of one name, one site in each; another allocates more than grows. */
static void test_sites_that_matter(void)
{
	struct fake_cache *grows, *twin, *churns;
	struct memtel_scope named = everywhere;

	begin(2);
	twin = cache("bio-128");
	grows = cache("bio-128");
	churns = cache("names_cache");
	site(twin, 1, 0);
	site(grows, 2, 0);
	site(churns, 3, 0);
	second();
	second();
	grows->bytes[1] += 5 * MIB;
	grows->allocs[1] += 100;
	churns->allocs[0] += 100000;
	twin->bytes[0] += MIB;
	sites[0].extra += 90 * MIB;
	sites[1].extra += 5 * MIB;
	sites[2].extra += 400 * MIB;
	second();
	ok(cause(MEMTEL_METRIC_SLAB_GROWTH, SECOND) &&
	   evidence.cause.id == 2 && evidence.cause.total == 5 * MIB,
	   "growth: the site of the cache that grew, not of its namesake");
	ok(cause(MEMTEL_METRIC_SLAB_ALLOCS, SECOND) &&
	   evidence.cause.id == 3 &&
	   evidence.cause.kind == MEMTEL_SUSPECT_KIND_SITE,
	   "allocations: the site of the cache that allocates most");
	strcpy(named.name, "names_cache");
	ok(!cause_in(&named, MEMTEL_METRIC_SLAB_GROWTH, SECOND),
	   "of a trigger of one cache no other is the cause");
	ok(cause_in(&named, MEMTEL_METRIC_SLAB_ALLOCS, SECOND) &&
	   evidence.cause.id == 3, "but it, or its site");
	end();
}

/* The source counts, and so begins at zero, when there is a trigger already. */
static void test_counted_late(void)
{
	struct fake_cache *burst, *leak;

	begin(1);
	memtel_slab_source.since_ns = 0;
	burst = cache("names_cache");
	leak = cache("kmalloc-cg-192");
	burst->id = 0;
	leak->id = 0;
	second();
	second();
	burst->id = 1;
	leak->id = 2;
	memtel_slab_source.since_ns = stub_now_ns;
	burst->allocs[0] = 95000;
	leak->allocs[0] = 5;
	second();
	second();
	burst->allocs[0] += 10;
	leak->allocs[0] += 5000;
	second();
	ok(is(cause(MEMTEL_METRIC_SLAB_ALLOCS, SECOND), "kmalloc-cg-192", 5000),
	   "what was allocated before the window is no evidence");
	leak->allocs[0] += 20;
	second();
	ok(is(cause(MEMTEL_METRIC_SLAB_ALLOCS, SECOND), "kmalloc-cg-192", 20),
	   "nor is what was before");
	memtel_slab_source.since_ns = stub_now_ns;
	burst->allocs[0] = 7;
	leak->allocs[0] = 0;
	second();
	ok(is(cause(MEMTEL_METRIC_SLAB_ALLOCS, SECOND), "names_cache", 7),
	   "after a reset all was counted since");
	end();
}

/* There is nothing to compare with yet, or no memory for a reading. */
static void test_first(void)
{
	struct fake_cache *c;

	begin(1);
	c = cache("dentry");
	c->bytes[0] = 500 * MIB;
	second();
	ok(!cause(MEMTEL_METRIC_SLAB_GROWTH, SECOND) && !evidence.nr &&
	   !evidence.consumed_bytes &&
	   evidence.lacks == BIT(MEMTEL_SUSPECT_KIND_CACHE),
	   "one reading alone is no growth");
	second();
	for (unsigned int i = 1; i <= 5; i++) {
		c->bytes[0] += MIB;
		stub_alloc_fail = i;
		second();
		stub_alloc_fail = 0;
	}
	ok(is(cause(MEMTEL_METRIC_SLAB_GROWTH, SECOND), "dentry", 5 * MIB) &&
	   evidence.caches_interval_ns == 5 * SECOND,
	   "readings that found no memory are not there");
	end();
	for (unsigned int i = 1; i < 25; i++) {
		struct memtel_evidence_room *room;

		stub_alloc_fail = i;
		room = memtel_evidence_room_alloc();
		stub_alloc_fail = 0;
		memtel_evidence_room_free(room);
	}
}

int main(void)
{
	test_many_caches(1);
	test_many_caches(8);
	test_lack();
	test_sites_that_matter();
	test_counted_late();
	test_first();
	for (unsigned int nodes = 1; nodes <= STUB_NODES; nodes++) {
		test_even_over_nodes(nodes);
		test_shrinker_over_nodes(nodes);
	}
	test_scope();
	test_same_name();
	test_gone();
	test_uneven_at_rest();
	test_growth_where_it_has_less();
	test_shrinking();
	test_reset();
	test_keys();
	return tap_done();
}
