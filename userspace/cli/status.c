// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * memtel status.
 */
#include <errno.h>
#include <json-c/json.h>

#include "cli.h"
#include "json.h"
#include "options.h"
#include "output.h"

/* The parts, each as a table or as JSON. */
struct parts {
	bool is_json;
	struct json_object *json;	/* the status, to which the others go */
	struct json_object *sources;
	struct table capabilities;
	struct table works;
	struct table holds;
	const struct output *how;
};

static int print_part(struct parts *parts, struct table *table)
{
	if (!table->nr)
		return 0;
	putchar('\n');
	return output_table(stdout, table, parts->how);
}

static int status_row(const struct memtel_status *status, void *arg)
{
	struct parts *parts = arg;
	int err = 0;

	if (parts->is_json) {
		parts->json = json_of_row(&field_status_set, status);
		return parts->json ? 0 : -ENOMEM;
	}
	output_vertical(stdout, &field_status_set, status, "");
	for (size_t i = 0; i < status->nr_capabilities && !err; i++)
		err = table_add(&parts->capabilities, status->capabilities[i],
				false);
	for (size_t i = 0; i < status->nr_works && !err; i++)
		err = table_add(&parts->works, status->works[i], false);
	if (!err)
		err = print_part(parts, &parts->capabilities);
	return err ? err : print_part(parts, &parts->works);
}

static int source_row(const struct memtel_source *source, void *arg)
{
	struct parts *parts = arg;

	if (parts->is_json) {
		struct json_object *row = json_of_row(&field_source_set, source);

		return row ? json_object_array_add(parts->sources, row) : -ENOMEM;
	}
	putchar('\n');
	output_vertical(stdout, &field_source_set, source, "");
	return 0;
}

static int hold_row(const struct memtel_hold *hold, void *arg)
{
	return table_add(&((struct parts *)arg)->holds, hold, false);
}

static int parts_read(struct memtel *m, struct parts *parts)
{
	int err;

	err = memtel_status(m, status_row, parts);
	if (err)
		return err;
	parts->sources = json_object_new_array();
	if (!parts->sources)
		return -ENOMEM;
	err = memtel_sources(m, source_row, parts);
	if (err)
		return err;
	err = memtel_holds(m, NULL, hold_row, parts);
	if (err)
		return err;
	if (!parts->is_json)
		return print_part(parts, &parts->holds);
	json_object_object_add(parts->json, "source",
			       json_object_get(parts->sources));
	json_object_object_add(parts->json, "hold",
			       json_of_table(&parts->holds));
	return json_print(stdout, parts->json);
}

int status_run(const struct options *options)
{
	const struct output how = {
		.has_colour = !options->no_color && output_may_colour(stdout),
	};
	struct parts parts = { .is_json = options->json, .how = &how };
	struct memtel *m;
	int err, code;

	table_init(&parts.capabilities, &field_capability_set, false);
	table_init(&parts.works, &field_work_set, false);
	table_init(&parts.holds, &field_hold_set, options->json);
	err = memtel_open(&m);
	if (!err)
		err = parts_read(m, &parts);
	code = err ? fail(m, err) : flush_output();
	table_free(&parts.capabilities);
	table_free(&parts.works);
	table_free(&parts.holds);
	json_object_put(parts.json);
	json_object_put(parts.sources);
	memtel_close(m);
	return code;
}
