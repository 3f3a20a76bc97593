/* SPDX-License-Identifier: GPL-2.0 */
/* The reclaim source's counts, for readers. See reclaim.c. */
#ifndef _MEMTEL_RECLAIM_H
#define _MEMTEL_RECLAIM_H

#include <linux/memtel.h>
#include <linux/mmzone.h>
#include <linux/types.h>

#include "scope.h"
#include "timing.h"

struct memtel_topk_view;
struct netlink_ext_ack;

/* Of a row of counters, what follows the timing. */
enum reclaim_count {
	RECLAIM_VISITS,
	RECLAIM_PAGES_SCANNED,
	RECLAIM_PAGES_RECLAIMED,
	RECLAIM_WAKEUPS,
	RECLAIM_FAILURES,
	RECLAIM_LANDED_HERE,
	RECLAIM_LANDED_ELSEWHERE,
	RECLAIM_LANDED_NOWHERE,
	RECLAIM_COUNTS,
};

/* Classes of gfp masks, or outcomes of compaction: a row has one of them. */
#define RECLAIM_CLASSES	5

/**
 * struct memtel_reclaim_row - what a row counted, over all CPUs
 * @kind: enum memtel_reclaim_kind; says which of the others have a meaning,
 *        see memtel_reclaim_has()
 * @nid: node, NUMA_NO_NODE for none
 * @zone: name of the zone, NULL for none
 * @reason: enum memtel_throttle_reason, 0 for none
 * @cgroup_id: id of the cgroup, 0 for none
 * @cgroup_has_path: it is in the default hierarchy, whose ids have paths
 * @has_memory: its node or zone has, or it is of no node
 * @timing: how many, how long
 * @counts: by enum reclaim_count
 * @orders: by order of the request
 * @classes: by enum memtel_gfp_class or enum memtel_compaction_outcome, less 1
 */
struct memtel_reclaim_row {
	enum memtel_reclaim_kind kind;
	int nid;
	const char *zone;
	u32 reason;
	u64 cgroup_id;
	bool cgroup_has_path;
	bool has_memory;
	struct memtel_timing timing;
	u64 counts[RECLAIM_COUNTS];
	u64 orders[NR_PAGE_ORDERS];
	u64 classes[RECLAIM_CLASSES];
};

const char *memtel_reclaim_cannot_throttle(void);
bool memtel_reclaim_has(enum memtel_reclaim_kind kind,
			enum reclaim_count count);
bool memtel_reclaim_has_orders(enum memtel_reclaim_kind kind);

void memtel_reclaim_init(void);
unsigned int memtel_reclaim_rows(void);
bool memtel_reclaim_is_row(unsigned int i, struct memtel_reclaim_row *row);
bool memtel_reclaim_read(unsigned int i, struct memtel_reclaim_row *row);
bool memtel_reclaim_time(enum memtel_reclaim_kind kind, int nid, int zid,
			 struct memtel_timing *timing);
int memtel_reclaim_watch(const struct memtel_scope *scope,
			 struct netlink_ext_ack *extack);
void memtel_reclaim_unwatch(const struct memtel_scope *scope);
bool memtel_reclaim_is_gone(const struct memtel_scope *scope);
u64 memtel_reclaim_total_ns(enum memtel_reclaim_kind kind,
			    const struct memtel_scope *scope);
u64 memtel_reclaim_compaction_failures(const struct memtel_scope *scope);
void memtel_reclaim_open(enum memtel_reclaim_kind kind,
			 const struct memtel_scope *scope, u64 now,
			 struct memtel_open *open);
void memtel_reclaim_add_losers(struct memtel_topk_view *view,
			       enum memtel_suspect_kind kind);
bool memtel_reclaim_cgroup_path(u64 id, char *buf, size_t size);

#endif /* _MEMTEL_RECLAIM_H */
