// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * memtel zones.
 */
#include "cli.h"
#include "options.h"
#include "view.h"

static int zone_row(const struct memtel_zone *zone, void *arg)
{
	return table_add(arg, zone, false);
}

static int order_rows(const struct memtel_zone *zone, void *arg)
{
	int err = 0;

	for (size_t i = 0; i < zone->nr_free_blocks && !err; i++) {
		const struct field_order_row row = {
			.zone = zone,
			.area = zone->free_blocks[i],
		};

		err = table_add(arg, &row, false);
	}
	return err;
}

static int zones_fill(struct memtel *m, const struct options *options,
		      struct refresh *refresh, void *state)
{
	const struct memtel_zone_filter filter = {
		.size = sizeof(filter),
		.node_id = options->has_node ? &options->node : NULL,
		.name = options->name,
	};

	(void)state;
	return memtel_zones(m, &filter, options->orders ? order_rows : zone_row,
			    &refresh->table);
}

int zones_run(const struct options *options)
{
	const struct view view = {
		.noun = "zones",
		.set = options->orders ? &field_order_set : &field_zone_set,
		.fill = zones_fill,
	};

	return view_run(options, &view);
}
