// SPDX-License-Identifier: GPL-2.0
/* Counters and times of all CPUs. */
#include <kunit/test.h>

#include "counter.c"
#include "timing.c"
#include "cpus.h"

static void add_on_this_cpu(void *c)
{
	unsigned int slot;

	for (slot = 0; slot < 10000; slot++)
		this_cpu_add(memtel_counters_slot(c, slot)[2], slot);
}

static void counters_add_up_over_cpus(struct kunit *test)
{
	unsigned int cpus = num_online_cpus(), slot;
	struct memtel_counters c = {};

	KUNIT_ASSERT_EQ(test, memtel_counters_alloc(&c, 10000, 3), 0);
	KUNIT_EXPECT_GT(test, c.nr_chunks, 1U);
	on_each_cpu(add_on_this_cpu, &c, 1);
	for (slot = 0; slot < 10000; slot++) {
		u64 __percpu *words = memtel_counters_slot(&c, slot);

		KUNIT_EXPECT_EQ(test, memtel_counter_sum(&words[2]),
				(u64)slot * cpus);
		KUNIT_EXPECT_EQ(test, memtel_counter_sum(&words[1]), 0ULL);
	}
	memtel_counters_zero(&c);
	for (slot = 0; slot < 10000; slot++)
		KUNIT_EXPECT_EQ(test, memtel_counter_sum(&memtel_counters_slot(&c, slot)[2]),
				0ULL);
	memtel_counters_free(&c);
	KUNIT_EXPECT_NULL(test, c.chunks);
}

static void counters_refuse_what_is_larger_than_a_chunk(struct kunit *test)
{
	struct memtel_counters c = {};

	KUNIT_EXPECT_EQ(test, memtel_counters_alloc(&c, 1, PCPU_MIN_UNIT_SIZE),
			-EINVAL);
	memtel_counters_free(&c);
}

static void time_on_this_cpu(void *words)
{
	memtel_timing_end(words, 1000 * (raw_smp_processor_id() + 1));
}

static void times_add_up_over_cpus(struct kunit *test)
{
	u64 cpus = num_online_cpus(), buckets = 0;
	struct memtel_counters c = {};
	struct memtel_timing timing;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, memtel_counters_alloc(&c, 1, TIMING_WORDS), 0);
	on_each_cpu(time_on_this_cpu, memtel_counters_slot(&c, 0), 1);
	memtel_timing_read(memtel_counters_slot(&c, 0), &timing);
	KUNIT_EXPECT_EQ(test, timing.count, cpus);
	KUNIT_EXPECT_EQ(test, timing.longest_ns, 1000 * cpus);
	KUNIT_EXPECT_EQ(test, timing.total_ns, 1000 * cpus * (cpus + 1) / 2);
	for (i = 0; i < MEMTEL_TIMING_BUCKETS; i++)
		buckets += timing.buckets[i];
	KUNIT_EXPECT_EQ(test, buckets, cpus);
	memtel_counters_free(&c);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(counters_add_up_over_cpus),
	KUNIT_CASE(counters_refuse_what_is_larger_than_a_chunk),
	KUNIT_CASE(times_add_up_over_cpus),
	{}
};

static struct kunit_suite suite = {
	.name = "memtel_counter",
	.init = cpus_init,
	.exit = cpus_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
