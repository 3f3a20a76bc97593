// SPDX-License-Identifier: GPL-2.0
/* Rows by key: one for each, and what a full table does. */
#include <kunit/test.h>

#include "keyed.c"
#include "cpus.h"

#define ROWS		32
#define MEETINGS	500

static struct memtel_keyed keyed = {};

static void count_on_this_cpu(void *unused)
{
	u64 key;

	/* From both ends, so that CPUs meet at the same new keys. */
	for (key = 0; key < 2 * ROWS; key++)
		this_cpu_inc(*memtel_keyed_place(&keyed, &(struct memtel_key) {
			.a = raw_smp_processor_id() & 1 ? key :
				2 * ROWS - 1 - key,
			.nid = NUMA_NO_NODE, .name = "key" }));
}

static void a_full_table_counts_all(struct kunit *test)
{
	u64 cpus = num_online_cpus(), sum = 0;
	unsigned int i, j;

	KUNIT_ASSERT_EQ(test, memtel_keyed_init(&keyed, ROWS, 1), 0);
	on_each_cpu(count_on_this_cpu, NULL, 1);
	KUNIT_EXPECT_EQ(test, memtel_keyed_used(&keyed), ROWS + 1U);
	for (i = 0; i <= ROWS; i++) {
		sum += memtel_counter_sum(memtel_keyed_words(&keyed, i));
		for (j = 1; j < i; j++)
			KUNIT_EXPECT_NE(test, memtel_keyed_slot(&keyed, i)->a,
					memtel_keyed_slot(&keyed, j)->a);
	}
	KUNIT_EXPECT_EQ(test, sum, 2 * ROWS * cpus);
	KUNIT_EXPECT_EQ(test, memtel_counter_sum(memtel_keyed_words(&keyed, 0)),
			memtel_counter_sum(memtel_counters_slot(&keyed.unplaced,
								0)));
	memtel_keyed_exit(&keyed);
}

/* CPUs of odd and of even numbers meet at the same place, each with new keys. */
static void count_beside_others(void *waiting)
{
	int nid = raw_smp_processor_id() & 1;
	u64 key;

	atomic_dec(waiting);
	while (atomic_read(waiting))
		cpu_relax();
	/* The sum of both is hashed. */
	for (key = 1; key <= MEETINGS; key++)
		this_cpu_inc(*memtel_keyed_place(&keyed, &(struct memtel_key) {
			.a = key - nid, .nid = nid, .name = "key" }));
}

static void cpus_that_meet_count_their_own(struct kunit *test)
{
	atomic_t waiting = ATOMIC_INIT(num_online_cpus());
	u64 cpus = num_online_cpus();
	unsigned int i;

	/* There is room for more. */
	KUNIT_ASSERT_EQ(test, memtel_keyed_init(&keyed, 2 * MEETINGS + 1, 1),
			0);
	on_each_cpu(count_beside_others, &waiting, 1);
	KUNIT_EXPECT_EQ(test, memtel_keyed_used(&keyed), 2 * MEETINGS + 1U);
	for (i = 1; i < memtel_keyed_used(&keyed); i++)
		KUNIT_EXPECT_EQ(test, memtel_counter_sum(memtel_keyed_words(&keyed, i)),
				(cpus + !memtel_keyed_slot(&keyed, i)->nid) / 2);
	memtel_keyed_exit(&keyed);
}

static void a_name_and_a_node_are_part_of_a_key(struct kunit *test)
{
	const struct memtel_key keys[] = {
		{ .a = 1, .nid = 0, .name = "one" },
		{ .a = 1, .nid = 1, .name = "one" },
		{ .a = 1, .nid = 0, .name = "two" },
		{ .a = 1, .b = 1, .nid = 0, .name = "one" },
	};
	unsigned int round, i;

	KUNIT_ASSERT_EQ(test, memtel_keyed_init(&keyed, ROWS, 1), 0);
	for (round = 0; round < 2; round++)
		for (i = 0; i < ARRAY_SIZE(keys); i++)
			this_cpu_inc(*memtel_keyed_place(&keyed, &keys[i]));
	KUNIT_ASSERT_EQ(test, memtel_keyed_used(&keyed),
			ARRAY_SIZE(keys) + 1U);
	for (i = 1; i <= ARRAY_SIZE(keys); i++)
		KUNIT_EXPECT_EQ(test, memtel_counter_sum(memtel_keyed_words(&keyed, i)),
				2ULL);
	KUNIT_EXPECT_EQ(test, memtel_keyed_slot(&keyed, 1)->id,
			memtel_keyed_slot(&keyed, 2)->id);
	KUNIT_EXPECT_NE(test, memtel_keyed_slot(&keyed, 1)->id,
			memtel_keyed_slot(&keyed, 3)->id);
	memtel_keyed_exit(&keyed);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(a_full_table_counts_all),
	KUNIT_CASE(cpus_that_meet_count_their_own),
	KUNIT_CASE(a_name_and_a_node_are_part_of_a_key),
	{}
};

static struct kunit_suite suite = {
	.name = "memtel_keyed",
	.init = cpus_init,
	.exit = cpus_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
