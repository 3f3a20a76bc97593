// SPDX-License-Identifier: GPL-2.0
/*
 * Times, counted per CPU. What is said in counter.c holds here, too.
 */
#include <linux/minmax.h>

#include "counter.h"
#include "hist.h"
#include "timing.h"

/**
 * memtel_timing_count() - count a time, but do not add it to the total
 * @words: a row's first words
 * @ns: the time
 *
 * Context: Any.
 */
void memtel_timing_count(u64 __percpu *words, u64 ns)
{
	this_cpu_inc(words[TIMING_COUNT]);
	this_cpu_inc(words[TIMING_BUCKETS + memtel_hist_bucket(ns)]);
	memtel_timing_raise(&words[TIMING_LONGEST_NS], ns);
}

static void read_cpu(const u64 __percpu *words, int cpu,
		     struct memtel_timing *timing)
{
	unsigned int i;

	timing->count = memtel_counter_read(&words[TIMING_COUNT], cpu);
	timing->total_ns = memtel_counter_read(&words[TIMING_TOTAL_NS], cpu);
	timing->longest_ns =
		memtel_counter_read(&words[TIMING_LONGEST_NS], cpu);
	for (i = 0; i < MEMTEL_TIMING_BUCKETS; i++)
		timing->buckets[i] =
			memtel_counter_read(&words[TIMING_BUCKETS + i], cpu);
}

/**
 * memtel_timing_read() - sum a row's times over all CPUs
 * @words: the row's first words
 * @timing: filled
 */
void memtel_timing_read(const u64 __percpu *words,
			struct memtel_timing *timing)
{
	struct memtel_timing one;
	const unsigned int *end = memtel_cpus_end(), *cpu;

	*timing = (struct memtel_timing) {};
	for (cpu = memtel_cpus.ids; cpu < end; cpu++) {
		read_cpu(words, *cpu, &one);
		memtel_timing_add(timing, &one);
	}
}

/* Add one to a sum, whose longest is the longest of both. */
void memtel_timing_add(struct memtel_timing *sum,
		       const struct memtel_timing *timing)
{
	unsigned int i;

	sum->count += timing->count;
	sum->total_ns += timing->total_ns;
	sum->longest_ns = max(sum->longest_ns, timing->longest_ns);
	for (i = 0; i < MEMTEL_TIMING_BUCKETS; i++)
		sum->buckets[i] += timing->buckets[i];
}
