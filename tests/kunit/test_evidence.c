// SPDX-License-Identifier: GPL-2.0
/*
 * Evidence with a kernel's own nodes, hashes and memory: one cache on two nodes,
 * on which it has more, less, or the same as before. The host's tests of the same
 * files (tests/unit/test_evidence.c) have more hosts.
 */
#include <kunit/test.h>
#include <linux/nodemask.h>
#include <linux/sizes.h>

/* Of one file, so that their own functions can be called. */
#include "collect.c"
#include "evidence.c"
#include "cause.c"

#define CACHES	3
#define MIB	((u64)SZ_1M)

/* The made-up caches, with their numbers on the first node and the next. */
static struct fake_cache {
	const char *name;
	u64 cookie;
	u32 id;
	u64 bytes[2];
	u64 allocs[2];
} fakes[CACHES];

static int node_of_fake(unsigned int i)
{
	int next = next_online_node(first_online_node);

	return i && next < MAX_NUMNODES ? next : first_online_node;
}

/* What the files under test ask of the rest of the module. */
struct memtel_source memtel_site_source, memtel_shrinker_source;
struct memtel_source memtel_zonelock_source, memtel_reclaim_source;
/* Asserted by what is called under it. */
DEFINE_MUTEX(memtel_trigger_lock);

unsigned int memtel_source_bit(const struct memtel_source *source)
{
	return 0;
}

struct memtel_snapshot *
memtel_snapshot_take(const struct memtel_cache_filter *filter,
		     struct memtel_snapshot_format *format, const void *arg,
		     struct memtel_snapshot_room *first)
{
	size_t bytes = format->bytes_max();
	struct memtel_cache_node_row *nodes;
	struct memtel_snapshot *snap;
	unsigned int i, j;

	nodes = kcalloc(nr_node_ids, sizeof(*nodes), GFP_KERNEL);
	snap = kvzalloc(sizeof(*snap) + CACHES * bytes, GFP_KERNEL);
	for (i = 0; nodes && snap && i < CACHES; i++) {
		struct memtel_cache_row row = {
			.cookie = fakes[i].cookie,
			.id = fakes[i].id,
			.name = fakes[i].name,
			.nodes = nodes,
		};

		for (j = 0; j < 2; j++) {
			struct memtel_cache_node_row *node =
				&nodes[node_of_fake(j)];

			node->has_occupancy = true;
			node->has_counts = true;
			node->occ.slab_bytes = fakes[i].bytes[j];
			node->counts.allocs = fakes[i].allocs[j];
		}
		format->write(snap->bytes + i * bytes, bytes, &row, arg);
		snap->nr++;
		snap->since_ns = 1;
	}
	kfree(nodes);
	return snap ?: ERR_PTR(-ENOMEM);
}

void memtel_snapshot_free(struct memtel_snapshot *snap)
{
	kvfree(snap);
}

u64 memtel_cache_cookie(u64 address, const char *name)
{
	return address;
}

unsigned int memtel_site_max_rows(void)
{
	return 1;
}

void memtel_site_view_take(struct memtel_topk_view *view)
{
}

u64 memtel_site_id(const struct memtel_topk_row *row)
{
	return row->a;
}

unsigned int memtel_stall_max_rows(void)
{
	return 1;
}

void memtel_stall_view_take(struct memtel_topk_view *view,
			    enum memtel_suspect_kind kind)
{
}

void memtel_reclaim_add_losers(struct memtel_topk_view *view,
			       enum memtel_suspect_kind kind)
{
}

u64 memtel_reclaim_total_ns(enum memtel_reclaim_kind kind,
			    const struct memtel_scope *scope)
{
	return 0;
}

void memtel_reclaim_open(enum memtel_reclaim_kind kind,
			 const struct memtel_scope *scope, u64 now,
			 struct memtel_open *open)
{
}

unsigned int memtel_shrinker_max_rows(void)
{
	return 1;
}

unsigned int memtel_shrinker_rows(void)
{
	return 0;
}

bool memtel_shrinker_read(unsigned int i, struct memtel_shrinker_row *row)
{
	return false;
}

void memtel_shrinker_calls_read(struct memtel_shrinker_calls *open)
{
}

u64 memtel_shrinker_call_ns(const struct memtel_shrinker_calls *open,
			    unsigned int i)
{
	return 0;
}

u64 memtel_zonelock_total_ns(const struct memtel_scope *scope)
{
	return 0;
}

bool memtel_node_read(int nid, struct memtel_node *node)
{
	return false;
}

static struct memtel_evidence found;
static u64 clock_ns;

/* A second later the caches are read. */
static void read_after_a_second(struct kunit *test)
{
	struct memtel_collection *reading = take_reading(clock_ns);

	clock_ns += NSEC_PER_SEC;
	KUNIT_ASSERT_NOT_NULL(test, reading);
	reading->time_ns = clock_ns;
	keep(reading);
	mutex_lock(&memtel_trigger_lock);
	memtel_evidence_mark(clock_ns, 0);
	mutex_unlock(&memtel_trigger_lock);
}

/* What was most in the last second. */
static const struct memtel_suspect *cause_of(enum memtel_metric metric)
{
	static const struct memtel_scope all = {
		.nid = NUMA_NO_NODE, .zid = MEMTEL_NO_ZONE,
	};
	struct memtel_evidence_ask ask = {
		.scope = &all,
		.is_by_cache = true,
		.by_allocs = metric == MEMTEL_METRIC_SLAB_ALLOCS,
		.now_ns = clock_ns,
		.window_ns = NSEC_PER_SEC,
	};

	mutex_lock(&memtel_trigger_lock);
	memtel_collect_get();
	memtel_evidence_take(&found, &ask);
	memtel_cause_find(&found, metric);
	memtel_collect_put();
	mutex_unlock(&memtel_trigger_lock);
	return found.has_cause ? &found.cause : NULL;
}

static int evidence_test_init(struct kunit *test)
{
	struct memtel_evidence_room *new = memtel_evidence_room_alloc();
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, new);
	mutex_lock(&memtel_trigger_lock);
	memtel_evidence_start(new);
	mutex_unlock(&memtel_trigger_lock);
	period_ns = NSEC_PER_SEC;
	clock_ns = NSEC_PER_SEC;
	for (i = 0; i < CACHES; i++)
		fakes[i] = (struct fake_cache) {
			.name = i ? "at-rest" : "grows",
			.cookie = 0x1234567800000000ULL + i,
			.id = i + 1,
			.bytes = { 100 * MIB, MIB },
			.allocs = { 500000, 5 },
		};
	read_after_a_second(test);
	read_after_a_second(test);
	return 0;
}

static void evidence_test_exit(struct kunit *test)
{
	struct memtel_evidence_room *old;

	period_ns = 0;
	drop_readings();
	mutex_lock(&memtel_trigger_lock);
	old = memtel_evidence_stop();
	mutex_unlock(&memtel_trigger_lock);
	memtel_evidence_room_free(old);
}

static void rest_is_no_growth(struct kunit *test)
{
	KUNIT_EXPECT_NULL(test, cause_of(MEMTEL_METRIC_SLAB_GROWTH));
	KUNIT_EXPECT_EQ(test, found.nr, 0U);
	fakes[0].bytes[1] += 32 * MIB;
	read_after_a_second(test);
	KUNIT_ASSERT_NOT_NULL(test, cause_of(MEMTEL_METRIC_SLAB_GROWTH));
	KUNIT_EXPECT_STREQ(test, found.cause.name, "grows");
	KUNIT_EXPECT_EQ(test, found.cause.value, 32 * MIB);
	KUNIT_EXPECT_EQ(test, found.cause.nid, node_of_fake(1));
	KUNIT_EXPECT_EQ(test, found.nr, 1U);
}

static void growth_is_summed_over_nodes(struct kunit *test)
{
	fakes[0].bytes[0] += 3 * MIB;
	fakes[0].bytes[1] += 3 * MIB;
	fakes[1].bytes[0] += 4 * MIB;
	read_after_a_second(test);
	KUNIT_ASSERT_NOT_NULL(test, cause_of(MEMTEL_METRIC_SLAB_GROWTH));
	/* On one node the second number is the only one. */
	if (node_of_fake(0) == node_of_fake(1))
		return;
	KUNIT_EXPECT_STREQ(test, found.cause.name, "grows");
	KUNIT_EXPECT_EQ(test, found.cause.value, 6 * MIB);
	KUNIT_EXPECT_EQ(test, found.cause.nid, NUMA_NO_NODE);
}

static void what_falls_did_not_grow(struct kunit *test)
{
	fakes[1].bytes[1] = 0;
	fakes[1].allocs[1] = 0;
	fakes[2].allocs[1] = 3;
	read_after_a_second(test);
	KUNIT_EXPECT_NULL(test, cause_of(MEMTEL_METRIC_SLAB_GROWTH));
	KUNIT_EXPECT_NULL(test, cause_of(MEMTEL_METRIC_SLAB_ALLOCS));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(rest_is_no_growth),
	KUNIT_CASE(growth_is_summed_over_nodes),
	KUNIT_CASE(what_falls_did_not_grow),
	{}
};

static struct kunit_suite suite = {
	.name = "memtel_evidence",
	.init = evidence_test_init,
	.exit = evidence_test_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
