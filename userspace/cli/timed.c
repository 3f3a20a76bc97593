// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * memtel reclaim, shrinkers, locks: rows that are timed, and, with --interval,
 * what each added since the last refresh.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "log.h"
#include "options.h"
#include "view.h"

#define KEY_MAX 192

/* What a row had counted at a refresh. */
struct seen {
	char key[KEY_MAX];
	uint64_t count;
	uint64_t total_ns;
};

/* All of a refresh, and when it was. */
struct round {
	uint64_t since_ns;
	uint64_t now_ns;
	size_t nr;
	struct seen *rows;
};

/**
 * struct timed - between refreshes
 * @source: what counts
 * @set: fields of the rows
 * @kind: of --kind, 0 without
 * @before: the last refresh
 * @now: this one
 */
struct timed {
	const char *source;
	const struct field_set *set;
	uint32_t kind;
	struct round before;
	struct round now;
	struct refresh *refresh;
};

static int note_clock(const struct memtel_source *source, void *arg)
{
	struct round *round = arg;

	if (memtel_has(source, MEMTEL_A_SOURCE_SINCE_NS))
		round->since_ns = source->since_ns;
	round->now_ns = source->now_ns;
	return 0;
}

static const struct seen *find(const struct round *round, const char *key)
{
	for (size_t i = 0; i < round->nr; i++)
		if (!strcmp(round->rows[i].key, key))
			return &round->rows[i];
	return NULL;
}

static int remember(struct round *round, const char *key,
		    const struct memtel_timing *timing)
{
	struct seen *rows = realloc(round->rows,
				    (round->nr + 1) * sizeof(*rows));

	if (!rows)
		return -ENOMEM;
	round->rows = rows;
	rows = &rows[round->nr++];
	snprintf(rows->key, sizeof(rows->key), "%s", key);
	rows->count = timing->count;
	rows->total_ns = timing->total_ns;
	return 0;
}

/* Counted without a break since the last refresh? */
static uint64_t interval_of(const struct timed *timed)
{
	if (!timed->before.now_ns ||
	    timed->before.since_ns != timed->now.since_ns ||
	    timed->now.now_ns <= timed->before.now_ns)
		return 0;
	return timed->now.now_ns - timed->before.now_ns;
}

/* A row that was not there before has counted from zero. */
static void pace_fill(const struct timed *timed, const char *key,
		      const struct memtel_timing *timing,
		      struct field_pace *pace)
{
	const struct seen *before = find(&timed->before, key);
	uint64_t interval_ns = interval_of(timed);
	uint64_t count = before ? before->count : 0;
	uint64_t total_ns = before ? before->total_ns : 0;

	if (!interval_ns || timing->count < count ||
	    timing->total_ns < total_ns)
		return;
	pace->present = UINT64_C(1) << MEMTEL_A_TIMING_COUNT |
			UINT64_C(1) << MEMTEL_A_TIMING_TOTAL_NS;
	pace->count_per_s = (double)(timing->count - count) /
			    ((double)interval_ns / 1e9);
	pace->busy_percent = 100.0 * (double)(timing->total_ns - total_ns) /
			     (double)interval_ns;
}

static int row_add(struct timed *timed, const char *key, const void *row,
		   const struct memtel_timing *timing)
{
	struct field_pace pace = { 0 };
	const struct field_timed_row timed_row = { row, timing, &pace };

	if (timing) {
		int err = remember(&timed->now, key, timing);

		if (err)
			return err;
		pace_fill(timed, key, timing, &pace);
	}
	return table_add(&timed->refresh->table, &timed_row, false);
}

static int reclaim_row(const struct memtel_reclaim *reclaim, void *arg)
{
	char key[KEY_MAX];

	snprintf(key, sizeof(key), "%" PRIu32 "/%" PRIu32 "/%s/%" PRIu32 "/%"
		 PRIu64, reclaim->kind, reclaim->node_id, reclaim->zone,
		 reclaim->reason, reclaim->cgroup_id);
	return row_add(arg, key, reclaim, reclaim->timing);
}

static int shrinker_row(const struct memtel_shrinker *shrinker, void *arg)
{
	char key[KEY_MAX];

	snprintf(key, sizeof(key), "%" PRIu32 "/%" PRIu32, shrinker->id,
		 shrinker->node_id);
	return row_add(arg, key, shrinker, shrinker->timing);
}

static int lock_row(const struct memtel_lock *lock, void *arg)
{
	char key[KEY_MAX];

	snprintf(key, sizeof(key), "%" PRIu32 "/%" PRIu32 "/%s", lock->kind,
		 lock->node_id, lock->zone);
	return row_add(arg, key, lock, lock->timing);
}

static int rows_request(struct memtel *m, const struct options *options,
			struct timed *timed)
{
	const uint32_t *node_id = options->has_node ? &options->node : NULL;

	if (timed->set == &field_reclaim_set) {
		const struct memtel_reclaim_filter filter = {
			.size = sizeof(filter),
			.kind = timed->kind ? &timed->kind : NULL,
			.node_id = node_id,
			.zone = options->name,
		};

		return memtel_reclaims(m, &filter, reclaim_row, timed);
	}
	if (timed->set == &field_shrinker_set) {
		const struct memtel_shrinker_filter filter = {
			.size = sizeof(filter),
			.name = options->name,
			.node_id = node_id,
		};

		return memtel_shrinkers(m, &filter, shrinker_row, timed);
	}
	const struct memtel_lock_filter filter = {
		.size = sizeof(filter),
		.node_id = node_id,
		.zone = options->name,
	};

	return memtel_locks(m, &filter, lock_row, timed);
}

static int timed_start(struct memtel *m, const struct options *options,
		       void *state)
{
	return hold_while_watching(m, options,
				   ((struct timed *)state)->source);
}

static int timed_fill(struct memtel *m, const struct options *options,
		      struct refresh *refresh, void *state)
{
	struct timed *timed = state;
	int err;

	free(timed->before.rows);
	timed->before = timed->now;
	timed->now = (struct round){ 0 };
	timed->refresh = refresh;
	err = memtel_source(m, timed->source, note_clock, &timed->now);
	if (!err)
		err = rows_request(m, options, timed);
	if (err == -ENODATA)
		log_error("see memtel enable %s, or --interval",
			  timed->source);
	refresh->interval_ns = interval_of(timed);
	return err;
}

/* The number of a kind by its name, 0 if it has none. */
static uint32_t kind_find(const char *name)
{
	const struct field *field = field_find(&field_reclaim_set, "kind", 4);

	for (size_t i = 0; i < field->nr_names; i++)
		if (field->names[i] && !strcmp(field->names[i], name))
			return i;
	return 0;
}

static void kinds_list(void)
{
	const struct field *field = field_find(&field_reclaim_set, "kind", 4);

	fputs("Kinds:", stderr);
	for (size_t i = 0; i < field->nr_names; i++)
		if (field->names[i])
			fprintf(stderr, " %s", field->names[i]);
	fputc('\n', stderr);
}

static int timed_run(const struct options *options, struct timed *timed,
		     const char *noun)
{
	const struct view view = {
		.noun = noun,
		.set = timed->set,
		.how = { .has_rates = options->interval_ns },
		.needs_baseline = true,
		.start = timed_start,
		.fill = timed_fill,
		.state = timed,
	};
	int code = view_run(options, &view);

	free(timed->before.rows);
	free(timed->now.rows);
	return code;
}

int reclaim_run(const struct options *options)
{
	struct timed timed = { .source = "reclaim", .set = &field_reclaim_set };

	if (options->kind) {
		timed.kind = kind_find(options->kind);
		if (!timed.kind) {
			log_error("--kind: there is no kind '%s'",
				  options->kind);
			kinds_list();
			return EXIT_USAGE;
		}
	}
	return timed_run(options, &timed, "reclaim");
}

int shrinkers_run(const struct options *options)
{
	struct timed timed = {
		.source = "shrinker", .set = &field_shrinker_set
	};

	return timed_run(options, &timed, "shrinkers");
}

int locks_run(const struct options *options)
{
	struct timed timed = { .source = "zonelock", .set = &field_lock_set };

	return timed_run(options, &timed, "locks");
}
