/* SPDX-License-Identifier: GPL-2.0 */
/* Per-CPU u64 counters in slots, for any number of slots. See counter.c. */
#ifndef _MEMTEL_COUNTER_H
#define _MEMTEL_COUNTER_H

#include <linux/percpu.h>
#include <linux/types.h>

#ifndef CONFIG_64BIT
#error "memtel reads other CPUs' 64-bit counters in one load"
#endif

struct memtel_counters {
	u64 __percpu **chunks;
	unsigned int nr_chunks;
	unsigned int slots_per_chunk;
	unsigned int words;
};

/**
 * struct memtel_cpus - the CPUs that may have counted
 * @nr: how many
 * @ids: their numbers, in no order; none of them changes
 *
 * Those that were online at some time since the module was loaded.
 */
struct memtel_cpus {
	unsigned int nr;
	unsigned int *ids;
};

extern struct memtel_cpus memtel_cpus;

/* The end of @ids. A CPU that comes later has counted nothing before. */
static inline const unsigned int *memtel_cpus_end(void)
{
	/* Pairs with counters_cpu_prepare(). */
	return memtel_cpus.ids + smp_load_acquire(&memtel_cpus.nr);
}

static inline unsigned int memtel_nr_cpus(void)
{
	return memtel_cpus_end() - memtel_cpus.ids;
}

int memtel_counters_init(void);
void memtel_counters_exit(void);

int memtel_counters_alloc(struct memtel_counters *c, unsigned int slots,
			  unsigned int words);
void memtel_counters_free(struct memtel_counters *c);
void memtel_counters_zero(struct memtel_counters *c);
u64 memtel_counters_bytes(const struct memtel_counters *c);

/**
 * memtel_counters_slot() - a slot's words
 * @c: the counters
 * @slot: which
 *
 * The owner adds to them by this_cpu_add(): one instruction on x86, so neither
 * an interrupt nor, where probes may be preempted, a migration loses a count.
 * All CPUs have a slot at the same offset.
 */
static inline u64 __percpu *memtel_counters_slot(const struct memtel_counters *c,
						 unsigned int slot)
{
	return c->chunks[slot / c->slots_per_chunk] +
	       slot % c->slots_per_chunk * c->words;
}

/* One CPU's word. It may grow meanwhile; it is never seen half written. */
static inline u64 memtel_counter_read(const u64 __percpu *word, int cpu)
{
	return READ_ONCE(*per_cpu_ptr(word, cpu));
}

u64 memtel_counter_sum(const u64 __percpu *word);

#endif /* _MEMTEL_COUNTER_H */
