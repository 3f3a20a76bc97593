// SPDX-License-Identifier: GPL-2.0
/*
 * Rows by key: cgroups that reclaim, shrinkers on nodes.
 *
 * All memory is allocated when the source is attached. The first event of a key
 * adds its row, under a lock; finding a row takes rcu_read_lock() alone. A row
 * never looks into the thing that it stands for after that first event: its
 * name was copied then.
 *
 * The first rows are those of all others, one or one for each node: when the
 * table is full, events of a new key are counted there, and how many they are.
 * So sums over all rows, and over the rows of a node, miss nothing.
 *
 * Giving back. Rows are given back, a bounded number each second
 * (memtel_keyed_tick()):
 * - when their thing has gone, if the source learns that
 *   (memtel_keyed_thing_gone());
 * - while the table is full, rows without an event for IDLE_S seconds, whether
 *   or not their thing is still there: should it come again, it gets a new row.
 * A row that somebody watches is kept. Three steps: the row is taken out of the
 * index and its generation changes, so that no event finds it any more; a grace
 * period of RCU later no event that found it before still counts in it; then
 * its counts are added to those of all others, and it is free for another key.
 * Who remembered a row over a longer time (a window, window.c) sees by the
 * generation that the row was given back, and counts in that of all others.
 *
 * Readers. The counts of a row that is given back are zero before they are in
 * the row of all others. A sum that reads the rows of all others first may miss
 * them for a moment, and never has them twice.
 */
#include <linux/hash.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "keyed.h"
#include "source.h"
#include "timing.h"

/* Seconds without an event after which a full table gives a row back. */
#define IDLE_S		60

/* Rows given back in one second: so many, and no more words than these. */
#define BATCH_MAX	256
#define BATCH_WORDS	BIT(20)

/* Of a full table one row of so many is given back at once. */
#define IDLE_SHARE	8

/* What a table sized by memtel_keyed_size() takes at most, over all CPUs. */
#define SIZE_MAX_BYTES	(64ULL << 20)
#define SIZE_MIN_ROWS	64U
#define SIZE_MAX_ROWS	16384U

/**
 * memtel_keyed_size() - rows for a host
 * @wanted: how many things there may be
 * @words: of a row
 *
 * Return: that number of rows, as far as the rows take 64 MiB at most on all
 * CPUs together; at least 64 and at most 16384.
 */
unsigned int memtel_keyed_size(unsigned int wanted, unsigned int words)
{
	u64 fit = div_u64(SIZE_MAX_BYTES,
			  words * sizeof(u64) * num_possible_cpus());

	return clamp_t(u64, min_t(u64, wanted, fit), SIZE_MIN_ROWS,
		       SIZE_MAX_ROWS);
}

/**
 * memtel_keyed_init() - make a table
 * @keyed: filled
 * @others: rows of all others: 1, or nr_node_ids for one for each node
 * @slots: how many rows beside these
 * @words: of a row; the first are those of a timing
 *
 * Context: Process context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int memtel_keyed_init(struct memtel_keyed *keyed, unsigned int others,
		      unsigned int slots, unsigned int words)
{
	unsigned int i;

	*keyed = (struct memtel_keyed) {
		.nr_slots = others + slots,
		.nr_others = others,
		.used = others,
		.next_id = 1,
		.nr_free = slots,
		.bits = max(ilog2(roundup_pow_of_two(slots)), 1),
	};
	raw_spin_lock_init(&keyed->lock);
	keyed->slots = kvcalloc(keyed->nr_slots, sizeof(*keyed->slots),
				GFP_KERNEL);
	keyed->index = kvcalloc(BIT(keyed->bits), sizeof(*keyed->index),
				GFP_KERNEL);
	keyed->things = kvcalloc(BIT(keyed->bits), sizeof(*keyed->things),
				 GFP_KERNEL);
	keyed->leaving = kcalloc(BATCH_MAX, sizeof(*keyed->leaving),
				 GFP_KERNEL);
	if (keyed->slots && keyed->index && keyed->things && keyed->leaving &&
	    !memtel_counters_alloc(&keyed->counts, keyed->nr_slots, words) &&
	    !memtel_counters_alloc(&keyed->unplaced, 1, 1)) {
		for (i = 0; i < others; i++) {
			keyed->slots[i].nid = others > 1 ? i : NUMA_NO_NODE;
			keyed->slots[i].generation = 1;
		}
		return 0;
	}
	memtel_keyed_exit(keyed);
	return -ENOMEM;
}

/* No probe runs any more. */
void memtel_keyed_exit(struct memtel_keyed *keyed)
{
	/* Of rows that are being given back; the callback must have returned. */
	if (keyed->has_waited)
		rcu_barrier();
	memtel_counters_free(&keyed->unplaced);
	memtel_counters_free(&keyed->counts);
	kfree(keyed->leaving);
	kvfree(keyed->things);
	kvfree(keyed->index);
	kvfree(keyed->slots);
	*keyed = (struct memtel_keyed) {};
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
	unsigned int rows = keyed->nr_slots - keyed->nr_others;

	stats->memory_bytes += memtel_counters_bytes(&keyed->counts) +
			       memtel_counters_bytes(&keyed->unplaced) +
			       (u64)keyed->nr_slots * sizeof(*keyed->slots) +
			       2 * BIT_ULL(keyed->bits) *
			       sizeof(*keyed->index) +
			       BATCH_MAX * sizeof(*keyed->leaving);
	memtel_stat_add(stats, MEMTEL_A_SOURCE_SLOTS_USED,
			rows - READ_ONCE(keyed->nr_free));
	memtel_stat_add(stats, MEMTEL_A_SOURCE_SLOTS_TOTAL, rows);
	memtel_stat_add(stats, MEMTEL_A_SOURCE_UNPLACED_ROWS,
			memtel_counter_sum(memtel_counters_slot(&keyed->unplaced,
								0)));
}

static u32 hash_of_thing(const struct memtel_keyed *keyed,
			 const struct memtel_key *key)
{
	/* The name is left out: one address has few. */
	return hash_64(key->a ^ (key->b << 32 | key->b >> 32), keyed->bits);
}

static u32 hash_of_key(const struct memtel_keyed *keyed,
		       const struct memtel_key *key)
{
	return hash_64(key->a + key->nid, keyed->bits);
}

static bool same_thing(const struct memtel_keyed_slot *slot,
		       const struct memtel_key *key)
{
	return slot->a == key->a && slot->b == key->b &&
	       (!key->name ||
		!strncmp(slot->name, key->name, MEMTEL_NAME_MAX));
}

/**
 * memtel_keyed_find() - the row of a key
 * @keyed: the table
 * @key: its key
 *
 * Context: Any, within rcu_read_lock() or under the table's lock.
 * Return: the row, or NULL when there is none.
 */
struct memtel_keyed_slot *memtel_keyed_find(const struct memtel_keyed *keyed,
					    const struct memtel_key *key)
{
	struct memtel_keyed_slot *slot;

	hlist_for_each_entry_rcu(slot, &keyed->index[hash_of_key(keyed, key)],
				 by_key, lockdep_is_held(&keyed->lock))
		if (slot->nid == key->nid && same_thing(slot, key))
			return slot;
	return NULL;
}

/* The id of the same thing on another node, or a new one. */
static u32 id_of(struct memtel_keyed *keyed, const struct memtel_key *key,
		 struct hlist_head *things)
{
	struct memtel_keyed_slot *slot;

	lockdep_assert_held(&keyed->lock);
	hlist_for_each_entry(slot, things, by_thing)
		if (same_thing(slot, key))
			return slot->id;
	/* 0 is for the rows of all others. */
	if (!keyed->next_id)
		keyed->next_id++;
	return keyed->next_id++;
}

/* A row that stands for nothing. There is one. */
static struct memtel_keyed_slot *keyed_take_free(struct memtel_keyed *keyed)
{
	struct memtel_keyed_slot *slot;

	lockdep_assert_held(&keyed->lock);
	WRITE_ONCE(keyed->nr_free, keyed->nr_free - 1);
	if (hlist_empty(&keyed->free)) {
		slot = &keyed->slots[keyed->used];
		/* Pairs with memtel_keyed_used(). */
		smp_store_release(&keyed->used, keyed->used + 1);
		return slot;
	}
	slot = hlist_entry(keyed->free.first, struct memtel_keyed_slot, by_key);
	hlist_del(&slot->by_key);
	return slot;
}

/* A key's new row, or that which another CPU just made; NULL for no room. */
static struct memtel_keyed_slot *keyed_add(struct memtel_keyed *keyed,
					   const struct memtel_key *key,
					   bool *is_new)
{
	char name[MEMTEL_NAME_MAX + 1] = "";
	struct memtel_keyed_slot *slot;
	struct hlist_head *things;
	unsigned long flags;

	if (key->name)
		strscpy(name, key->name, sizeof(name));
	else if (keyed->label)
		keyed->label(key, name, sizeof(name));

	raw_spin_lock_irqsave(&keyed->lock, flags);
	slot = memtel_keyed_find(keyed, key);
	if (!slot && keyed->nr_free) {
		slot = keyed_take_free(keyed);
		things = &keyed->things[hash_of_thing(keyed, key)];
		slot->a = key->a;
		slot->b = key->b;
		slot->nid = key->nid;
		slot->id = id_of(keyed, key, things);
		slot->seen = keyed->now;
		slot->up = 0;
		slot->is_gone = false;
		memcpy(slot->name, name, sizeof(slot->name));
		hlist_add_head(&slot->by_thing, things);
		/* Pairs with memtel_keyed_slot(). */
		smp_store_release(&slot->generation, slot->generation + 1);
		hlist_add_head_rcu(&slot->by_key,
				   &keyed->index[hash_of_key(keyed, key)]);
		*is_new = true;
	}
	raw_spin_unlock_irqrestore(&keyed->lock, flags);
	return slot;
}

static unsigned int others_of(const struct memtel_keyed *keyed, int nid)
{
	return keyed->nr_others > 1 ? nid : 0;
}

/**
 * memtel_keyed_place() - the row of a key, made if there is none yet
 * @keyed: the table
 * @key: what is counted
 * @is_new: set to whether this call made it
 *
 * Context: Any, within rcu_read_lock().
 * Return: the row; that of all others when the table is full, which is counted.
 */
struct memtel_row memtel_keyed_place(struct memtel_keyed *keyed,
				     const struct memtel_key *key,
				     bool *is_new)
{
	struct memtel_keyed_slot *slot = memtel_keyed_find(keyed, key);
	struct memtel_row row = {};
	u32 now = READ_ONCE(keyed->now);

	*is_new = false;
	/* A full table must not cost every event of a new key the lock. */
	if (!slot && READ_ONCE(keyed->nr_free))
		slot = keyed_add(keyed, key, is_new);
	if (!slot) {
		this_cpu_inc(*memtel_counters_slot(&keyed->unplaced, 0));
		slot = &keyed->slots[others_of(keyed, key->nid)];
	}
	/* One write a second at most: all CPUs read this line. */
	if (READ_ONCE(slot->seen) != now)
		WRITE_ONCE(slot->seen, now);
	row.nr = memtel_keyed_nr(keyed, slot);
	/*
	 * Should the row be given back just now, this is the next generation,
	 * which is even and no row's.
	 */
	row.generation = READ_ONCE(slot->generation);
	return row;
}

/**
 * memtel_keyed_current() - the number of the row where an event counts now
 * @keyed: the table
 * @row: the row that memtel_keyed_place() gave, perhaps long ago
 * @nid: the node of its key
 *
 * Context: Any, within rcu_read_lock() until it is counted.
 * Return: the row's number; that of all others when it was given back.
 */
u32 memtel_keyed_current(const struct memtel_keyed *keyed,
			 struct memtel_row row, int nid)
{
	if (row.generation & 1 &&
	    READ_ONCE(keyed->slots[row.nr].generation) == row.generation)
		return row.nr;
	return others_of(keyed, nid);
}

/* As memtel_keyed_current(), its words. */
u64 __percpu *memtel_keyed_counted(const struct memtel_keyed *keyed,
				   struct memtel_row row, int nid)
{
	return memtel_keyed_words(keyed, memtel_keyed_current(keyed, row, nid));
}

/**
 * memtel_keyed_thing_gone() - what a row stands for has gone
 * @keyed: the table
 * @slot: the row
 *
 * Context: Any, within the rcu_read_lock() in which it was found.
 */
void memtel_keyed_thing_gone(struct memtel_keyed *keyed,
			     struct memtel_keyed_slot *slot)
{
	if (!xchg(&slot->is_gone, true))
		llist_add(&slot->on_gone, &keyed->gone);
}

/* How many rows there may be, those of all others too. */
unsigned int memtel_keyed_used(const struct memtel_keyed *keyed)
{
	/* Pairs with keyed_take_free(). */
	return smp_load_acquire(&keyed->used);
}

/**
 * memtel_keyed_slot() - what a row stands for
 * @keyed: the table
 * @i: below memtel_keyed_used()
 *
 * Context: Within rcu_read_lock() or under memtel_source_lock, and so is all
 * that is done with the row and its words.
 * Return: the row, or NULL when it stands for nothing.
 */
const struct memtel_keyed_slot *
memtel_keyed_slot(const struct memtel_keyed *keyed, unsigned int i)
{
	const struct memtel_keyed_slot *slot = &keyed->slots[i];

	RCU_LOCKDEP_WARN(!rcu_read_lock_held() &&
			 !lockdep_is_held(&memtel_source_lock),
			 "a row may be given back");
	/* Pairs with keyed_add(). */
	return smp_load_acquire(&slot->generation) & 1 ? slot : NULL;
}

/* Add what a row counted to another one. No probe counts in the first. */
static void keyed_fold(const struct memtel_keyed *keyed, unsigned int from,
		       unsigned int to)
{
	u64 __percpu *words = memtel_keyed_words(keyed, from);
	u64 __percpu *sums = memtel_keyed_words(keyed, to);
	unsigned int i;
	int cpu;

	for (i = 0; i < keyed->counts.words; i++) {
		u64 sum = 0, longest = 0;

		for_each_possible_cpu(cpu) {
			u64 *word = per_cpu_ptr(&words[i], cpu);

			sum += *word;
			longest = max(longest, *word);
			WRITE_ONCE(*word, 0);
		}
		/* Zero before it is elsewhere: see above. */
		smp_wmb();
		if (i == TIMING_LONGEST_NS)
			memtel_timing_raise(&sums[i], longest);
		else
			this_cpu_add(sums[i], sum);
	}
}

static void keyed_grace_over(struct rcu_head *rcu)
{
	struct memtel_keyed *keyed = container_of(rcu, struct memtel_keyed,
						  rcu);

	/* Pairs with memtel_keyed_tick(). */
	smp_store_release(&keyed->is_waiting, false);
}

/* Step one: no event finds the row any more. */
static void keyed_leave(struct memtel_keyed *keyed,
			struct memtel_keyed_slot *slot)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&keyed->lock, flags);
	hlist_del_rcu(&slot->by_key);
	hlist_del(&slot->by_thing);
	WRITE_ONCE(slot->generation, slot->generation + 1);
	raw_spin_unlock_irqrestore(&keyed->lock, flags);
	keyed->leaving[keyed->nr_leaving++] = memtel_keyed_nr(keyed, slot);
}

/* Step three: its counts go to the others', it is free. */
static void keyed_free(struct memtel_keyed *keyed, u32 nr)
{
	struct memtel_keyed_slot *slot = &keyed->slots[nr];
	unsigned long flags;

	keyed_fold(keyed, nr, others_of(keyed, slot->nid));
	raw_spin_lock_irqsave(&keyed->lock, flags);
	hlist_add_head(&slot->by_key, &keyed->free);
	WRITE_ONCE(keyed->nr_free, keyed->nr_free + 1);
	raw_spin_unlock_irqrestore(&keyed->lock, flags);
}

static unsigned int batch_max(const struct memtel_keyed *keyed)
{
	return clamp_t(unsigned int, BATCH_WORDS /
		       (keyed->counts.words * num_possible_cpus()), 1,
		       BATCH_MAX);
}

static bool keyed_is_kept(const struct memtel_keyed *keyed,
			  const struct memtel_keyed_slot *slot)
{
	return slot->watchers || (keyed->keeps && keyed->keeps(slot));
}

/* Rows whose thing has gone. A watched one goes when its watch ends. */
static void keyed_leave_gone(struct memtel_keyed *keyed)
{
	struct llist_node *node = llist_del_all(&keyed->gone);
	unsigned int max = batch_max(keyed);
	struct memtel_keyed_slot *slot, *next;

	llist_for_each_entry_safe(slot, next, node, on_gone) {
		if (keyed->nr_leaving < max && !keyed_is_kept(keyed, slot))
			keyed_leave(keyed, slot);
		else
			llist_add(&slot->on_gone, &keyed->gone);
	}
}

/* Of a full table some rows that had no event for long. */
static void keyed_leave_idle(struct memtel_keyed *keyed)
{
	unsigned int rows = keyed->nr_slots - keyed->nr_others, i;
	unsigned int max = min(batch_max(keyed),
			       DIV_ROUND_UP(rows, IDLE_SHARE));

	if (READ_ONCE(keyed->nr_free) || keyed->nr_leaving)
		return;
	for (i = 0; i < rows && keyed->nr_leaving < max; i++) {
		struct memtel_keyed_slot *slot =
			&keyed->slots[keyed->nr_others + keyed->cursor];

		keyed->cursor = (keyed->cursor + 1) % rows;
		if (keyed->now - READ_ONCE(slot->seen) < IDLE_S ||
		    keyed_is_kept(keyed, slot))
			continue;
		/* From now on its thing's end would put it there twice. */
		if (!xchg(&slot->is_gone, true))
			keyed_leave(keyed, slot);
	}
}

/**
 * memtel_keyed_tick() - give back the rows of what has gone
 * @keyed: the table
 *
 * Once a second. It gives back BATCH_MAX rows at most.
 *
 * Context: Process context under memtel_source_lock, table in use.
 */
void memtel_keyed_tick(struct memtel_keyed *keyed)
{
	unsigned int i;

	lockdep_assert_held(&memtel_source_lock);
	WRITE_ONCE(keyed->now, keyed->now + 1);
	/* Pairs with keyed_grace_over(). */
	if (smp_load_acquire(&keyed->is_waiting))
		return;
	for (i = 0; i < keyed->nr_leaving; i++) {
		keyed_free(keyed, keyed->leaving[i]);
		cond_resched();
	}
	keyed->nr_leaving = 0;
	keyed_leave_gone(keyed);
	keyed_leave_idle(keyed);
	if (!keyed->nr_leaving)
		return;
	keyed->is_waiting = true;
	keyed->has_waited = true;
	call_rcu_hurry(&keyed->rcu, keyed_grace_over);
}
