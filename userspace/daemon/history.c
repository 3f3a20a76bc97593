// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The past of series, in bounded memory.
 *
 * Model. Only series that some rule selects are kept, each for as long as the
 * longest look back at its metric. A sample has a bucket of its own to begin with.
 * Growing older, buckets are joined into one that knows their samples' count,
 * sum, least, greatest, first and last, and a counter's growth; it is no longer
 * than 1/30 of its age, nor than 1/60 of the longest look back. So what a rule
 * asks of a time is right but for the time's beginning, which is that of a
 * bucket: by less than 1/30 of the time. Times of up to thirty intervals are
 * exact. A week at an interval of ten seconds has 363 buckets of 80 bytes, 28
 * KiB, and memory for up to an eighth more.
 *
 * At the limit of memory a new series takes the place of those that have had no
 * sample for longest; where all have some it is lost, and one that is there loses
 * its oldest bucket for its newest: what is now is known for as long as can be.
 * Each loss of a series that is there has a time, that of the newest sample that
 * was lost: a rule that looks back on it has no value, for it would be a wrong one.
 *
 * Time is the wall clock's, so that a past survives a restart of the host. When
 * it is set back, what is then in the future is forgotten.
 *
 * A series that the last round of samples did not have is stale: it has no value
 * now, but has its past. That is not so if the round failed to read the metric:
 * then nobody knows, and a rule that looks at it has no value.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history.h"

/* Who makes room makes it for some: what went within this of the oldest. */
#define EVICT_MS (60 * 60 * INT64_C(1000))

const char history_full[] = "all series together need more memory than memteld takes";
static const char is_double[] = "two are of the same series";

/* Where a name is, or would be. */
static size_t metric_index(const struct history *history, const char *name,
			   bool *is_there)
{
	size_t low = 0, high = history->nr;

	*is_there = false;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(history->metrics[middle]->name, name);

		if (!order) {
			*is_there = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/** history_find() - a metric, NULL when no rule wants it */
struct metric *history_find(const struct history *history, const char *name)
{
	bool is_there;
	size_t i = metric_index(history, name, &is_there);

	return is_there ? history->metrics[i] : NULL;
}

/** metric_lose() - samples of a metric were lost, the newest of this time */
void metric_lose(struct history *history, struct metric *metric,
		 int64_t time_ms, const char *why)
{
	history->lost++;
	if (metric->lost_why && metric->lost_ms >= time_ms)
		return;
	metric->lost_ms = time_ms;
	metric->lost_why = why;
}

/**
 * metric_selects() - does some rule look at the series of these labels?
 * Where a regex cannot say, the series is kept, so that the rule meets it and
 * fails.
 */
bool metric_selects(const struct metric *metric, const struct label *labels,
		    unsigned int nr)
{
	for (size_t i = 0; i < metric->nr_wants; i++)
		if (matchers_match(metric->wants[i], labels, nr))
			return true;
	return false;
}

static size_t series_bytes(const struct series *series)
{
	return sizeof(*series) +
	       labels_size(series->labels, series->nr_labels) +
	       series->room * sizeof(*series->buckets);
}

static void series_free(struct history *history, struct series *series)
{
	history->nr_series--;
	history->bytes -= series_bytes(series);
	free(series->labels);
	free(series->buckets);
	free(series);
}

static void metric_free(struct history *history, struct metric *metric)
{
	for (size_t i = 0; i < metric->nr; i++)
		series_free(history, metric->series[i]);
	free(metric->series);
	free(metric->wants);
	free(metric->name);
	free(metric);
}

/* Free all series of which @goes says, by a time, that they go. */
static void sweep(struct history *history,
		  bool (*goes)(struct history *history, struct metric *metric,
			       struct series *series, int64_t ms),
		  int64_t ms)
{
	for (size_t i = 0; i < history->nr; i++) {
		struct metric *metric = history->metrics[i];
		size_t left = 0;

		for (size_t j = 0; j < metric->nr; j++) {
			struct series *series = metric->series[j];

			if (goes(history, metric, series, ms))
				series_free(history, series);
			else
				metric->series[left++] = series;
		}
		metric->nr = left;
	}
}

static bool is_unwanted(struct history *history, struct metric *metric,
			struct series *series, int64_t ms)
{
	(void)history;
	(void)ms;
	return !metric_selects(metric, series->labels, series->nr_labels);
}

/** history_want_nothing() - the wants are told anew; what is there stays */
void history_want_nothing(struct history *history)
{
	for (size_t i = 0; i < history->nr; i++) {
		history->metrics[i]->nr_wants = 0;
		history->metrics[i]->keep_ms = 0;
	}
}

/* The metric of a name, made if it is not there; NULL without memory. */
static struct metric *metric_make(struct history *history, const char *name)
{
	struct metric *metric, **metrics;
	bool is_there;
	size_t i = metric_index(history, name, &is_there);

	if (is_there)
		return history->metrics[i];
	metrics = realloc(history->metrics,
			  (history->nr + 1) * sizeof(*metrics));
	if (!metrics)
		return NULL;
	history->metrics = metrics;
	metric = calloc(1, sizeof(*metric));
	if (metric)
		metric->name = strdup(name);
	if (!metric || !metric->name) {
		free(metric);
		return NULL;
	}
	memmove(metrics + i + 1, metrics + i,
		(history->nr - i) * sizeof(*metrics));
	metrics[i] = metric;
	history->nr++;
	return metric;
}

/**
 * history_want() - keep series of a metric
 * @keep_ms: for so long; the longest of what is wanted holds
 * @matchers: those that they select, to live until the wants are told anew
 *
 * Return: 0 or -ENOMEM.
 */
int history_want(struct history *history, const char *name, int64_t keep_ms,
		 const struct matchers *matchers)
{
	struct metric *metric = metric_make(history, name);
	const struct matchers **wants;

	if (!metric)
		return -ENOMEM;
	wants = realloc(metric->wants, (metric->nr_wants + 1) * sizeof(*wants));
	if (!wants)
		return -ENOMEM;
	metric->wants = wants;
	wants[metric->nr_wants++] = matchers;
	if (keep_ms > metric->keep_ms)
		metric->keep_ms = keep_ms;
	return 0;
}

/** history_wants_done() - what nobody wants any more is forgotten */
void history_wants_done(struct history *history)
{
	size_t left = 0;

	for (size_t i = 0; i < history->nr; i++)
		if (history->metrics[i]->nr_wants)
			history->metrics[left++] = history->metrics[i];
		else
			metric_free(history, history->metrics[i]);
	history->nr = left;
	sweep(history, is_unwanted, 0);
}

/* Samples of a later time than @now_ms are forgotten. */
static void series_rewind(struct series *series, int64_t now_ms)
{
	while (series->nr && series->buckets[series->nr - 1].last_ms > now_ms)
		series->nr--;
}

/** history_round() - a round of samples of this time begins */
void history_round(struct history *history, int64_t now_ms)
{
	if (now_ms < history->round_ms)
		for (size_t i = 0; i < history->nr; i++)
			for (size_t j = 0; j < history->metrics[i]->nr; j++)
				series_rewind(history->metrics[i]->series[j],
					      now_ms);
	for (size_t i = 0; i < history->nr; i++) {
		struct metric *metric = history->metrics[i];

		*metric->why = '\0';
		if (metric->lost_ms > now_ms)
			metric->lost_ms = now_ms - 1;
	}
	history->is_all_fresh = false;
	history->round_before_ms = history->round_ms;
	history->round_ms = now_ms;
}

/** history_fail() - this round lacks samples of a metric, and why */
void history_fail(struct history *history, const char *name, const char *why)
{
	struct metric *metric = history_find(history, name);

	if (metric)
		snprintf(metric->why, sizeof(metric->why), "%s", why);
}

static int64_t series_last_ms(const struct series *series)
{
	return series->nr ? series->buckets[series->nr - 1].last_ms : 0;
}

static uint64_t series_samples(const struct series *series)
{
	uint64_t nr = 0;

	for (size_t i = 0; i < series->nr; i++)
		nr += series->buckets[i].count;
	return nr;
}

/*
 * Since when the longest stale series has had no sample; not that of a metric that
 * could not be read. The round that is under way may have yet to bring some.
 */
static int64_t stalest_ms(const struct history *history)
{
	int64_t least_ms = history->round_before_ms;

	for (size_t i = 0; i < history->nr; i++) {
		const struct metric *metric = history->metrics[i];

		for (size_t j = 0; j < metric->nr && !*metric->why;
		     j++)
			if (series_last_ms(metric->series[j]) < least_ms)
				least_ms = series_last_ms(metric->series[j]);
	}
	return least_ms;
}

/*
 * What a rule had to say of a series that went was said when the last sample came:
 * the rule does not fail by this.
 */
static bool is_evicted(struct history *history, struct metric *metric,
		       struct series *series, int64_t before_ms)
{
	if (*metric->why || series_last_ms(series) >= before_ms)
		return false;
	history->lost += series_samples(series);
	return true;
}

/* What was kept of those that went first goes. Returns whether there were some. */
static bool evict(struct history *history)
{
	size_t nr = history->nr_series;
	int64_t before_ms;

	/* None gets stale within a round: one look is enough. */
	if (history->is_all_fresh)
		return false;
	before_ms = stalest_ms(history) + EVICT_MS;
	if (before_ms > history->round_before_ms)
		before_ms = history->round_before_ms;
	sweep(history, is_evicted, before_ms);
	history->is_all_fresh = history->nr_series == nr;
	return !history->is_all_fresh;
}

static bool has_room(const struct history *history, const struct label *labels,
		     unsigned int nr)
{
	return history->bytes + sizeof(struct series) +
	       labels_size(labels, nr) <= HISTORY_BYTES;
}

/* Where the series of some labels is, or would be. */
static size_t series_index(const struct metric *metric,
			   const struct label *labels, unsigned int nr,
			   bool *is_there)
{
	size_t low = 0, high = metric->nr;

	*is_there = false;
	while (low < high && !*is_there) {
		size_t middle = (low + high) / 2;
		const struct series *series = metric->series[middle];
		int order = labels_compare(series->labels, series->nr_labels,
					   labels, nr);

		*is_there = !order;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return high;
}

/**
 * metric_series() - the series of some labels, made if it is not there
 * Return: the series; NULL when there are too many, or without memory.
 */
struct series *metric_series(struct history *history, struct metric *metric,
			     const struct label *labels, unsigned int nr)
{
	struct series *series, **all;
	bool is_there;
	size_t at = series_index(metric, labels, nr, &is_there);

	if (is_there)
		return metric->series[at];
	/* Its place is another after some went. */
	if (!has_room(history, labels, nr))
		return evict(history) ?
		       metric_series(history, metric, labels, nr) : NULL;
	if (metric->nr == metric->room) {
		size_t room = metric->room ? 2 * metric->room : 8;

		all = realloc(metric->series, room * sizeof(*all));
		if (!all)
			return NULL;
		metric->series = all;
		metric->room = room;
	}
	series = calloc(1, sizeof(*series));
	if (series)
		series->labels = labels_copy(labels, nr);
	if (!series || !series->labels) {
		free(series);
		return NULL;
	}
	series->nr_labels = nr;
	history->nr_series++;
	history->bytes += series_bytes(series);
	memmove(metric->series + at + 1, metric->series + at,
		(metric->nr - at) * sizeof(*all));
	metric->series[at] = series;
	metric->nr++;
	return series;
}

/** series_reserve() - have memory for so many buckets; 0 or a negative errno */
int series_reserve(struct history *history, struct series *series, size_t nr)
{
	size_t room = nr + nr / 8 + 3, more;
	struct bucket *buckets;

	if (nr <= series->room)
		return 0;
	more = (room - series->room) * sizeof(*buckets);
	if (history->bytes + more > HISTORY_BYTES)
		return -ENOSPC;
	buckets = realloc(series->buckets, room * sizeof(*buckets));
	if (!buckets)
		return -ENOMEM;
	series->buckets = buckets;
	series->room = room;
	history->bytes += more;
	return 0;
}

static void series_forget(struct series *series, size_t nr)
{
	series->nr -= nr;
	memmove(series->buckets, series->buckets + nr,
		series->nr * sizeof(*series->buckets));
}

static double growth(double before, double after)
{
	return after >= before ? after - before : after;
}

/* The samples of @next, which follow those of @b. */
static void bucket_join(struct bucket *b, const struct bucket *next)
{
	b->last_ms = next->last_ms;
	b->last = next->last;
	b->count += next->count;
	b->sum += next->sum;
	b->min = fmin(b->min, next->min);
	b->max = fmax(b->max, next->max);
	b->growth += next->growth_into + next->growth;
}

/* Join what is old enough to be one. */
static void series_join(struct series *series, int64_t keep_ms, int64_t now_ms)
{
	size_t left = 0;

	for (size_t i = 1; i < series->nr; i++) {
		struct bucket *b = &series->buckets[left];
		const struct bucket *next = &series->buckets[i];
		int64_t length_ms = next->last_ms - b->first_ms;

		if (length_ms <= (now_ms - next->last_ms) / HISTORY_OF_AGE &&
		    length_ms <= keep_ms / HISTORY_OF_KEEP)
			bucket_join(b, next);
		else if (++left != i)
			series->buckets[left] = *next;
	}
	if (series->nr)
		series->nr = left + 1;
}

/* The newest sample of a series; its oldest are lost for it without room. */
static void series_add(struct history *history, struct metric *metric,
		       struct series *series, double value)
{
	int64_t now_ms = history->round_ms;
	struct bucket *last = series->nr ? &series->buckets[series->nr - 1] :
					   NULL;
	double grown = last ? growth(last->last, value) : 0;

	if (last && last->last_ms == now_ms) {
		metric_lose(history, metric, now_ms, is_double);
		return;
	}
	if (series_reserve(history, series, series->nr + 1)) {
		metric_lose(history, metric,
			    series->nr ? series->buckets[0].last_ms : now_ms,
			    history_full);
		if (!series->nr)
			return;
		series_forget(series, 1);
	}
	series->buckets[series->nr++] = (struct bucket){
		.first_ms = now_ms,
		.last_ms = now_ms,
		.count = 1,
		.first = value,
		.last = value,
		.min = value,
		.max = value,
		.sum = value,
		.growth_into = grown,
	};
	series_join(series, metric->keep_ms, now_ms);
}

/** history_add() - a sample of this round; what nobody wants is passed over */
void history_add(struct history *history, const struct sample *sample)
{
	struct metric *metric = history_find(history, sample->metric);
	struct series *series;
	bool is_there;
	size_t at;

	if (!metric || isnan(sample->value))
		return;
	/* Those that are there are selected: the rest are looked at. */
	at = series_index(metric, sample->labels, sample->nr_labels, &is_there);
	if (is_there)
		series = metric->series[at];
	else if (metric_selects(metric, sample->labels, sample->nr_labels))
		series = metric_series(history, metric, sample->labels,
				       sample->nr_labels);
	else
		return;
	if (series)
		series_add(history, metric, series, sample->value);
	else
		metric_lose(history, metric, history->round_ms, history_full);
}

/* Forget what nobody looks back on. True when nothing is left. */
static bool is_expired(struct history *history, struct metric *metric,
		       struct series *series, int64_t round_ms)
{
	int64_t before_ms = round_ms - metric->keep_ms - 1;
	size_t old = 0;

	(void)history;
	while (old < series->nr && series->buckets[old].last_ms <= before_ms)
		old++;
	if (old)
		series_forget(series, old);
	return !series->nr;
}

/** history_expire() - after a round: what is too old goes */
void history_expire(struct history *history)
{
	sweep(history, is_expired, history->round_ms);
}

/** history_free() - all of it goes; it may be used anew */
void history_free(struct history *history)
{
	for (size_t i = 0; i < history->nr; i++)
		metric_free(history, history->metrics[i]);
	free(history->metrics);
	*history = (struct history){ 0 };
}

/** series_is_fresh() - had the last round a sample of it? */
bool series_is_fresh(const struct history *history, const struct series *series)
{
	return series->nr && series->buckets[series->nr - 1].last_ms ==
			     history->round_ms;
}

/** series_span() - sum up a series' samples after @begin_ms to @end_ms */
void series_span(const struct series *series, int64_t begin_ms, int64_t end_ms,
		 struct span *span)
{
	struct bucket *sum = &span->sum;

	*span = (struct span){ .begin_ms = begin_ms, .end_ms = end_ms };
	for (size_t i = 0; i < series->nr; i++) {
		const struct bucket *b = &series->buckets[i];

		if (b->last_ms <= begin_ms || b->last_ms > end_ms)
			continue;
		if (sum->count)
			bucket_join(sum, b);
		else
			*sum = *b;
	}
}
