// SPDX-License-Identifier: GPL-2.0
/* Rows by key: one for each, and what a full table does. */
#include <kunit/test.h>

#include "keyed.c"
#include "cpus.h"

#define ROWS		32
#define MEETINGS	500

/* The module's own is elsewhere. */
DEFINE_MUTEX(memtel_source_lock);

static struct memtel_keyed keyed = {};

/* An event of a key on this CPU. */
static struct memtel_row count_key(const struct memtel_key *key)
{
	struct memtel_row row;
	bool is_new;

	rcu_read_lock();
	row = memtel_keyed_place(&keyed, key, &is_new);
	this_cpu_inc(*memtel_keyed_counted(&keyed, row, key->nid));
	rcu_read_unlock();
	return row;
}

static u64 sum_of(unsigned int i)
{
	return memtel_counter_sum(memtel_keyed_words(&keyed, i));
}

static u64 unplaced(void)
{
	return memtel_counter_sum(memtel_counters_slot(&keyed.unplaced, 0));
}

/* A second, and whatever grace period it began. */
static void pass_second(void)
{
	mutex_lock(&memtel_source_lock);
	memtel_keyed_tick(&keyed);
	mutex_unlock(&memtel_source_lock);
	rcu_barrier();
}

static void count_on_this_cpu(void *unused)
{
	struct memtel_key key = { .nid = NUMA_NO_NODE, .name = "key" };
	unsigned int i;

	/* From both ends, so that CPUs meet at the same new keys. */
	for (i = 0; i < 2 * ROWS; i++) {
		key.a = raw_smp_processor_id() & 1 ? i : 2 * ROWS - 1 - i;
		count_key(&key);
	}
}

static void a_full_table_counts_all(struct kunit *test)
{
	u64 cpus = num_online_cpus(), sum = 0;
	unsigned int i, j;

	KUNIT_ASSERT_EQ(test, memtel_keyed_init(&keyed, 1, ROWS, 1), 0);
	on_each_cpu(count_on_this_cpu, NULL, 1);
	KUNIT_EXPECT_EQ(test, memtel_keyed_used(&keyed), ROWS + 1U);
	for (i = 0; i <= ROWS; i++) {
		sum += sum_of(i);
		for (j = 1; j < i; j++)
			KUNIT_EXPECT_NE(test, keyed.slots[i].a,
					keyed.slots[j].a);
	}
	KUNIT_EXPECT_EQ(test, sum, 2 * ROWS * cpus);
	KUNIT_EXPECT_EQ(test, sum_of(0), unplaced());
	memtel_keyed_exit(&keyed);
}

/* CPUs of odd and of even numbers meet at the same place, each with new keys. */
static void count_beside_others(void *waiting)
{
	struct memtel_key key = {
		.nid = raw_smp_processor_id() & 1,
		.name = "key",
	};
	unsigned int i;

	atomic_dec(waiting);
	while (atomic_read(waiting))
		cpu_relax();
	/* The sum of both is hashed. */
	for (i = 1; i <= MEETINGS; i++) {
		key.a = i - key.nid;
		count_key(&key);
	}
}

static void cpus_that_meet_count_their_own(struct kunit *test)
{
	atomic_t waiting = ATOMIC_INIT(num_online_cpus());
	u64 cpus = num_online_cpus();
	unsigned int i;

	/* There is room for more. */
	KUNIT_ASSERT_EQ(test, memtel_keyed_init(&keyed, 1, 2 * MEETINGS + 1,
						1), 0);
	on_each_cpu(count_beside_others, &waiting, 1);
	KUNIT_EXPECT_EQ(test, memtel_keyed_used(&keyed), 2 * MEETINGS + 1U);
	for (i = 1; i < memtel_keyed_used(&keyed); i++)
		KUNIT_EXPECT_EQ(test, sum_of(i),
				(cpus + !keyed.slots[i].nid) / 2);
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

	KUNIT_ASSERT_EQ(test, memtel_keyed_init(&keyed, 1, ROWS, 1), 0);
	for (round = 0; round < 2; round++)
		for (i = 0; i < ARRAY_SIZE(keys); i++)
			count_key(&keys[i]);
	KUNIT_ASSERT_EQ(test, memtel_keyed_used(&keyed),
			ARRAY_SIZE(keys) + 1U);
	for (i = 1; i <= ARRAY_SIZE(keys); i++)
		KUNIT_EXPECT_EQ(test, sum_of(i), 2ULL);
	KUNIT_EXPECT_EQ(test, keyed.slots[1].id, keyed.slots[2].id);
	KUNIT_EXPECT_NE(test, keyed.slots[1].id, keyed.slots[3].id);
	memtel_keyed_exit(&keyed);
}

/* Each of a thousand keys comes, counts and goes; two of them stay. */
static void what_has_gone_gives_its_row_back(struct kunit *test)
{
	const struct memtel_key stays = { .a = 1, .nid = 1, .name = "stays" };
	struct memtel_key key = { .nid = 0, .name = "goes" };
	struct memtel_row first, row;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, memtel_keyed_init(&keyed, 2, 4, 1), 0);
	first = count_key(&stays);
	for (i = 0; i < 1000; i++) {
		key.a = 100 + i;
		row = count_key(&key);
		KUNIT_ASSERT_GE(test, row.nr, 2U);
		KUNIT_ASSERT_EQ(test, keyed.slots[row.nr].a, key.a);
		rcu_read_lock();
		memtel_keyed_thing_gone(&keyed, &keyed.slots[row.nr]);
		rcu_read_unlock();
		pass_second();
		/* Who remembers it counts for all others of the node. */
		rcu_read_lock();
		this_cpu_inc(*memtel_keyed_counted(&keyed, row, key.nid));
		rcu_read_unlock();
	}
	pass_second();
	KUNIT_EXPECT_EQ(test, unplaced(), 0ULL);
	KUNIT_EXPECT_EQ(test, keyed.nr_free, 3U);
	KUNIT_EXPECT_EQ(test, sum_of(0), 2000ULL);
	KUNIT_EXPECT_EQ(test, sum_of(1), 0ULL);
	KUNIT_EXPECT_EQ(test, sum_of(first.nr), 1ULL);
	memtel_keyed_exit(&keyed);
}

static void a_full_table_gives_back_what_is_idle(struct kunit *test)
{
	struct memtel_key key = { .nid = 0, .name = "key" };
	struct memtel_row watched;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, memtel_keyed_init(&keyed, 1, 16, 1), 0);
	for (key.a = 0; key.a < 16; key.a++)
		count_key(&key);
	key.a = 0;
	watched = count_key(&key);
	keyed.slots[watched.nr].watchers = 1;
	for (i = 0; i <= IDLE_S; i++) {
		/* Half of them are not idle. */
		for (key.a = 8; key.a < 16; key.a++)
			count_key(&key);
		KUNIT_ASSERT_EQ(test, keyed.nr_free, 0U);
		pass_second();
	}
	/* A part of it at a time, and only while it is full. */
	pass_second();
	KUNIT_EXPECT_EQ(test, keyed.nr_free, 2U);
	for (i = 0; i < 10; i++) {
		key.a = 1000 + i;
		count_key(&key);
		pass_second();
		pass_second();
	}
	KUNIT_EXPECT_GE(test, keyed.slots[watched.nr].generation & 1, 1U);
	KUNIT_EXPECT_EQ(test, keyed.slots[watched.nr].a, 0ULL);
	for (key.a = 8; key.a < 16; key.a++)
		KUNIT_EXPECT_EQ(test, sum_of(count_key(&key).nr),
				IDLE_S + 3ULL);
	memtel_keyed_exit(&keyed);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(a_full_table_counts_all),
	KUNIT_CASE(cpus_that_meet_count_their_own),
	KUNIT_CASE(a_name_and_a_node_are_part_of_a_key),
	KUNIT_CASE(what_has_gone_gives_its_row_back),
	KUNIT_CASE(a_full_table_gives_back_what_is_idle),
	{}
};

static struct kunit_suite suite = {
	.name = "memtel_keyed",
	.init = cpus_init,
	.exit = cpus_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
