// SPDX-License-Identifier: GPL-2.0
/*
 * Per-CPU counters.
 *
 * Every CPU adds to its own copy only. The event path writes no shared cache
 * line. The per-CPU allocator gives at most one unit (PCPU_MIN_UNIT_SIZE, 32
 * KiB) at a time, hence chunks.
 *
 * Readers sum over the CPUs that were online at some time since the module was
 * loaded. So a CPU that goes offline takes no count with it, and a reading does
 * not cost more on a host that could have more CPUs than it has. A CPU is put
 * on the list before it comes online (a hotplug callback of the prepare
 * section), that is, before it counts, and stays on the list.
 *
 * Zeroing happens on each CPU by itself, with interrupts off, so that it
 * cannot fall between an event's load and store; ZERO_BYTES at a time, so that
 * interrupts are off for a microsecond whatever the counters' size.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>

#include "counter.h"

/* Some 2,000 instructions where a CPU zeroes 8 bytes in one. */
#define ZERO_BYTES	16384UL

struct memtel_cpus memtel_cpus;
static int cpuhp_state;

/* A CPU is about to come online. The kernel brings up one at a time. */
static int counters_cpu_prepare(unsigned int cpu)
{
	unsigned int i;

	for (i = 0; i < memtel_cpus.nr; i++)
		if (memtel_cpus.ids[i] == cpu)
			return 0;
	memtel_cpus.ids[i] = cpu;
	/* Pairs with memtel_cpus_end(). */
	smp_store_release(&memtel_cpus.nr, i + 1);
	return 0;
}

/**
 * memtel_counters_init() - begin to know which CPUs may count
 *
 * Context: Process context, may sleep, before any counter is allocated.
 * Return: 0 or an error.
 */
int memtel_counters_init(void)
{
	unsigned int cpu;
	int state;

	memtel_cpus.nr = 0;
	memtel_cpus.ids = kcalloc(nr_cpu_ids, sizeof(*memtel_cpus.ids),
				  GFP_KERNEL);
	if (!memtel_cpus.ids)
		return -ENOMEM;
	/* 5.10 calls nobody for the CPUs that are online, whatever is asked for. */
	state = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN,
					  "memtel:prepare",
					  counters_cpu_prepare, NULL);
	if (state < 0) {
		kfree(memtel_cpus.ids);
		return state;
	}
	cpuhp_state = state;
	cpus_read_lock();
	for_each_online_cpu(cpu)
		counters_cpu_prepare(cpu);
	cpus_read_unlock();
	return 0;
}

/* No counter is left. */
void memtel_counters_exit(void)
{
	cpuhp_remove_state_nocalls(cpuhp_state);
	kfree(memtel_cpus.ids);
}

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
	unsigned int most = PCPU_MIN_UNIT_SIZE / (words * sizeof(u64)), i;

	if (!most)
		return -EINVAL;
	c->words = words;
	/* As few chunks as there may be, all of one size: the last is full, too. */
	c->nr_chunks = DIV_ROUND_UP(slots, most);
	c->slots_per_chunk = DIV_ROUND_UP(slots, c->nr_chunks);
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

struct counters_piece {
	u64 __percpu *words;
	size_t bytes;
};

static void counters_zero_this_cpu(void *arg)
{
	const struct counters_piece *piece = arg;

	memset(this_cpu_ptr(piece->words), 0, piece->bytes);
}

static void counters_zero_piece(struct counters_piece *piece)
{
	const unsigned int *cpu;

	/* No CPU comes or goes between the two halves. */
	cpus_read_lock();
	on_each_cpu(counters_zero_this_cpu, piece, 1);
	for (cpu = memtel_cpus.ids; cpu < memtel_cpus_end(); cpu++)
		if (!cpu_online(*cpu))
			memset(per_cpu_ptr(piece->words, *cpu), 0,
			       piece->bytes);
	cpus_read_unlock();
}

/**
 * memtel_counters_zero() - set all counters to zero while they count
 * @c: the counters
 *
 * Context: Process context, may sleep. Takes cpus_read_lock(). Not all of a
 * large table becomes zero at the same moment.
 */
void memtel_counters_zero(struct memtel_counters *c)
{
	size_t bytes = chunk_bytes(c), from;
	unsigned int i;

	for (i = 0; i < c->nr_chunks; i++) {
		for (from = 0; from < bytes; from += ZERO_BYTES) {
			counters_zero_piece(&(struct counters_piece) {
				.words = c->chunks[i] + from / sizeof(u64),
				.bytes = min(bytes - from, ZERO_BYTES),
			});
			cond_resched();
		}
	}
}

/* Memory they take, over all CPUs. */
u64 memtel_counters_bytes(const struct memtel_counters *c)
{
	return (u64)c->nr_chunks * chunk_bytes(c) * num_possible_cpus();
}

u64 memtel_counter_sum(const u64 __percpu *word)
{
	const unsigned int *end = memtel_cpus_end(), *cpu;
	u64 sum = 0;

	for (cpu = memtel_cpus.ids; cpu < end; cpu++)
		sum += memtel_counter_read(word, *cpu);
	return sum;
}
