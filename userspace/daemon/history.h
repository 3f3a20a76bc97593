/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What rules look back on: series of samples. See history.c. */
#ifndef MEMTELD_HISTORY_H
#define MEMTELD_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "matcher.h"

/* A bucket's share of its age, and of the longest time looked back, at most. */
#define HISTORY_OF_AGE	30
#define HISTORY_OF_KEEP	60

/*
 * The memory of all series' labels and past; what does not fit is counted. A
 * week at an interval of ten seconds takes 30 KiB, and more than this is there for
 * each cgroup that a round may read.
 */
#define HISTORY_BYTES	(CGROUPS_MAX * ((size_t)32 << 10))

#define HISTORY_WHY_MAX	80

/**
 * struct bucket - samples that came one after the other
 * @first_ms: time of the first
 * @last_ms: of the last
 * @count: how many
 * @first: the first's value
 * @last: the last's
 * @min: the least
 * @max: the greatest
 * @sum: of all
 * @growth: of a counter since the bucket's first sample; a fall is a reset to 0
 * @growth_into: from the sample before it to its first one
 */
struct bucket {
	int64_t first_ms;
	int64_t last_ms;
	uint64_t count;
	double first;
	double last;
	double min;
	double max;
	double sum;
	double growth;
	double growth_into;
};

/**
 * struct series - the past of one label set
 * @labels: sorted
 * @nr_labels: how many
 * @buckets: oldest first
 * @nr: how many
 * @room: for how many there is memory
 */
struct series {
	struct label *labels;
	unsigned int nr_labels;
	struct bucket *buckets;
	size_t nr;
	size_t room;
};

/**
 * struct metric - all series of a name that some rule selects
 * @name: the name
 * @wants: conditions of the selectors of rules; a series is kept that is
 *         selected by one of them
 * @nr_wants: how many; none while the wants are made anew
 * @keep_ms: how far rules look back
 * @series: sorted by labels
 * @nr: how many
 * @room: for how many there is memory
 * @why: the last round lacks samples of it; empty when it does not
 * @lost_ms: time of the newest sample that was lost
 * @lost_why: the reason; NULL when none was lost
 */
struct metric {
	char *name;
	const struct matchers **wants;
	size_t nr_wants;
	int64_t keep_ms;
	struct series **series;
	size_t nr;
	size_t room;
	char why[HISTORY_WHY_MAX];
	int64_t lost_ms;
	const char *lost_why;
};

/**
 * struct history - all that is kept
 * @metrics: sorted by name
 * @nr: how many
 * @nr_series: of all metrics
 * @bytes: of these
 * @round_ms: time of the last round of samples
 * @round_before_ms: of the one before
 * @is_all_fresh: none could make room for another, in this round
 * @lost: samples that did not fit, or took the place of the oldest, since the
 *        start
 */
struct history {
	struct metric **metrics;
	size_t nr;
	size_t nr_series;
	size_t bytes;
	int64_t round_ms;
	int64_t round_before_ms;
	bool is_all_fresh;
	uint64_t lost;
};

/**
 * struct span - a series within a time
 * @begin_ms: the time's begin, which is not in it
 * @end_ms: its end, which is
 * @sum: bucket of all its samples; @count 0 for none
 */
struct span {
	int64_t begin_ms;
	int64_t end_ms;
	struct bucket sum;
};

void history_want_nothing(struct history *history);
int history_want(struct history *history, const char *name, int64_t keep_ms,
		 const struct matchers *matchers);
void history_wants_done(struct history *history);
struct metric *history_find(const struct history *history, const char *name);

void history_round(struct history *history, int64_t now_ms);
void history_add(struct history *history, const struct sample *sample);
void history_fail(struct history *history, const char *name, const char *why);
void history_expire(struct history *history);
void history_free(struct history *history);

bool series_is_fresh(const struct history *history, const struct series *series);
void series_span(const struct series *series, int64_t begin_ms, int64_t end_ms,
		 struct span *span);

void metric_lose(struct history *history, struct metric *metric,
		 int64_t time_ms, const char *why);
bool metric_selects(const struct metric *metric, const struct label *labels,
		    unsigned int nr);
struct series *metric_series(struct history *history, struct metric *metric,
			     const struct label *labels, unsigned int nr);
int series_reserve(struct history *history, struct series *series, size_t nr);

/* Why a sample is lost. */
extern const char history_full[];

#endif /* MEMTELD_HISTORY_H */
