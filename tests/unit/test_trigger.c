// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The arithmetic of triggers, as the module does it, and their language.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../../kmod/level.h"
#include "../../kmod/sliding.h"
#include "memtel/memtel.h"
#include "tap.h"

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)

static uint64_t at_look(struct memtel_sliding *s, uint64_t now, uint64_t number)
{
	__u64 interval;

	return memtel_sliding_look(s, now, number, &interval);
}

static void test_growth(void)
{
	struct memtel_sliding s;
	uint64_t value = 0;
	__u64 interval;

	memtel_sliding_start(&s, SECOND, false, 5 * SECOND, 1000);
	ok(memtel_sliding_look(&s, 5 * SECOND + 10 * MS, 1500, &interval) == 500 &&
	   interval == 10 * MS, "what grew since the start, in the time since");
	memtel_sliding_start(&s, SECOND, false, 0, 0);
	for (uint64_t ms = 1; ms <= 5000; ms++)
		value = at_look(&s, ms * MS, ms * 7);
	/* A thousandth of what a step grows is rounded away. */
	ok(value - 7000 <= 1, "steady growth: the window's (%" PRIu64 ")",
	   value);
	value = memtel_sliding_look(&s, 5000 * MS, 5000 * 7 + 100, &interval);
	ok(value - 7100 <= 1 && interval == SECOND, "and a step on top of it");
	ok(at_look(&s, 9000 * MS, 5000 * 7 + 100) == 0,
	   "nothing for longer than the window: nothing");
	ok(at_look(&s, 20 * SECOND, 5000 * 7 + 160) == 60,
	   "after an idle gap all of the jump counts");
	ok(at_look(&s, 20900 * MS, 5000 * 7 + 160) == 60, "for a window");
	ok(at_look(&s, 21100 * MS, 5000 * 7 + 160) == 0, "and no longer");
}

static void test_wrap_and_fall(void)
{
	struct memtel_sliding s;

	memtel_sliding_start(&s, SECOND, false, UINT64_MAX - 300 * MS,
			     UINT64_MAX - 100);
	ok(at_look(&s, UINT64_MAX - 200 * MS, UINT64_MAX - 50) == 50,
	   "before both wrap");
	ok(at_look(&s, 100 * MS, 49) == 150, "after both wrapped");
	memtel_sliding_start(&s, SECOND, false, 0, 1000);
	ok(at_look(&s, 100 * MS, 400) == 0, "a gauge that fell has not grown");
	ok(at_look(&s, 200 * MS, 900) == 0, "nor when it is not yet back");
	ok(at_look(&s, 300 * MS, 1300) == 300, "only beyond where it was");
	ok(at_look(&s, 1100 * MS, 1300) == 900,
	   "a window later it grew from where it was low");
}

/* Looked at less often than a step: growth is even, not all at the end. */
static void test_polled(void)
{
	static const uint64_t windows_ms[] = { 10, 15, 25, 35, 99, 150 };

	for (size_t i = 0; i < sizeof(windows_ms) / sizeof(*windows_ms); i++) {
		struct memtel_sliding s;
		uint64_t want = windows_ms[i] * 1000, value = 0;

		memtel_sliding_start(&s, windows_ms[i] * MS, true, 0, 0);
		/* 1000 a ms, at a look every 10.05 ms. */
		for (uint64_t look = 1; look <= 100; look++)
			value = at_look(&s, look * 10050 * 1000, look * 10050);
		ok(value + want / 100 >= want && value <= want + want / 100,
		   "polled, window of %" PRIu64 " ms: %" PRIu64, windows_ms[i],
		   value);
	}
}

/* All samples kept: what the number was a window ago, by the last before. */
static void test_error(void)
{
	enum { LOOKS = 20000 };
	static uint64_t times[LOOKS], numbers[LOOKS];
	const uint64_t windows[] = { 10 * MS, SECOND, 3600 * SECOND };

	srand(1);
	for (size_t w = 0; w < 3; w++) {
		uint64_t window = windows[w], step = window / 16;
		uint64_t worst = 0, fastest = 0, now = 0, number = 0;
		struct memtel_sliding s;
		size_t from = 0;

		memtel_sliding_start(&s, window, false, 0, 0);
		for (size_t i = 0; i < LOOKS; i++) {
			uint64_t got, want, off;

			now += (uint64_t)rand() % step + 1;
			number += (uint64_t)rand() % 1000;
			times[i] = now;
			numbers[i] = number;
			got = at_look(&s, now, number);
			while (now - times[from + 1] >= window)
				from++;
			if (now < 2 * window)
				continue;
			want = number - numbers[from];
			off = got > want ? got - want : want - got;
			if (off > worst)
				worst = off;
			/* What can grow in a step, and between two looks. */
			for (size_t j = i; j && now - times[j] <= 2 * step; j--)
				if (number - numbers[j] > fastest)
					fastest = number - numbers[j];
		}
		ok(worst <= fastest, "window %" PRIu64 " ms: off by %" PRIu64
		   " at most, two steps grow by up to %" PRIu64,
		   window / MS, worst, fastest);
	}
}

static void test_level(void)
{
	struct memtel_level level = { .threshold = 100, .clear = 40 };

	ok(memtel_level_look(&level, 1, 100) == MEMTEL_LEVEL_SAME,
	   "the threshold itself is not over it");
	ok(memtel_level_look(&level, 2, 101) == MEMTEL_LEVEL_RAISED, "over it");
	ok(memtel_level_look(&level, 3, 300) == MEMTEL_LEVEL_SAME &&
	   memtel_level_look(&level, 4, 41) == MEMTEL_LEVEL_SAME &&
	   memtel_level_look(&level, 5, 200) == MEMTEL_LEVEL_SAME &&
	   level.peak == 300 && level.since_ns == 2,
	   "swinging above the clear value is one event, with its peak");
	ok(memtel_level_look(&level, 6, 40) == MEMTEL_LEVEL_CLEARED,
	   "the clear value itself clears");
	ok(memtel_level_look(&level, 7, 99) == MEMTEL_LEVEL_SAME,
	   "below the threshold nothing");

	level = (struct memtel_level){
		.threshold = 100, .clear = 100, .hold_ns = 50
	};
	ok(memtel_level_look(&level, 1000, 200) == MEMTEL_LEVEL_SAME &&
	   memtel_level_look(&level, 1049, 200) == MEMTEL_LEVEL_SAME &&
	   memtel_level_look(&level, 1050, 200) == MEMTEL_LEVEL_RAISED,
	   "raised at the end of the hold time");
	ok(memtel_level_look(&level, 1060, 0) == MEMTEL_LEVEL_CLEARED &&
	   memtel_level_look(&level, 2000, 200) == MEMTEL_LEVEL_SAME &&
	   memtel_level_look(&level, 2040, 100) == MEMTEL_LEVEL_SAME &&
	   memtel_level_look(&level, 2060, 200) == MEMTEL_LEVEL_SAME &&
	   memtel_level_look(&level, 2100, 200) == MEMTEL_LEVEL_SAME &&
	   memtel_level_look(&level, 2110, 200) == MEMTEL_LEVEL_RAISED,
	   "a dip begins the hold time anew");
}

static const struct {
	const char *text;
	const char *canonical;
} good[] = {
	{ "direct-reclaim-time > 50ms in 1s on node=0",
	  "direct-reclaim-time > 50ms in 1s on node=0" },
	{ "  stall-time>1.5s in 60s", "stall-time > 1500ms in 60s" },
	{ "slab-growth > 64MiB in 10s on cache=kmalloc-192,node=1 for 2s until 16MiB",
	  "slab-growth > 64MiB in 10s on node=1,cache=kmalloc-192 for 2s until 16MiB" },
	{ "slab-growth > 1kB in 10ms", "slab-growth > 1000B in 10ms" },
	{ "compaction-failures > 2k in 1h until 0 on zone=Normal,node=3",
	  "compaction-failures > 2000 in 3600s on node=3,zone=Normal until 0" },
	{ "slab-allocs > 1.5M in 1s until 0.123k",
	  "slab-allocs > 1500000 in 1s until 123" },
	{ "shrinker-time > 1m in 2m on shrinker=\"foo_scan [bar]\"",
	  "shrinker-time > 60s in 120s on shrinker=\"foo_scan [bar]\"" },
	{ "memcg-reclaim-time > 1ns in 1s on cgroup=/a/b.slice for 0ns",
	  "memcg-reclaim-time > 1ns in 1s on cgroup=/a/b.slice" },
};

static const struct {
	const char *text;
	size_t offset;
	const char *why;
} bad[] = {
	{ "", 0, "metric is expected" },
	{ "direct-reclaim-tim > 1ms in 1s", 0, "direct-reclaim-time" },
	{ "xyz > 1ms in 1s", 0, "no such metric" },
	{ "stall-time < 1ms in 1s", 11, "> is expected" },
	{ "stall-time > in 1s", 13, "number is expected" },
	{ "stall-time > 5 in 1s", 14, "unit is expected: ns" },
	{ "stall-time > 5MiB in 1s", 14, "unit is expected: ns" },
	{ "stall-time > 0ms in 1s", 13, "makes no sense" },
	{ "slab-allocs > 1.5 in 1s", 14, "whole number" },
	{ "slab-allocs > 0.0005k in 1s", 14, "whole number" },
	{ "slab-allocs > 2 in 1s until 1.5", 28, "whole number" },
	{ "stall-time > 99999999999999999999ms in 1s", 13, "too large" },
	{ "stall-time > 18446744073709551615s in 1s", 13, "too large" },
	{ "stall-time > 5ms", 16, "'in' and a window" },
	{ "stall-time > 5ms in 9ms", 20, "10ms to 1h" },
	{ "stall-time > 5ms in 2h", 20, "10ms to 1h" },
	{ "stall-time > 5ms in 1s for 2h", 27, "at most 1h" },
	{ "stall-time > 5ms in 1s now", 23, "'on', 'for' or 'until'" },
	{ "stall-time > 5ms in 1s for 1s for 1s", 30, "each once" },
	{ "kswapd-time > 5ms in 1s on", 26, "by: node" },
	{ "kswapd-time > 5ms in 1s on zone=Normal", 27, "by: node" },
	{ "kswapd-time > 5ms in 1s on node", 31, "= is expected" },
	{ "kswapd-time > 5ms in 1s on node=x", 32, "node's number" },
	{ "kswapd-time > 5ms in 1s on node=-1", 32, "node's number" },
	{ "kswapd-time > 5ms in 1s on node=1024", 32, "at most 1023" },
	{ "kswapd-time > 5ms in 1s on node=1,node=2", 34, "given twice" },
	{ "compaction-time > 5ms in 1s on zone=DMA", 31, "needs its node" },
	{ "slab-growth > 5B in 1s on cache=", 32, "value is expected" },
	{ "slab-growth > 5B in 1s on cache=\"a", 32, "quote" },
	{ "slab-growth > 5B in 1s until 6B", 29, "above the threshold" },
};

static void test_language(void)
{
	struct memtel_trigger_error error;
	struct memtel_trigger_spec spec, again;
	char text[256];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		int err = memtel_trigger_parse(good[i].text, &spec, &error);

		memtel_trigger_format(&spec, text, sizeof(text));
		ok(!err && !strcmp(text, good[i].canonical), "%s (%s%s)",
		   good[i].text, err ? error.text : "", err ? "" : text);
		err = memtel_trigger_parse(text, &again, &error);
		ok(!err && !memcmp(&spec, &again, sizeof(spec)), "and back");
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int err = memtel_trigger_parse(bad[i].text, &spec, &error);

		ok(err == -EINVAL && error.offset == bad[i].offset &&
		   strstr(error.text, bad[i].why), "'%s' is none (%zu: %s)",
		   bad[i].text, error.offset, error.text);
	}
}

/* Words and rubbish in any order: never a crash, never an offset outside. */
static void test_rubbish(void)
{
	static const char *const words[] = {
		"stall-time", "slab-growth", ">", "in", "on", "for", "until",
		"node", "=", ",", "1", "99999999999", "s", "ms", "MiB", " ",
		"\"", "zone=Normal", "cache=", "\xff", "-", "0.5", "é",
	};
	struct memtel_trigger_error error;
	struct memtel_trigger_spec spec;
	bool is_good = true;

	srand(2);
	for (int round = 0; round < 200000; round++) {
		char text[512] = "";

		for (int n = rand() % 16; n; n--)
			strcat(text, words[(size_t)rand() %
					   (sizeof(words) / sizeof(words[0]))]);
		if (memtel_trigger_parse(text, &spec, &error) &&
		    (error.offset > strlen(text) || !*error.text))
			is_good = false;
	}
	ok(is_good, "rubbish is refused with words, within the text");
}

static void test_units(void)
{
	static const struct {
		uint32_t metric;
		uint64_t value;
		const char *text;
	} shown[] = {
		{ MEMTEL_METRIC_STALL_TIME, 0, "0ns" },
		{ MEMTEL_METRIC_STALL_TIME, 203100000, "203.1ms" },
		{ MEMTEL_METRIC_STALL_TIME, 2 * SECOND, "2s" },
		{ MEMTEL_METRIC_SLAB_GROWTH, 3 << 20, "3MiB" },
		{ MEMTEL_METRIC_SLAB_GROWTH, 1536, "1.5KiB" },
		{ MEMTEL_METRIC_SLAB_ALLOCS, 123456, "123456" },
		{ 9999, 5, "5" },
	};
	char text[32];

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		memtel_metric_format(shown[i].metric, shown[i].value, text,
				     sizeof(text));
		ok(!strcmp(text, shown[i].text), "%s (%s)", shown[i].text, text);
	}
	ok(!*memtel_metric_name(0) && !*memtel_metric_name(9999),
	   "an unknown metric has no name");
}

int main(void)
{
	test_growth();
	test_wrap_and_fall();
	test_polled();
	test_error();
	test_level();
	test_language();
	test_rubbish();
	test_units();
	return tap_done();
}
