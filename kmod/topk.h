/* SPDX-License-Identifier: GPL-2.0 */
/* The keys that have most, in bounded memory. See topk.c. */
#ifndef _MEMTEL_TOPK_H
#define _MEMTEL_TOPK_H

#include <linux/gfp.h>
#include <linux/memtel.h>
#include <linux/seqlock.h>
#include <linux/types.h>

struct memtel_source_stats;

/**
 * struct memtel_topk_key - what is ranked
 * @a: first half
 * @b: second half
 * @name: kept with it, cut; not part of the key
 */
struct memtel_topk_key {
	u64 a;
	u64 b;
	const char *name;
};

/**
 * struct memtel_topk_row - a key and what it has, on one CPU or all
 * @a: of the key
 * @b: of the key
 * @rank: by which rows are ranked; up to @error too high
 * @error: of that, what it took over from others
 * @extra: a second sum, only since the row is there
 * @name: of the key
 */
struct memtel_topk_row {
	u64 a;
	u64 b;
	u64 rank;
	u64 error;
	u64 extra;
	char name[MEMTEL_NAME_MAX + 1];
};

/**
 * struct memtel_topk_entry - a place of a CPU
 * @latch: says which of @rows that CPU does not write now
 * @rows: what is there, twice; none while its rank is 0
 */
struct memtel_topk_entry {
	seqcount_latch_t latch;
	struct memtel_topk_row rows[2];
};

/**
 * struct memtel_topk - the tables of all CPUs
 * @cpus: by CPU, @nr entries each; written by that CPU alone with interrupts
 *        off, read by anybody
 * @nr: a power of two
 * @evicted: rank, less error, of rows that had to make room, on each CPU
 */
struct memtel_topk {
	struct memtel_topk_entry **cpus;
	unsigned int nr;
	u64 __percpu *evicted;
};

int memtel_topk_init(struct memtel_topk *topk, unsigned int nr);
void memtel_topk_exit(struct memtel_topk *topk);
void memtel_topk_reset(struct memtel_topk *topk);
unsigned int memtel_topk_max_rows(unsigned int nr);
u64 memtel_topk_bytes(const struct memtel_topk *topk);
u64 memtel_topk_evicted(const struct memtel_topk *topk);

void memtel_topk_add(struct memtel_topk *topk,
		     const struct memtel_topk_key *key, u64 rank, u64 extra);

/**
 * struct memtel_topk_view - the sums over all CPUs at one moment
 * @max: room for rows
 * @nr: rows
 * @index: hash of a key to its row's number plus one; 2 * @max entries
 * @rows: in no order
 */
struct memtel_topk_view {
	unsigned int max;
	unsigned int nr;
	u32 *index;
	struct memtel_topk_row *rows;
};

int memtel_topk_view_init(struct memtel_topk_view *view, unsigned int max,
			  gfp_t gfp);
void memtel_topk_view_exit(struct memtel_topk_view *view);
void memtel_topk_view_take(struct memtel_topk_view *view,
			   const struct memtel_topk *topk);
void memtel_topk_view_add(struct memtel_topk_view *view,
			  const struct memtel_topk_key *key, u64 rank);

#endif /* _MEMTEL_TOPK_H */
