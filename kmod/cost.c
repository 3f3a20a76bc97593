// SPDX-License-Identifier: GPL-2.0
/*
 * What memtel's own probes cost.
 *
 * Model. A probe that runs is timed once in so many events of its CPU; what it
 * takes to read the clock, measured at load, is subtracted. A source whose
 * events are thick and known anyway (slab, site) spares itself the counting:
 * it looks at the events of one page in MEMTEL_COST_PAGES only. The mean of what was
 * timed stands for all events (estimate.h). What the kernel spends on calling a
 * probe is not in it.
 *
 * A sample may have been interrupted, or preempted where probes can be.
 * Interrupts take the same share of a probe's time as of any code's, which is
 * little; but few samples must not let one long pause, as of a virtual CPU that
 * was not run, speak for thousands of events: a sample counts COST_MAX_NS at
 * most.
 *
 * Locks. Counters are written by their CPU alone, in probes; what is made of
 * them is protected by memtel_source_lock.
 */
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/sched/clock.h>

#include "cost.h"
#include "counter.h"
#include "source.h"

#define COST_MAX_NS	(100 * NSEC_PER_USEC)
#define CLOCK_TRIES	16

/* Between two readings of the clock with nothing in between. */
static u64 clock_ns __ro_after_init = U64_MAX;

/* Context: any, in a probe. */
noinline void memtel_cost_spend(struct memtel_cost __percpu *cost, u64 begin_ns)
{
	u64 ns = ktime_get_mono_fast_ns() - begin_ns;

	this_cpu_inc(cost->samples);
	this_cpu_add(cost->ns, min(ns - min(ns, clock_ns), COST_MAX_NS));
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

static struct memtel_reading read_now(const struct memtel_source *source,
				      u64 now)
{
	return (struct memtel_reading) {
		.time_ns = now,
		.events = source->events ? source->events() :
			  memtel_counter_sum(&source->cost->events),
		.samples = memtel_counter_sum(&source->cost->samples),
		.sampled_ns = memtel_counter_sum(&source->cost->ns),
	};
}

/* A source was attached. Under memtel_source_lock. */
void memtel_cost_start(struct memtel_source *source, u64 now)
{
	const struct memtel_reading reading = read_now(source, now);

	memtel_estimate_start(&source->estimate, &reading);
}

/* Under memtel_source_lock, source attached. */
void memtel_cost_look(struct memtel_source *source, u64 now)
{
	const struct memtel_reading reading = read_now(source, now);

	memtel_estimate_look(&source->estimate, &reading, num_online_cpus());
}
