// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Attributes to rows, and what follows from a row: the first byte says of which
 * command's reply. A row is also shown as JSON: its members are there.
 */
#include <json-c/json.h>

#include "field.h"
#include "fuzz.h"
#include "internal.h"
#include "json.h"

static void derive_zone(const struct memtel_zone *zone)
{
	int index;

	for (uint32_t order = 0; order < 40; order++) {
		memtel_zone_fragmentation_index(zone, order, &index);
		memtel_zone_unusable_index(zone, order, &index);
	}
}

static void derive_node(const struct memtel_node *node)
{
	struct memtel_node *total = NULL;
	double percent;

	memtel_node_slab_share(node, &percent);
	memtel_node_hit_share(node, &percent);
	MUST(!memtel_node_add(&total, node) && !memtel_node_add(&total, node));
	memtel_node_free(total);
}

static void derive_cache(const struct memtel_cache *cache)
{
	double percent;
	uint64_t bytes;

	for (size_t i = 0; i <= cache->nr_nodes; i++) {
		const struct memtel_cache_node *node =
			i ? cache->nodes[i - 1] : cache->total;

		memtel_cache_fragmentation(cache, node, &percent);
		memtel_cache_remote(node, &percent);
		memtel_cache_waste(node, &bytes);
	}
}

static void derive_timing(const struct memtel_timing *timing)
{
	uint64_t ns;

	if (!timing)
		return;
	memtel_timing_mean(timing, &ns);
	for (unsigned int permille = 0; permille <= 1001; permille += 77)
		memtel_timing_quantile(timing, permille, &ns);
}

static void derive(const struct memtel_set *set, const void *data)
{
	if (set == &memtel_zone_set)
		derive_zone(data);
	else if (set == &memtel_node_set)
		derive_node(data);
	else if (set == &memtel_cache_set)
		derive_cache(data);
	else if (set == &memtel_reclaim_set)
		derive_timing(((const struct memtel_reclaim *)data)->timing);
	else if (set == &memtel_lock_set)
		derive_timing(((const struct memtel_lock *)data)->timing);
}

static void show(const struct memtel_set *set, const void *data)
{
	static const struct {
		const struct memtel_set *set;
		const struct field_set *fields;
	} sets[] = {
		{ &memtel_status_set, &field_status_set },
		{ &memtel_source_set, &field_source_set },
		{ &memtel_hold_set, &field_hold_set },
		{ &memtel_node_set, &field_node_set },
		{ &memtel_zone_set, &field_zone_set },
		{ &memtel_site_set, &field_site_set },
		{ &memtel_stall_set, &field_stall_set },
		{ &memtel_trigger_set, &field_trigger_set },
	};

	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		struct json_object *object;

		if (sets[i].set != set)
			continue;
		object = json_of_row(sets[i].fields, data);
		MUST(object && json_object_to_json_string(object));
		json_object_put(object);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct memtel_command *command;
	struct memtel_malformed bad;
	struct memtel_row row;
	void *attrs;
	int err;

	command = size ? memtel_command_find(data[0]) : NULL;
	if (!command)
		return -1;
	/* Aligned, as netlink's are, and just so large. */
	attrs = malloc(size - 1);
	MUST(attrs || size == 1);
	memcpy(attrs, data + 1, size - 1);
	err = memtel_decode(command->set, attrs, size - 1, &row, &bad);
	free(attrs);
	MUST(!err || (err == -EBADMSG && bad.set && !row.data && !row.blocks));
	if (!err) {
		derive(command->set, row.data);
		show(command->set, row.data);
	}
	memtel_row_free(&row);
	return 0;
}
