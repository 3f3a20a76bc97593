// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * memtel sites, stalls and triggers: plain tables of what the module keeps.
 */
#include <errno.h>

#include "cli.h"
#include "log.h"
#include "options.h"
#include "view.h"

static int site_row(const struct memtel_site *site, void *arg)
{
	return table_add(arg, site, false);
}

static int stall_row(const struct memtel_stall *stall, void *arg)
{
	return table_add(arg, stall, false);
}

static int trigger_row(const struct memtel_trigger *trigger, void *arg)
{
	return table_add(arg, trigger, false);
}

static int hint(int err, const char *source)
{
	if (err == -ENODATA)
		log_error("see memtel enable %s, or --interval", source);
	return err;
}

static int sites_start(struct memtel *m, const struct options *options,
		       void *state)
{
	(void)state;
	return hold_while_watching(m, options, "site");
}

static int sites_fill(struct memtel *m, const struct options *options,
		      struct refresh *refresh, void *state)
{
	const struct memtel_site_filter filter = {
		.size = sizeof(filter),
		.cache = options->name,
	};

	(void)state;
	return hint(memtel_sites(m, &filter, site_row, &refresh->table),
		    "site");
}

int sites_run(const struct options *options)
{
	const struct view view = {
		.noun = "sites",
		.set = &field_site_set,
		.needs_baseline = true,
		.start = sites_start,
		.fill = sites_fill,
	};
	struct options sorted = *options;

	/* Rows come in no order that means anything. */
	if (!sorted.sort)
		sorted.sort = "bytes";
	return view_run(&sorted, &view);
}

static int stalls_start(struct memtel *m, const struct options *options,
			void *state)
{
	(void)state;
	return hold_while_watching(m, options, "reclaim");
}

static int stalls_fill(struct memtel *m, const struct options *options,
		       struct refresh *refresh, void *state)
{
	(void)options;
	(void)state;
	return hint(memtel_stalls(m, NULL, stall_row, &refresh->table),
		    "reclaim");
}

int stalls_run(const struct options *options)
{
	const struct view view = {
		.noun = "stalls",
		.set = &field_stall_set,
		.needs_baseline = true,
		.start = stalls_start,
		.fill = stalls_fill,
	};
	struct options sorted = *options;

	if (!sorted.sort)
		sorted.sort = "total_ns";
	return view_run(&sorted, &view);
}

static int triggers_fill(struct memtel *m, const struct options *options,
			 struct refresh *refresh, void *state)
{
	(void)options;
	(void)state;
	return memtel_triggers(m, NULL, trigger_row, &refresh->table);
}

int triggers_run(const struct options *options)
{
	const struct view view = {
		.noun = "triggers",
		.set = &field_trigger_set,
		.fill = triggers_fill,
	};

	return view_run(options, &view);
}
