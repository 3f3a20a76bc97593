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

/* Random numbers that are the same in each run. */
static uint64_t draw(void)
{
	static uint64_t state = 88172645463325252;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static uint64_t draw_from(uint64_t least, uint64_t most)
{
	return least + draw() % (most - least + 1);
}

/* A sample, as cost.c counts it. */
static void take(struct memtel_reading *now, uint64_t ns)
{
	struct memtel_timed *timed;

	if (ns > MEMTEL_ESTIMATE_MAX_NS)
		ns = MEMTEL_ESTIMATE_MAX_NS;
	timed = &now->timed[memtel_estimate_bucket(ns)];
	timed->samples++;
	timed->ns += ns;
}

/* So many more events in a second, some of them timed, of so long each. */
static void pass(struct memtel_reading *now, uint64_t events, uint64_t samples,
		 uint64_t ns)
{
	now->time_ns += SECOND;
	now->events += events;
	while (samples--)
		take(now, ns);
}

/* Over the time in which samples are dropped; after it there was no event. */
static void start(struct memtel_estimate *e, struct memtel_reading *now)
{
	memtel_estimate_start(e, now);
	now->time_ns += MEMTEL_ESTIMATE_WARM_NS - 1;
	memtel_estimate_look(e, now, 1);
	now->time_ns++;
}

static void test_warm_up(void)
{
	struct memtel_reading now = { .time_ns = 5 * SECOND };
	struct memtel_estimate e;

	memtel_estimate_start(&e, &now);
	pass(&now, 1000, 500, 90000);
	memtel_estimate_look(&e, &now, 2);
	ok(!e.is_known && !e.share_ppm, "of the first second nothing is said");
	pass(&now, 1000, 64, 100);
	memtel_estimate_look(&e, &now, 2);
	ok(e.is_known && e.ns == 200000,
	   "its samples are dropped, and its calls made up for (%" PRIu64 ")",
	   (uint64_t)e.ns);
}

static void test_few_samples(void)
{
	struct memtel_reading now = { .time_ns = 5 * SECOND, .events = 700 };
	struct memtel_estimate e;

	pass(&now, 0, 90, 137);
	start(&e, &now);
	pass(&now, 1000, 63, 100);
	memtel_estimate_look(&e, &now, 2);
	ok(!e.is_known && !e.ns && !e.events, "63 samples say nothing");
	pass(&now, 500, 1, 100);
	memtel_estimate_look(&e, &now, 2);
	ok(e.is_known && e.events == 1500, "64 do, of all events until then");
	ok(e.ns == 150000 && e.samples == 64, "by their mean");
	pass(&now, 1000, 0, 0);
	memtel_estimate_look(&e, &now, 2);
	ok(e.events == 2500 && e.ns == 250000,
	   "without new ones the last window's mean goes on");
	pass(&now, 1000, 64, 300);
	memtel_estimate_look(&e, &now, 2);
	ok(e.ns == 550000, "with enough new ones it is theirs");
	pass(&now, 1000, 16, 1500);
	memtel_estimate_look(&e, &now, 2);
	ok(e.ns == 550000 + 540000,
	   "with few new ones, all since that window began (%" PRIu64 ")",
	   (uint64_t)e.ns);
}

static void test_share(void)
{
	struct memtel_reading now = { 0 };
	struct memtel_estimate e;
	uint32_t before;

	start(&e, &now);
	e.last_ns = now.time_ns;
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

	start(&e, &now);
	e.last_ns = now.time_ns;
	memtel_estimate_look(&e, &now, 1);
	ok(!e.is_known, "two readings at one time are none");
	/* A billion events in a second of the longest samples there are. */
	now.time_ns += SECOND;
	now.events += 1000000000;
	now.timed[MEMTEL_ESTIMATE_BUCKETS - 1].samples = 4000000;
	now.timed[MEMTEL_ESTIMATE_BUCKETS - 1].ns =
		4000000 * UINT64_C(1) * MEMTEL_ESTIMATE_MAX_NS;
	memtel_estimate_look(&e, &now, 1024);
	ok(e.ns == SECOND * MEMTEL_ESTIMATE_MAX_NS,
	   "nothing overflows (%" PRIu64 ")", (uint64_t)e.ns);
	ok(e.share_ppm == SECOND * MEMTEL_ESTIMATE_MAX_NS / 1024 / 1000 / 8,
	   "nor the share (%" PRIu32 ")", e.share_ppm);
	memtel_estimate_start(&e, &now);
	pass(&now, 5000, 500, 0);
	pass(&now, 5000, 500, 0);
	memtel_estimate_look(&e, &now, 1);
	ok(e.is_known && e.ns < 10, "what takes no time is known, too");
}

/*
 * A probe on a CPU that is taken away for moments: it runs for some time, then
 * it is paused for some. What a sample shows is what the clock does.
 */
struct cpu {
	unsigned int stolen_percent;	/* of all time */
	uint64_t pause_least_ns;
	uint64_t pause_most_ns;
	double left_ns;			/* until the next pause */
};

static uint64_t cpu_pause(struct cpu *cpu)
{
	uint64_t pause = draw_from(cpu->pause_least_ns, cpu->pause_most_ns);
	/* Evenly up to twice the mean time between two. */
	double mean = (double)pause * (100 - cpu->stolen_percent) /
		      cpu->stolen_percent;

	cpu->left_ns += (double)draw_from(0, 2000) / 1000 * mean;
	return pause;
}

/* How long it takes by the clock to run for so long. */
static uint64_t cpu_run(struct cpu *cpu, uint64_t ns)
{
	uint64_t took = ns;

	if (!cpu->stolen_percent)
		return took;
	cpu->left_ns -= (double)ns;
	while (cpu->left_ns < 0)
		took += cpu_pause(cpu);
	return took;
}

/* A probe takes so long, in a share of its calls longer, and the rest between. */
struct probe {
	uint64_t least_ns;
	uint64_t most_ns;
	unsigned int slow_percent;
	uint64_t slow_ns;
};

static uint64_t probe_ns(const struct probe *probe)
{
	if (draw() % 100 < probe->slow_percent)
		return probe->slow_ns;
	return draw_from(probe->least_ns, probe->most_ns);
}

/* The least and the most that a share was said to be, in percent of the truth. */
struct outcome {
	double least;
	double most;
};

static struct outcome simulate(struct cpu cpu, const struct probe *probe,
			       unsigned int per_window)
{
	struct memtel_reading now = { 0 };
	struct outcome out = { .least = 1e9 };
	struct memtel_estimate e;
	double true_ns = probe->slow_percent * (double)probe->slow_ns / 100 +
		(100 - probe->slow_percent) *
		(double)(probe->least_ns + probe->most_ns) / 2 / 100;

	start(&e, &now);
	for (int window = 0; window < 2000; window++) {
		double percent;

		for (unsigned int i = 0; i < per_window; i++) {
			uint64_t ns = probe_ns(probe);

			/* The samples are far apart: pauses fall between, too. */
			cpu_run(&cpu, draw_from(0, 200000));
			take(&now, cpu_run(&cpu, ns));
		}
		/* A tenth of the time. */
		now.time_ns += SECOND;
		now.events += (uint64_t)(1e8 / true_ns);
		memtel_estimate_look(&e, &now, 1);
		percent = e.share_ppm / 1e3;
		if (percent > out.most)
			out.most = percent;
		/* It was none at first. */
		if (window > 40 && percent < out.least)
			out.least = percent;
	}
	return out;
}

static void test_stolen(void)
{
	static const struct {
		const char *name;
		struct probe probe;
	} probes[] = {
		{ "a quick probe", { 150, 250, 0, 0 } },
		{ "a probe of 1 to 3 us", { 1000, 3000, 0, 0 } },
		{ "a probe of 10 to 14 us", { 10000, 14000, 0, 0 } },
	};
	static const unsigned int percents[] = { 0, 30, 60 };
	static const struct {
		const char *name;
		uint64_t least_ns, most_ns;
	} pauses[] = {
		{ "1 ms", 1000000, 1000000 },
		{ "1 to 50 ms", 1000000, 50000000 },
		{ "50 ms", 50000000, 50000000 },
	};

	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++)
		for (size_t j = 0; j < 3; j++)
			for (size_t k = 0; k < 3; k++) {
				struct outcome out = simulate((struct cpu) {
					.stolen_percent = percents[j],
					.pause_least_ns = pauses[k].least_ns,
					.pause_most_ns = pauses[k].most_ns,
				}, &probes[i].probe, MEMTEL_ESTIMATE_SAMPLES);

				/* Twice may be over a limit. */
				ok(out.least > 80 && out.most < 200,
				   "%s, %u %% of the CPU stolen, %s at a time: "
				   "%.0f to %.0f %% of the truth",
				   probes[i].name, percents[j], pauses[k].name,
				   out.least, out.most);
			}
}

/* Calls of two kinds: what is slow for a considerable share counts in full. */
static void test_slow(void)
{
	static const struct {
		unsigned int percent;
		unsigned int per_window;
		double least, most;
	} rows[] = {
		{ 100, 64, 99, 101 },
		{ 50, 64, 85, 120 },
		{ 20, 64, 70, 130 },
		{ 10, 1024, 85, 115 },
		/* Less than a sixteenth: as if it was not slow. */
		{ 2, 1024, 0, 40 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct probe probe = { 150, 250, rows[i].percent, 20000 };
		struct outcome out = simulate((struct cpu) {
			.stolen_percent = 30,
			.pause_least_ns = 1000000,
			.pause_most_ns = 50000000,
		}, &probe, rows[i].per_window);

		ok(out.least >= rows[i].least && out.most <= rows[i].most,
		   "a hundred times as slow in %u %% of the calls, %u samples: "
		   "%.0f to %.0f %% of the truth", rows[i].percent,
		   rows[i].per_window, out.least, out.most);
	}
}

/* A probe that becomes slow, however many samples there were before. */
static void test_becomes_slow(void)
{
	struct memtel_reading now = { 0 };
	struct memtel_estimate e;
	int s;

	start(&e, &now);
	for (s = 0; s < 100; s++) {
		pass(&now, 1000000, 2000, 200);
		memtel_estimate_look(&e, &now, 2);
	}
	ok(e.share_ppm > 99000 && e.share_ppm <= 100000, "quick: (%" PRIu32 ")",
	   e.share_ppm);
	/* 50 us each: both CPUs do little else, and few calls are timed. */
	for (s = 0; s < 4; s++) {
		pass(&now, 40000, 40, 50000);
		memtel_estimate_look(&e, &now, 2);
	}
	ok(e.share_ppm > 250000, "slow: a quarter after four seconds (%" PRIu32
	   ")", e.share_ppm);
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
	test_warm_up();
	test_few_samples();
	test_share();
	test_bounds();
	test_stolen();
	test_slow();
	test_becomes_slow();
	test_backoff();
	return tap_done();
}
