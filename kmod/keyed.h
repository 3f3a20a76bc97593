/* SPDX-License-Identifier: GPL-2.0 */
/* Rows of counters for things that come up as we go. See keyed.c. */
#ifndef _MEMTEL_KEYED_H
#define _MEMTEL_KEYED_H

#include <linux/llist.h>
#include <linux/memtel.h>
#include <linux/rculist.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "counter.h"

struct memtel_source_stats;

/**
 * struct memtel_key - what a row stands for
 * @a: first half of what it is
 * @b: second half
 * @nid: on which node, NUMA_NO_NODE for all
 * @name: under what name, part of the key; NULL: @a and @b tell
 */
struct memtel_key {
	u64 a;
	u64 b;
	int nid;
	const char *name;
};

/**
 * struct memtel_row - a row, as long as it stands for one thing
 * @nr: its number
 * @generation: of its slot; changes when the row is given back
 */
struct memtel_row {
	u32 nr;
	u32 generation;
};

/**
 * struct memtel_keyed_slot - a row
 * @by_key: in the index while the row can be found; else among the free ones
 * @by_thing: beside rows that differ from it in the node alone
 * @on_gone: in the table's list of rows whose thing has gone
 * @a: of its key
 * @b: of its key
 * @nid: of its key
 * @id: the same for rows that differ in nothing but the node; 0 for those of
 *      all others
 * @generation: odd while the row stands for a thing
 * @seen: the table's second in which its last event came
 * @watchers: how many want it kept whatever becomes of its thing
 * @up: the source's own; 0 in a new row
 * @is_gone: its thing has gone
 * @name: of its key, or what the table's label() gave, cut
 */
struct memtel_keyed_slot {
	struct hlist_node by_key;
	u64 a;
	u64 b;
	int nid;
	u32 id;
	u32 generation;
	u32 seen;
	unsigned int watchers;
	u64 up;
	bool is_gone;
	struct hlist_node by_thing;
	struct llist_node on_gone;
	char name[MEMTEL_NAME_MAX + 1];
};

/**
 * struct memtel_keyed - a table of such rows
 * @lock: protects the index, the free rows and ids; raw, innermost, taken with
 *        interrupts off
 * @label: gives a name to a key that has none; called in the probe
 * @keeps: must this row be kept though its thing was not seen for long? NULL
 *         for no; called by memtel_keyed_tick()
 * @slots: those of all others, and the rows
 * @index: rows by a hash of the key
 * @things: rows by a hash of the key without its node
 * @free: rows that stand for nothing
 * @nr_slots: how many there are, with those of all others
 * @nr_others: rows of all others: one, or one for each node
 * @bits: log2 of the size of @index and of @things
 * @nr_free: how many are free
 * @used: rows from here on were never used
 * @next_id: the id of the next thing
 * @counts: the rows' words
 * @unplaced: events without a row of their own
 * @gone: rows whose thing has gone, put here by probes
 * @now: counts memtel_keyed_tick()
 * @cursor: where the search for rows not seen for long goes on
 * @leaving: numbers of the rows that are being given back
 * @nr_leaving: how many
 * @is_waiting: their grace period is on its way
 * @has_waited: there was one
 * @rcu: of that
 *
 * From @gone on, but for that: under memtel_source_lock.
 */
struct memtel_keyed {
	raw_spinlock_t lock;
	void (*label)(const struct memtel_key *key, char *name, size_t size);
	bool (*keeps)(const struct memtel_keyed_slot *slot);
	struct memtel_keyed_slot *slots;
	struct hlist_head *index;
	struct hlist_head *things;
	struct hlist_head free;
	unsigned int nr_slots;
	unsigned int nr_others;
	unsigned int bits;
	unsigned int nr_free;
	unsigned int used;
	u32 next_id;
	struct memtel_counters counts;
	struct memtel_counters unplaced;

	struct llist_head gone;
	u32 now;
	unsigned int cursor;
	u32 *leaving;
	unsigned int nr_leaving;
	bool is_waiting;
	bool has_waited;
	struct rcu_head rcu;
};

unsigned int memtel_keyed_size(unsigned int wanted, unsigned int words);
int memtel_keyed_init(struct memtel_keyed *keyed, unsigned int others,
		      unsigned int slots, unsigned int words);
void memtel_keyed_exit(struct memtel_keyed *keyed);
void memtel_keyed_reset(struct memtel_keyed *keyed);
void memtel_keyed_stats(const struct memtel_keyed *keyed,
			struct memtel_source_stats *stats);

/* For probes, and for who watches a key; within rcu_read_lock(). */
struct memtel_row memtel_keyed_place(struct memtel_keyed *keyed,
				     const struct memtel_key *key,
				     bool *is_new);
struct memtel_keyed_slot *memtel_keyed_find(const struct memtel_keyed *keyed,
					    const struct memtel_key *key);
u32 memtel_keyed_current(const struct memtel_keyed *keyed,
			 struct memtel_row row, int nid);
u64 __percpu *memtel_keyed_counted(const struct memtel_keyed *keyed,
				   struct memtel_row row, int nid);
void memtel_keyed_thing_gone(struct memtel_keyed *keyed,
			     struct memtel_keyed_slot *slot);

/* For readers; within rcu_read_lock() or under memtel_source_lock. */
unsigned int memtel_keyed_used(const struct memtel_keyed *keyed);
const struct memtel_keyed_slot *
memtel_keyed_slot(const struct memtel_keyed *keyed, unsigned int i);

void memtel_keyed_tick(struct memtel_keyed *keyed);

/* A slot's number. */
static inline u32 memtel_keyed_nr(const struct memtel_keyed *keyed,
				  const struct memtel_keyed_slot *slot)
{
	return slot - keyed->slots;
}

/* A row's words; @i is below memtel_keyed_used(). */
static inline u64 __percpu *memtel_keyed_words(const struct memtel_keyed *keyed,
					       unsigned int i)
{
	return memtel_counters_slot(&keyed->counts, i);
}

#endif /* _MEMTEL_KEYED_H */
