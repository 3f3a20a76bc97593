/* SPDX-License-Identifier: GPL-2.0 */
/* How often, how long in all, how long at most, and a histogram. */
#ifndef _MEMTEL_TIMING_H
#define _MEMTEL_TIMING_H

#include <linux/memtel.h>
#include <linux/percpu.h>
#include <linux/types.h>

/* The first words of a row of counters that is timed. */
enum timing_word {
	TIMING_COUNT,
	TIMING_TOTAL_NS,
	TIMING_LONGEST_NS,
	TIMING_BUCKETS,
	TIMING_WORDS = TIMING_BUCKETS + MEMTEL_TIMING_BUCKETS,
};

/**
 * struct memtel_timing - those words over all CPUs
 * @count: how many
 * @total_ns: their time in sum
 * @longest_ns: the longest of them
 * @buckets: how many by time, see hist.h
 */
struct memtel_timing {
	u64 count;
	u64 total_ns;
	u64 longest_ns;
	u64 buckets[MEMTEL_TIMING_BUCKETS];
};

void memtel_timing_count(u64 __percpu *words, u64 ns);
void memtel_timing_read(const u64 __percpu *words,
			struct memtel_timing *timing);
void memtel_timing_add(struct memtel_timing *sum,
		       const struct memtel_timing *timing);

/**
 * memtel_elapsed_ns() - time from a begin to now
 * @now: by ktime_get_mono_fast_ns()
 * @begin_ns: by the same clock, perhaps read on another CPU
 *
 * That clock may step back between two CPUs while the time is being adjusted.
 *
 * Return: the time, never less than zero.
 */
static inline u64 memtel_elapsed_ns(u64 now, u64 begin_ns)
{
	return now > begin_ns ? now - begin_ns : 0;
}

/*
 * Raise a row's longest. It is one CPU's; should the task move to another in
 * between, the exchange is with that one's and compares with what is there.
 */
static inline void memtel_timing_raise(u64 __percpu *word, u64 ns)
{
	u64 old = this_cpu_read(*word);

	while (ns > old) {
		u64 seen = this_cpu_cmpxchg(*word, old, ns);

		if (seen == old)
			break;
		old = seen;
	}
}

/* A part of a time whose whole is counted elsewhere. */
static inline void memtel_timing_spend(u64 __percpu *words, u64 ns)
{
	this_cpu_add(words[TIMING_TOTAL_NS], ns);
}

/* A time, counted and spent in one place. */
static inline void memtel_timing_end(u64 __percpu *words, u64 ns)
{
	memtel_timing_spend(words, ns);
	memtel_timing_count(words, ns);
}

#endif /* _MEMTEL_TIMING_H */
