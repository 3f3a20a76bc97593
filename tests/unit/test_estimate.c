// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The time of all events by that of some, and how long to keep away, as the
 * module does it.
 */
#include <inttypes.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "../../kmod/estimate.h"
#include "tap.h"

#define SECOND UINT64_C(1000000000)

/* So many more events in a second, some of them timed, of so long each. */
static void pass(struct memtel_reading *now, uint64_t events, uint64_t samples,
		 uint64_t ns)
{
	now->time_ns += SECOND;
	now->events += events;
	now->samples += samples;
	now->sampled_ns += samples * ns;
}

static void test_few_samples(void)
{
	struct memtel_reading now = { 5 * SECOND, 700, 90, 12345 };
	struct memtel_estimate e;

	memtel_estimate_start(&e, &now);
	pass(&now, 1000, 63, 100);
	memtel_estimate_look(&e, &now, 2);
	ok(!e.is_known && !e.ns && !e.events, "63 samples say nothing");
	pass(&now, 500, 1, 100);
	memtel_estimate_look(&e, &now, 2);
	ok(e.is_known && e.events == 1500, "64 do, of all events until then");
	ok(e.ns == 150000, "by their mean");
	pass(&now, 1000, 0, 0);
	memtel_estimate_look(&e, &now, 2);
	ok(e.events == 2500 && e.ns == 250000,
	   "without new ones the mean since the start goes on");
	pass(&now, 1000, 64, 300);
	memtel_estimate_look(&e, &now, 2);
	ok(e.ns == 550000, "with enough new ones it is theirs");
}

static void test_reset(void)
{
	struct memtel_reading now = { 0 };
	struct memtel_estimate e;

	memtel_estimate_start(&e, &now);
	pass(&now, 6400, 64, 10);
	memtel_estimate_look(&e, &now, 1);
	now.events = 0;
	pass(&now, 100, 64, 10);
	memtel_estimate_look(&e, &now, 1);
	ok(e.events == 6500 && e.ns == 65000,
	   "a source whose counts were set to zero goes on from there");
}

static void test_share(void)
{
	struct memtel_reading now = { 0 };
	struct memtel_estimate e;
	uint32_t before;

	memtel_estimate_start(&e, &now);
	/* A fiftieth of four CPUs: 80 ms. */
	for (int s = 1; s <= 60; s++) {
		pass(&now, 800000, 800, 100);
		memtel_estimate_look(&e, &now, 4);
		if (s == 1)
			ok(e.share_ppm == 20000 / 8,
			   "a first second is not all (%" PRIu32 ")",
			   e.share_ppm);
	}
	ok(20000 - e.share_ppm < 16, "what stays is (%" PRIu32 ")", e.share_ppm);
	before = e.share_ppm;
	now.time_ns += SECOND;
	memtel_estimate_look(&e, &now, 4);
	ok(e.share_ppm < before && e.share_ppm > before / 2,
	   "an idle second lowers it");
	for (int s = 1; s <= 120; s++) {
		now.time_ns += SECOND;
		memtel_estimate_look(&e, &now, 4);
	}
	ok(e.share_ppm < 10, "and in the end it is none");
}

static void test_bounds(void)
{
	struct memtel_reading now = { 0 };
	struct memtel_estimate e;

	memtel_estimate_start(&e, &now);
	memtel_estimate_look(&e, &now, 1);
	ok(!e.is_known, "two readings at one time are none");
	/* A billion events in a second of the longest samples there are. */
	pass(&now, 1000000000, 4000000, 100000);
	memtel_estimate_look(&e, &now, 1024);
	ok(e.ns == UINT64_C(100000) * 1000000000, "nothing overflows (%" PRIu64
	   ")", (uint64_t)e.ns);
	ok(e.share_ppm == UINT64_C(100000) * 1000000000 / 1024 / 1000 / 8,
	   "nor the share (%" PRIu32 ")", e.share_ppm);
}

static void test_backoff(void)
{
	struct memtel_backoff b = { 0 };
	uint64_t now = 100;

	ok(memtel_backoff_wait(&b, now, 60, 3600) == 60, "first the least");
	now = b.back_ns = 160;
	for (uint64_t want = 120; want < 3600; want *= 2) {
		now += 30;
		ok(memtel_backoff_wait(&b, now, 60, 3600) == want,
		   "too soon: twice as long (%" PRIu64 ")", want);
		now = b.back_ns = now + b.wait_ns;
	}
	ok(memtel_backoff_wait(&b, now, 60, 3600) == 3600, "up to the most");
	now = b.back_ns = now + 3600;
	ok(memtel_backoff_wait(&b, now + 7200, 60, 3600) == 60,
	   "after twice that time without: the least again");
}

int main(void)
{
	test_few_samples();
	test_reset();
	test_share();
	test_bounds();
	test_backoff();
	return tap_done();
}
