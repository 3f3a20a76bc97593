// SPDX-License-Identifier: GPL-2.0
/*
 * The arithmetic of estimates, windows, levels and histograms, as compiled for
 * the kernel.
 */
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/time64.h>

#include "estimate.h"
#include "hist.h"
#include "level.h"
#include "sliding.h"

static void hist_buckets_leave_no_gap(struct kunit *test)
{
	unsigned int i;

	KUNIT_EXPECT_EQ(test, memtel_hist_bucket(0), 0U);
	KUNIT_EXPECT_EQ(test, memtel_hist_bucket(U64_MAX),
			MEMTEL_TIMING_BUCKETS - 1U);
	for (i = 1; i < MEMTEL_TIMING_BUCKETS; i++) {
		u64 from_ns = memtel_hist_from_ns(i);

		KUNIT_EXPECT_EQ(test, memtel_hist_bucket(from_ns), i);
		KUNIT_EXPECT_EQ(test, memtel_hist_bucket(from_ns - 1), i - 1);
	}
}

/* Steady growth over windows from the shortest to the longest, times that wrap. */
static void sliding_sees_steady_growth(struct kunit *test)
{
	static const u64 windows[] = {
		MEMTEL_SLIDING_STEPS, NSEC_PER_MSEC, NSEC_PER_SEC,
		3600 * NSEC_PER_SEC,
	};
	unsigned int i, look;

	for (i = 0; i < ARRAY_SIZE(windows); i++) {
		u64 step = windows[i] / MEMTEL_SLIDING_STEPS;
		u64 now = -20 * step, number = -500, value = 0, interval;
		struct memtel_sliding s;

		memtel_sliding_start(&s, windows[i], false, now, number);
		for (look = 0; look < 100; look++) {
			now += step;
			number += 100;
			value = memtel_sliding_look(&s, now, number, &interval);
		}
		KUNIT_EXPECT_EQ(test, value, 100ULL * MEMTEL_SLIDING_STEPS);
		KUNIT_EXPECT_EQ(test, interval, windows[i]);
	}
}

static void sliding_does_not_overflow(struct kunit *test)
{
	struct memtel_sliding s;
	u64 interval, value;

	memtel_sliding_start(&s, U64_MAX, true, 0, 0);
	value = memtel_sliding_look(&s, U64_MAX / 2, S64_MAX, &interval);
	KUNIT_EXPECT_EQ(test, value, (u64)S64_MAX);
	memtel_sliding_start(&s, 3600 * NSEC_PER_SEC, true, 0, S64_MAX);
	value = memtel_sliding_look(&s, U64_MAX, 0, &interval);
	KUNIT_EXPECT_EQ(test, value, 0ULL);
}

static void level_holds_and_clears(struct kunit *test)
{
	struct memtel_level level = {
		.threshold = 100, .clear = 40, .hold_ns = 50
	};

	KUNIT_EXPECT_EQ(test, memtel_level_look(&level, 0, 101),
			MEMTEL_LEVEL_SAME);
	KUNIT_EXPECT_EQ(test, memtel_level_look(&level, 50, 101),
			MEMTEL_LEVEL_RAISED);
	KUNIT_EXPECT_EQ(test, memtel_level_look(&level, 51, 41),
			MEMTEL_LEVEL_SAME);
	KUNIT_EXPECT_EQ(test, memtel_level_look(&level, 52, 40),
			MEMTEL_LEVEL_CLEARED);
	KUNIT_EXPECT_EQ(test, level.peak, 101ULL);
}

static void estimate_takes_the_mean_for_all(struct kunit *test)
{
	struct memtel_reading now = { .time_ns = 1 };
	struct memtel_estimate e;

	memtel_estimate_start(&e, &now);
	now.time_ns += MEMTEL_ESTIMATE_WARM_NS;
	now.events = 1000;
	now.timed[0].samples = MEMTEL_ESTIMATE_SAMPLES - 1;
	now.timed[0].ns = 6300;
	memtel_estimate_look(&e, &now, 1);
	KUNIT_EXPECT_FALSE(test, e.is_known);
	/* One that a pause made long. */
	now.timed[MEMTEL_ESTIMATE_BUCKETS - 1].samples = 1;
	now.timed[MEMTEL_ESTIMATE_BUCKETS - 1].ns = MEMTEL_ESTIMATE_MAX_NS;
	memtel_estimate_look(&e, &now, 1);
	KUNIT_EXPECT_TRUE(test, e.is_known);
	KUNIT_EXPECT_EQ(test, e.ns, 100000ULL);
	/* Twice at one time, and one that all but stands still. */
	memtel_estimate_look(&e, &now, 1);
	now.time_ns++;
	now.events = U64_MAX;
	memtel_estimate_look(&e, &now, num_possible_cpus());
	KUNIT_EXPECT_EQ(test, e.ns, 100000ULL);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(hist_buckets_leave_no_gap),
	KUNIT_CASE(sliding_sees_steady_growth),
	KUNIT_CASE(sliding_does_not_overflow),
	KUNIT_CASE(level_holds_and_clears),
	KUNIT_CASE(estimate_takes_the_mean_for_all),
	{}
};

static struct kunit_suite suite = {
	.name = "memtel_pure",
	.test_cases = cases,
};

kunit_test_suite(suite);
