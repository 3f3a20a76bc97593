// SPDX-License-Identifier: GPL-2.0
/*
 * SLUB's private state: where it is and how to read it.
 *
 * Layout. Offsets come from the running kernel's BTF, once, at load. Each
 * member's size is checked against what this file reads it as. What is missing
 * turns one ability off and says so; the rest works.
 *
 * The list of caches. /proc/slabinfo is the one exported way to slab_mutex and
 * the list: its seq_operations' start() takes the mutex and returns the first
 * cache's list entry, stop() drops the mutex. The file is opened once, at load,
 * with the loader's rights and /proc, so that a reader in a container without
 * /proc is served the same. It pins that /proc mount while the module is loaded.
 *
 * Newer kernels keep free objects in sheaves, of a CPU or of a node (its barn).
 * To SLUB these are in use, as are those on the freelist of a CPU's own slab in
 * older ones: so they are here, as in /proc/slabinfo.
 *
 * Objects in use. SLUB knows a node's slabs and objects, and which slabs are
 * partial, but to know how many objects are free one must look at each partial
 * slab, under list_lock with interrupts off. That is what makes /proc/slabinfo
 * stop a CPU for a millisecond on a long list. Here at most SCAN_SLABS are
 * looked at. Up to that many the number is exact. Beyond, half of them are
 * taken from each end, since SLUB adds at both: the free objects they have on
 * average stand for the rest, and since an unseen partial slab has at least
 * one free object and at most all of its objects, the error has a hard bound.
 */
#include <linux/bits.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>

#include "btf.h"
#include "private.h"

/* About 21 instructions a slab: some 8,000 with interrupts off at the most. */
#define SCAN_SLABS	384
#define LONG_SCAN	64

/* struct kmem_cache_order_objects: order above, objects in the low 16 bits */
#define OO_SHIFT	16
#define OO_MASK		((1U << OO_SHIFT) - 1)

enum member {
	SLAB_CACHE,
	CACHE_NAME,
	CACHE_SIZE,
	CACHE_OBJECT_SIZE,
	CACHE_LIST,
	CACHE_OO,
	CACHE_MIN,
	CACHE_REFCOUNT,
	CACHE_NODE,
	NODE_LIST_LOCK,
	NODE_NR_PARTIAL,
	NODE_PARTIAL,
	NODE_NR_SLABS,
	NODE_TOTAL_OBJECTS,
	SLAB_LIST,
	SLAB_INUSE,
	SLAB_OBJECTS,
	NR_MEMBERS,
};

/* The same where older kernels have it; see find_older(). */
#define OLDER(member)	(NR_MEMBERS + 1 + (member))

/* With sheaves (7.x) the pointer to a node stands beside another one. */
#define PER_NODE	NR_MEMBERS

/* What the probes need stands first. */
#define NR_COUNT_MEMBERS	(CACHE_OBJECT_SIZE + 1)

static struct memtel_btf_member members[OLDER(NR_MEMBERS)] = {
	[SLAB_CACHE] = { "slab", "slab_cache", sizeof(void *) },
	[CACHE_NAME] = { "kmem_cache", "name", sizeof(void *) },
	[CACHE_SIZE] = { "kmem_cache", "size", sizeof(u32) },
	[CACHE_OBJECT_SIZE] = { "kmem_cache", "object_size", sizeof(u32) },
	[CACHE_LIST] = { "kmem_cache", "list", sizeof(struct list_head) },
	[CACHE_OO] = { "kmem_cache", "oo", sizeof(u32) },
	[CACHE_MIN] = { "kmem_cache", "min", sizeof(u32) },
	[CACHE_REFCOUNT] = { "kmem_cache", "refcount", sizeof(int) },
	[CACHE_NODE] = { "kmem_cache", "per_node", 0 },
	[NODE_LIST_LOCK] = {
		"kmem_cache_node", "list_lock", sizeof(spinlock_t)
	},
	[NODE_NR_PARTIAL] = {
		"kmem_cache_node", "nr_partial", sizeof(unsigned long)
	},
	[NODE_PARTIAL] = {
		"kmem_cache_node", "partial", sizeof(struct list_head)
	},
	[NODE_NR_SLABS] = {
		"kmem_cache_node", "nr_slabs", sizeof(atomic_long_t)
	},
	[NODE_TOTAL_OBJECTS] = {
		"kmem_cache_node", "total_objects", sizeof(atomic_long_t)
	},
	[SLAB_LIST] = { "slab", "slab_list", sizeof(struct list_head) },
	[SLAB_INUSE] = { "slab", "inuse", 0 },
	[SLAB_OBJECTS] = { "slab", "objects", 0 },

	[PER_NODE] = { "kmem_cache_per_node_ptrs", "node", sizeof(void *) },
	[OLDER(CACHE_NODE)] = { "kmem_cache", "node", 0 },

	/* Before 5.17 a slab was described by members of its page. */
	[OLDER(SLAB_CACHE)] = { "page", "slab_cache", sizeof(void *) },
	[OLDER(SLAB_LIST)] = { "page", "slab_list", sizeof(struct list_head) },
	[OLDER(SLAB_INUSE)] = { "page", "inuse", 0 },
	[OLDER(SLAB_OBJECTS)] = { "page", "objects", 0 },
};

/* Byte offsets of members, where all that a list needs were found. */
static unsigned int offsets[NR_MEMBERS] __ro_after_init;

/* Bytes from a cache's pointer to one node to that to the next. */
static unsigned int node_stride __ro_after_init = sizeof(void *);

/* A bit-field or a u16 of a slab, found from the slab's list entry. */
struct slab_bits {
	int offset;	/* of the aligned word that it is in */
	unsigned int shift;
	u32 mask;
};

static struct slab_bits slab_inuse __ro_after_init;
static struct slab_bits slab_objects __ro_after_init;

struct memtel_layout memtel_layout __ro_after_init;

static struct file *slabinfo __ro_after_init;

/* Set in init only. */
static char cannot_count[64];
static char cannot_list[64];

const char *memtel_private_cannot_count(void)
{
	return *cannot_count ? cannot_count : NULL;
}

const char *memtel_private_cannot_list(void)
{
	return *cannot_list ? cannot_list : NULL;
}

static void *member_at(void *base, enum member m)
{
	return base + offsets[m];
}

/* What is not where the newest kernel has it may be where it was before. */
static void __init find_older(void)
{
	unsigned int i;

	if (members[CACHE_NODE].bit_offset >= 0 &&
	    members[PER_NODE].bit_offset >= 0) {
		members[CACHE_NODE].bit_offset += members[PER_NODE].bit_offset;
		node_stride = members[PER_NODE].type_size;
	} else {
		members[CACHE_NODE].bit_offset = -1;
	}
	for (i = 0; i < NR_MEMBERS; i++)
		if (members[i].bit_offset < 0 && members[OLDER(i)].type)
			members[i] = members[OLDER(i)];
}

static struct slab_bits __init find_slab_bits(enum member m)
{
	unsigned int bit = members[m].bit_offset;

	return (struct slab_bits) {
		.offset = (int)(bit / 32 * 4) - (int)offsets[SLAB_LIST],
		.shift = bit % 32,
		.mask = BIT(members[m].bit_size ?: 16) - 1,
	};
}

static void __init find_layout(void)
{
	int err, i;

	err = memtel_btf_find(members, ARRAY_SIZE(members));
	if (err) {
		snprintf(cannot_count, sizeof(cannot_count),
			 "cannot read /sys/kernel/btf/vmlinux (error %d)",
			 -err);
		strscpy(cannot_list, cannot_count, sizeof(cannot_list));
		return;
	}
	find_older();
	for (i = NR_MEMBERS - 1; i >= 0; i--) {
		offsets[i] = members[i].bit_offset / 8;
		if (members[i].bit_offset >= 0)
			continue;
		snprintf(i < NR_COUNT_MEMBERS ? cannot_count : cannot_list,
			 sizeof(cannot_count),
			 "no %s.%s of the known type in BTF",
			 members[i].type, members[i].name);
	}
	if (*cannot_count) {
		strscpy(cannot_list, cannot_count, sizeof(cannot_list));
		return;
	}
	slab_inuse = find_slab_bits(SLAB_INUSE);
	slab_objects = find_slab_bits(SLAB_OBJECTS);
#ifdef MEMTEL_PAGES_IN_ONE
	memtel_layout.pages = pfn_to_page(0) - (PAGE_OFFSET >> PAGE_SHIFT);
	memtel_layout.objects_end = (void *)__START_KERNEL_map;
#endif
	memtel_layout.slab_cache = offsets[SLAB_CACHE];
	memtel_layout.cache_list = offsets[CACHE_LIST];
	memtel_layout.cache_name = offsets[CACHE_NAME];
	memtel_layout.cache_size = offsets[CACHE_SIZE];
	memtel_layout.cache_object_size = offsets[CACHE_OBJECT_SIZE];
}

/* A bind mount over it (as containers do) would be no seq_file of ours. */
static bool is_slabinfo(struct file *file)
{
	struct dentry *dentry = file->f_path.dentry;

	return file_inode(file)->i_sb->s_magic == PROC_SUPER_MAGIC &&
	       S_ISREG(file_inode(file)->i_mode) &&
	       IS_ROOT(dentry->d_parent) &&
	       !strcmp(dentry->d_name.name, "slabinfo");
}

static void __init open_slabinfo(void)
{
	struct file *file = filp_open("/proc/slabinfo", O_RDONLY, 0);

	if (IS_ERR(file)) {
		snprintf(cannot_list, sizeof(cannot_list),
			 "cannot open /proc/slabinfo (error %ld)",
			 -PTR_ERR(file));
		return;
	}
	if (!is_slabinfo(file)) {
		strscpy(cannot_list, "/proc/slabinfo is not the kernel's",
			sizeof(cannot_list));
		filp_close(file, NULL);
		return;
	}
	slabinfo = file;
}

/**
 * memtel_private_init() - find what can be found
 *
 * What cannot is told by memtel_private_cannot_*().
 */
void __init memtel_private_init(void)
{
	find_layout();
	if (!*cannot_list)
		open_slabinfo();
	if (*cannot_count)
		pr_warn("no slab counts: %s\n", cannot_count);
	if (*cannot_list)
		pr_warn("no slab occupancy: %s\n", cannot_list);
}

void memtel_private_exit(void)
{
	if (slabinfo)
		filp_close(slabinfo, NULL);
}

/* Takes slab_mutex. Returns the list of caches, or NULL when it is empty. */
static struct list_head *private_lock_caches(void)
{
	struct seq_file *m = slabinfo->private_data;
	struct list_head *entry;
	loff_t first = 0;

	entry = m->op->start(m, &first);
	/* What is before the first is the list itself. */
	return entry ? entry->prev : NULL;
}

static void private_unlock_caches(void)
{
	struct seq_file *m = slabinfo->private_data;

	m->op->stop(m, NULL);
}

/**
 * memtel_private_caches() - how many caches there are
 *
 * Context: Process context. Takes slab_mutex.
 * Return: their number, or 0 when they cannot be listed.
 */
unsigned int memtel_private_caches(void)
{
	struct list_head *head, *entry;
	unsigned int nr = 0;

	if (!slabinfo)
		return 0;
	head = private_lock_caches();
	for (entry = head; entry && entry->next != head; entry = entry->next)
		nr++;
	private_unlock_caches();
	return nr;
}

/**
 * memtel_cache_walk_begin() - start to walk the kernel's caches
 * @walk: the walk
 * @hold: caches to be walked over in one hold of slab_mutex
 * @gfp: for what it needs
 *
 * A walk is a loop over memtel_cache_walk_lock(), memtel_cache_walk_next()
 * until there is none, and memtel_cache_walk_unlock(), until the walk is done;
 * then memtel_cache_walk_end().
 *
 * Each cache that is there from begin to end is walked over once, and no cache
 * twice. Nothing keeps a cache between two holds of slab_mutex, so the place in
 * the list is found anew at each hold, by comparison with the caches walked over.
 * The kernel adds a cache before all others (list_add()) and never moves one,
 * hence a walk from the list's end meets those of @seen that are left, in
 * their order, then the others. A new cache may have the address of one that was
 * walked over; it then is among the new ones at the list's head, where all that
 * were there at begin have been met.
 *
 * Context: Process context. Takes slab_mutex.
 * Return: 0 or -ENOMEM.
 */
int memtel_cache_walk_begin(struct memtel_cache_walk *walk, unsigned int hold,
			    gfp_t gfp)
{
	*walk = (struct memtel_cache_walk) {
		.hold = hold,
		.max = memtel_private_caches(),
	};
	/* New caches come last: one hold meets all that there are now. */
	if (walk->max <= hold)
		return 0;
	walk->seen = kvmalloc_array(walk->max, sizeof(*walk->seen), gfp);
	return walk->seen ? 0 : -ENOMEM;
}

/* The first cache that was not walked over, or the list itself. */
static struct list_head *private_resume(const struct memtel_cache_walk *walk,
					struct list_head *head)
{
	struct list_head *entry = head->prev, **seen = walk->seen;
	struct list_head **end = seen + walk->nr;

	for (; entry != head; entry = entry->prev) {
		/* Those that went meanwhile are passed over. */
		while (seen < end && *seen != entry)
			seen++;
		if (seen++ == end)
			break;
	}
	return entry;
}

/**
 * memtel_cache_walk_lock() - take slab_mutex and go on
 * @walk: the walk
 *
 * No cache is made, taken off the list or freed before
 * memtel_cache_walk_unlock(), which must follow. seq_file's own lock is not
 * needed: these operations use no state of the file.
 *
 * Context: Process context. Takes slab_mutex, unless there is no list to walk
 * (memtel_private_cannot_list()).
 */
void memtel_cache_walk_lock(struct memtel_cache_walk *walk)
{
	struct list_head *head = slabinfo ? private_lock_caches() : NULL;
	unsigned int end = min(walk->nr + walk->hold, walk->max);

	walk->is_done = true;
	walk->entry = head ? head->prev : NULL;
	walk->end = head;
	if (!head || !walk->seen)
		return;
	walk->entry = private_resume(walk, head);
	for (walk->end = walk->entry; walk->end != head && walk->nr < end;
	     walk->end = walk->end->prev)
		walk->seen[walk->nr++] = walk->end;
	walk->is_done = walk->end == head || walk->nr == walk->max;
}

/* Let go of slab_mutex. */
void memtel_cache_walk_unlock(struct memtel_cache_walk *walk)
{
	if (slabinfo)
		private_unlock_caches();
}

/* Also of a walk that did not begin for want of memory. */
void memtel_cache_walk_end(struct memtel_cache_walk *walk)
{
	kvfree(walk->seen);
	walk->seen = NULL;
}

static u32 cache_oo(struct kmem_cache *cache, enum member m)
{
	return READ_ONCE(*(u32 *)member_at(cache, m));
}

/**
 * memtel_private_cache_info() - what a cache is
 * @cache: the cache, held by slab_mutex
 * @info: filled
 */
void memtel_private_cache_info(struct kmem_cache *cache,
			       struct memtel_cache_info *info)
{
	u32 oo = cache_oo(cache, CACHE_OO);
	int refcount = READ_ONCE(*(int *)member_at(cache, CACHE_REFCOUNT));

	info->object_size_bytes = memtel_cache_object_size(cache);
	info->size_bytes = memtel_cache_size(cache);
	info->objects_per_slab = oo & OO_MASK;
	info->order = oo >> OO_SHIFT;
	/* The boot caches have a refcount of -1: they are never merged. */
	info->aliases = refcount > 1 ? refcount - 1 : 0;
}

/*
 * Slabs are of the preferred order or, where memory was short, of the lowest;
 * how many are of which follows from how many objects they hold.
 */
static u64 slab_bytes(struct kmem_cache *cache, u64 slabs, u64 objects)
{
	u32 oo = cache_oo(cache, CACHE_OO), min = cache_oo(cache, CACHE_MIN);
	u64 full = slabs * (oo & OO_MASK);
	u64 small = 0;

	if (objects < full && (oo & OO_MASK) > (min & OO_MASK))
		small = min_t(u64, slabs, (full - objects) /
				   ((oo & OO_MASK) - (min & OO_MASK)));
	return ((slabs - small) << (PAGE_SHIFT + (oo >> OO_SHIFT))) +
	       (small << (PAGE_SHIFT + (min >> OO_SHIFT)));
}

struct partial_scan {
	u64 slabs;	/* on the list */
	u64 seen;	/* of which looked at */
	u64 free;	/* free objects in those */
};

static u32 slab_bits_read(struct list_head *entry, struct slab_bits bits)
{
	u32 word = READ_ONCE(*(u32 *)((void *)entry + bits.offset));

	return word >> bits.shift & bits.mask;
}

/* Look at no more than @limit slabs from one end of a list. */
static __always_inline void scan_from(struct list_head *head, bool is_tail,
				      u64 limit, struct partial_scan *scan)
{
	const struct slab_bits objects = slab_objects, inuse = slab_inuse;
	struct list_head *entry = head;
	u64 seen, sum = 0;

	for (seen = 0; seen < limit; seen++) {
		int free;

		entry = is_tail ? entry->prev : entry->next;
		if (entry == head)
			break;
		/* The two are loaded apart while a free may change inuse. */
		free = slab_bits_read(entry, objects) -
		       slab_bits_read(entry, inuse);
		sum += max(free, 0);
	}
	scan->seen += seen;
	scan->free += sum;
}

static void scan_partial(void *node, struct partial_scan *scan)
{
	struct list_head *head = member_at(node, NODE_PARTIAL);
	spinlock_t *lock = member_at(node, NODE_LIST_LOCK);
	unsigned long flags;

	spin_lock_irqsave(lock, flags);
	scan->slabs = *(unsigned long *)member_at(node, NODE_NR_PARTIAL);
	if (scan->slabs <= SCAN_SLABS) {
		scan_from(head, false, SCAN_SLABS, scan);
	} else {
		scan_from(head, false, SCAN_SLABS / 2, scan);
		scan_from(head, true, SCAN_SLABS / 2, scan);
	}
	spin_unlock_irqrestore(lock, flags);
}

/**
 * memtel_private_occupancy() - what a cache has on a node
 * @cache: the cache, held by slab_mutex
 * @nid: the node
 * @occ: filled
 *
 * Context: Process context. Takes the node's list_lock with interrupts off for
 * at most SCAN_SLABS list entries.
 * Return: false when the cache has no such node, or no slab there.
 */
bool memtel_private_occupancy(struct kmem_cache *cache, int nid,
			      struct memtel_occupancy *occ)
{
	void *node = READ_ONCE(*(void **)(member_at(cache, CACHE_NODE) +
					  nid * node_stride));
	struct partial_scan scan = {};
	u64 unseen, low, high, free;

	if (!node)
		return false;
	occ->slabs = atomic_long_read(member_at(node, NODE_NR_SLABS));
	if (!occ->slabs)
		return false;
	if (READ_ONCE(*(unsigned long *)member_at(node, NODE_NR_PARTIAL))) {
		scan_partial(node, &scan);
		/* A mutex is held, and many caches may have long lists. */
		if (scan.seen >= LONG_SCAN)
			cond_resched();
	}
	occ->objects_total =
		atomic_long_read(member_at(node, NODE_TOTAL_OBJECTS));
	occ->partial_slabs = scan.slabs;
	occ->slab_bytes = slab_bytes(cache, occ->slabs, occ->objects_total);

	unseen = scan.slabs - scan.seen;
	free = scan.free;
	occ->objects_in_use_error = 0;
	if (unseen) {
		free = scan.free * scan.slabs / scan.seen;
		low = min(free, scan.free + unseen);
		high = max(free, scan.free + unseen *
			   (cache_oo(cache, CACHE_OO) & OO_MASK));
		occ->objects_in_use_error = max(free - low, high - free);
	}
	/* Slabs come and go while this is read; nobody has fewer than none. */
	occ->objects_in_use = occ->objects_total -
			      min(free, occ->objects_total);
	return true;
}
