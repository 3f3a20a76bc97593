// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Times: the kernel's histogram (kmod/hist.h), how they are decoded, and what
 * is derived from them.
 */
#include <stdlib.h>
#include <string.h>

#include "../../kmod/hist.h"
#include "message.h"
#include "tap.h"

static void test_buckets(void)
{
	bool goes_on = true;

	ok(memtel_hist_bucket(0) == 0, "no time is in the first bucket");
	ok(memtel_hist_bucket(1023) == 0, "so is the last ns below its bound");
	ok(memtel_hist_bucket(1024) == 1, "the bound is in the next");
	ok(memtel_hist_bucket(2047) == 1 && memtel_hist_bucket(2048) == 2,
	   "which reaches to its double");
	ok(memtel_hist_bucket(UINT64_MAX) == MEMTEL_TIMING_BUCKETS - 1,
	   "the longest is in the last");
	ok(memtel_hist_from_ns(0) == 0 && memtel_hist_from_ns(1) == 1024,
	   "where the first two begin");
	for (unsigned int i = 1; i < MEMTEL_TIMING_BUCKETS; i++) {
		uint64_t from_ns = memtel_hist_from_ns(i);

		goes_on &= memtel_hist_bucket(from_ns) == i &&
			   memtel_hist_bucket(from_ns - 1) == i - 1;
	}
	ok(goes_on, "each bucket begins where the one before ends");
}

/* A timing with these counts from bucket @first on, in the row of a lock. */
static void put_timing(struct nl_msg *msg, int type, unsigned int first,
		       const uint64_t *counts, size_t nr, uint64_t longest_ns)
{
	struct nlattr *nest = nla_nest_start(msg, type);
	uint64_t count = 0;

	for (size_t i = 0; i < nr; i++)
		count += counts[i];
	nla_put_u64(msg, MEMTEL_A_TIMING_COUNT, count);
	nla_put_u64(msg, MEMTEL_A_TIMING_TOTAL_NS, 10 * longest_ns);
	nla_put_u64(msg, MEMTEL_A_TIMING_LONGEST_NS, longest_ns);
	for (size_t i = 0; i < nr; i++) {
		struct nlattr *bucket = nla_nest_start(msg,
						       MEMTEL_A_TIMING_BUCKET);

		nla_put_u64(msg, MEMTEL_A_TIMING_BUCKET_FROM_NS,
			    memtel_hist_from_ns(first + i));
		nla_put_u64(msg, MEMTEL_A_TIMING_BUCKET_COUNT, counts[i]);
		nla_nest_end(msg, bucket);
	}
	nla_nest_end(msg, nest);
}

static void test_decode(void)
{
	static const uint64_t counts[] = { 7, 3 };
	struct nl_msg *msg = message_new();
	const struct memtel_lock *lock;
	struct memtel_malformed bad;
	struct memtel_row row;

	nla_put_string(msg, MEMTEL_A_LOCK_ZONE, "Normal");
	put_timing(msg, MEMTEL_A_LOCK_TIMING, 0, counts, 2, 1500);
	ok(!message_decode(&memtel_lock_set, msg, &row, &bad),
	   "a row with a timing decodes");
	lock = row.data;
	ok(lock->timing && memtel_has(lock, MEMTEL_A_LOCK_TIMING),
	   "the timing is there");
	ok(lock->timing->count == 10 && lock->timing->longest_ns == 1500,
	   "its numbers");
	ok(lock->timing->nr_buckets == 2 &&
	   lock->timing->buckets[1]->from_ns == 1024 &&
	   lock->timing->buckets[1]->count == 3, "its histogram");
	memtel_row_free(&row);
	nlmsg_free(msg);

	msg = message_new();
	nla_put_string(msg, MEMTEL_A_LOCK_ZONE, "Normal");
	ok(!message_decode(&memtel_lock_set, msg, &row, &bad) &&
	   !((const struct memtel_lock *)row.data)->timing,
	   "an absent timing is NULL");
	memtel_row_free(&row);
	nlmsg_free(msg);
}

static void test_malformed(void)
{
	struct nl_msg *msg = message_new();
	struct memtel_malformed bad;
	struct nlattr *nest;
	struct memtel_row row;

	nest = nla_nest_start(msg, MEMTEL_A_LOCK_TIMING);
	nla_put_u32(msg, MEMTEL_A_TIMING_COUNT, 1);
	nla_nest_end(msg, nest);
	ok(message_decode(&memtel_lock_set, msg, &row, &bad) == -EBADMSG &&
	   !strcmp(bad.set, "timing") && !strcmp(bad.attr, "count"),
	   "a timing's number of another length is malformed, and named");
	nlmsg_free(msg);

	msg = message_new();
	nla_put(msg, MEMTEL_A_LOCK_TIMING, 3, "abc");
	ok(message_decode(&memtel_lock_set, msg, &row, &bad) == -EBADMSG,
	   "so are bytes that are no attributes");
	nlmsg_free(msg);
}

/* What the permille of these counts, from bucket @first on, is at most. */
static uint64_t quantile(unsigned int first, const uint64_t *counts, size_t nr,
			 uint64_t longest_ns, unsigned int permille)
{
	struct nl_msg *msg = message_new();
	uint64_t at_most_ns = 12345;
	struct memtel_malformed bad;
	struct memtel_row row;

	put_timing(msg, MEMTEL_A_LOCK_TIMING, first, counts, nr, longest_ns);
	if (message_decode(&memtel_lock_set, msg, &row, &bad))
		abort();
	if (!memtel_timing_quantile(((struct memtel_lock *)row.data)->timing,
				    permille, &at_most_ns))
		at_most_ns = 0;
	memtel_row_free(&row);
	nlmsg_free(msg);
	return at_most_ns;
}

static void test_quantiles(void)
{
	static const uint64_t even[] = { 50, 50 }, rare[] = { 999, 1 };
	static const uint64_t none[] = { 0 }, one[] = { 1 };

	ok(quantile(0, even, 2, 2000, 500) == 1024, "half ends in the first");
	ok(quantile(0, even, 2, 2000, 501) == 2000,
	   "more than half in the second, bounded by the longest");
	ok(quantile(0, even, 2, 5000, 1000) == 2048,
	   "all in the last, bounded by its end");
	ok(quantile(4, rare, 2, 30000, 999) == 16384, "one in a thousand");
	ok(quantile(4, rare, 2, 30000, 1000) == 30000, "and the one");
	ok(quantile(MEMTEL_TIMING_BUCKETS - 1, one, 1, UINT64_C(1) << 60,
		    990) == UINT64_C(1) << 60,
	   "the last bucket is bounded by the longest alone");
	ok(quantile(0, none, 1, 0, 990) == 0, "of nothing there is none");
	ok(quantile(0, even, 2, 2000, 0) == 0 &&
	   quantile(0, even, 2, 2000, 1001) == 0, "no such quantile");
}

static void test_mean(void)
{
	struct memtel_timing timing = {
		.present = 1 << MEMTEL_A_TIMING_COUNT |
			   1 << MEMTEL_A_TIMING_TOTAL_NS,
		.count = 3, .total_ns = 31,
	};
	uint64_t mean_ns = 12345;

	ok(memtel_timing_mean(&timing, &mean_ns) && mean_ns == 10, "a mean");
	timing.count = 0;
	ok(!memtel_timing_mean(&timing, &mean_ns) && mean_ns == 10,
	   "of nothing there is none");
	timing.count = 3;
	timing.present = 1 << MEMTEL_A_TIMING_COUNT;
	ok(!memtel_timing_mean(&timing, &mean_ns), "nor without a total");
}

static void test_sum_of_nodes(void)
{
	const struct memtel_timing a = {
		.present = 1 << MEMTEL_A_TIMING_COUNT |
			   1 << MEMTEL_A_TIMING_TOTAL_NS |
			   1 << MEMTEL_A_TIMING_LONGEST_NS,
		.count = 2, .total_ns = 100, .longest_ns = 90,
	}, b = {
		.present = a.present,
		.count = 1, .total_ns = 50, .longest_ns = 50,
	};
	const struct memtel_node nodes[] = {
		{ .kswapd = &a, .lock_wait = &b },
		{ .kswapd = &b },
	};
	struct memtel_node *sum = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++)
		if (memtel_node_add(&sum, &nodes[i]))
			abort();
	ok(sum->kswapd->count == 3 && sum->kswapd->total_ns == 150,
	   "counts and times add up");
	ok(sum->kswapd->longest_ns == 90, "the longest is that of all");
	ok(sum->lock_wait->count == 1, "a timing that one node has");
	ok(memtel_has(sum, MEMTEL_A_NODE_KSWAPD) && !sum->throttle &&
	   !memtel_has(sum, MEMTEL_A_NODE_THROTTLE), "none has, none is");
	memtel_node_free(sum);
}

int main(void)
{
	test_buckets();
	test_decode();
	test_malformed();
	test_quantiles();
	test_mean();
	test_sum_of_nodes();
	return tap_done();
}
