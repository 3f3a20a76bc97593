// SPDX-License-Identifier: GPL-2.0
/*
 * What memtel's own probes cost.
 *
 * Model. A probe that runs is timed once in so many events of its CPU; what it
 * takes to read the clock, measured at load, is subtracted. What was timed
 * stands for all events (estimate.h). What the kernel spends on calling a probe
 * is not in it.
 *
 * The clock does not stop while the CPU is not the probe's: while it is
 * interrupted, preempted where probes can be, or not run by a hypervisor. So the
 * samples are counted by their length, and the estimate tells few long ones from
 * a probe that is slow.
 *
 * Locks. Counters are written by their CPU alone, in probes; what is made of
 * them is protected by memtel_source_lock.
 */
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/sched/clock.h>

#include "cost.h"
#include "counter.h"
#include "source.h"

#define CLOCK_TRIES	16

/* Between two readings of the clock with nothing in between. */
static u64 clock_ns __ro_after_init = U64_MAX;

/* Context: any, in a probe. */
noinline void memtel_cost_spend(struct memtel_cost __percpu *cost, u64 begin_ns)
{
	u64 ns = ktime_get_mono_fast_ns() - begin_ns;
	unsigned int bucket;

	ns = min_t(u64, ns - min(ns, clock_ns), MEMTEL_ESTIMATE_MAX_NS);
	bucket = memtel_estimate_bucket(ns);
	this_cpu_inc(cost->timed[bucket].samples);
	this_cpu_add(cost->timed[bucket].ns, ns);
}

void __init memtel_cost_init(void)
{
	unsigned int i;
	u64 begin_ns;

	for (i = 0; i < CLOCK_TRIES; i++) {
		begin_ns = ktime_get_mono_fast_ns();
		clock_ns = min(clock_ns, ktime_get_mono_fast_ns() - begin_ns);
	}
}

static void cost_read(const struct memtel_source *source, u64 now,
		      struct memtel_reading *reading)
{
	struct memtel_cost __percpu *cost = source->cost;
	unsigned int i;

	reading->time_ns = now;
	reading->events = source->events ? source->events() :
					   memtel_counter_sum(&cost->events);
	for (i = 0; i < MEMTEL_ESTIMATE_BUCKETS; i++) {
		reading->timed[i].samples =
			memtel_counter_sum(&cost->timed[i].samples);
		reading->timed[i].ns = memtel_counter_sum(&cost->timed[i].ns);
	}
}

/* A source was attached. */
void memtel_cost_start(struct memtel_source *source, u64 now)
{
	struct memtel_reading reading;

	lockdep_assert_held(&memtel_source_lock);
	cost_read(source, now, &reading);
	memtel_estimate_start(&source->estimate, &reading);
}

/* Source attached. */
void memtel_cost_look(struct memtel_source *source, u64 now)
{
	struct memtel_reading reading;

	lockdep_assert_held(&memtel_source_lock);
	cost_read(source, now, &reading);
	memtel_estimate_look(&source->estimate, &reading, num_online_cpus());
}
