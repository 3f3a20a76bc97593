// SPDX-License-Identifier: GPL-2.0
/*
 * What memtel's own probes and works cost.
 *
 * Probes. A probe that runs is timed once in so many events of its CPU; what it
 * takes to read the clock, measured at load, is subtracted. What was timed
 * stands for all events (estimate.h), so it has to be as quick as they are: code
 * that only timed events run is run just before, so that no cache lacks it. What
 * the kernel spends on calling a probe is not in it.
 *
 * The clock does not stop while the CPU is not the probe's: while it is
 * interrupted, preempted where probes can be, or not run by a hypervisor. So the
 * samples are counted by their length, and the estimate tells few long ones from
 * a probe that is slow.
 *
 * Works. What memtel does by itself in a task (enum memtel_work_kind) is timed
 * each time: the time its task was on a CPU, without that for which it waited for
 * a lock or was preempted. The scheduler has that time, up to when it last looked
 * at the task, and the CPU's clock has the rest. Where the task has moved to a CPU
 * with another clock the rest is not known, which is less than a tick. Interrupts,
 * and what a hypervisor took meanwhile, are not told apart: works are long enough
 * to have their share of both, as all tasks have.
 *
 * Locks. Counters of probes are written by their CPU alone, in probes; what is made of
 * them is protected by memtel_source_lock. A work does not run beside
 * itself, and adds to its own counters at its end.
 */
#include <linux/atomic.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>

#include "cost.h"
#include "counter.h"
#include "source.h"

#define CLOCK_TRIES	16

/* Between two readings of the clock with nothing in between. */
static u64 clock_ns __ro_after_init = U64_MAX;

/* Context: any, in a probe. */
noinline void memtel_cost_spend(struct memtel_cost __percpu *cost, u64 ns)
{
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

/**
 * struct cost_work - a kind of work
 * @runs: how often it was done
 * @ns: the time that took
 * @last_ns: of that, what was there at the last look
 * @share_ppm: of all CPUs' time, smoothed
 *
 * The last two are protected by memtel_source_lock.
 */
static struct cost_work {
	atomic64_t runs;
	atomic64_t ns;
	u64 last_ns;
	u32 share_ppm;
} cost_works[MEMTEL_WORK_KIND_MAX + 1];

/*
 * CLOCK_BOOTTIME of the last look, 0 when none was, and whether there was one
 * before it, so that there are shares. Written under memtel_source_lock.
 */
static u64 cost_works_ns;
static bool cost_has_shares;

static void cost_work_time(struct memtel_work_time *time)
{
	unsigned long flags;

	/* The tick changes both numbers of the scheduler's. */
	local_irq_save(flags);
	time->clock_ns = local_clock();
	time->cpu = raw_smp_processor_id();
	/*
	 * So may another CPU, that wakes a task on this one: then the two are
	 * off by less than a tick.
	 */
	time->exec_ns = data_race(current->se.sum_exec_runtime);
	/* As above. */
	time->since_ns = time->clock_ns - data_race(current->se.exec_start);
	local_irq_restore(flags);
}

/**
 * memtel_work_begin() - a work of memtel's own begins
 * @scope: filled
 * @kind: what work
 *
 * Context: Process context.
 */
void memtel_work_begin(struct memtel_work_scope *scope,
		       enum memtel_work_kind kind)
{
	scope->kind = kind;
	cost_work_time(&scope->begin);
}

/**
 * memtel_work_end() - it ends, in the same task
 * @scope: what memtel_work_begin() filled
 *
 * Return: how long the task was on a CPU meanwhile, ns.
 */
u64 memtel_work_end(const struct memtel_work_scope *scope)
{
	struct cost_work *work = &cost_works[scope->kind];
	const struct memtel_work_time *begin = &scope->begin;
	struct memtel_work_time end;
	s64 ns, most_ns;

	cost_work_time(&end);
	ns = end.exec_ns - begin->exec_ns;
	most_ns = end.clock_ns - begin->clock_ns;
	if (end.cpu == begin->cpu)
		ns += end.since_ns - begin->since_ns;
	atomic64_inc(&work->runs);
	/* Clocks of two CPUs may differ a little. */
	ns = clamp_t(s64, ns, 0, max_t(s64, most_ns, 0));
	atomic64_add(ns, &work->ns);
	return ns;
}

/**
 * memtel_work_read() - what a kind of work took
 * @kind: what work
 * @cost: filled
 */
void memtel_work_read(enum memtel_work_kind kind, struct memtel_work_cost *cost)
{
	const struct cost_work *work = &cost_works[kind];

	cost->runs = atomic64_read(&work->runs);
	cost->ns = atomic64_read(&work->ns);
	cost->share_ppm = READ_ONCE(work->share_ppm);
	cost->has_share = READ_ONCE(cost_has_shares);
}

/**
 * memtel_works_look() - make shares of what the works took since the last look
 * @now: CLOCK_BOOTTIME
 *
 * Return: the share of all of them, in ppm.
 */
u64 memtel_works_look(u64 now)
{
	u64 cpu_us = cost_works_ns ? (now - cost_works_ns) / NSEC_PER_USEC *
				     num_online_cpus() : 0;
	struct cost_work *work = cost_works;
	u64 ns, sum_ppm = 0;
	u32 share_ppm;

	lockdep_assert_held(&memtel_source_lock);
	for (; work < cost_works + ARRAY_SIZE(cost_works); work++) {
		ns = atomic64_read(&work->ns);
		share_ppm = memtel_share_smooth(work->share_ppm,
						ns - work->last_ns, cpu_us);
		WRITE_ONCE(work->share_ppm, share_ppm);
		work->last_ns = ns;
		sum_ppm += share_ppm;
	}
	WRITE_ONCE(cost_has_shares, cost_works_ns);
	cost_works_ns = now;
	return sum_ppm;
}

/* Nobody looks any more: the shares are not known until somebody does. */
void memtel_works_forget(void)
{
	struct cost_work *work = cost_works;

	lockdep_assert_held(&memtel_source_lock);
	for (; work < cost_works + ARRAY_SIZE(cost_works); work++)
		WRITE_ONCE(work->share_ppm, 0);
	WRITE_ONCE(cost_has_shares, false);
	cost_works_ns = 0;
}
