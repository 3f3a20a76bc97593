/* SPDX-License-Identifier: GPL-2.0 */
/* From a cache to its counters, without a lock. See slab_table.c. */
#ifndef _MEMTEL_SLAB_TABLE_H
#define _MEMTEL_SLAB_TABLE_H

#include <linux/hash.h>
#include <linux/memtel.h>
#include <linux/types.h>

#include "counter.h"

struct kmem_cache;

/* A slot's words, once for each node of the objects. */
enum slab_word {
	SLAB_ALLOCS,
	SLAB_FREES,
	SLAB_BYTES_REQUESTED,
	SLAB_BYTES_ALLOCATED,	/* large kmallocs only; see memtel_slab_read() */
	SLAB_WORDS,
};

/* The source's own words, one slot of them. */
enum slab_lost {
	SLAB_UNPLACED_ALLOCS,
	SLAB_UNPLACED_FREES,
	SLAB_RECURSIONS,
	SLAB_FAILED_ALLOCS,
	SLAB_LOST_WORDS,
};

enum slab_slot_state {
	SLAB_SLOT_FREE,
	SLAB_SLOT_LIVE,
	SLAB_SLOT_GONE,
};

/**
 * struct slab_slot - what is known of a cache
 * @state: enum slab_slot_state, changed under the table's lock; from FREE by a
 *         release. From GONE it becomes FREE only under the source lock, too.
 *         All else but @next_gone is constant while not FREE.
 * @next_gone: of a cache that is gone: the slot of the next that went; under the
 *             table's lock
 * @id: never used twice
 * @object_size_bytes: kmem_cache.object_size when first seen
 * @size_bytes: kmem_cache.size, which a cache never changes
 * @counts: SLAB_WORDS for each node
 * @name: the cache's name, cut
 */
struct slab_slot {
	unsigned int state;
	unsigned int next_gone;
	u32 id;
	u32 object_size_bytes;
	u32 size_bytes;
	u64 __percpu *counts;
	char name[MEMTEL_NAME_MAX + 1];
};

/* Where a probe looks; four to a cache line, read-mostly. */
struct slab_entry {
	const struct kmem_cache *cache;
	u64 __percpu *counts;
};

/**
 * struct slab_hot - what every event reads; constant while attached
 * @entries: the hash table
 * @mask: bytes of its buckets, less one entry's, so that it cuts a hash to a
 *        byte offset of an entry
 * @large: counts of large kmallocs
 * @lost: the source's own words
 */
struct slab_hot {
	struct slab_entry *entries;
	unsigned long mask;
	u64 __percpu *large;
	u64 __percpu *lost;
};

extern struct slab_hot slab_hot;

/*
 * The entry at which the search for a cache starts.
 *
 * A multiplier of 31 bits is part of the instruction on x86. The kmem_caches of
 * a slab page are some hundred bytes apart, and their product differs most from
 * one to the next below bit 40: the bits that number a bucket begin at bit 26,
 * so that neighbours of a page lie far apart in tables of any size. With bits
 * from 36 up they lie side by side, and pages on each other.
 */
#define SLAB_HASH_SHIFT		22

static __always_inline struct slab_entry *
slab_table_home(const struct kmem_cache *cache)
{
	unsigned long hash = (unsigned long)cache * GOLDEN_RATIO_32 >>
			     SLAB_HASH_SHIFT;

	return (void *)slab_hot.entries + (hash & slab_hot.mask);
}

u64 __percpu *slab_table_place(const struct kmem_cache *cache,
			       const void *freed, int lost);

int slab_table_init(unsigned int slots);
void slab_table_exit(void);
void slab_table_reset(void);
void slab_table_recycle(void);

u64 slab_table_bytes(void);
unsigned int slab_table_slots(void);
unsigned int slab_table_used(void);
unsigned int slab_table_high(void);
u32 slab_table_next_id(void);
const struct slab_slot *slab_table_slot(unsigned int i);
const struct slab_slot *slab_table_lookup(const struct kmem_cache *cache,
					  unsigned int *i);

#endif /* _MEMTEL_SLAB_TABLE_H */
