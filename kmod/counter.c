// SPDX-License-Identifier: GPL-2.0
/*
 * Per-CPU counters.
 *
 * Every CPU adds to its own copy only; readers sum over all possible CPUs, so
 * that a CPU going off takes nothing with it. Nothing is shared and written on
 * the way of an event. The per-CPU allocator gives at most one unit
 * (PCPU_MIN_UNIT_SIZE, 32 KiB) at a time, hence chunks.
 *
 * Zeroing happens on each CPU by itself, with interrupts off, so that it
 * cannot fall between an event's load and store.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>

#include "counter.h"

static size_t chunk_bytes(const struct memtel_counters *c)
{
	return (size_t)c->slots_per_chunk * c->words * sizeof(u64);
}

/**
 * memtel_counters_alloc() - make counters, all zero
 * @c: filled
 * @slots: how many slots
 * @words: u64 words in a slot
 *
 * Context: Process context, may sleep.
 * Return: 0, -EINVAL for a slot larger than a chunk, or -ENOMEM.
 */
int memtel_counters_alloc(struct memtel_counters *c, unsigned int slots,
			  unsigned int words)
{
	unsigned int i;

	c->words = words;
	c->slots_per_chunk = min_t(unsigned int, slots,
				   PCPU_MIN_UNIT_SIZE / (words * sizeof(u64)));
	if (!c->slots_per_chunk)
		return -EINVAL;
	c->nr_chunks = DIV_ROUND_UP(slots, c->slots_per_chunk);
	c->chunks = kcalloc(c->nr_chunks, sizeof(*c->chunks), GFP_KERNEL);
	if (!c->chunks)
		return -ENOMEM;

	for (i = 0; i < c->nr_chunks; i++) {
		c->chunks[i] = __alloc_percpu_gfp(chunk_bytes(c),
						  SMP_CACHE_BYTES,
						  GFP_KERNEL | __GFP_NOWARN);
		if (!c->chunks[i]) {
			memtel_counters_free(c);
			return -ENOMEM;
		}
	}
	return 0;
}

/* Whoever added must have ended: see memtel_probes_detach(). */
void memtel_counters_free(struct memtel_counters *c)
{
	unsigned int i;

	for (i = 0; c->chunks && i < c->nr_chunks; i++)
		free_percpu(c->chunks[i]);
	kfree(c->chunks);
	memset(c, 0, sizeof(*c));
}

static void zero_cpu(const struct memtel_counters *c, int cpu)
{
	unsigned int i;

	for (i = 0; i < c->nr_chunks; i++)
		memset(per_cpu_ptr(c->chunks[i], cpu), 0, chunk_bytes(c));
}

static void zero_this_cpu(void *c)
{
	zero_cpu(c, smp_processor_id());
}

/**
 * memtel_counters_zero() - set all counters to zero while they count
 * @c: the counters
 *
 * Context: Process context, may sleep. Takes cpus_read_lock() so that no CPU
 * comes or goes between the two halves.
 */
void memtel_counters_zero(struct memtel_counters *c)
{
	int cpu;

	cpus_read_lock();
	on_each_cpu(zero_this_cpu, c, 1);
	for_each_possible_cpu(cpu)
		if (!cpu_online(cpu))
			zero_cpu(c, cpu);
	cpus_read_unlock();
}

/* Memory they take, over all CPUs. */
u64 memtel_counters_bytes(const struct memtel_counters *c)
{
	return (u64)c->nr_chunks * chunk_bytes(c) * num_possible_cpus();
}

u64 memtel_counter_sum(const u64 __percpu *word)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += memtel_counter_read(word, cpu);
	return sum;
}
