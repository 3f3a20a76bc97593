// SPDX-License-Identifier: GPL-2.0
/* The keys that have most: what a rank promises, with more keys than room. */
#include <kunit/test.h>
#include <linux/prandom.h>

#include "topk.c"
#include "cpus.h"

#define KEYS	1000
#define EVENTS	20000

static u64 truth[KEYS];

/* Few keys have most; the seed is fixed, so that a failure comes again. */
static void add_at_random(struct memtel_topk *topk)
{
	struct rnd_state random;
	unsigned int i;

	prandom_seed_state(&random, 1);
	memset(truth, 0, sizeof(truth));
	for (i = 0; i < EVENTS; i++) {
		u32 draw = prandom_u32_state(&random);
		unsigned int key = draw % (i % 2 ? KEYS : 8);
		u64 rank = 1 + draw % 5;

		memtel_topk_add(topk, &(struct memtel_topk_key) {
			.a = key, .b = 7, .name = "key" }, rank, 1);
		truth[key] += rank;
	}
}

static void ranks_are_never_too_low(struct kunit *test)
{
	struct memtel_topk_view view;
	struct memtel_topk topk;
	u64 all = 0, sure = 0;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, memtel_topk_init(&topk, 64), 0);
	KUNIT_ASSERT_EQ(test, memtel_topk_view_init(&view,
						    memtel_topk_max_rows(64),
						    GFP_KERNEL), 0);
	/* On one CPU: on several each has an error of its own. */
	migrate_disable();
	add_at_random(&topk);
	migrate_enable();
	memtel_topk_view_take(&view, &topk);

	KUNIT_EXPECT_LE(test, view.nr, topk.nr);
	for (i = 0; i < view.nr; i++) {
		const struct memtel_topk_row *row = &view.rows[i];

		KUNIT_ASSERT_LT(test, row->a, (u64)KEYS);
		KUNIT_EXPECT_GE(test, row->rank, truth[row->a]);
		KUNIT_EXPECT_LE(test, row->rank - row->error, truth[row->a]);
		KUNIT_EXPECT_STREQ(test, row->name, "key");
		sure += row->rank - row->error;
	}
	for (i = 0; i < KEYS; i++)
		all += truth[i];
	KUNIT_EXPECT_EQ(test, sure + memtel_topk_evicted(&topk), all);

	memtel_topk_reset(&topk);
	memtel_topk_view_take(&view, &topk);
	KUNIT_EXPECT_EQ(test, view.nr, 0U);
	KUNIT_EXPECT_EQ(test, memtel_topk_evicted(&topk), 0ULL);
	memtel_topk_view_exit(&view);
	memtel_topk_exit(&topk);
}

static void add_the_same(void *topk)
{
	unsigned int i;

	for (i = 0; i < 100; i++)
		memtel_topk_add(topk, &(struct memtel_topk_key) {
			.a = 1, .name = "one" }, 2, 3);
}

static void a_view_adds_up_cpus(struct kunit *test)
{
	u64 cpus = num_online_cpus();
	struct memtel_topk_view view;
	struct memtel_topk topk;

	KUNIT_ASSERT_EQ(test, memtel_topk_init(&topk, 1), 0);
	KUNIT_ASSERT_EQ(test, memtel_topk_view_init(&view,
						    memtel_topk_max_rows(1),
						    GFP_KERNEL), 0);
	on_each_cpu(add_the_same, &topk, 1);
	memtel_topk_view_take(&view, &topk);
	KUNIT_ASSERT_EQ(test, view.nr, 1U);
	KUNIT_EXPECT_EQ(test, view.rows[0].rank, 200 * cpus);
	KUNIT_EXPECT_EQ(test, view.rows[0].extra, 300 * cpus);
	KUNIT_EXPECT_EQ(test, view.rows[0].error, 0ULL);
	memtel_topk_view_exit(&view);
	memtel_topk_exit(&topk);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(ranks_are_never_too_low),
	KUNIT_CASE(a_view_adds_up_cpus),
	{}
};

static struct kunit_suite suite = {
	.name = "memtel_topk",
	.init = cpus_init,
	.exit = cpus_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
