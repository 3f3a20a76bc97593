// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The memory of the past, and the file it is saved in, at their limits.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine.h"
#include "state.h"
#include "tap.h"

#define WEEK_S	(7 * 24 * 3600)
#define LONG	60000

/* So many of the longest series do not fit. */
#define TOO_MANY	((unsigned int)(HISTORY_BYTES / LONG) + 100)

/* All series. */
static const struct matchers any;

static void add(struct history *history, unsigned int who, const char *text,
		double value)
{
	char number[16];
	const struct label labels[] = { { "number", number }, { "text", text } };
	const struct sample sample = { "m", labels, 2, value };

	snprintf(number, sizeof(number), "%u", who);
	history_add(history, &sample);
}

static void test_week(void)
{
	struct history history = { 0 };
	const struct series *series;

	history_want(&history, "m", WEEK_S * INT64_C(1000), &any);
	for (int64_t s = 0; s < 2 * WEEK_S; s += 10) {
		history_round(&history, s * 1000);
		add(&history, 0, "", (double)s);
		history_expire(&history);
	}
	series = history.metrics[0]->series[0];
	ok(series->nr > 340 && series->nr < 390,
	   "a week at ten seconds has %zu buckets", series->nr);
	ok(series->room <= series->nr * 5 / 4, "and memory for %zu",
	   series->room);
	ok(history.bytes >= series->room * sizeof(struct bucket) &&
	   history.bytes * CGROUPS_MAX <= HISTORY_BYTES,
	   "which is there for each cgroup: %zu bytes", history.bytes);
	history_free(&history);
}

static bool all_are_fresh(const struct history *history)
{
	const struct metric *metric = history->metrics[0];

	for (size_t i = 0; i < metric->nr; i++)
		if (!series_is_fresh(history, metric->series[i]))
			return false;
	return true;
}

/* A label that is as long as can be. */
static const char *long_text(void)
{
	static char text[LONG];

	memset(text, 'x', sizeof(text) - 1);
	return text;
}

/* Series whose labels alone fill the memory there is. */
static void fill(struct history *history, int64_t round_ms)
{
	history_round(history, round_ms);
	for (unsigned int i = 0; i < TOO_MANY; i++)
		add(history, i, long_text(), 1);
}

static void test_limit(void)
{
	struct history history = { 0 };
	size_t nr;

	history_want(&history, "m", WEEK_S * INT64_C(1000), &any);
	fill(&history, 1000);
	nr = history.nr_series;
	ok(nr > 4000 && nr < TOO_MANY && history.lost &&
	   history.bytes <= HISTORY_BYTES, "%zu long series are kept", nr);
	ok(history.metrics[0]->lost_ms == 1000 && history.metrics[0]->lost_why,
	   "and that others were not is known");
	for (int64_t round = 2; round < 20; round++)
		fill(&history, round * 1000);
	ok(history.nr_series == nr && all_are_fresh(&history) &&
	   history.bytes <= HISTORY_BYTES && history.lost > 15 * nr / 2,
	   "and have what is now, for the price of their past");
	history_want_nothing(&history);
	history_wants_done(&history);
	ok(!history.bytes && !history.nr_series, "all of it is given back");
	history_free(&history);
}

/* Whoever comes and goes leaves room for those that are there. */
static void test_coming_and_going(void)
{
	struct history history = { 0 };
	unsigned int who = 0;
	int64_t s = 0;
	size_t nr;

	history_want(&history, "m", WEEK_S * INT64_C(1000), &any);
	history_want(&history, "other", WEEK_S * INT64_C(1000), &any);
	/* The first stays; the others have some samples each. */
	for (; who < 3 * TOO_MANY; s += 10) {
		history_round(&history, s * 1000);
		add(&history, 0, "", 1);
		for (unsigned int i = 1; i <= 10; i++)
			add(&history, who + i, long_text(), 1);
		history_expire(&history);
		who += 5;
	}
	nr = history.nr_series;
	ok(history.metrics[0]->series[0]->nr > 1 && nr <= TOO_MANY &&
	   nr > TOO_MANY / 2 && history.lost,
	   "%zu series of %u are kept", nr, who);
	for (size_t i = nr = 0; i < history.metrics[0]->nr; i++)
		nr += series_is_fresh(&history, history.metrics[0]->series[i]);
	ok(nr == 11, "all %zu that are there have their sample", nr);
	ok(history.metrics[0]->series[0]->buckets[0].first_ms == 0,
	   "and who was there has its past");
	ok(!history.metrics[0]->lost_why, "so that no rule fails");
	/* What could not be read did not go. */
	for (; !history.is_all_fresh; who++)
		add(&history, who + 100, long_text(), 1);
	history.lost = 0;
	nr = history.nr_series;
	for (int i = 0; i < 3; i++, s += 10) {
		history_round(&history, s * 1000);
		history_fail(&history, "m", "no room");
		add(&history, who + 200, long_text(), 1);
	}
	ok(history.lost == 3 && history.nr_series == nr,
	   "none goes that could not be read");
	history_free(&history);
}

/* What no rule selects takes no room, also when it was selected before. */
static void test_selected(void)
{
	struct history history = { 0 };
	char name[] = "number", value[] = "1";
	struct matcher is_one = { .name = name, .value = value,
				  .op = MATCH_EQUAL };
	const struct matchers one = { &is_one, 1 };

	history_want(&history, "m", 5000, &one);
	history_round(&history, 1000);
	for (unsigned int i = 0; i < 5; i++)
		add(&history, i, "", 1);
	ok(history.nr_series == 1 && !history.lost, "one of five is selected");
	history_want(&history, "m", 0, &any);
	history_round(&history, 2000);
	for (unsigned int i = 0; i < 5; i++)
		add(&history, i, "", 1);
	ok(history.nr_series == 5 && history.metrics[0]->keep_ms == 5000,
	   "by another rule all");
	history_want_nothing(&history);
	history_want(&history, "m", 5000, &one);
	history_wants_done(&history);
	ok(history.nr_series == 1 && history.metrics[0]->series[0]->nr == 2,
	   "without it one again, which has its past");
	add(&history, 1, "", 5);
	ok(history.lost == 1 && history.metrics[0]->lost_ms == 2000 &&
	   history.metrics[0]->series[0]->buckets[1].last == 1,
	   "a second sample of a round is lost, and counted");
	history_free(&history);
}

/* As the past is bounded it takes alerts, here all of one, for a large state. */
static void test_state(void)
{
	static char text[LONG], identity[] = "rule";
	static struct alert alerts[10000];
	struct label label = { "text", text };
	const struct rule rule = { .identity = identity };
	struct watched_rule watched = { &rule, alerts, 10000, false };
	struct engine engine = { .rules = &watched, .nr = 1 };
	char path[] = "/tmp/test_history-XXXXXX", beside[sizeof(path) + 8];
	struct stat st;

	memset(text, 'x', sizeof(text) - 1);
	for (size_t i = 0; i < 10000; i++)
		alerts[i] = (struct alert){ .labels = &label, .nr_labels = 1 };
	close(mkstemp(path));
	snprintf(beside, sizeof(beside), "%s.new", path);
	ok(state_save(&engine, path) == -EFBIG && !stat(path, &st) &&
	   !st.st_size && access(beside, F_OK),
	   "what could not be read again is not saved");
	engine.nr = 0;
	ok(!state_save(&engine, path) && !state_load(&engine, path, 0),
	   "other than an empty state");
	snprintf(beside, sizeof(beside), "%s.damaged", path);
	ok(!truncate(path, (off_t)600 << 20) &&
	   state_load(&engine, path, 0) == -EFBIG && access(path, F_OK) &&
	   !unlink(beside), "a file too large is moved aside");
}

int main(void)
{
	test_week();
	test_limit();
	test_coming_and_going();
	test_selected();
	test_state();
	return tap_done();
}
