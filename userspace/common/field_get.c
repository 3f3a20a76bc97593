// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Getters of field.c's table.
 */
#include <string.h>
#include <unistd.h>

#include "field_get.h"

/*
 * A zone's fragmentation index is given for one order in the table of zones:
 * 9, a huge page of 2 MiB with pages of 4 KiB, or the highest below it. All
 * orders are in --orders.
 */
#define INDEX_ORDER 9

static const void *part_of(const struct field *field, const void *row)
{
	if (!field->part)
		return row;
	return *(const void *const *)((const char *)row + field->part - 1);
}

bool field_get_always(const struct field *field, const void *row,
		      struct field_value *value)
{
	const char *member = (const char *)part_of(field, row) + field->offset;
	uint32_t narrow;

	switch (field->kind) {
	case FIELD_TEXT:
		memcpy(&value->text, member, sizeof(value->text));
		return true;
	case FIELD_FLAG:
		memcpy(&value->flag, member, sizeof(value->flag));
		return true;
	case FIELD_PERCENT:
	case FIELD_RATE:
	case FIELD_BYTE_RATE:
		memcpy(&value->number, member, sizeof(value->number));
		return true;
	default:
		break;
	}
	if (field->size == sizeof(narrow)) {
		memcpy(&narrow, member, sizeof(narrow));
		value->count = narrow;
	} else {
		memcpy(&value->count, member, sizeof(value->count));
	}
	return true;
}

bool field_get_member(const struct field *field, const void *row,
		      struct field_value *value)
{
	const void *part = part_of(field, row);
	uint64_t present;

	if (!part)
		return false;
	memcpy(&present, part, sizeof(present));
	return (present >> field->attr & 1) &&
	       field_get_always(field, row, value);
}

bool field_get_available(const struct field *field, const void *row,
			 struct field_value *value)
{
	const struct memtel_capability *capability = row;

	(void)field;
	value->flag = !memtel_has(capability, MEMTEL_A_CAPABILITY_REASON);
	return true;
}

bool field_get_counting(const struct field *field, const void *row,
			struct field_value *value)
{
	const struct memtel_source *source = row;

	(void)field;
	value->count = source->now_ns - source->since_ns;
	return memtel_has(source, MEMTEL_A_SOURCE_SINCE_NS) &&
	       memtel_has(source, MEMTEL_A_SOURCE_NOW_NS) &&
	       source->now_ns >= source->since_ns;
}

bool field_get_cache_name(const struct field *field, const void *row,
			  struct field_value *value)
{
	const struct field_cache_row *r = row;

	value->is_gone = r->cache->gone;
	return field_get_member(field, row, value);
}

bool field_get_in_use(const struct field *field, const void *row,
		      struct field_value *value)
{
	const struct field_cache_row *r = row;

	value->is_estimate = memtel_has(r->node,
					MEMTEL_A_CACHE_NODE_OBJECTS_IN_USE_ERROR);
	return field_get_member(field, row, value);
}

bool field_get_fragmentation(const struct field *field, const void *row,
			     struct field_value *value)
{
	const struct field_cache_row *r = row;

	(void)field;
	value->is_estimate = memtel_has(r->node,
					MEMTEL_A_CACHE_NODE_OBJECTS_IN_USE_ERROR);
	return memtel_cache_fragmentation(r->cache, r->node, &value->number);
}

bool field_get_waste(const struct field *field, const void *row,
		     struct field_value *value)
{
	const struct field_cache_row *r = row;

	(void)field;
	return memtel_cache_waste(r->node, &value->count);
}

bool field_get_remote(const struct field *field, const void *row,
		      struct field_value *value)
{
	const struct field_cache_row *r = row;

	(void)field;
	return memtel_cache_remote(r->node, &value->number);
}

bool field_get_alias_names(const struct field *field, const void *row,
			   struct field_value *value)
{
	const struct field_cache_row *r = row;

	(void)field;
	value->names = r->alias_names;
	return r->alias_names && r->alias_names[0];
}

bool field_get_slab_bytes(const struct field *field, const void *row,
			  struct field_value *value)
{
	(void)field;
	return memtel_node_slab_bytes(row, &value->count);
}

bool field_get_slab_share(const struct field *field, const void *row,
			  struct field_value *value)
{
	(void)field;
	return memtel_node_slab_share(row, &value->number);
}

bool field_get_hit_share(const struct field *field, const void *row,
			 struct field_value *value)
{
	(void)field;
	return memtel_node_hit_share(row, &value->number);
}

bool field_get_zone_order(const struct field *field, const void *row,
			  struct field_value *value)
{
	const struct memtel_zone *zone = row;

	(void)field;
	value->count = 0;
	for (size_t i = 0; i < zone->nr_free_blocks; i++) {
		uint32_t order = zone->free_blocks[i]->order;

		if (order > value->count && order <= INDEX_ORDER)
			value->count = order;
	}
	return zone->nr_free_blocks;
}

bool field_get_zone_fragmentation(const struct field *field, const void *row,
				  struct field_value *value)
{
	struct field_value order;
	int index;

	if (!field_get_zone_order(field, row, &order) ||
	    !memtel_zone_fragmentation_index(row, order.count, &index))
		return false;
	value->milli = index;
	return true;
}

bool field_get_order_bytes(const struct field *field, const void *row,
			   struct field_value *value)
{
	const struct field_order_row *r = row;

	(void)field;
	if (!memtel_has(r->area, MEMTEL_A_FREE_BLOCKS_ORDER) ||
	    !memtel_has(r->area, MEMTEL_A_FREE_BLOCKS_BLOCKS) ||
	    r->area->order >= 32)
		return false;
	value->count = (r->area->blocks << r->area->order) *
		       (uint64_t)sysconf(_SC_PAGESIZE);
	return true;
}

static bool order_index(const struct field_order_row *r,
			struct field_value *value,
			bool (*index_of)(const struct memtel_zone *, uint32_t,
					 int *))
{
	int index;

	if (!memtel_has(r->area, MEMTEL_A_FREE_BLOCKS_ORDER) ||
	    !index_of(r->zone, r->area->order, &index))
		return false;
	value->milli = index;
	return true;
}

bool field_get_order_fragmentation(const struct field *field, const void *row,
				   struct field_value *value)
{
	(void)field;
	return order_index(row, value, memtel_zone_fragmentation_index);
}

bool field_get_order_unusable(const struct field *field, const void *row,
			      struct field_value *value)
{
	(void)field;
	return order_index(row, value, memtel_zone_unusable_index);
}

bool field_get_mean(const struct field *field, const void *row,
		    struct field_value *value)
{
	const struct field_timed_row *r = row;

	(void)field;
	return r->timing && memtel_timing_mean(r->timing, &value->count);
}

bool field_get_p99(const struct field *field, const void *row,
		   struct field_value *value)
{
	const struct field_timed_row *r = row;

	(void)field;
	return r->timing && memtel_timing_quantile(r->timing, 990,
						   &value->count);
}

bool field_get_estimate(const struct field *field, const void *row,
			struct field_value *value)
{
	const struct field_fallback_row *r = row;

	(void)field;
	value->count = r->fallback->samples * r->sampling;
	value->is_estimate = r->sampling > 1;
	return r->sampling && memtel_has(r->fallback,
					 MEMTEL_A_FALLBACK_SAMPLES);
}

bool field_get_fell(const struct field *field, const void *row,
		    struct field_value *value)
{
	const struct memtel_fallback *cell =
		((const struct field_fallback_row *)row)->fallback;

	(void)field;
	if (cell->node_id != cell->wanted_node_id)
		value->text = "node";
	else if (strcmp(cell->zone, cell->wanted_zone))
		value->text = "zone";
	else
		return false;
	return true;
}

bool field_get_nest(const struct field *field, const void *row,
		    struct field_value *value)
{
	value->count = field->nest->count(row);
	return value->count;
}

static size_t capability_count(const void *row)
{
	return ((const struct memtel_status *)row)->nr_capabilities;
}

static const void *capability_at(const void *row, size_t index,
				 union field_inner_row *room)
{
	(void)room;
	return ((const struct memtel_status *)row)->capabilities[index];
}

const struct field_nest field_capability_nest = {
	capability_count, capability_at, false,
};

static size_t work_count(const void *row)
{
	return ((const struct memtel_status *)row)->nr_works;
}

static const void *work_at(const void *row, size_t index,
			   union field_inner_row *room)
{
	(void)room;
	return ((const struct memtel_status *)row)->works[index];
}

const struct field_nest field_work_nest = {
	work_count, work_at, false,
};

/* A row that is one node already has no nodes. */
static size_t cache_node_count(const void *row)
{
	const struct field_cache_row *r = row;

	return r->node == r->cache->total ? r->cache->nr_nodes : 0;
}

static const void *cache_node_at(const void *row, size_t index,
				 union field_inner_row *room)
{
	const struct field_cache_row *r = row;

	room->cache = (struct field_cache_row){
		.cache = r->cache,
		.node = r->cache->nodes[index],
		.rate = r->node_rates ? r->node_rates[index] : NULL,
	};
	return &room->cache;
}

const struct field_nest field_cache_node_nest = {
	cache_node_count, cache_node_at, false,
};

static size_t cpu_node_count(const void *row)
{
	return ((const struct field_cache_row *)row)->node->nr_cpu_nodes;
}

static const void *cpu_node_at(const void *row, size_t index,
			       union field_inner_row *room)
{
	(void)room;
	return ((const struct field_cache_row *)row)->node->cpu_nodes[index];
}

const struct field_nest field_cpu_node_nest = {
	cpu_node_count, cpu_node_at, false,
};

static size_t free_blocks_count(const void *row)
{
	return ((const struct memtel_zone *)row)->nr_free_blocks;
}

static const void *free_blocks_at(const void *row, size_t index,
				  union field_inner_row *room)
{
	const struct memtel_zone *zone = row;

	room->order = (struct field_order_row){
		.zone = zone,
		.area = zone->free_blocks[index],
	};
	return &room->order;
}

const struct field_nest field_free_blocks_nest = {
	free_blocks_count, free_blocks_at, false,
};

static size_t bucket_count(const void *row)
{
	const struct field_timed_row *r = row;

	return r->timing ? r->timing->nr_buckets : 0;
}

static const void *bucket_at(const void *row, size_t index,
			     union field_inner_row *room)
{
	(void)room;
	return ((const struct field_timed_row *)row)->timing->buckets[index];
}

const struct field_nest field_bucket_nest = {
	bucket_count, bucket_at, false,
};

static const struct memtel_reclaim *reclaim_of(const void *row)
{
	return ((const struct field_timed_row *)row)->row;
}

#define DEFINE_RECLAIM_NEST(noun) \
static size_t reclaim_##noun##_count(const void *row) \
{ \
	return reclaim_of(row)->nr_##noun##s; \
} \
\
static const void *reclaim_##noun##_at(const void *row, size_t index, \
				       union field_inner_row *room) \
{ \
	(void)room; \
	return reclaim_of(row)->noun##s[index]; \
} \
\
const struct field_nest field_reclaim_##noun##_nest = { \
	reclaim_##noun##_count, reclaim_##noun##_at, false, \
}

DEFINE_RECLAIM_NEST(order);
DEFINE_RECLAIM_NEST(gfp);
DEFINE_RECLAIM_NEST(outcome);

static size_t event_cause_count(const void *row)
{
	return ((const struct memtel_event *)row)->cause ? 1 : 0;
}

static const void *event_cause_at(const void *row, size_t index,
				  union field_inner_row *room)
{
	(void)index;
	(void)room;
	return ((const struct memtel_event *)row)->cause;
}

const struct field_nest field_event_cause_nest = {
	event_cause_count, event_cause_at, true,
};

static size_t event_suspect_count(const void *row)
{
	return ((const struct memtel_event *)row)->nr_suspects;
}

static const void *event_suspect_at(const void *row, size_t index,
				    union field_inner_row *room)
{
	(void)room;
	return ((const struct memtel_event *)row)->suspects[index];
}

const struct field_nest field_event_suspect_nest = {
	event_suspect_count, event_suspect_at, false,
};

bool field_get_symbol(const struct field *field, const void *row,
		      struct field_value *value)
{
	const struct memtel_suspect *suspect = row;

	(void)field;
	value->text = suspect->symbol;
	return *suspect->symbol;
}
