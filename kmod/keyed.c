// SPDX-License-Identifier: GPL-2.0
/*
 * Rows by key: cgroups that reclaim, shrinkers on nodes.
 *
 * All memory is allocated when the source is attached. A row is added by the
 * first event of its key, under a lock, and stays until the source is
 * detached; finding one takes no lock. A row never looks into what it stands
 * for after that first event: its name was copied then. Things that come and
 * go under one address are told apart by name and by the second half of the
 * key, and otherwise are one row.
 *
 * The first row is of all others: when the table is full, events of a new key
 * are counted there, and how many they are. So sums over all rows miss nothing.
 */
#include <linux/hash.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "keyed.h"
#include "source.h"

/* The index is four times as large as the rows can fill. */
#define INDEX_PER_SLOT	4

int memtel_keyed_init(struct memtel_keyed *keyed, unsigned int slots,
		      unsigned int words)
{
	slots++;
	raw_spin_lock_init(&keyed->lock);
	keyed->used = 1;
	keyed->nr_slots = slots;
	keyed->nr_index = roundup_pow_of_two(slots * INDEX_PER_SLOT);
	keyed->slots = kvcalloc(slots, sizeof(*keyed->slots), GFP_KERNEL);
	keyed->index = kvcalloc(keyed->nr_index, sizeof(*keyed->index),
				GFP_KERNEL);
	if (keyed->slots && keyed->index &&
	    !memtel_counters_alloc(&keyed->counts, slots, words) &&
	    !memtel_counters_alloc(&keyed->unplaced, 1, 1)) {
		keyed->slots[0].nid = NUMA_NO_NODE;
		return 0;
	}
	memtel_keyed_exit(keyed);
	return -ENOMEM;
}

/* No probe runs any more. */
void memtel_keyed_exit(struct memtel_keyed *keyed)
{
	memtel_counters_free(&keyed->unplaced);
	memtel_counters_free(&keyed->counts);
	kvfree(keyed->index);
	kvfree(keyed->slots);
	keyed->index = NULL;
	keyed->slots = NULL;
	keyed->used = 0;
}

void memtel_keyed_reset(struct memtel_keyed *keyed)
{
	memtel_counters_zero(&keyed->counts);
	memtel_counters_zero(&keyed->unplaced);
}

/* Add what the table has to say to a source's. */
void memtel_keyed_stats(const struct memtel_keyed *keyed,
			struct memtel_source_stats *stats)
{
	stats->memory_bytes += memtel_counters_bytes(&keyed->counts) +
			       memtel_counters_bytes(&keyed->unplaced) +
			       (u64)keyed->nr_slots * sizeof(*keyed->slots) +
			       (u64)keyed->nr_index * sizeof(*keyed->index);
	memtel_stat_add(stats, MEMTEL_A_SOURCE_SLOTS_USED,
			memtel_keyed_used(keyed) - 1);
	memtel_stat_add(stats, MEMTEL_A_SOURCE_SLOTS_TOTAL,
			keyed->nr_slots - 1);
	memtel_stat_add(stats, MEMTEL_A_SOURCE_UNPLACED_ROWS,
			memtel_counter_sum(memtel_counters_slot(&keyed->unplaced,
								0)));
}

static bool same_thing(const struct memtel_keyed_slot *slot,
		       const struct memtel_key *key)
{
	return slot->a == key->a && slot->b == key->b &&
	       (!key->name ||
		!strncmp(slot->name, key->name, MEMTEL_NAME_MAX));
}

/*
 * The number of the key's slot plus one, or 0; @entry is set to where in the
 * index that is, or to the empty one where it may go. Some are always empty, so
 * the search ends. Without the lock what was empty may be another key's by now.
 */
static u32 find_slot(const struct memtel_keyed *keyed,
		     const struct memtel_key *key, u32 **entry)
{
	u32 i = hash_64(key->a + key->nid, ilog2(keyed->nr_index));
	u32 slot;

	/* Pairs with add(): the slot is written before its number is. */
	while ((slot = smp_load_acquire(&keyed->index[i]))) {
		const struct memtel_keyed_slot *found = &keyed->slots[slot - 1];

		if (found->nid == key->nid && same_thing(found, key))
			break;
		i = (i + 1) & (keyed->nr_index - 1);
	}
	*entry = &keyed->index[i];
	return slot;
}

/* Under the lock. The id of the same thing on another node, or a new one. */
static u32 id_of(const struct memtel_keyed *keyed,
		 const struct memtel_key *key)
{
	unsigned int i;

	for (i = 1; i < keyed->used; i++)
		if (same_thing(&keyed->slots[i], key))
			return keyed->slots[i].id;
	return keyed->used;
}

/* The slot's number plus one, or 0 when there is no room. */
static u32 add(struct memtel_keyed *keyed, const struct memtel_key *key)
{
	struct memtel_keyed_slot row = { key->a, key->b, key->nid };
	unsigned long flags;
	u32 *entry, slot;

	if (key->name)
		strscpy(row.name, key->name, sizeof(row.name));
	else if (keyed->label)
		keyed->label(key, row.name, sizeof(row.name));

	raw_spin_lock_irqsave(&keyed->lock, flags);
	/* Another CPU may have been first. */
	slot = find_slot(keyed, key, &entry);
	if (!slot && keyed->used < keyed->nr_slots) {
		row.id = id_of(keyed, key);
		keyed->slots[keyed->used] = row;
		slot = keyed->used + 1;
		/* Pairs with memtel_keyed_used(). */
		smp_store_release(&keyed->used, slot);
		/* Pairs with find_slot(). */
		smp_store_release(entry, slot);
	}
	raw_spin_unlock_irqrestore(&keyed->lock, flags);
	return slot;
}

/**
 * memtel_keyed_place() - the counters of a key, made if there are none yet
 * @keyed: the table
 * @key: what is counted
 *
 * Context: A probe in task context.
 * Return: the row's words; those of all others when the table is full, which it
 * has counted.
 */
u64 __percpu *memtel_keyed_place(struct memtel_keyed *keyed,
				 const struct memtel_key *key)
{
	u32 *entry, slot = find_slot(keyed, key, &entry);

	/* A full table must not cost every event of a new key the lock. */
	if (!slot && memtel_keyed_used(keyed) < keyed->nr_slots)
		slot = add(keyed, key);
	if (slot)
		return memtel_keyed_words(keyed, slot - 1);
	this_cpu_inc(*memtel_counters_slot(&keyed->unplaced, 0));
	return memtel_keyed_words(keyed, 0);
}

/* How many rows there are, that of the others too; none changes any more. */
unsigned int memtel_keyed_used(const struct memtel_keyed *keyed)
{
	/* Pairs with add(). */
	return smp_load_acquire(&keyed->used);
}
