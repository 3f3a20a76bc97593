// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * memtel nodes: and, unless one was asked for, their sum, whose slab share is
 * that of all memory.
 */
#include <errno.h>

#include "cli.h"
#include "options.h"
#include "view.h"

struct nodes {
	struct table *table;
	struct memtel_node *total;
};

static int node_row(const struct memtel_node *node, void *arg)
{
	struct nodes *nodes = arg;
	int err = table_add(nodes->table, node, false);

	return err ? err : memtel_node_add(&nodes->total, node);
}

static int nodes_fill(struct memtel *m, const struct options *options,
		      struct refresh *refresh, void *state)
{
	struct nodes nodes = { .table = &refresh->table };
	int err;

	(void)state;
	if (options->has_node)
		err = memtel_node(m, options->node, node_row, &nodes);
	else
		err = memtel_nodes(m, node_row, &nodes);
	if (!err && nodes.total && !options->has_node)
		err = table_add(&refresh->table, nodes.total, true);
	memtel_node_free(nodes.total);
	return err;
}

int nodes_run(const struct options *options)
{
	const struct view view = {
		.noun = "nodes",
		.set = &field_node_set,
		.fill = nodes_fill,
	};

	return view_run(options, &view);
}
