// SPDX-License-Identifier: GPL-2.0
/*
 * From timed rows to netlink attributes; see fill.c. These functions read the
 * row, too: all need memtel_source_lock and the row's source attached. They
 * return MEMTEL_NO_ROW where there is nothing to show.
 */
#include <linux/build_bug.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>

#include "cursor.h"
#include "fallback.h"
#include "fill.h"
#include "hist.h"
#include "message.h"
#include "reclaim.h"
#include "shrinker.h"
#include "zonelock.h"

#define BUCKET_BYTES		(NEST_BYTES + 2 * U64_BYTES)
#define TIMING_BYTES		(MEMTEL_TIME_BYTES + \
				 MEMTEL_TIMING_BUCKETS * BUCKET_BYTES)
#define NUMBERED_BYTES		(NEST_BYTES + U32_BYTES + U64_BYTES)

static struct nlattr *begin_timing(struct memtel_cursor *c, int type,
				   const struct memtel_timing *timing)
{
	struct nlattr *nest = memtel_nest_begin(c, type);

	c->pad = MEMTEL_A_TIMING_PAD;
	memtel_put_u64(c, MEMTEL_A_TIMING_COUNT, timing->count);
	memtel_put_u64(c, MEMTEL_A_TIMING_TOTAL_NS, timing->total_ns);
	memtel_put_u64(c, MEMTEL_A_TIMING_LONGEST_NS, timing->longest_ns);
	return nest;
}

/* Without the histogram, within a row of something else. */
void memtel_put_time(struct memtel_cursor *c, int type,
		     const struct memtel_timing *timing)
{
	int pad = c->pad;

	memtel_nest_end(c, begin_timing(c, type, timing));
	c->pad = pad;
}

static void put_timing(struct memtel_cursor *c, int type,
		       const struct memtel_timing *timing)
{
	struct nlattr *nest = begin_timing(c, type, timing);
	struct nlattr *bucket;
	int pad = c->pad;
	unsigned int i;

	for (i = 0; i < MEMTEL_TIMING_BUCKETS; i++) {
		if (!timing->buckets[i])
			continue;
		c->pad = MEMTEL_A_TIMING_BUCKET_PAD;
		bucket = memtel_nest_begin(c, MEMTEL_A_TIMING_BUCKET);
		memtel_put_u64(c, MEMTEL_A_TIMING_BUCKET_FROM_NS,
			       memtel_hist_from_ns(i));
		memtel_put_u64(c, MEMTEL_A_TIMING_BUCKET_COUNT,
			       timing->buckets[i]);
		memtel_nest_end(c, bucket);
	}
	memtel_nest_end(c, nest);
	c->pad = pad;
}

/* The sets of orders, gfp classes and outcomes are of one form. */
#define SAME(a, b)	static_assert((int)(a) == (int)(b))
SAME(MEMTEL_A_RECLAIM_GFP_PAD, MEMTEL_A_RECLAIM_ORDER_PAD);
SAME(MEMTEL_A_RECLAIM_GFP_CLASS, MEMTEL_A_RECLAIM_ORDER_ORDER);
SAME(MEMTEL_A_RECLAIM_GFP_COUNT, MEMTEL_A_RECLAIM_ORDER_COUNT);
SAME(MEMTEL_A_RECLAIM_OUTCOME_PAD, MEMTEL_A_RECLAIM_ORDER_PAD);
SAME(MEMTEL_A_RECLAIM_OUTCOME_OUTCOME, MEMTEL_A_RECLAIM_ORDER_ORDER);
SAME(MEMTEL_A_RECLAIM_OUTCOME_COUNT, MEMTEL_A_RECLAIM_ORDER_COUNT);

/* What was counted by a number, such as an order. */
static void put_numbered(struct memtel_cursor *c, int type, u32 number,
			 u64 count)
{
	struct nlattr *nest;
	int pad = c->pad;

	if (!count)
		return;
	c->pad = MEMTEL_A_RECLAIM_ORDER_PAD;
	nest = memtel_nest_begin(c, type);
	memtel_put_u32(c, MEMTEL_A_RECLAIM_ORDER_ORDER, number);
	memtel_put_u64(c, MEMTEL_A_RECLAIM_ORDER_COUNT, count);
	memtel_nest_end(c, nest);
	c->pad = pad;
}

static void put_reclaim_counts(struct memtel_cursor *c,
			       const struct memtel_reclaim_row *row)
{
	static const unsigned int attrs[RECLAIM_COUNTS] = {
		[RECLAIM_VISITS] = MEMTEL_A_RECLAIM_VISITS,
		[RECLAIM_PAGES_SCANNED] = MEMTEL_A_RECLAIM_PAGES_SCANNED,
		[RECLAIM_PAGES_RECLAIMED] = MEMTEL_A_RECLAIM_PAGES_RECLAIMED,
		[RECLAIM_WAKEUPS] = MEMTEL_A_RECLAIM_WAKEUPS,
		[RECLAIM_FAILURES] = MEMTEL_A_RECLAIM_FAILURES,
		[RECLAIM_LANDED_HERE] = MEMTEL_A_RECLAIM_LANDED_HERE,
		[RECLAIM_LANDED_ELSEWHERE] = MEMTEL_A_RECLAIM_LANDED_ELSEWHERE,
		[RECLAIM_LANDED_NOWHERE] = MEMTEL_A_RECLAIM_LANDED_NOWHERE,
	};
	unsigned int i;

	for (i = 0; i < RECLAIM_COUNTS; i++)
		if (memtel_reclaim_has(row->kind, i))
			memtel_put_u64(c, attrs[i], row->counts[i]);
	if (!memtel_reclaim_has_orders(row->kind))
		return;
	for (i = 0; i < NR_PAGE_ORDERS; i++)
		put_numbered(c, MEMTEL_A_RECLAIM_ORDER, i, row->orders[i]);
	for (i = 0; i < RECLAIM_CLASSES; i++)
		put_numbered(c, row->kind == MEMTEL_RECLAIM_KIND_DIRECT ?
			     MEMTEL_A_RECLAIM_GFP : MEMTEL_A_RECLAIM_OUTCOME,
			     i + 1, row->classes[i]);
}

/* Bytes that no reclaim row exceeds. */
size_t memtel_fill_reclaim_bytes(void)
{
	return 3 * U32_BYTES + NAME_BYTES + PATH_BYTES + TIMING_BYTES +
	       (1 + RECLAIM_COUNTS) * U64_BYTES +
	       (NR_PAGE_ORDERS + RECLAIM_CLASSES) * NUMBERED_BYTES;
}

int memtel_fill_reclaim(struct sk_buff *skb, unsigned int i)
{
	char path[MEMTEL_PATH_MAX + 1];
	struct memtel_reclaim_row row;
	struct memtel_cursor c;

	if (!memtel_reclaim_read(i, &row))
		return MEMTEL_NO_ROW;
	if (memtel_cursor_begin(&c, skb, memtel_fill_reclaim_bytes(),
				MEMTEL_A_RECLAIM_PAD))
		return -EMSGSIZE;
	memtel_put_u32(&c, MEMTEL_A_RECLAIM_KIND, row.kind);
	if (row.nid != NUMA_NO_NODE)
		memtel_put_u32(&c, MEMTEL_A_RECLAIM_NODE_ID, row.nid);
	if (row.zone)
		memtel_put_string(&c, MEMTEL_A_RECLAIM_ZONE, row.zone);
	if (row.reason)
		memtel_put_u32(&c, MEMTEL_A_RECLAIM_REASON, row.reason);
	if (row.cgroup_id)
		memtel_put_u64(&c, MEMTEL_A_RECLAIM_CGROUP_ID, row.cgroup_id);
	if (row.cgroup_has_path &&
	    memtel_reclaim_cgroup_path(row.cgroup_id, path, sizeof(path)))
		memtel_put_string(&c, MEMTEL_A_RECLAIM_CGROUP_PATH, path);
	put_timing(&c, MEMTEL_A_RECLAIM_TIMING, &row.timing);
	put_reclaim_counts(&c, &row);
	return memtel_cursor_end(&c);
}

int memtel_fill_shrinker(struct sk_buff *skb, unsigned int i)
{
	struct memtel_shrinker_row row;
	struct memtel_cursor c;

	if (!memtel_shrinker_read(i, &row))
		return MEMTEL_NO_ROW;
	if (memtel_cursor_begin(&c, skb, NAME_BYTES + 2 * U32_BYTES +
				TIMING_BYTES + 2 * U64_BYTES,
				MEMTEL_A_SHRINKER_PAD))
		return -EMSGSIZE;
	/* The row of all that found none of their own has only a node. */
	if (row.id) {
		memtel_put_string(&c, MEMTEL_A_SHRINKER_NAME, row.name);
		memtel_put_u32(&c, MEMTEL_A_SHRINKER_ID, row.id);
	}
	if (row.nid != NUMA_NO_NODE)
		memtel_put_u32(&c, MEMTEL_A_SHRINKER_NODE_ID, row.nid);
	put_timing(&c, MEMTEL_A_SHRINKER_TIMING, &row.timing);
	memtel_put_u64(&c, MEMTEL_A_SHRINKER_OBJECTS_SCANNED,
		       row.objects_scanned);
	memtel_put_u64(&c, MEMTEL_A_SHRINKER_OBJECTS_FREED, row.objects_freed);
	return memtel_cursor_end(&c);
}

/* @i: of all zones, by node. */
int memtel_fill_lock(struct sk_buff *skb, unsigned int i)
{
	int nid = i / MAX_NR_ZONES, zid = i % MAX_NR_ZONES;
	struct memtel_timing timing;
	struct zone *zone;
	struct memtel_cursor c;

	if (!node_online(nid))
		return MEMTEL_NO_ROW;
	zone = &NODE_DATA(nid)->node_zones[zid];
	if (!populated_zone(zone) || !memtel_zonelock_time(nid, zid, &timing))
		return MEMTEL_NO_ROW;
	if (memtel_cursor_begin(&c, skb, NAME_BYTES + 2 * U32_BYTES +
				TIMING_BYTES, MEMTEL_A_LOCK_PAD))
		return -EMSGSIZE;
	memtel_put_u32(&c, MEMTEL_A_LOCK_KIND, MEMTEL_LOCK_KIND_ZONE);
	memtel_put_u32(&c, MEMTEL_A_LOCK_NODE_ID, nid);
	memtel_put_string(&c, MEMTEL_A_LOCK_ZONE, zone->name);
	put_timing(&c, MEMTEL_A_LOCK_TIMING, &timing);
	return memtel_cursor_end(&c);
}

int memtel_fill_fallback(struct sk_buff *skb, unsigned int i)
{
	struct memtel_fallback_cell cell;
	struct memtel_cursor c;

	if (!memtel_fallback_read(i, &cell))
		return MEMTEL_NO_ROW;
	if (memtel_cursor_begin(&c, skb, 2 * (U32_BYTES + NAME_BYTES) +
				U64_BYTES, MEMTEL_A_FALLBACK_PAD))
		return -EMSGSIZE;
	memtel_put_u32(&c, MEMTEL_A_FALLBACK_WANTED_NODE_ID, cell.wanted_nid);
	memtel_put_string(&c, MEMTEL_A_FALLBACK_WANTED_ZONE, cell.wanted_zone);
	memtel_put_u32(&c, MEMTEL_A_FALLBACK_NODE_ID, cell.nid);
	memtel_put_string(&c, MEMTEL_A_FALLBACK_ZONE, cell.zone);
	memtel_put_u64(&c, MEMTEL_A_FALLBACK_SAMPLES, cell.samples);
	return memtel_cursor_end(&c);
}
