// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * memtel caches.
 */
#include <errno.h>
#include <string.h>

#include "alias.h"
#include "cli.h"
#include "log.h"
#include "matrix.h"
#include "options.h"
#include "view.h"

#define SLAB_SOURCE "slab"

/**
 * struct caches - between refreshes
 * @before: the last snapshot, to which rates are; NULL before the second
 * @now: the present one
 * @has_hinted: said that counts need a source
 */
struct caches {
	const struct options *options;
	struct memtel_snapshot *before;
	struct memtel_snapshot *now;
	struct refresh *refresh;
	struct aliases aliases;
	struct matrix matrix;
	bool has_hinted;
};

static int caches_start(struct memtel *m, const struct options *options,
			void *state)
{
	(void)state;
	return hold_while_watching(m, options, SLAB_SOURCE);
}

static bool is_active(const struct memtel_cache *cache)
{
	return cache->total->allocs || cache->total->frees;
}

/* One row, or one for each node. */
static int cache_add(const struct memtel_cache *cache,
		     const struct memtel_rate *total,
		     const struct memtel_rate *const *nodes, void *arg)
{
	struct caches *caches = arg;
	const struct options *options = caches->options;
	struct field_cache_row row = {
		.cache = cache,
		.node = cache->total,
		.rate = total,
		.node_rates = nodes,
	};
	int err = 0;

	if (options->active && !is_active(cache))
		return 0;
	if (total && total->interval_ns)
		caches->refresh->interval_ns = total->interval_ns;
	if (options->matrix)
		return matrix_add(&caches->matrix, cache);
	if (options->aliases)
		row.alias_names = alias_names(&caches->aliases, cache->name);
	if (!options->per_node)
		return table_add(&caches->refresh->table, &row, false);
	for (size_t i = 0; i < cache->nr_nodes && !err; i++) {
		row.node = cache->nodes[i];
		row.rate = nodes ? nodes[i] : NULL;
		err = table_add(&caches->refresh->table, &row, false);
	}
	return err;
}

static int add_all(struct caches *caches)
{
	size_t nr = memtel_snapshot_nr_caches(caches->now);
	int err = 0;

	if (caches->before)
		return memtel_rates(caches->before, caches->now, cache_add,
				    caches);
	for (size_t i = 0; i < nr && !err; i++)
		err = cache_add(memtel_snapshot_cache(caches->now, i), NULL,
				NULL, caches);
	return err;
}

static int matrix_to_table(struct caches *caches)
{
	int err = 0;

	matrix_sort(&caches->matrix);
	for (size_t i = 0; i < caches->matrix.nr && !err; i++)
		err = table_add(&caches->refresh->table,
				&caches->matrix.cells[i], false);
	return err;
}

static void hint(struct caches *caches)
{
	if (caches->options->json || caches->has_hinted ||
	    memtel_snapshot_source(caches->now)->attached)
		return;
	log_error("counts are absent: the slab source is not attached (see memtel enable slab, or --interval)");
	caches->has_hinted = true;
}

static int caches_fill(struct memtel *m, const struct options *options,
		       struct refresh *refresh, void *state)
{
	const struct memtel_cache_filter filter = {
		.size = sizeof(filter),
		.name = options->name,
		.glob = options->glob,
		.node_id = options->has_node ? &options->node : NULL,
		/*
		 * Not where rates are wanted: a cache that gets active must
		 * have been seen before.
		 */
		.only_active = options->active && !options->interval_ns,
	};
	struct caches *caches = state;
	int err;

	caches->refresh = refresh;
	aliases_free(&caches->aliases);
	matrix_free(&caches->matrix);
	if (options->aliases) {
		err = aliases_read(&caches->aliases, ALIAS_DIRECTORY);
		if (err) {
			log_error("--aliases: cannot read " ALIAS_DIRECTORY);
			return err;
		}
	}
	err = memtel_snapshot_take(m, &filter, &caches->now);
	if (err)
		return err;
	err = add_all(caches);
	if (!err && options->matrix)
		err = matrix_to_table(caches);
	if (!err)
		hint(caches);
	memtel_snapshot_free(caches->before);
	caches->before = caches->now;
	return err;
}

static int matrix_show(FILE *out, const struct refresh *refresh, void *state)
{
	(void)refresh;
	return matrix_print(out, &((struct caches *)state)->matrix);
}

int caches_run(const struct options *options)
{
	struct caches caches = { .options = options };
	const struct view view = {
		.noun = "caches",
		.set = options->matrix ? &field_matrix_set : &field_cache_set,
		.how = {
			.has_rates = options->interval_ns,
			.has_nodes = options->per_node,
			.has_aliases = options->aliases,
		},
		.needs_baseline = true,
		.start = caches_start,
		.fill = caches_fill,
		.show = options->matrix ? matrix_show : NULL,
		.state = &caches,
	};
	int code = view_run(options, &view);

	memtel_snapshot_free(caches.before);
	aliases_free(&caches.aliases);
	matrix_free(&caches.matrix);
	return code;
}
