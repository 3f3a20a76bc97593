// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * decode.c: well-formed, unknown, absent, and every way to be malformed.
 */
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "tap.h"

#define UNKNOWN 4000

static void put_node(struct nl_msg *msg, uint32_t id, uint64_t allocs,
		     bool is_estimate)
{
	struct nlattr *node = nla_nest_start(msg, MEMTEL_A_CACHE_NODE);

	nla_put_u32(msg, MEMTEL_A_CACHE_NODE_NODE_ID, id);
	nla_put_u64(msg, MEMTEL_A_CACHE_NODE_ALLOCS, allocs);
	nla_put_u64(msg, MEMTEL_A_CACHE_NODE_OBJECTS_IN_USE, 7);
	if (is_estimate)
		nla_put_u64(msg, MEMTEL_A_CACHE_NODE_OBJECTS_IN_USE_ERROR, 2);
	for (uint32_t cpu = 0; cpu < 2; cpu++) {
		struct nlattr *nest = nla_nest_start(msg,
						     MEMTEL_A_CACHE_NODE_CPU_NODE);

		nla_put_u32(msg, MEMTEL_A_CPU_NODE_NODE_ID, cpu);
		nla_put_u64(msg, MEMTEL_A_CPU_NODE_ALLOCS, allocs - cpu);
		nla_nest_end(msg, nest);
	}
	nla_nest_end(msg, node);
}

static void test_cache(void)
{
	struct nl_msg *msg = message_new();
	const struct memtel_cache *cache;
	struct memtel_malformed bad;
	struct memtel_row row;

	nla_put_string(msg, MEMTEL_A_CACHE_NAME, "kmalloc-64");
	nla_put_u32(msg, UNKNOWN, 1);
	nla_put_u32(msg, MEMTEL_A_CACHE_ID, 0);
	nla_put_u32(msg, MEMTEL_A_CACHE_KIND, 99);
	nla_put_flag(msg, MEMTEL_A_CACHE_GONE);
	put_node(msg, 0, UINT64_MAX - 5, false);
	put_node(msg, 3, 5, true);
	ok(!message_decode(&memtel_cache_set, msg, &row, &bad),
	   "a cache with unknown attributes decodes");
	cache = row.data;
	ok(!strcmp(cache->name, "kmalloc-64"), "string");
	ok(memtel_has(cache, MEMTEL_A_CACHE_ID) && cache->id == 0,
	   "zero is present");
	ok(!memtel_has(cache, MEMTEL_A_CACHE_ORDER), "absent is not zero");
	ok(cache->kind == 99, "an enum's later value is kept");
	ok(cache->gone, "flag");
	ok(cache->nr_nodes == 2 && memtel_has(cache, MEMTEL_A_CACHE_NODE),
	   "both nodes");
	ok(cache->nodes[0]->allocs == UINT64_MAX - 5, "u64 is exact");
	ok(cache->nodes[1]->node_id == 3, "nodes in order");
	ok(cache->nodes[1]->nr_cpu_nodes == 2 &&
	   cache->nodes[1]->cpu_nodes[1]->allocs == 4, "nest in a nest");
	ok(!memtel_has(cache->nodes[1]->cpu_nodes[1], MEMTEL_A_CPU_NODE_FREES),
	   "absent in a nest in a nest");
	ok(cache->total->allocs == UINT64_MAX && cache->total->objects_in_use == 14,
	   "total adds up");
	ok(cache->total->objects_in_use_error == 2 &&
	   memtel_has(cache->total, MEMTEL_A_CACHE_NODE_OBJECTS_IN_USE_ERROR),
	   "a sum with an estimate is one");
	ok(!memtel_has(cache->total, MEMTEL_A_CACHE_NODE_FREES) &&
	   !memtel_has(cache->total, MEMTEL_A_CACHE_NODE_NODE_ID),
	   "total has nothing the nodes have not");
	memtel_row_free(&row);
	nlmsg_free(msg);
}

static void test_empty(void)
{
	struct nl_msg *msg = message_new();
	const struct memtel_cache *cache;
	struct memtel_malformed bad;
	struct memtel_row row;

	ok(!message_decode(&memtel_cache_set, msg, &row, &bad),
	   "no attribute at all decodes");
	cache = row.data;
	ok(!cache->present && !strcmp(cache->name, "") && !cache->nr_nodes,
	   "and has nothing, its name is no NULL");
	ok(!cache->total->present, "an uncounted cache has no total");
	memtel_row_free(&row);

	nla_put_u32(msg, MEMTEL_A_CACHE_ID, 5);
	message_decode(&memtel_cache_set, msg, &row, &bad);
	cache = row.data;
	ok(memtel_has(cache->total, MEMTEL_A_CACHE_NODE_ALLOCS) &&
	   cache->total->allocs == 0 &&
	   !memtel_has(cache->total, MEMTEL_A_CACHE_NODE_SLABS),
	   "a counted cache without nodes counted nothing");
	memtel_row_free(&row);
	nlmsg_free(msg);
}

static void test_strings(void)
{
	struct nl_msg *msg = message_new();
	struct memtel_malformed bad;
	struct memtel_row row;

	nla_put(msg, MEMTEL_A_HOLD_SOURCE, 3, "abc");
	nla_put(msg, MEMTEL_A_HOLD_COMM, 0, NULL);
	ok(!message_decode(&memtel_hold_set, msg, &row, &bad) &&
	   !strcmp(((struct memtel_hold *)row.data)->source, "abc"),
	   "a string without its NUL ends with its attribute");
	ok(!strcmp(((struct memtel_hold *)row.data)->comm, ""),
	   "a string of no bytes");
	memtel_row_free(&row);
	nlmsg_free(msg);
}

/* A number or flag of another length, alone in a message. */
static void test_lengths(void)
{
	static const struct {
		const char *name;
		const struct memtel_set *set;
		int type;
		int length;
		const char *attr;
	} rows[] = {
		{ "u32 of 2", &memtel_hold_set, MEMTEL_A_HOLD_ID, 2, "id" },
		{ "u32 of 8", &memtel_hold_set, MEMTEL_A_HOLD_PID, 8, "pid" },
		{ "u64 of 4", &memtel_node_set, MEMTEL_A_NODE_NUMA_HIT, 4,
		  "numa-hit" },
		{ "u64 of 0", &memtel_node_set, MEMTEL_A_NODE_FREE_BYTES, 0,
		  "free-bytes" },
		{ "u64 of 16", &memtel_zone_set, MEMTEL_A_ZONE_FREE_BYTES, 16,
		  "free-bytes" },
		{ "flag of 4", &memtel_source_set, MEMTEL_A_SOURCE_ATTACHED, 4,
		  "attached" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct nl_msg *msg = message_new();
		struct memtel_malformed bad;
		struct memtel_row row;
		char zeros[16] = { 0 };

		nla_put(msg, rows[i].type, rows[i].length, zeros);
		ok(message_decode(rows[i].set, msg, &row, &bad) == -EBADMSG &&
		   !strcmp(bad.attr, rows[i].attr) &&
		   bad.length == (size_t)rows[i].length,
		   "%s bytes is malformed, and named", rows[i].name);
		ok(!row.data && !row.blocks, "and leaves nothing behind");
		memtel_row_free(&row);
		nlmsg_free(msg);
	}
}

static void test_nested_length(void)
{
	struct nl_msg *msg = message_new();
	struct memtel_malformed bad;
	struct memtel_row row;
	struct nlattr *nest = nla_nest_start(msg, MEMTEL_A_CACHE_NODE);

	nla_put_u32(msg, MEMTEL_A_CACHE_NODE_SLABS, 1);
	nla_nest_end(msg, nest);
	ok(message_decode(&memtel_cache_set, msg, &row, &bad) == -EBADMSG &&
	   !strcmp(bad.set, "cache-node") && !strcmp(bad.attr, "slabs"),
	   "a malformed attribute in a nest makes the row malformed");
	memtel_row_free(&row);
	nlmsg_free(msg);
}

/*
 * A whole cache cut at every byte, in memory of just that size so that
 * valgrind sees a read past it. Only cuts between attributes may decode.
 */
static void test_truncation(void)
{
	struct nl_msg *msg = message_new();
	int length, malformed = 0, decoded = 0, other = 0;

	nla_put_string(msg, MEMTEL_A_CACHE_NAME, "kmalloc-64");
	nla_put_u32(msg, MEMTEL_A_CACHE_ID, 1);
	put_node(msg, 0, 10, true);
	length = nlmsg_datalen(nlmsg_hdr(msg));
	for (int cut = 0; cut < length; cut++) {
		char *copy = malloc(cut ? cut : 1);
		struct memtel_malformed bad;
		struct memtel_row row;
		int err;

		memcpy(copy, nlmsg_data(nlmsg_hdr(msg)), cut);
		err = memtel_decode(&memtel_cache_set, copy, cut, &row, &bad);
		if (err == -EBADMSG)
			malformed++;
		else if (!err)
			decoded++;
		else
			other++;
		memtel_row_free(&row);
		free(copy);
	}
	/* Nothing; behind name, with and without its byte of padding; id. */
	ok(decoded == 4, "cut between attributes decodes (%d times)", decoded);
	ok(malformed == length - 4 && !other,
	   "cut anywhere else is malformed (%d of %d)", malformed, length);
	nlmsg_free(msg);
}

/* An inner attribute that claims more than its nest has. */
static void test_overlong(void)
{
	struct nl_msg *msg = message_new();
	struct memtel_malformed bad;
	struct memtel_row row;
	struct nlattr *nest = nla_nest_start(msg, MEMTEL_A_CACHE_NODE);
	struct nlattr *inner;

	nla_put_u64(msg, MEMTEL_A_CACHE_NODE_SLABS, 1);
	nla_nest_end(msg, nest);
	nla_put_string(msg, MEMTEL_A_CACHE_NAME, "behind the nest");
	inner = nla_data(nest);
	inner->nla_len += 8;
	ok(message_decode(&memtel_cache_set, msg, &row, &bad) == -EBADMSG &&
	   !bad.attr, "an attribute reaching out of its nest is malformed");
	memtel_row_free(&row);
	inner->nla_len = 2;
	ok(message_decode(&memtel_cache_set, msg, &row, &bad) == -EBADMSG,
	   "an attribute shorter than its header is malformed");
	memtel_row_free(&row);
	nlmsg_free(msg);
}

/* Each command's set is there, and no attribute is without a name. */
static void test_schema(void)
{
	bool is_complete = true;

	for (int cmd = 1; cmd <= MEMTEL_CMD_MAX; cmd++) {
		const struct memtel_command *command = memtel_command_find(cmd);

		is_complete &= command && command->set && command->name;
		for (unsigned int i = 1; command && i < command->set->nr_attrs; i++)
			is_complete &= command->set->attrs[i].name != NULL;
	}
	ok(is_complete, "every command and attribute number is known");
	ok(!memtel_command_find(0) && !memtel_command_find(MEMTEL_CMD_MAX + 1),
	   "no others are");
	ok(memtel_cache_set.nr_attrs == MEMTEL_A_CACHE_MAX + 1 &&
	   memtel_source_set.nr_attrs == MEMTEL_A_SOURCE_MAX + 1 &&
	   memtel_hold_set.nr_attrs == MEMTEL_A_HOLD_MAX + 1 &&
	   memtel_node_set.nr_attrs == MEMTEL_A_NODE_MAX + 1 &&
	   memtel_zone_set.nr_attrs == MEMTEL_A_ZONE_MAX + 1 &&
	   memtel_status_set.nr_attrs == MEMTEL_A_STATUS_MAX + 1,
	   "up to the last of the header");
}

int main(void)
{
	test_cache();
	test_empty();
	test_strings();
	test_lengths();
	test_nested_length();
	test_truncation();
	test_overlong();
	test_schema();
	return tap_done();
}
