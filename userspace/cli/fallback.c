// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * memtel fallback.
 */
#include <errno.h>

#include "cli.h"
#include "log.h"
#include "options.h"
#include "view.h"

#define FALLBACK_SOURCE "fallback"

/** struct cells - @sampling of the source, and where its cells go */
struct cells {
	struct table *table;
	uint32_t sampling;
};

static int note_sampling(const struct memtel_source *source, void *arg)
{
	((struct cells *)arg)->sampling = source->sampling;
	return 0;
}

static int cell_row(const struct memtel_fallback *fallback, void *arg)
{
	struct cells *cells = arg;
	const struct field_fallback_row row = { fallback, cells->sampling };

	return table_add(cells->table, &row, false);
}

static int fallback_start(struct memtel *m, const struct options *options,
			  void *state)
{
	(void)state;
	return hold_while_watching(m, options, FALLBACK_SOURCE);
}

/* --node and --name are of what was wanted: who misses its memory there? */
static int fallback_fill(struct memtel *m, const struct options *options,
			 struct refresh *refresh, void *state)
{
	const struct memtel_fallback_filter filter = {
		.size = sizeof(filter),
		.wanted_node_id = options->has_node ? &options->node : NULL,
		.wanted_zone = options->name,
	};
	struct cells cells = { .table = &refresh->table };
	int err;

	(void)state;
	err = memtel_source(m, FALLBACK_SOURCE, note_sampling, &cells);
	if (!err)
		err = memtel_fallbacks(m, &filter, cell_row, &cells);
	if (err == -ENODATA)
		log_error("see memtel enable " FALLBACK_SOURCE ", or --interval");
	return err;
}

int fallback_run(const struct options *options)
{
	const struct view view = {
		.noun = "fallback",
		.set = &field_fallback_set,
		.start = fallback_start,
		.fill = fallback_fill,
	};

	return view_run(options, &view);
}
