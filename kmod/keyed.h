/* SPDX-License-Identifier: GPL-2.0 */
/* Rows of counters for things that come up as we go. See keyed.c. */
#ifndef _MEMTEL_KEYED_H
#define _MEMTEL_KEYED_H

#include <linux/memtel.h>
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
 * struct memtel_keyed_slot - a row
 * @a: of its key
 * @b: of its key
 * @nid: of its key
 * @id: the same for rows that differ in nothing but the node
 * @name: of its key, or what the table's label() gave, cut
 */
struct memtel_keyed_slot {
	u64 a;
	u64 b;
	int nid;
	u32 id;
	char name[MEMTEL_NAME_MAX + 1];
};

/**
 * struct memtel_keyed - a table of such rows
 * @lock: protects additions; raw, innermost, taken with interrupts off
 * @label: gives a name to a key that has none; called in the probe
 * @slots: that of all others, which has no id, and the rows in the order they
 *         came up
 * @index: hash of a key to its slot's number plus one, 0 for none
 * @nr_slots: how many there may be
 * @nr_index: entries of @index, a power of two
 * @used: how many there are; from here on a reader may look at a slot
 * @counts: the rows' words
 * @unplaced: events without a row of their own
 */
struct memtel_keyed {
	raw_spinlock_t lock;
	void (*label)(const struct memtel_key *key, char *name, size_t size);
	struct memtel_keyed_slot *slots;
	u32 *index;
	unsigned int nr_slots;
	unsigned int nr_index;
	unsigned int used;
	struct memtel_counters counts;
	struct memtel_counters unplaced;
};

int memtel_keyed_init(struct memtel_keyed *keyed, unsigned int slots,
		      unsigned int words);
void memtel_keyed_exit(struct memtel_keyed *keyed);
void memtel_keyed_reset(struct memtel_keyed *keyed);
void memtel_keyed_stats(const struct memtel_keyed *keyed,
			struct memtel_source_stats *stats);

u64 __percpu *memtel_keyed_place(struct memtel_keyed *keyed,
				 const struct memtel_key *key);

unsigned int memtel_keyed_used(const struct memtel_keyed *keyed);

/* A row; @i is below memtel_keyed_used(). */
static inline const struct memtel_keyed_slot *
memtel_keyed_slot(const struct memtel_keyed *keyed, unsigned int i)
{
	return &keyed->slots[i];
}

/* A row's words; @i is below memtel_keyed_used(). */
static inline u64 __percpu *memtel_keyed_words(const struct memtel_keyed *keyed,
					       unsigned int i)
{
	return memtel_counters_slot(&keyed->counts, i);
}

#endif /* _MEMTEL_KEYED_H */
