// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rate.c: which caches have a rate, and which number it is.
 */
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "tap.h"

#define SECOND UINT64_C(1000000000)

/* One cache on one or two nodes; nodes of UINT64_MAX allocs are left out. */
struct spec {
	const char *name;
	bool has_id;
	uint32_t id;
	uint64_t allocs[2];
};

static void decode(const struct memtel_set *set, struct nl_msg *msg,
		   struct memtel_row *row)
{
	struct memtel_malformed bad;

	if (message_decode(set, msg, row, &bad))
		abort();
	nlmsg_free(msg);
}

static struct memtel_snapshot *snapshot_new(uint64_t since_ns, uint64_t now_ns,
					    const struct spec *specs, size_t nr)
{
	struct memtel_snapshot *snapshot = calloc(1, sizeof(*snapshot));
	struct nl_msg *msg = message_new();

	if (since_ns) {
		nla_put_flag(msg, MEMTEL_A_SOURCE_ATTACHED);
		nla_put_u64(msg, MEMTEL_A_SOURCE_SINCE_NS, since_ns);
	}
	nla_put_u64(msg, MEMTEL_A_SOURCE_NOW_NS, now_ns);
	decode(&memtel_source_set, msg, &snapshot->source);
	snapshot->caches = calloc(nr, sizeof(*snapshot->caches));
	snapshot->nr_caches = nr;
	for (size_t i = 0; i < nr; i++) {
		msg = message_new();
		nla_put_string(msg, MEMTEL_A_CACHE_NAME, specs[i].name);
		if (specs[i].has_id)
			nla_put_u32(msg, MEMTEL_A_CACHE_ID, specs[i].id);
		for (uint32_t n = 0; n < 2; n++) {
			struct nlattr *node;

			if (specs[i].allocs[n] == UINT64_MAX)
				continue;
			node = nla_nest_start(msg, MEMTEL_A_CACHE_NODE);
			nla_put_u32(msg, MEMTEL_A_CACHE_NODE_NODE_ID, n);
			nla_put_u64(msg, MEMTEL_A_CACHE_NODE_ALLOCS,
				    specs[i].allocs[n]);
			nla_nest_end(msg, node);
		}
		decode(&memtel_cache_set, msg, &snapshot->caches[i]);
	}
	return snapshot;
}

/* What came of the only, or first, cache. */
struct result {
	int rows;
	struct memtel_rate total;
	size_t nr_nodes;
	struct memtel_rate nodes[2];
};

static int keep(const struct memtel_cache *cache,
		const struct memtel_rate *total,
		const struct memtel_rate *const *nodes, void *arg)
{
	struct result *result = arg;

	if (result->rows++)
		return 0;
	result->total = *total;
	result->nr_nodes = cache->nr_nodes;
	for (size_t i = 0; i < cache->nr_nodes; i++)
		result->nodes[i] = *nodes[i];
	return 0;
}

static struct result compare(uint64_t since_a, uint64_t now_a,
			     const struct spec *a, size_t nr_a,
			     uint64_t since_b, uint64_t now_b,
			     const struct spec *b, size_t nr_b)
{
	struct memtel_snapshot *before = snapshot_new(since_a, now_a, a, nr_a);
	struct memtel_snapshot *after = snapshot_new(since_b, now_b, b, nr_b);
	struct result result = { 0 };

	if (memtel_rates(before, after, keep, &result))
		abort();
	memtel_snapshot_free(before);
	memtel_snapshot_free(after);
	return result;
}

#define BIT(attr) (UINT64_C(1) << MEMTEL_A_CACHE_NODE_##attr)

static void test_numbers(void)
{
	const struct spec a[] = {
		{ "zz", true, 1, { 5, 5 } },
		{ "dentry", true, 9, { 100, UINT64_MAX } },
	};
	const struct spec b[] = {
		{ "dentry", true, 9, { 150, 30 } },
		{ "zz", true, 1, { 5, 5 } },
	};
	struct result r = compare(SECOND, 2 * SECOND, a, 2,
				  SECOND, 2 * SECOND + SECOND / 2, b, 2);

	ok(r.rows == 2, "a row for each cache of the later");
	ok(r.total.present == BIT(ALLOCS), "only the counts there are");
	ok(r.total.allocs_per_s == 160, "80 in half a second are 160 per second");
	ok(r.total.interval_ns == SECOND / 2, "over that interval");
	ok(r.nr_nodes == 2 && r.nodes[0].allocs_per_s == 100, "by node");
	ok(r.nodes[1].present && r.nodes[1].allocs_per_s == 60,
	   "a node that only the later has counted from zero");
}

static void test_none(void)
{
	const struct spec one[] = { { "a", true, 1, { 10, 10 } } };
	const struct spec more[] = { { "a", true, 1, { 20, 20 } } };
	const struct spec other_id[] = { { "a", true, 2, { 20, 20 } } };
	const struct spec other_name[] = { { "b", true, 1, { 20, 20 } } };
	const struct spec no_id[] = { { "a", false, 0, { 20, 20 } } };
	const struct spec zero_id[] = { { "a", true, 0, { 10, 10 } } };
	const struct spec less[] = { { "a", true, 1, { 5, 20 } } };
	const struct {
		const char *why;
		uint64_t since_a, now_a, since_b, now_b;
		const struct spec *a, *b;
	} rows[] = {
		{ "same name, other id", 1, 10, 1, 20, one, other_id },
		{ "other name, same id", 1, 10, 1, 20, one, other_name },
		{ "no id before", 1, 10, 1, 20, no_id, more },
		{ "no id after", 1, 10, 1, 20, one, no_id },
		{ "id 0 before, none after", 1, 10, 1, 20, zero_id, no_id },
		{ "no id at all", 1, 10, 1, 20, no_id, no_id },
		{ "reset between", 1, 10, 11, 20, one, more },
		{ "not attached before", 0, 10, 1, 20, one, more },
		{ "not attached after", 1, 10, 0, 20, one, more },
		{ "attached neither time", 0, 10, 0, 20, one, more },
		{ "no time passed", 1, 10, 1, 10, one, more },
		{ "time went back", 1, 20, 1, 10, one, more },
	};
	struct result r;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		r = compare(rows[i].since_a, rows[i].now_a, rows[i].a, 1,
			    rows[i].since_b, rows[i].now_b, rows[i].b, 1);
		ok(r.rows == 1 && !r.total.present && !r.nodes[0].present,
		   "%s: a row without a rate", rows[i].why);
	}
	r = compare(1, 10, one, 1, 1, 20, less, 1);
	ok(!r.nodes[0].present && r.nodes[1].present,
	   "a count that shrank has no rate, the others have");
	r = compare(1, 10, one, 1, 1, 20, more, 1);
	ok(r.total.present && r.nodes[0].present,
	   "and without any of this there is one");
}

static int stop(const struct memtel_cache *cache,
		const struct memtel_rate *total,
		const struct memtel_rate *const *nodes, void *arg)
{
	(void)cache;
	(void)total;
	(void)nodes;
	++*(int *)arg;
	return 42;
}

static void test_stop(void)
{
	const struct spec two[] = {
		{ "a", true, 1, { 1, 1 } }, { "b", true, 2, { 1, 1 } },
	};
	struct memtel_snapshot *snapshot = snapshot_new(1, 10, two, 2);
	int calls = 0;

	ok(memtel_rates(snapshot, snapshot, stop, &calls) == 42 && calls == 1,
	   "what row() returns ends the call");
	ok(memtel_snapshot_nr_caches(snapshot) == 2 &&
	   memtel_snapshot_cache(snapshot, 1) &&
	   !memtel_snapshot_cache(snapshot, 2), "a snapshot's end is known");
	memtel_snapshot_free(snapshot);
}

int main(void)
{
	test_numbers();
	test_none();
	test_stop();
	return tap_done();
}
