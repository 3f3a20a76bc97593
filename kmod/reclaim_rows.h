/* SPDX-License-Identifier: GPL-2.0 */
/* The reclaim source's rows, for its probes. See reclaim_rows.c. */
#ifndef _MEMTEL_RECLAIM_ROWS_H
#define _MEMTEL_RECLAIM_ROWS_H

#include <linux/percpu.h>

#include "keyed.h"
#include "reclaim.h"

struct cgroup;
struct memtel_source_stats;

/* A row's words; a cgroup's has no orders and no classes. */
enum reclaim_word {
	WORD_COUNTS = TIMING_WORDS,
	WORD_ORDERS = WORD_COUNTS + RECLAIM_COUNTS,
	WORD_CLASSES = WORD_ORDERS + NR_PAGE_ORDERS,
	RECLAIM_WORDS = WORD_CLASSES + RECLAIM_CLASSES,

	/* The time of a watched cgroup with all that are below it. */
	WORD_SUBTREE_NS = WORD_COUNTS + RECLAIM_COUNTS,
	CGROUP_WORDS,
};

int memtel_reclaim_rows_init(void);
void memtel_reclaim_rows_exit(void);
void memtel_reclaim_rows_reset(void);
void memtel_reclaim_rows_stats(struct memtel_source_stats *stats);
void memtel_reclaim_rows_tick(void);

u32 memtel_reclaim_row(enum memtel_reclaim_kind kind, int nid, unsigned int i);
u64 __percpu *memtel_reclaim_words(u32 row);
bool memtel_reclaim_is_in(enum memtel_reclaim_kind kind, u32 row,
			  const struct memtel_scope *scope);

/* Within rcu_read_lock(). */
struct memtel_row memtel_reclaim_cgroup_row(void);
u64 __percpu *memtel_reclaim_cgroup_words(struct memtel_row row);
void memtel_reclaim_cgroup_lost(struct memtel_row row, u64 ns);
bool memtel_reclaim_cgroup_is_in(struct memtel_row row,
				 const struct memtel_scope *scope);
void memtel_reclaim_cgroup_gone(struct cgroup *cgroup);

static inline void memtel_reclaim_count(u64 __percpu *row,
					enum reclaim_count what, u64 value)
{
	this_cpu_add(row[WORD_COUNTS + what], value);
}

/* Some events come with an order of -1: they are for no one request. */
static inline void memtel_reclaim_order(u64 __percpu *row, int order)
{
	if (order >= 0 && order < NR_PAGE_ORDERS)
		this_cpu_inc(row[WORD_ORDERS + order]);
}

/* A gfp class or an outcome. */
static inline void memtel_reclaim_class(u64 __percpu *row, unsigned int class)
{
	this_cpu_inc(row[WORD_CLASSES + class - 1]);
}

#endif /* _MEMTEL_RECLAIM_ROWS_H */
