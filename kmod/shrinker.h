/* SPDX-License-Identifier: GPL-2.0 */
/* The shrinker source's counts, for readers. See shrinker.c. */
#ifndef _MEMTEL_SHRINKER_H
#define _MEMTEL_SHRINKER_H

#include <linux/memtel.h>
#include <linux/types.h>

#include "scope.h"
#include "timing.h"

struct netlink_ext_ack;

/**
 * struct memtel_shrinker_row - a shrinker on a node, over all CPUs
 * @name: its own name or its function's
 * @id: the same on all nodes; 0 for all that found no row of their own on the
 *      node, which have no name
 * @nid: the node
 * @timing: its calls
 * @objects_scanned: objects it scanned
 * @objects_freed: objects it freed
 */
struct memtel_shrinker_row {
	char name[MEMTEL_NAME_MAX + 1];
	u32 id;
	int nid;
	struct memtel_timing timing;
	u64 objects_scanned;
	u64 objects_freed;
};

#define MEMTEL_SHRINKER_CALLS	64

/**
 * struct memtel_shrinker_calls - calls under way at one moment
 * @now: that moment, ktime_get_mono_fast_ns()
 * @nr: how many
 * @row: by call, its row
 * @ns: by call, for how long
 */
struct memtel_shrinker_calls {
	u64 now;
	unsigned int nr;
	u32 row[MEMTEL_SHRINKER_CALLS];
	u64 ns[MEMTEL_SHRINKER_CALLS];
};

unsigned int memtel_shrinker_max_rows(void);
unsigned int memtel_shrinker_rows(void);
bool memtel_shrinker_key(unsigned int i, struct memtel_shrinker_row *row);
bool memtel_shrinker_read(unsigned int i, struct memtel_shrinker_row *row);
int memtel_shrinker_watch(const struct memtel_scope *scope,
			  struct netlink_ext_ack *extack);
void memtel_shrinker_unwatch(const struct memtel_scope *scope);
u64 memtel_shrinker_total_ns(const struct memtel_scope *scope);
void memtel_shrinker_open(const struct memtel_scope *scope, u64 now,
			  struct memtel_open *open);
void memtel_shrinker_calls_read(struct memtel_shrinker_calls *open);
u64 memtel_shrinker_call_ns(const struct memtel_shrinker_calls *open,
			    unsigned int i);

#endif /* _MEMTEL_SHRINKER_H */
