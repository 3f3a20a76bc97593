/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only place that knows what the kernel keeps private: the layout of
 * SLUB's structures and the list of caches. See private.c.
 */
#ifndef _MEMTEL_PRIVATE_H
#define _MEMTEL_PRIVATE_H

#include <linux/list.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/types.h>

/*
 * Whether an address of the direct map tells its page by arithmetic alone, which
 * takes an array of all pages in one piece of address space.
 */
#if defined(CONFIG_X86_64) && defined(CONFIG_SPARSEMEM_VMEMMAP)
#define MEMTEL_PAGES_IN_ONE	1
#endif

/* Opaque on purpose: only private.c looks inside. */
struct kmem_cache;

/**
 * struct memtel_layout - where things are in the running kernel, offsets in bytes
 * @pages: what would be the page of address 0, were the direct map that large
 * @objects_end: no object lies there or beyond, but what the kernel's image has
 * @slab_cache: offset of slab.slab_cache, in the head page of a slab
 * @cache_list: offset of kmem_cache.list
 * @cache_name: offset of kmem_cache.name
 * @cache_size: offset of kmem_cache.size
 * @cache_object_size: offset of kmem_cache.object_size
 *
 * Set once at load, before any probe; constant after. Valid for probes only
 * if memtel_private_cannot_count() is NULL.
 */
struct memtel_layout {
	struct page *pages;
	const void *objects_end;
	unsigned int slab_cache;
	unsigned int cache_list;
	unsigned int cache_name;
	unsigned int cache_size;
	unsigned int cache_object_size;
};

extern struct memtel_layout memtel_layout;

/**
 * struct memtel_occupancy - what a cache has on one node
 * @slabs: slabs
 * @partial_slabs: slabs on the node's partial list
 * @objects_total: objects those slabs hold
 * @objects_in_use: objects in use
 * @objects_in_use_error: how far off objects_in_use can be; 0 when exact
 * @slab_bytes: memory of the slabs
 */
struct memtel_occupancy {
	u64 slabs;
	u64 partial_slabs;
	u64 objects_total;
	u64 objects_in_use;
	u64 objects_in_use_error;
	u64 slab_bytes;
};

/** struct memtel_cache_info - what a cache is, wherever its slabs are */
struct memtel_cache_info {
	u32 object_size_bytes;
	u32 size_bytes;
	u32 objects_per_slab;
	u32 order;
	u32 aliases;
};

void memtel_private_init(void);
void memtel_private_exit(void);

/* NULL when it can, else why it cannot. */
const char *memtel_private_cannot_count(void);
const char *memtel_private_cannot_list(void);

/**
 * struct memtel_cache_walk - a walk over the kernel's caches, the oldest first
 * @is_done: there are no more caches after those of this hold of slab_mutex
 * @hold: caches of one hold
 * @max: caches there were when the walk began; it goes no further
 * @entry: the next cache's entry of the list
 * @end: the entry behind the last one of this hold
 * @nr: of @seen
 * @seen: entries of the caches walked over, in the list's order; NULL where one
 *        hold is enough
 */
struct memtel_cache_walk {
	bool is_done;
	unsigned int hold;
	unsigned int max;
	struct list_head *entry;
	struct list_head *end;
	unsigned int nr;
	struct list_head **seen;
};

unsigned int memtel_private_caches(void);
int memtel_cache_walk_begin(struct memtel_cache_walk *walk, unsigned int hold,
			    gfp_t gfp);
void memtel_cache_walk_lock(struct memtel_cache_walk *walk);
void memtel_cache_walk_unlock(struct memtel_cache_walk *walk);
void memtel_cache_walk_end(struct memtel_cache_walk *walk);

/* The next cache of this hold, or NULL. */
static inline struct kmem_cache *
memtel_cache_walk_next(struct memtel_cache_walk *walk)
{
	struct list_head *entry = walk->entry;

	if (entry == walk->end)
		return NULL;
	walk->entry = entry->prev;
	return (void *)entry - memtel_layout.cache_list;
}

void memtel_private_cache_info(struct kmem_cache *cache,
			       struct memtel_cache_info *info);
bool memtel_private_occupancy(struct kmem_cache *cache, int nid,
			      struct memtel_occupancy *occ);

/**
 * memtel_is_object() - whether an address may be an object's
 * @object: what a slab tracepoint told
 *
 * kfree(NULL) is an event like any other. kfree() of what lies in the kernel's
 * image is a bug, but one that the kernel survives: memtel must not be the one
 * to look for its page in the direct map.
 */
static __always_inline bool memtel_is_object(const void *object)
{
#ifdef MEMTEL_PAGES_IN_ONE
	/*
	 * Read as signed numbers the kernel's addresses are negative, and NULL
	 * and ZERO_SIZE_PTR are not.
	 */
	return (long)object < (long)memtel_layout.objects_end;
#else
	return !ZERO_OR_NULL_PTR(object) && virt_addr_valid(object);
#endif
}

/**
 * memtel_own_page() - the page an object begins on, a tail page perhaps
 * @object: the object, of which memtel_is_object() holds
 */
static __always_inline struct page *memtel_own_page(const void *object)
{
#ifdef MEMTEL_PAGES_IN_ONE
	return memtel_layout.pages + ((unsigned long)object >> PAGE_SHIFT);
#else
	return virt_to_page(object);
#endif
}

/**
 * memtel_object_page() - the head page of an object of kmalloc() or a cache
 * @object: the object, of which memtel_is_object() holds
 */
static __always_inline struct page *memtel_object_page(const void *object)
{
	return compound_head(memtel_own_page(object));
}

/* A page's node, by its flags. */
static __always_inline int memtel_page_nid(const struct page *page,
					   unsigned long page_flags)
{
#ifdef NODE_NOT_IN_PAGE_FLAGS
	return page_to_nid(page);
#else
	return (page_flags >> NODES_PGSHIFT) & NODES_MASK;
#endif
}

/* The cache a slab belongs to; @page is its head. */
static __always_inline struct kmem_cache *memtel_slab_cache(struct page *page)
{
	return *(struct kmem_cache **)((void *)page + memtel_layout.slab_cache);
}

static inline const char *memtel_cache_name(const struct kmem_cache *cache)
{
	return *(const char **)((void *)cache + memtel_layout.cache_name);
}

static inline u32 memtel_cache_size(const struct kmem_cache *cache)
{
	return *(u32 *)((void *)cache + memtel_layout.cache_size);
}

static inline u32 memtel_cache_object_size(const struct kmem_cache *cache)
{
	return *(u32 *)((void *)cache + memtel_layout.cache_object_size);
}

#endif /* _MEMTEL_PRIVATE_H */
