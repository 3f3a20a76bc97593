/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What kmod/slab_table.c uses of the kernel and the module, for one CPU. The
 * kernel's headers it includes are empty files, made by the Makefile.
 */
#ifndef SLAB_STUBS_H
#define SLAB_STUBS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint8_t u8;
typedef uint32_t u32;
typedef int32_t s32;
typedef uint64_t u64;

#define CONFIG_64BIT 1
#define __percpu
#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#define __read_mostly
#define GFP_KERNEL 0
#define GOLDEN_RATIO_32 0x61C88647
#define ENOMEM 12
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define max(a, b) ((a) > (b) ? (a) : (b))
#define READ_ONCE(x) (*(volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))
#define smp_store_release(p, v) WRITE_ONCE(*(p), v)
#define smp_load_acquire(p) READ_ONCE(*(p))
#define DEFINE_PER_CPU(type, name) type name
#define this_cpu_inc(x) ((x)++)
#define this_cpu_dec(x) ((x)--)
#define this_cpu_add(x, n) ((x) += (n))
#define this_cpu_inc_return(x) (++(x))
#define per_cpu_ptr(p, cpu) ((void)(cpu), (p))
#define lockdep_assert_held(lock) ((void)(lock))
#define array_size(a, b) ((size_t)(a) * (b))
#define vzalloc(bytes) calloc(1, bytes)
#define vfree(p) free(p)
#define kmalloc(bytes, gfp) malloc(bytes)
#define kfree(p) free(p)
#define local_irq_save(flags) ((flags) = 0)
#define local_irq_restore(flags) ((void)(flags))
#define cond_resched() do { } while (0)

typedef struct { int held; } raw_spinlock_t;

#define __RAW_SPIN_LOCK_UNLOCKED(name) { 0 }

static const unsigned int nr_node_ids = 2;
static unsigned int locks_taken;

static inline void raw_spin_lock(raw_spinlock_t *lock)
{
	if (lock->held++)
		abort();
	locks_taken++;
}

static inline void raw_spin_unlock(raw_spinlock_t *lock)
{
	if (--lock->held)
		abort();
}

#define raw_spin_lock_irqsave(lock, flags) \
	do { (flags) = 0; raw_spin_lock(lock); } while (0)
#define raw_spin_unlock_irqrestore(lock, flags) \
	do { (void)(flags); raw_spin_unlock(lock); } while (0)

static inline unsigned int roundup_pow_of_two(unsigned int n)
{
	unsigned int power = 1;

	while (power < n)
		power *= 2;
	return power;
}

static inline long strscpy(char *to, const char *from, size_t size)
{
	return snprintf(to, size, "%s", from);
}

/* Of source.h. */
#define _MEMTEL_SOURCE_H

static int memtel_source_lock;

/* Of private.h: a cache is an address, which nobody looks at. */
#define _MEMTEL_PRIVATE_H

struct kmem_cache;

static const struct kmem_cache *const boot_cache =
	(const void *)0xffff888000000040;

#define memtel_object_page(object) (object)

static inline struct kmem_cache *memtel_slab_cache(const void *page)
{
	(void)page;
	return (struct kmem_cache *)boot_cache;
}

#define memtel_cache_name(cache) ((void)(cache), "a cache")
#define memtel_cache_size(cache) ((void)(cache), 64)
#define memtel_cache_object_size(cache) ((void)(cache), 64)

/* Of counter.c: all in one chunk. */
#include "../../kmod/counter.h"

static unsigned int only_cpu[1];
struct memtel_cpus memtel_cpus = { .nr = 1, .ids = only_cpu };

int memtel_counters_alloc(struct memtel_counters *c, unsigned int slots,
			  unsigned int words)
{
	c->words = words;
	c->slots_per_chunk = slots;
	c->nr_chunks = 1;
	c->chunks = calloc(1, sizeof(*c->chunks));
	if (c->chunks)
		c->chunks[0] = calloc((size_t)slots * words, sizeof(u64));
	return c->chunks && c->chunks[0] ? 0 : -ENOMEM;
}

void memtel_counters_free(struct memtel_counters *c)
{
	if (c->chunks)
		free(c->chunks[0]);
	free(c->chunks);
	memset(c, 0, sizeof(*c));
}

void memtel_counters_zero(struct memtel_counters *c)
{
	memset(c->chunks[0], 0,
	       (size_t)c->slots_per_chunk * c->words * sizeof(u64));
}

u64 memtel_counters_bytes(const struct memtel_counters *c)
{
	return c->nr_chunks;
}

#endif /* SLAB_STUBS_H */
