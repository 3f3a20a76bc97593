/* SPDX-License-Identifier: GPL-2.0 */
/* What an event costs the slab source, in a probe of kmem.c. See slab.c. */
#ifndef _MEMTEL_SLAB_EVENT_H
#define _MEMTEL_SLAB_EVENT_H

#include <linux/mm.h>
#include <linux/slab.h>

#include "cost.h"
#include "private.h"
#include "slab_table.h"

/* An object of the cache of caches goes by kmem_cache_free(). */
enum slab_what { SLAB_ALLOC, SLAB_KFREE, SLAB_CACHE_FREE };

/*
 * What an event tells. @cache is given where it is told (@cache_is_told), else
 * the object's page tells.
 */
struct slab_event {
	const void *object;
	const struct kmem_cache *cache;
	size_t bytes_requested;
	size_t bytes_allocated;
	bool cache_is_told;
	enum slab_what what;
};

/* One free of so many is timed, on each CPU: as many as allocations. */
#define SLAB_FREES_EVERY	(MEMTEL_COST_PAGES * MEMTEL_COST_PAGES_EVERY)

/**
 * struct slab_frees - a CPU's frees until the next that is timed
 * @left: that pass; below 0 when the next is due
 * @is_warm: the next is the second that is due
 * @rounds: how often SLAB_FREES_EVERY have passed
 *
 * What tells which events to time must tell how many events there are, too.
 * Pages cannot: where a task allocates and frees the same object again and
 * again, all events are on one page. So frees are counted, which takes no more
 * than to look at the page. Allocations, of which the object may be missing,
 * are looked at by page: that sorts those out at once.
 *
 * Written by the CPU alone, but in steps: an interrupt, or a move to another
 * CPU, may come between the two, and let a few pass that are not counted.
 */
struct slab_frees {
	s32 left;
	bool is_warm;
	u64 rounds;
};

DECLARE_PER_CPU(struct slab_frees, slab_frees);

/* What the allocations of a cache take is known by their number. */
static __always_inline void slab_add(u64 __percpu *counts, unsigned int nid,
				     size_t bytes_requested,
				     enum slab_what what)
{
	counts += nid * SLAB_WORDS;
	if (what != SLAB_ALLOC) {
		this_cpu_inc(counts[SLAB_FREES]);
		return;
	}
	this_cpu_inc(counts[SLAB_ALLOCS]);
	this_cpu_add(counts[SLAB_BYTES_REQUESTED], bytes_requested);
}

void slab_count_rare(const struct page *page, const struct kmem_cache *cache,
		     const void *freed, size_t bytes_requested,
		     size_t bytes_allocated, enum slab_what what);
void slab_count_costed(const struct kmem_cache *cache, const void *object,
		       size_t bytes_requested, size_t bytes_allocated,
		       enum slab_what what);
void slab_no_object(enum slab_what what);

/*
 * Count an event; of an allocation that did not fail.
 *
 * Most slabs are of one page, or the object lies on their first; only where it
 * does not is the head looked for. Its node is that of any page of it.
 *
 * An entry's counts are written before its cache is (release), and a cache is
 * not taken out while a probe holds an object of it: the counts read are its.
 */
static __always_inline void slab_count(struct slab_event event)
{
	const struct slab_entry *entry;
	unsigned long flags;
	struct page *page;

	/* Of an allocation it was asked before. */
	if (event.what != SLAB_ALLOC &&
	    unlikely(!memtel_is_object(event.object)))
		return slab_no_object(event.what);

	page = memtel_own_page(event.object);
	flags = memtel_page_flags(page);
	if (!event.cache_is_told) {
		if (unlikely(!memtel_is_slab(page, flags))) {
			page = compound_head(page);
			flags = memtel_page_flags(page);
			if (!memtel_is_slab(page, flags))
				goto rare;
		}
		event.cache = memtel_slab_cache(page);
	}

	entry = slab_table_home(event.cache);
	/* A pointer is loaded in one piece, and once. */
	if (unlikely(data_race(entry->cache) != event.cache))
		goto rare;
	/* Pairs with slab_table_add(). */
	smp_acquire__after_ctrl_dep();
	slab_add(entry->counts, memtel_page_nid(page, flags),
		 event.bytes_requested, event.what);
	return;

rare:
	slab_count_rare(page, event.cache,
			event.what == SLAB_CACHE_FREE ? event.object : NULL,
			event.bytes_requested, event.bytes_allocated,
			event.what);
}

/* Is the event one that may be timed? See struct slab_frees. */
static __always_inline bool slab_is_costed(const struct slab_event *event)
{
	if (event->what != SLAB_ALLOC)
		return this_cpu_dec_is_negative(slab_frees.left);
	/* Failed and empty allocations are sorted out there, too. */
	BUILD_BUG_ON(!memtel_cost_has_page(NULL) ||
		     !memtel_cost_has_page(ZERO_SIZE_PTR));
	return memtel_cost_has_page(event->object);
}

static __always_inline void slab_event(struct slab_event event)
{
	if (unlikely(slab_is_costed(&event)))
		slab_count_costed(event.cache, event.object,
				  event.bytes_requested, event.bytes_allocated,
				  event.what);
	else
		slab_count(event);
}

#endif /* _MEMTEL_SLAB_EVENT_H */
