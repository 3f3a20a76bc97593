// SPDX-License-Identifier: GPL-2.0
/*
 * The table of caches seen by the slab source.
 *
 * A hash table of cache pointers, at most a quarter full, searched by every
 * event without a lock; a pool of slots, one for a cache, with its name and
 * its per-CPU counters; all allocated when the source is attached and freed
 * when it is detached, never in between. A cache gets its slot when the source
 * is attached or, if made later, by the first event of an object of it.
 *
 * When a cache goes. A kmem_cache is itself an object of a cache named
 * kmem_cache, so that the free of one, by kmem_cache_free(), is an event like
 * any other: it comes after the cache's last object is gone and before the
 * address can be used again. That cache is found first and alone kept out of the
 * hash table: its events take the slow path, which looks whose kmem_cache is
 * freed and takes it out. So an address never stands for two caches, no cache is
 * looked into after its end, and a cache made anew under an old name gets a slot
 * and an id of its own.
 *
 * The slot of a cache that is gone keeps its counts until they are reset or, when
 * no slot is free, until a new cache needs it: once a second some slots are
 * recycled, those of the caches first that went first. What they counted then is
 * counted as lost, with the events that found no slot.
 *
 * Locks. table.lock, raw and with interrupts off, for every change; taken in
 * probes, so nothing that allocates, sleeps or traces is done under it. It is
 * the innermost lock. A per-CPU guard counts and drops an event that would
 * come while this CPU is in here. Readers of slots hold the source lock.
 */
#include <linux/irqflags.h>
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "private.h"
#include "slab_table.h"
#include "source.h"

/* A table that is a quarter full keeps the way to an entry short. */
#define ENTRIES_PER_SLOT	4

#define TOMBSTONE		((const struct kmem_cache *)1)

/* Recycled at a time: the counts of each are summed over CPUs and nodes. */
#define RECYCLE_SLOTS	64

/* The end of a list of slots. */
#define NO_SLOT		UINT_MAX

struct slab_hot slab_hot __read_mostly;

static struct {
	raw_spinlock_t lock;
	struct slab_slot *slots;
	u32 *entry_slots;		/* slot of entry i */
	unsigned int *free;		/* stack of free slots */
	unsigned int nr_free;		/* looked at without the lock, too */
	unsigned int gone_first;	/* slots of caches that are gone, by */
	unsigned int gone_last;		/* slab_slot.next_gone */
	unsigned int nr_slots;
	unsigned int high;		/* slots ever used are below it */
	unsigned int nr_entries;
	struct kmem_cache *boot;	/* the cache of kmem_caches; constant */
	unsigned int boot_slot;
	struct memtel_counters counts;
	struct memtel_counters lost;
	u32 next_id;			/* goes on over attach and detach */
} table = {
	.lock = __RAW_SPIN_LOCK_UNLOCKED(table.lock),
	.next_id = 1,
};

static DEFINE_PER_CPU(unsigned int, busy);

/* The entry of a cache, or NULL. */
static struct slab_entry *slab_table_find(const struct kmem_cache *cache)
{
	struct slab_entry *entry = slab_table_home(cache);

	lockdep_assert_held(&table.lock);
	for (; entry->cache; entry++)
		if (entry->cache == cache)
			return entry;
	return NULL;
}

/* Where a cache that is not there goes. There is room for each that has a slot. */
static struct slab_entry *slab_table_room(const struct kmem_cache *cache)
{
	struct slab_entry *entry = slab_table_home(cache);

	lockdep_assert_held(&table.lock);
	while (entry->cache && entry->cache != TOMBSTONE)
		entry++;
	return entry;
}

/* The cache alive, a slot free; table.lock held, or no probe registered. */
static unsigned int slab_table_take(const struct kmem_cache *cache)
{
	unsigned int i = table.free[table.nr_free - 1];
	struct slab_slot *slot = &table.slots[i];

	WRITE_ONCE(table.nr_free, table.nr_free - 1);
	if (i >= table.high)
		WRITE_ONCE(table.high, i + 1);
	slot->id = table.next_id++;
	slot->size_bytes = memtel_cache_size(cache);
	slot->object_size_bytes = memtel_cache_object_size(cache);
	strscpy(slot->name, memtel_cache_name(cache), sizeof(slot->name));
	/* Pairs with slab_table_slot(). */
	smp_store_release(&slot->state, SLAB_SLOT_LIVE);
	return i;
}

/* The cache alive. NULL when no slot is free. */
static u64 __percpu *slab_table_add(const struct kmem_cache *cache)
{
	struct slab_entry *entry;
	unsigned int i;

	lockdep_assert_held(&table.lock);
	if (!table.nr_free)
		return NULL;
	entry = slab_table_room(cache);
	i = slab_table_take(cache);
	table.entry_slots[entry - slab_hot.entries] = i;
	entry->counts = table.slots[i].counts;
	/* Pairs with slab_count() and slab_search(). */
	smp_store_release(&entry->cache, cache);
	return entry->counts;
}

/*
 * The cache of kmem_caches: that which the cache of any object is an object
 * of. It must be known before the first event, or the end of a cache could be
 * missed.
 */
static struct kmem_cache *slab_table_find_boot(void)
{
	void *object = kmalloc(sizeof(u64), GFP_KERNEL);
	struct kmem_cache *cache;

	if (!object)
		return NULL;
	cache = memtel_slab_cache(memtel_object_page(object));
	kfree(object);
	return memtel_slab_cache(memtel_object_page(cache));
}

/* Nobody looks for the cache any more: it has no object. */
static void slab_table_remove(const struct kmem_cache *cache)
{
	struct slab_entry *entry = slab_table_find(cache);
	struct slab_slot *slot;
	unsigned int i;

	lockdep_assert_held(&table.lock);
	if (!entry)
		return;
	i = table.entry_slots[entry - slab_hot.entries];
	slot = &table.slots[i];
	WRITE_ONCE(slot->state, SLAB_SLOT_GONE);
	slot->next_gone = NO_SLOT;
	if (table.gone_first == NO_SLOT)
		table.gone_first = i;
	else
		table.slots[table.gone_last].next_gone = i;
	table.gone_last = i;

	WRITE_ONCE(entry->cache, TOMBSTONE);
	/* A tombstone before an empty entry ends no search: clear it. */
	while (!entry[1].cache && entry->cache == TOMBSTONE) {
		WRITE_ONCE(entry->cache, NULL);
		if (entry-- == slab_hot.entries)
			break;
	}
}

/**
 * slab_table_place() - find or make a cache's place; the slow path of an event
 * @cache: the cache, kept alive by the object in hand or by slab_mutex
 * @freed: the object, when the event is kmem_cache_free(), else NULL
 * @lost: what counts the event that is lost without a place, an enum slab_lost;
 *        SLAB_LOST_WORDS when it is no event that asks
 *
 * Context: Any but NMI. Takes table.lock with interrupts off.
 * Return: the cache's words for node 0, or NULL; then it has counted why.
 */
u64 __percpu *slab_table_place(const struct kmem_cache *cache,
			       const void *freed, int lost)
{
	u64 __percpu *counts = NULL;
	struct slab_entry *entry;
	unsigned long flags;

	/* A full table: do not take the lock for each event of its others. */
	if (!READ_ONCE(table.nr_free) && cache != table.boot)
		goto out_unplaced;

	local_irq_save(flags);
	if (this_cpu_inc_return(busy) > 1) {
		this_cpu_inc(slab_hot.lost[SLAB_RECURSIONS]);
		this_cpu_dec(busy);
		local_irq_restore(flags);
		return NULL;
	}
	raw_spin_lock(&table.lock);
	if (cache == table.boot) {
		counts = table.slots[table.boot_slot].counts;
		if (freed)
			slab_table_remove(freed);
	} else {
		entry = slab_table_find(cache);
		counts = entry ? entry->counts : slab_table_add(cache);
	}
	raw_spin_unlock(&table.lock);
	this_cpu_dec(busy);
	local_irq_restore(flags);
	if (counts)
		return counts;

out_unplaced:
	if (lost < SLAB_LOST_WORDS)
		this_cpu_inc(slab_hot.lost[lost]);
	return NULL;
}

/**
 * slab_table_init() - make an empty table
 * @slots: how many caches it can hold
 *
 * Context: Process context under the source lock, no probe registered.
 * Return: 0 or -ENOMEM.
 */
int slab_table_init(unsigned int slots)
{
	unsigned int buckets = roundup_pow_of_two(slots) * ENTRIES_PER_SLOT;
	unsigned int i;
	int err;

	lockdep_assert_held(&memtel_source_lock);
	/*
	 * A cache is found at its home or after caches that were in the way: all
	 * others at the most. The last entry stays empty, so a search ends.
	 */
	table.nr_entries = buckets + slots;
	table.nr_slots = slots;
	table.nr_free = slots;
	table.gone_first = NO_SLOT;
	table.high = 0;

	slab_hot.entries = vzalloc(array_size(table.nr_entries,
					      sizeof(*slab_hot.entries)));
	table.entry_slots = vzalloc(array_size(table.nr_entries,
					       sizeof(*table.entry_slots)));
	table.slots = vzalloc(array_size(slots, sizeof(*table.slots)));
	table.free = vzalloc(array_size(slots, sizeof(*table.free)));
	err = -ENOMEM;
	if (!slab_hot.entries || !table.entry_slots || !table.slots ||
	    !table.free)
		goto err_exit;

	/* The last slot is the large kmallocs'. */
	err = memtel_counters_alloc(&table.counts, slots + 1,
				    SLAB_WORDS * nr_node_ids);
	if (err)
		goto err_exit;
	err = memtel_counters_alloc(&table.lost, 1, SLAB_LOST_WORDS);
	if (err)
		goto err_exit;

	for (i = 0; i < slots; i++) {
		table.slots[i].counts = memtel_counters_slot(&table.counts, i);
		table.free[i] = slots - 1 - i;
	}
	slab_hot.mask = (buckets - 1) * sizeof(*slab_hot.entries);
	slab_hot.large = memtel_counters_slot(&table.counts, slots);
	slab_hot.lost = memtel_counters_slot(&table.lost, 0);

	table.boot = slab_table_find_boot();
	err = -ENOMEM;
	if (!table.boot)
		goto err_exit;
	table.boot_slot = slab_table_take(table.boot);
	return 0;

err_exit:
	slab_table_exit();
	return err;
}

/**
 * slab_table_exit() - free the table
 *
 * Context: Process context under the source lock, after
 * memtel_probes_detach(): no probe looks at it any more.
 */
void slab_table_exit(void)
{
	lockdep_assert_held(&memtel_source_lock);
	memtel_counters_free(&table.lost);
	memtel_counters_free(&table.counts);
	vfree(table.free);
	vfree(table.slots);
	vfree(table.entry_slots);
	vfree(slab_hot.entries);
	table.free = NULL;
	table.slots = NULL;
	table.entry_slots = NULL;
	table.boot = NULL;
	table.nr_slots = 0;
	memset(&slab_hot, 0, sizeof(slab_hot));
}

static void slab_table_give_back(unsigned int i)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&table.lock, flags);
	WRITE_ONCE(table.slots[i].state, SLAB_SLOT_FREE);
	table.free[table.nr_free] = i;
	WRITE_ONCE(table.nr_free, table.nr_free + 1);
	raw_spin_unlock_irqrestore(&table.lock, flags);
}

/**
 * slab_table_reset() - all counts zero, slots of caches that are gone free
 *
 * Context: Process context under the source lock, while probes run. The table's
 * lock is held for one slot at a time.
 */
void slab_table_reset(void)
{
	unsigned long flags;
	unsigned int i, next;

	lockdep_assert_held(&memtel_source_lock);
	/*
	 * Nobody writes the counts of a cache that is gone. One that goes while
	 * they are zeroed may have counted after that: it stays.
	 */
	raw_spin_lock_irqsave(&table.lock, flags);
	i = table.gone_first;
	table.gone_first = NO_SLOT;
	raw_spin_unlock_irqrestore(&table.lock, flags);

	memtel_counters_zero(&table.counts);
	memtel_counters_zero(&table.lost);

	for (; i != NO_SLOT; i = next) {
		/* Given back, it may be taken and go again. */
		next = table.slots[i].next_gone;
		slab_table_give_back(i);
		cond_resched();
	}
}

/* The slot of the cache that went first, taken off their list, or NO_SLOT. */
static unsigned int slab_table_first_gone(void)
{
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&table.lock, flags);
	i = table.gone_first;
	if (i != NO_SLOT)
		table.gone_first = table.slots[i].next_gone;
	raw_spin_unlock_irqrestore(&table.lock, flags);
	return i;
}

/* The cache is gone, so nobody writes its counts. They become lost ones. */
static void slab_table_forget(unsigned int i)
{
	u64 __percpu *counts = table.slots[i].counts;
	const unsigned int *end = memtel_cpus_end(), *cpu;
	u64 allocs = 0, frees = 0;
	unsigned int nid;

	for (cpu = memtel_cpus.ids; cpu < end; cpu++) {
		u64 *words = per_cpu_ptr(counts, *cpu);

		for (nid = 0; nid < nr_node_ids; nid++, words += SLAB_WORDS) {
			allocs += words[SLAB_ALLOCS];
			frees += words[SLAB_FREES];
			memset(words, 0, SLAB_WORDS * sizeof(*words));
		}
	}
	this_cpu_add(slab_hot.lost[SLAB_UNPLACED_ALLOCS], allocs);
	this_cpu_add(slab_hot.lost[SLAB_UNPLACED_FREES], frees);
}

/**
 * slab_table_recycle() - when no slot is free, free some of caches that are gone
 *
 * Context: Process context under the source lock, while probes run.
 */
void slab_table_recycle(void)
{
	unsigned int i, nr;

	lockdep_assert_held(&memtel_source_lock);
	if (READ_ONCE(table.nr_free))
		return;
	for (nr = 0; nr < RECYCLE_SLOTS; nr++) {
		i = slab_table_first_gone();
		if (i == NO_SLOT)
			break;
		slab_table_forget(i);
		slab_table_give_back(i);
		cond_resched();
	}
}

/* Memory the table takes, over all CPUs. */
u64 slab_table_bytes(void)
{
	return memtel_counters_bytes(&table.counts) +
	       memtel_counters_bytes(&table.lost) +
	       (u64)table.nr_entries * (sizeof(*slab_hot.entries) +
					sizeof(*table.entry_slots)) +
	       (u64)table.nr_slots * (sizeof(*table.slots) +
				      sizeof(*table.free));
}

unsigned int slab_table_slots(void)
{
	return table.nr_slots;
}

unsigned int slab_table_used(void)
{
	return table.nr_slots - READ_ONCE(table.nr_free);
}

/* Slots from here on are free. Under the source lock it only grows. */
unsigned int slab_table_high(void)
{
	return READ_ONCE(table.high);
}

/* Slots that are there now have lower ids, those taken from now on do not. */
u32 slab_table_next_id(void)
{
	unsigned long flags;
	u32 id;

	raw_spin_lock_irqsave(&table.lock, flags);
	id = table.next_id;
	raw_spin_unlock_irqrestore(&table.lock, flags);
	return id;
}

/**
 * slab_table_slot() - a slot, for a reader
 * @i: below slab_table_high()
 *
 * Context: Under the source lock.
 * Return: the slot, or NULL when it is free.
 */
const struct slab_slot *slab_table_slot(unsigned int i)
{
	const struct slab_slot *slot = &table.slots[i];

	lockdep_assert_held(&memtel_source_lock);
	/* Pairs with slab_table_add(). */
	return smp_load_acquire(&slot->state) == SLAB_SLOT_FREE ? NULL : slot;
}

/**
 * slab_table_lookup() - the slot of a cache, for a reader
 * @cache: the cache, kept in its place by slab_mutex
 * @i: set to the slot's number
 *
 * Context: Under the source lock.
 * Return: the slot, or NULL when the table had no place for it.
 */
const struct slab_slot *slab_table_lookup(const struct kmem_cache *cache,
					  unsigned int *i)
{
	const struct slab_entry *entry = slab_table_home(cache);
	const struct kmem_cache *found;

	lockdep_assert_held(&memtel_source_lock);
	/* Pairs with slab_table_add(). */
	while ((found = smp_load_acquire(&entry->cache)) && found != cache)
		entry++;
	if (found)
		*i = table.entry_slots[entry - slab_hot.entries];
	else if (cache == table.boot)
		*i = table.boot_slot;
	else
		return NULL;
	return &table.slots[*i];
}
