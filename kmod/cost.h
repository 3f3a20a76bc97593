/* SPDX-License-Identifier: GPL-2.0 */
/* What memtel's own probes and works cost. See cost.c. */
#ifndef _MEMTEL_COST_H
#define _MEMTEL_COST_H

#include <linux/compiler.h>
#include <linux/memtel.h>
#include <linux/percpu.h>
#include <linux/timekeeping.h>
#include <linux/types.h>

#include "estimate.h"

/* One event of so many is timed, on each CPU, beginning with its first. */
#define MEMTEL_COST_EVERY	256

/*
 * Of a source whose events are too frequent for that: one of fewer, but only of
 * one page of so many.
 */
#define MEMTEL_COST_PAGES	64
#define MEMTEL_COST_PAGES_EVERY	8

/**
 * struct memtel_cost - what a CPU's probes of a source cost
 * @events: probes called; of those that were looked at whether to time them
 * @timed: those that were timed, by how long they took
 *
 * Written by the CPU alone, never set back.
 */
struct memtel_cost {
	u64 events;
	struct memtel_timed timed[MEMTEL_ESTIMATE_BUCKETS];
};

/**
 * struct memtel_cost_scope - a probe that runs
 * @cost: where its time goes
 * @begin_ns: when it began; 0 when it is not timed
 */
struct memtel_cost_scope {
	struct memtel_cost __percpu *cost;
	u64 begin_ns;
};

void memtel_cost_spend(struct memtel_cost __percpu *cost, u64 ns);

static __always_inline struct memtel_cost_scope
memtel_cost_enter(struct memtel_cost __percpu *cost, bool is_timed)
{
	struct memtel_cost_scope scope = { .cost = cost };

	if (unlikely(is_timed)) {
		/*
		 * Once for nothing: the clock is seldom read here, and what the
		 * CPU takes to get its code and data is no part of the probe.
		 */
		ktime_get_mono_fast_ns();
		scope.begin_ns = ktime_get_mono_fast_ns();
	}
	return scope;
}

/* Count an event: is it one to time? */
static __always_inline bool
memtel_cost_is_due(struct memtel_cost __percpu *cost, unsigned int every)
{
	bool is_due = !(this_cpu_read(cost->events) % every);

	this_cpu_inc(cost->events);
	return is_due;
}

static __always_inline void memtel_cost_leave(struct memtel_cost_scope *scope)
{
	if (unlikely(scope->begin_ns))
		memtel_cost_spend(scope->cost, ktime_get_mono_fast_ns() -
					       scope->begin_ns);
}

/* In a probe: from here to where it returns is its cost, timed if @is_timed. */
#define MEMTEL_COST_IF(cost_, is_timed)					\
	struct memtel_cost_scope cost_scope				\
		__attribute__((__cleanup__(memtel_cost_leave))) =	\
		memtel_cost_enter(cost_, is_timed)

/* The same, timed once in @every. */
#define MEMTEL_COST_OF(cost_, every)					\
	MEMTEL_COST_IF(cost_, memtel_cost_is_due(cost_, every))

#define MEMTEL_COST(cost_)	MEMTEL_COST_OF(cost_, MEMTEL_COST_EVERY)

/* Is an object on a page of which the events are looked at whether to time? */
static __always_inline bool memtel_cost_has_page(const void *object)
{
	return !((unsigned long)object & (MEMTEL_COST_PAGES - 1) << PAGE_SHIFT);
}

/**
 * struct memtel_work_time - how long a task has been on a CPU
 * @clock_ns: when that was read
 * @cpu: the CPU it was on then
 * @exec_ns: for how long, up to when the scheduler last looked
 * @since_ns: for how long since then, by the CPU's clock
 */
struct memtel_work_time {
	u64 clock_ns;
	int cpu;
	u64 exec_ns;
	u64 since_ns;
};

/**
 * struct memtel_work_scope - a work of memtel's own that runs
 * @kind: what work
 * @begin: its task's time when it began
 */
struct memtel_work_scope {
	enum memtel_work_kind kind;
	struct memtel_work_time begin;
};

/**
 * struct memtel_work_cost - what a kind of work took
 * @runs: how often it was done
 * @ns: time on a CPU
 * @share_ppm: of all CPUs' time, smoothed
 * @has_share: whether that is known
 */
struct memtel_work_cost {
	u64 runs;
	u64 ns;
	u32 share_ppm;
	bool has_share;
};

void memtel_work_begin(struct memtel_work_scope *scope,
		       enum memtel_work_kind kind);
u64 memtel_work_end(const struct memtel_work_scope *scope);
void memtel_work_read(enum memtel_work_kind kind,
		      struct memtel_work_cost *cost);
u64 memtel_works_look(u64 now);
void memtel_works_forget(void);

struct memtel_source;

void memtel_cost_init(void);
void memtel_cost_start(struct memtel_source *source, u64 now);
void memtel_cost_look(struct memtel_source *source, u64 now);

#endif /* _MEMTEL_COST_H */
