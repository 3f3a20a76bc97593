// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Samples from the module.
 *
 * A table says which field of which rows (common/field.c) is which metric, and
 * which source counts it; what is in no rule is not asked for. Times are in
 * seconds, memory in bytes. The sources of the metrics that rules look at are
 * held as long as the daemon runs.
 *
 * Caches may have one name. Those of a round are therefore kept until all are
 * there: where names collide a label has the module's id, which tells caches
 * apart; what has no id, as nothing counts, is summed up under the name.
 *
 * Without the module its metrics are absent. What fails for another reason is
 * told once, until it is had again; rules that look at it have no value
 * meanwhile, and the rest goes on. The handle, and with it what is held, is given
 * up only when no request on it can succeed any more.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <memtel/memtel.h>

#include "collect.h"
#include "field.h"
#include "log.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* The sets of rows there are. */
enum rows {
	ROWS_NODE,
	ROWS_ZONE,
	ROWS_CACHE,
	ROWS_RECLAIM,
	ROWS_SHRINKER,
	ROWS_LOCK,
	ROWS_FALLBACK,
	ROWS,
};

/**
 * struct module_metric - a metric
 * @name: as rules have it
 * @rows: of which rows
 * @key: the field's
 * @source: counts it; NULL for what is read when asked
 */
struct module_metric {
	const char *name;
	enum rows rows;
	const char *key;
	const char *source;
};

static const struct module_metric metrics[] = {
	{ "memtel_node_memory_bytes", ROWS_NODE, "managed_bytes", NULL },
	{ "memtel_node_free_bytes", ROWS_NODE, "free_bytes", NULL },
	{ "memtel_node_slab_bytes", ROWS_NODE, "slab_bytes", NULL },
	{ "memtel_node_slab_reclaimable_bytes", ROWS_NODE,
	  "slab_reclaimable_bytes", NULL },
	{ "memtel_node_slab_unreclaimable_bytes", ROWS_NODE,
	  "slab_unreclaimable_bytes", NULL },
	{ "memtel_node_numa_hit_total", ROWS_NODE, "numa_hit", NULL },
	{ "memtel_node_numa_miss_total", ROWS_NODE, "numa_miss", NULL },
	{ "memtel_node_numa_foreign_total", ROWS_NODE, "numa_foreign", NULL },
	{ "memtel_zone_memory_bytes", ROWS_ZONE, "managed_bytes", NULL },
	{ "memtel_zone_free_bytes", ROWS_ZONE, "free_bytes", NULL },
	{ "memtel_zone_watermark_min_bytes", ROWS_ZONE, "watermark_min_bytes",
	  NULL },
	{ "memtel_zone_watermark_low_bytes", ROWS_ZONE, "watermark_low_bytes",
	  NULL },
	{ "memtel_zone_watermark_high_bytes", ROWS_ZONE,
	  "watermark_high_bytes", NULL },
	{ "memtel_cache_slab_bytes", ROWS_CACHE, "slab_bytes", NULL },
	{ "memtel_cache_objects", ROWS_CACHE, "objects_in_use", NULL },
	{ "memtel_cache_allocs_total", ROWS_CACHE, "allocs", "slab" },
	{ "memtel_cache_frees_total", ROWS_CACHE, "frees", "slab" },
	{ "memtel_cache_remote_frees_total", ROWS_CACHE, "remote_frees",
	  "slab" },
	{ "memtel_reclaims_total", ROWS_RECLAIM, "count", "reclaim" },
	{ "memtel_reclaim_seconds_total", ROWS_RECLAIM, "total_ns",
	  "reclaim" },
	{ "memtel_reclaim_scanned_pages_total", ROWS_RECLAIM, "pages_scanned",
	  "reclaim" },
	{ "memtel_reclaim_reclaimed_pages_total", ROWS_RECLAIM,
	  "pages_reclaimed", "reclaim" },
	{ "memtel_reclaim_failures_total", ROWS_RECLAIM, "failures",
	  "reclaim" },
	{ "memtel_shrinker_calls_total", ROWS_SHRINKER, "count", "shrinker" },
	{ "memtel_shrinker_seconds_total", ROWS_SHRINKER, "total_ns",
	  "shrinker" },
	{ "memtel_shrinker_freed_objects_total", ROWS_SHRINKER,
	  "objects_freed", "shrinker" },
	{ "memtel_zone_lock_waits_total", ROWS_LOCK, "count", "zonelock" },
	{ "memtel_zone_lock_wait_seconds_total", ROWS_LOCK, "total_ns",
	  "zonelock" },
	{ "memtel_fallback_samples_total", ROWS_FALLBACK, "samples",
	  "fallback" },
};

/* The labels of rows, sorted by name: each the value of a field. */
static const struct row_labels {
	const struct field_set *set;
	struct {
		const char *label;
		const char *key;
	} labels[6];
} rows_labels[ROWS] = {
	[ROWS_NODE] = { &field_node_set, { { "node", "id" } } },
	[ROWS_ZONE] = { &field_zone_set, { { "node", "node_id" },
					   { "zone", "name" } } },
	[ROWS_CACHE] = { &field_cache_set, { { "cache", "name" },
					     { "node", "node_id" } } },
	[ROWS_RECLAIM] = { &field_reclaim_set, { { "cgroup", "cgroup_path" },
						 { "kind", "kind" },
						 { "node", "node_id" },
						 { "reason", "reason" },
						 { "zone", "zone" } } },
	[ROWS_SHRINKER] = { &field_shrinker_set, { { "id", "id" },
						   { "node", "node_id" },
						   { "shrinker", "name" } } },
	[ROWS_LOCK] = { &field_lock_set, { { "node", "node_id" },
					   { "zone", "zone" } } },
	[ROWS_FALLBACK] = { &field_fallback_set,
			    { { "node", "node_id" },
			      { "wanted_node", "wanted_node_id" },
			      { "wanted_zone", "wanted_zone" },
			      { "zone", "zone" } } },
};

#define NR_LABELS ARRAY_SIZE(rows_labels[0].labels)

/* The label of caches whose names collide. */
#define CACHE_ID "id"

/**
 * collect_module_known() - the metrics that there may be, by number
 * Return: false when there are not so many.
 */
bool collect_module_known(size_t i, struct known_metric *metric)
{
	const struct row_labels *of;
	size_t nr = 0;

	if (i >= ARRAY_SIZE(metrics))
		return false;
	of = &rows_labels[metrics[i].rows];
	*metric = (struct known_metric){ .name = metrics[i].name };
	for (size_t j = 0; j < NR_LABELS; j++)
		if (of->labels[j].label)
			metric->labels[nr++] = of->labels[j].label;
	if (metrics[i].rows == ROWS_CACHE)
		metric->labels[nr] = CACHE_ID;
	return true;
}

/* A path that is cut would be another's. */
#define LABEL_TEXT_MAX 4096

static const struct field *field_of(enum rows rows, const char *key)
{
	return field_find(rows_labels[rows].set, key, strlen(key));
}

/* The value of a field as a label's; false when it is absent. */
static bool label_text(enum rows rows, const char *key, const void *row,
		       char *text, size_t size)
{
	const struct field *field = field_of(rows, key);
	struct field_value value = field_read(field, row);

	if (!value.is_present)
		return false;
	if (field->kind == FIELD_TEXT)
		snprintf(text, size, "%s", value.text);
	else if (field->kind == FIELD_ENUM && value.count < field->nr_names &&
		 field->names[value.count])
		snprintf(text, size, "%s", field->names[value.count]);
	else
		snprintf(text, size, "%llu", (unsigned long long)value.count);
	return true;
}

static unsigned int read_labels(enum rows rows, const void *row,
				struct label *labels,
				char texts[NR_LABELS][LABEL_TEXT_MAX])
{
	unsigned int nr = 0;

	for (size_t i = 0; i < NR_LABELS; i++) {
		if (!rows_labels[rows].labels[i].label ||
		    !label_text(rows, rows_labels[rows].labels[i].key, row,
				texts[nr], sizeof(texts[nr])))
			continue;
		labels[nr] = (struct label){ rows_labels[rows].labels[i].label,
					     texts[nr] };
		nr++;
	}
	return nr;
}

static double number_of(const struct field *field,
			const struct field_value *value)
{
	switch (field->kind) {
	case FIELD_NS:
		return (double)value->count / 1e9;
	case FIELD_PERCENT:
		return value->number;
	default:
		return (double)value->count;
	}
}

/* The values of all metrics, by their place in the table; NaN of what is absent. */
static void read_values(struct collect *collect, enum rows rows,
			const void *row, double *values)
{
	for (size_t i = 0; i < ARRAY_SIZE(metrics); i++) {
		const struct field *field;
		struct field_value value;

		values[i] = NAN;
		if (metrics[i].rows != rows ||
		    !collect_wants(collect, metrics[i].name))
			continue;
		field = field_of(rows, metrics[i].key);
		value = field_read(field, row);
		if (value.is_present)
			values[i] = number_of(field, &value);
	}
}

static void put_values(struct collect *collect, const struct label *labels,
		       unsigned int nr, const double *values)
{
	for (size_t i = 0; i < ARRAY_SIZE(metrics); i++)
		if (!isnan(values[i]))
			collect_put(collect, metrics[i].name, labels, nr,
				    values[i]);
}

/* All metrics of a row. */
static void put_row(struct collect *collect, enum rows rows, const void *row)
{
	struct label labels[NR_LABELS];
	char texts[NR_LABELS][LABEL_TEXT_MAX];
	double values[ARRAY_SIZE(metrics)];
	unsigned int nr = read_labels(rows, row, labels, texts);

	read_values(collect, rows, row, values);
	put_values(collect, labels, nr, values);
}

static int on_node(const struct memtel_node *node, void *arg)
{
	put_row(arg, ROWS_NODE, node);
	return 0;
}

static int on_zone(const struct memtel_zone *zone, void *arg)
{
	put_row(arg, ROWS_ZONE, zone);
	return 0;
}

/**
 * struct cache_row - a cache on a node
 * @labels: without the id
 * @nr_labels: how many
 * @id: the module's; empty when it has none
 * @values: as of read_values()
 */
struct cache_row {
	struct label *labels;
	unsigned int nr_labels;
	char id[16];
	double values[ARRAY_SIZE(metrics)];
};

/** struct cache_rows - all of a round */
struct cache_rows {
	struct collect *collect;
	struct cache_row *items;
	size_t nr;
	size_t room;
};

static bool cache_rows_add(struct cache_rows *rows,
			   const struct field_cache_row *row)
{
	struct label labels[NR_LABELS];
	char texts[NR_LABELS][LABEL_TEXT_MAX];
	struct cache_row *items, *item;

	if (rows->nr == rows->room) {
		rows->room = rows->room ? 2 * rows->room : 256;
		items = realloc(rows->items, rows->room * sizeof(*items));
		if (!items)
			return false;
		rows->items = items;
	}
	item = &rows->items[rows->nr];
	*item = (struct cache_row){
		.nr_labels = read_labels(ROWS_CACHE, row, labels, texts),
	};
	if (memtel_has(row->cache, MEMTEL_A_CACHE_ID))
		snprintf(item->id, sizeof(item->id), "%u", row->cache->id);
	read_values(rows->collect, ROWS_CACHE, row, item->values);
	item->labels = labels_copy(labels, item->nr_labels);
	rows->nr += item->labels != NULL;
	return item->labels;
}

/* One that is gone counts no more; its name may be another's now. */
static int on_cache(const struct memtel_cache *cache, void *arg)
{
	for (size_t i = 0; i < cache->nr_nodes && !cache->gone; i++) {
		const struct field_cache_row row = { .cache = cache,
						     .node = cache->nodes[i] };

		if (!cache_rows_add(arg, &row))
			return -ENOMEM;
	}
	return 0;
}

static int by_labels(const void *a, const void *b)
{
	const struct cache_row *left = a, *right = b;

	return labels_compare(left->labels, left->nr_labels, right->labels,
			      right->nr_labels);
}

static int by_label_name(const void *a, const void *b)
{
	return strcmp(((const struct label *)a)->name,
		      ((const struct label *)b)->name);
}

static void put_with_id(struct collect *collect, const struct cache_row *row)
{
	struct label labels[NR_LABELS + 1];
	unsigned int nr = row->nr_labels;

	memcpy(labels, row->labels, nr * sizeof(*labels));
	labels[nr++] = (struct label){ CACHE_ID, row->id };
	qsort(labels, nr, sizeof(*labels), by_label_name);
	put_values(collect, labels, nr, row->values);
}

/* Rows of the same labels. */
static void put_same(struct collect *collect, const struct cache_row *rows,
		     size_t nr)
{
	double sums[ARRAY_SIZE(metrics)];

	for (size_t i = 0; i < ARRAY_SIZE(metrics); i++)
		sums[i] = NAN;
	for (size_t i = 0; i < nr; i++) {
		if (nr > 1 && *rows[i].id) {
			put_with_id(collect, &rows[i]);
			continue;
		}
		for (size_t j = 0; j < ARRAY_SIZE(metrics); j++)
			if (!isnan(rows[i].values[j]))
				sums[j] = rows[i].values[j] +
					  (isnan(sums[j]) ? 0 : sums[j]);
	}
	put_values(collect, rows[0].labels, rows[0].nr_labels, sums);
}

static int read_caches(struct collect *collect)
{
	struct cache_rows rows = { .collect = collect };
	int err = memtel_caches(collect->m, NULL, on_cache, &rows);
	size_t first = 0;

	if (!err && rows.nr)
		qsort(rows.items, rows.nr, sizeof(*rows.items), by_labels);
	for (size_t i = 1; i <= rows.nr && !err; i++) {
		if (i < rows.nr && !by_labels(&rows.items[first],
					      &rows.items[i]))
			continue;
		put_same(collect, &rows.items[first], i - first);
		first = i;
	}
	for (size_t i = 0; i < rows.nr; i++)
		free(rows.items[i].labels);
	free(rows.items);
	return err;
}

static int on_reclaim(const struct memtel_reclaim *reclaim, void *arg)
{
	const struct field_timed_row row = { reclaim, reclaim->timing, NULL };

	/* Cgroups that have gone cannot be told from one another. */
	if (reclaim->kind == MEMTEL_RECLAIM_KIND_MEMCG &&
	    !memtel_has(reclaim, MEMTEL_A_RECLAIM_CGROUP_PATH))
		return 0;
	put_row(arg, ROWS_RECLAIM, &row);
	return 0;
}

static int on_shrinker(const struct memtel_shrinker *shrinker, void *arg)
{
	const struct field_timed_row row = { shrinker, shrinker->timing, NULL };

	put_row(arg, ROWS_SHRINKER, &row);
	return 0;
}

static int on_lock(const struct memtel_lock *lock, void *arg)
{
	const struct field_timed_row row = { lock, lock->timing, NULL };

	put_row(arg, ROWS_LOCK, &row);
	return 0;
}

static int on_fallback(const struct memtel_fallback *fallback, void *arg)
{
	const struct field_fallback_row row = { .fallback = fallback };

	put_row(arg, ROWS_FALLBACK, &row);
	return 0;
}

static int read_rows(struct collect *collect, enum rows rows)
{
	switch (rows) {
	case ROWS_NODE:
		return memtel_nodes(collect->m, on_node, collect);
	case ROWS_ZONE:
		return memtel_zones(collect->m, NULL, on_zone, collect);
	case ROWS_CACHE:
		return read_caches(collect);
	case ROWS_RECLAIM:
		return memtel_reclaims(collect->m, NULL, on_reclaim, collect);
	case ROWS_SHRINKER:
		return memtel_shrinkers(collect->m, NULL, on_shrinker,
					collect);
	case ROWS_LOCK:
		return memtel_locks(collect->m, NULL, on_lock, collect);
	case ROWS_FALLBACK:
		return memtel_fallbacks(collect->m, NULL, on_fallback,
					collect);
	default:
		return 0;
	}
}

static bool wants_rows(const struct collect *collect, enum rows rows)
{
	for (size_t i = 0; i < ARRAY_SIZE(metrics); i++)
		if (metrics[i].rows == rows &&
		    collect_wants(collect, metrics[i].name))
			return true;
	return false;
}

/* Bits of what was told to fail: rows, by their number, and these. */
#define FAILING_HOLDS	(1u << ROWS)
#define FAILING_MODULE	(2u << ROWS)

/* Told once until it is so no more. */
static void tell_failing(struct collect *collect, unsigned int what, int err)
{
	if (err && !(collect->failing & what))
		log_warning("metrics of the module: %s",
			  memtel_error(collect->m));
	if (err)
		collect->failing |= what;
	else
		collect->failing &= ~what;
}

/* No request can succeed any more. */
static bool is_over(int err)
{
	return err == -ENODEV || err == -ESTALE || err == -ETIMEDOUT ||
	       err == -EBADF || err == -EIO;
}

/* What a source that cannot be had counts is absent. */
static int hold(struct collect *collect, const char *source)
{
	int err = memtel_source_hold(collect->m, source);

	if (!err || is_over(err))
		return err;
	if (!(collect->failing & FAILING_HOLDS))
		log_warning("source %s: %s", source, memtel_error(collect->m));
	/* Of others than these more may come. */
	if (err != -EOPNOTSUPP && err != -ENOENT)
		collect->is_unheld = true;
	return 0;
}

/* Those of the metrics that rules look at, and of the configuration. */
static int hold_all(struct collect *collect)
{
	const char *last = NULL;
	int err = 0;

	collect->is_unheld = false;
	for (size_t i = 0; i < ARRAY_SIZE(metrics) && !err; i++) {
		if (!metrics[i].source ||
		    (last && !strcmp(metrics[i].source, last)) ||
		    !collect_wants(collect, metrics[i].name))
			continue;
		last = metrics[i].source;
		err = hold(collect, last);
	}
	for (size_t i = 0; i < collect->config->sources.nr && !err; i++)
		err = hold(collect, collect->config->sources.items[i]);
	collect->failing |= FAILING_HOLDS;
	return err;
}

static bool wants_any(const struct collect *collect)
{
	for (enum rows rows = 0; rows < ROWS; rows++)
		if (wants_rows(collect, rows))
			return true;
	return collect->config->sources.nr;
}

/**
 * collect_module_open() - have the module, and the sources that are wanted
 * Return: 0 or a negative errno, then to be closed; without a want nothing is
 * opened.
 */
int collect_module_open(struct collect *collect)
{
	int err;

	if (!wants_any(collect))
		return 0;
	if (collect->m)
		return collect->is_unheld ? hold_all(collect) : 0;
	collect->failing &= ~FAILING_HOLDS;
	err = memtel_open(&collect->m);
	return err ? err : hold_all(collect);
}

static void fail_rows(struct collect *collect, enum rows rows, int err)
{
	for (size_t i = 0; i < ARRAY_SIZE(metrics); i++)
		if (metrics[i].rows == rows)
			collect_fail(collect, metrics[i].name, strerror(-err));
}

/* Returns only what ends it all. */
static int collect_rows(struct collect *collect, enum rows rows)
{
	int err = read_rows(collect, rows);

	/* Its source could not be had, or was shed. */
	if (err == -ENODATA || err == -EOPNOTSUPP)
		err = 0;
	if (is_over(err))
		return err;
	if (err)
		fail_rows(collect, rows, err);
	tell_failing(collect, 1u << rows, err);
	return 0;
}

/** collect_close() - give up the module, and what is held of it */
void collect_close(struct collect *collect)
{
	memtel_close(collect->m);
	collect->m = NULL;
}

/**
 * collect_module() - samples of what rules look at
 *
 * When the module is not there, its metrics are absent from this round; it is
 * tried anew the next time.
 */
void collect_module(struct collect *collect)
{
	enum rows rows;
	int err;

	if (!wants_any(collect))
		return;
	err = collect_module_open(collect);
	for (rows = 0; rows < ROWS && !err; rows++)
		if (wants_rows(collect, rows))
			err = collect_rows(collect, rows);
	if (!err) {
		tell_failing(collect, FAILING_MODULE, 0);
		return;
	}
	/* A subscription to events tells that it is gone. */
	if (err != -ENODEV && err != -ESTALE) {
		tell_failing(collect, FAILING_MODULE, err);
		for (rows = 0; rows < ROWS; rows++)
			fail_rows(collect, rows, err);
	}
	collect_close(collect);
}
