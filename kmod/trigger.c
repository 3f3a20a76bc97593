// SPDX-License-Identifier: GPL-2.0
/*
 * Triggers: a subscriber is told when a number grows by more than a threshold
 * within a window.
 *
 * Model. A metric (metric.c) is a sum of per-CPU counters that probes add to,
 * and, of times, what is under way: a stall counts from its first nanosecond,
 * not from its end. A look reads each sum that triggers watch, once, however many
 * they are (struct memtel_sample). Then it compares the sum, for each trigger,
 * with what it was a window ago (sliding.h); a level (level.h) makes of that value
 * that the trigger is raised or cleared. Both are pure.
 *
 * When to look. Nobody looks while nothing grows. A probe whose number grows, or
 * will, gives a hint (hint.h), and the first hint brings a look within an eighth
 * of the smallest threshold, but not within LOOK_MIN_NS. A look says when the
 * next is due: when the stalls under way, if no others begin, would reach the
 * threshold; an eighth of the threshold from now, if others may; when the hold
 * time is over; with the next step of the window, as long as the value is not 0.
 * So a threshold is seen crossed by a steady stall as it is crossed, and by
 * stalls that come thick and fast within an eighth of the threshold. Numbers
 * that change with every allocation give no hints; they are looked at once in a
 * step of the window, and at least once a second (POLL_MAX_NS). Numbers of the
 * collector are looked at once in each of its readings, with the reading's time:
 * between two of them nothing is known, and nothing is said. They are taken to
 * have grown evenly meanwhile, so readings that are further apart than the
 * window give the window's part of what grew.
 *
 * From probe to event. Hint → irq_work → hrtimer → work, which alone looks. The
 * work waits for nobody's memory: a message is kept for it (event.c), its
 * workqueue has a rescuer, and its locks are not held over anything that waits
 * for memory. Whatever wants a look, none begins until LOOK_SHARE times as long as
 * the last one took has passed: the looks together take no more than one part in
 * LOOK_SHARE of one CPU's time. A number that could not be looked at meanwhile is
 * taken to have grown evenly since the last look.
 *
 * Locks, in this order:
 * memtel_source_lock: adding and deleting; a trigger holds its sources.
 * memtel_trigger_lock: the list and all that a look changes. So nothing in the
 *	list loses its sources, and a look needs no other lock to read them.
 * due.lock: when the next look is; raw, taken in interrupts, innermost.
 */
#include <linux/cred.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/minmax.h>
#include <linux/moduleparam.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "collect.h"
#include "cost.h"
#include "event.h"
#include "evidence.h"
#include "hint.h"
#include "metric.h"
#include "owner.h"
#include "source.h"
#include "trigger.h"

#define LOOK_MIN_NS	NSEC_PER_MSEC
#define LOOK_MAX_NS	(100 * NSEC_PER_MSEC)
#define POLL_MIN_NS	(10 * NSEC_PER_MSEC)
#define POLL_MAX_NS	NSEC_PER_SEC
#define LOOK_SHARE	20
#define NEVER		U64_MAX

static unsigned int triggers_per_user = 128;
static unsigned int triggers_max = 1024;

module_param(triggers_per_user, uint, 0644);
MODULE_PARM_DESC(triggers_per_user,
		 "Triggers a user may have (default 128); root is not bound by it");
module_param(triggers_max, uint, 0644);
MODULE_PARM_DESC(triggers_max,
		 "Triggers all users together may have (default 1024), those other than root three quarters of it");

/* Protects the list and all that a look changes; see above. */
DEFINE_MUTEX(memtel_trigger_lock);
LIST_HEAD(memtel_triggers);
unsigned int memtel_trigger_generation;

/* Numbers that triggers watch. Under memtel_trigger_lock. */
static LIST_HEAD(samples);

/* What a look takes with it. Under memtel_trigger_lock. */
static struct {
	struct memtel_evidence evidence;
} look;

/* Under memtel_source_lock. */
static u32 next_id = 1;
static unsigned int nr_triggers;
static bool is_stopped = true;

/* Under memtel_trigger_lock: bits of the sources that listed triggers can read. */
static unsigned int held;

struct memtel_hint memtel_hint;

/* How soon a look follows a hint; changes with the list. */
static u64 hint_delay_ns = LOOK_MIN_NS;

/*
 * When the next look is and before when none is, and what brings one about.
 * @late_ns: for how long none could be, since the last one began. Both are
 *           written under memtel_trigger_lock, too
 */
static struct {
	raw_spinlock_t lock;
	u64 ns;
	u64 not_before_ns;
	u64 late_ns;
	struct hrtimer timer;
	struct irq_work hint;
	struct work_struct look;
	struct workqueue_struct *wq;
} due = {
	.lock = __RAW_SPIN_LOCK_UNLOCKED(due.lock),
	.ns = NEVER,
};

/* There will be a look at this time, or before, but when there may be one. */
static void look_at(u64 ns)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&due.lock, flags);
	ns = max(ns, due.not_before_ns);
	if (ns < due.ns) {
		due.ns = ns;
		hrtimer_start(&due.timer, ns_to_ktime(ns), HRTIMER_MODE_ABS);
	}
	raw_spin_unlock_irqrestore(&due.lock, flags);
}

static void look_soon(void)
{
	look_at(ktime_get_mono_fast_ns());
}

/* A look that began then is over; it was on a CPU for so long. */
static void look_pause(u64 begin_ns, u64 took_ns)
{
	u64 end_ns = max(ktime_get_mono_fast_ns(), begin_ns);
	unsigned long flags;

	raw_spin_lock_irqsave(&due.lock, flags);
	due.not_before_ns = end_ns + took_ns * LOOK_SHARE;
	due.late_ns = due.not_before_ns - begin_ns;
	raw_spin_unlock_irqrestore(&due.lock, flags);
}

static enum hrtimer_restart on_timer(struct hrtimer *timer)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&due.lock, flags);
	due.ns = NEVER;
	raw_spin_unlock_irqrestore(&due.lock, flags);
	queue_work(due.wq, &due.look);
	return HRTIMER_NORESTART;
}

static void on_hint(struct irq_work *work)
{
	look_at(ktime_get_mono_fast_ns() + READ_ONCE(hint_delay_ns));
}

/* Context: any; a probe. */
noinline void memtel_hint_give(void)
{
	/* The number grew before: either a look sees that, or it wants this. */
	smp_mb();
	if (READ_ONCE(memtel_hint.is_wanted) &&
	    xchg(&memtel_hint.is_wanted, false))
		irq_work_queue(&due.hint);
}

static const struct memtel_metric_ops *
metric_of(const struct memtel_trigger *trigger)
{
	return &memtel_metrics[trigger->metric];
}

/* Time in which growth without bounds may pass before the next look. */
static u64 patience_ns(const struct memtel_trigger *trigger)
{
	if (!metric_of(trigger)->is_time)
		return POLL_MIN_NS;
	return clamp(trigger->level.threshold / 8, (u64)LOOK_MIN_NS,
		     (u64)LOOK_MAX_NS);
}

static u64 poll_ns(const struct memtel_trigger *trigger)
{
	return clamp(trigger->window_ns / MEMTEL_SLIDING_STEPS,
		     (u64)POLL_MIN_NS, (u64)POLL_MAX_NS);
}

/* When the trigger must be looked at again, if nobody hints. */
static u64 next_look(const struct memtel_trigger *trigger)
{
	const struct memtel_level *level = &trigger->level;
	u64 ns = NEVER, left;

	/* The next reading brings a look. */
	if (metric_of(trigger)->from == METRIC_COLLECTED)
		return NEVER;
	if (metric_of(trigger)->from == METRIC_POLLED)
		ns = poll_ns(trigger);
	if (trigger->value || level->is_raised)
		ns = min(ns, memtel_sliding_step_ns(&trigger->sliding));
	if (level->is_over)
		ns = min(ns, level->since_ns + level->hold_ns -
			     trigger->time_ns);
	if (trigger->open.nr && !level->is_raised && !level->is_over) {
		left = (level->threshold - trigger->value) / trigger->open.nr;
		ns = min3(ns, max(left, left + 1), patience_ns(trigger));
	}
	return ns == NEVER ? ns :
	       trigger->time_ns + max(ns, (u64)LOOK_MIN_NS);
}

/* Was what the metric reads shed? */
static bool is_blind(enum memtel_metric metric)
{
	const struct memtel_source *source = memtel_metrics[metric].source;

	lockdep_assert_held(&memtel_trigger_lock);
	return source && source->is_shed;
}

/**
 * memtel_trigger_is_blind() - was what it watches shed?
 * @trigger: the trigger
 *
 * Context: Process context under memtel_trigger_lock.
 */
bool memtel_trigger_is_blind(const struct memtel_trigger *trigger)
{
	return is_blind(trigger->metric);
}

/**
 * memtel_trigger_is_gone() - was what its scope names removed?
 * @trigger: the trigger
 *
 * Context: Process context under memtel_trigger_lock.
 */
bool memtel_trigger_is_gone(const struct memtel_trigger *trigger)
{
	const struct memtel_metric_ops *metric = metric_of(trigger);

	return metric->is_gone && !is_blind(trigger->metric) &&
	       metric->is_gone(&trigger->scope);
}

/* Of when is the number that would be read now? Returns whether it is new. */
static bool sample_time(struct memtel_sample *sample)
{
	const struct memtel_metric_ops *metric =
		&memtel_metrics[sample->metric];
	const struct memtel_collection *reading;

	if (metric->from != METRIC_COLLECTED) {
		sample->time_ns = ktime_get_mono_fast_ns();
		return true;
	}
	reading = memtel_collect_last();
	if (!reading || reading->time_ns == sample->time_ns)
		return false;
	/* What was read before a reset says nothing of what is since. */
	if (metric->source &&
	    reading->begin_ns <= READ_ONCE(metric->source->since_ns))
		return false;
	sample->time_ns = reading->time_ns;
	sample->begin_ns = reading->begin_ns;
	return true;
}

/* The metric's total, with what is under way. */
static u64 read_number(struct memtel_sample *sample)
{
	const struct memtel_metric_ops *metric =
		&memtel_metrics[sample->metric];
	u64 number = metric->total(&sample->scope);

	sample->open = (struct memtel_open) {};
	if (metric->open)
		metric->open(&sample->scope, sample->time_ns, &sample->open);
	return number + sample->open.ns;
}

/* Read it, if there is anything new. */
static void read_sample(struct memtel_sample *sample)
{
	const struct memtel_metric_ops *metric =
		&memtel_metrics[sample->metric];
	u64 since_ns = 0, number;

	sample->is_new = !is_blind(sample->metric) && sample_time(sample);
	if (!sample->is_new)
		return;
	if (metric->source)
		/* Before the number: pairs with memtel_source_reset(). */
		since_ns = smp_load_acquire(&metric->source->since_ns);
	number = read_number(sample);
	/* What ends just now may be in neither of the two numbers. */
	if (!metric->is_gauge && since_ns == sample->since_ns)
		number = max(number, sample->number);
	sample->since_ns = since_ns;
	sample->number = number;
}

static void start(struct memtel_trigger *trigger, u64 time, u64 number)
{
	memtel_sliding_start(&trigger->sliding, trigger->window_ns,
			     metric_of(trigger)->from != METRIC_HINTED, time,
			     number);
	trigger->is_started = true;
}

/*
 * A reset of its source begins anew, at what is under way now; of what is read
 * periodically at zero, when that was, for some may have been counted since.
 */
static void restart(struct memtel_trigger *trigger,
		    const struct memtel_sample *sample)
{
	u64 ago_ns = ktime_get_boottime_ns() - sample->since_ns;
	u64 now = ktime_get_mono_fast_ns();

	if (metric_of(trigger)->from == METRIC_HINTED)
		start(trigger, sample->time_ns, sample->number);
	else
		start(trigger, clamp(now - min(ago_ns, now), trigger->time_ns,
				     sample->time_ns), 0);
}

/*
 * May it have grown long before this look, which alone was not let come? What
 * grew after that time gave a hint, and is new.
 */
static bool is_late(const struct memtel_trigger *trigger)
{
	u64 step_ns = memtel_sliding_step_ns(&trigger->sliding);

	return due.late_ns > step_ns &&
	       trigger->sample->time_ns <= due.not_before_ns +
					   max(hint_delay_ns, step_ns);
}

/* Take in the sample: what has the number grown by? */
static void update(struct memtel_trigger *trigger)
{
	const struct memtel_sample *sample = trigger->sample;

	if (!trigger->is_started)
		start(trigger, sample->time_ns, sample->number);
	else if (trigger->since_ns != sample->since_ns)
		restart(trigger, sample);
	trigger->since_ns = sample->since_ns;
	trigger->time_ns = sample->time_ns;
	trigger->open = sample->open;
	trigger->sliding.is_late = is_late(trigger);
	trigger->value = memtel_sliding_look(&trigger->sliding,
					     sample->time_ns, sample->number,
					     &trigger->interval_ns);
}

/* What it asks of evidence. */
static struct memtel_evidence_ask ask_of(const struct memtel_trigger *trigger,
					 u64 now)
{
	unsigned int by = metric_of(trigger)->by;

	return (struct memtel_evidence_ask) {
		.scope = &trigger->scope,
		.is_by_cache = by & METRIC_BY_CACHE,
		.is_by_shrinker = by & METRIC_BY_SHRINKER,
		.by_allocs = trigger->metric == MEMTEL_METRIC_SLAB_ALLOCS,
		.now_ns = now,
		.window_ns = trigger->window_ns,
		.held = held,
	};
}

static bool is_same_ask(const struct memtel_evidence_ask *a,
			const struct memtel_evidence_ask *b)
{
	return a->now_ns == b->now_ns && a->window_ns == b->window_ns &&
	       a->by_allocs == b->by_allocs &&
	       a->scope->nid == b->scope->nid &&
	       a->scope->zid == b->scope->zid &&
	       !strcmp(a->scope->name, b->scope->name) &&
	       (!a->scope->name[0] || a->is_by_cache == b->is_by_cache);
}

/* What does its level make of its value? */
static void judge(struct memtel_trigger *trigger)
{
	u64 since_ns = trigger->level.since_ns;

	trigger->change = memtel_level_look(&trigger->level, trigger->time_ns,
					    trigger->value);
	trigger->changed_ns = trigger->time_ns - since_ns;
}

/* Tell a trigger that was raised, and all others that have the same evidence. */
static void tell_raised(struct memtel_trigger *first, u64 now)
{
	const struct memtel_evidence_ask ask = ask_of(first, now);
	bool is_heard = memtel_event_is_heard();
	struct memtel_trigger *trigger = first;

	if (is_heard)
		memtel_evidence_take(&look.evidence, &ask);
	list_for_each_entry_from(trigger, &memtel_triggers, list) {
		const struct memtel_evidence_ask own = ask_of(trigger, now);

		if (trigger->change != MEMTEL_LEVEL_RAISED ||
		    !is_same_ask(&own, &ask))
			continue;
		if (is_heard)
			memtel_cause_find(&look.evidence, trigger->metric);
		memtel_event_raised(trigger, is_heard ? &look.evidence : NULL);
		trigger->change = MEMTEL_LEVEL_SAME;
	}
	cond_resched();
}

static void tell(struct memtel_trigger *trigger, u64 now)
{
	if (trigger->change == MEMTEL_LEVEL_RAISED)
		tell_raised(trigger, now);
	if (trigger->change == MEMTEL_LEVEL_CLEARED)
		memtel_event_cleared(trigger, trigger->changed_ns);
	trigger->change = MEMTEL_LEVEL_SAME;
}

/* Is there a number for it, of after it was added? */
static bool has_news(const struct memtel_trigger *trigger)
{
	const struct memtel_sample *sample = trigger->sample;

	return sample->is_new &&
	       (metric_of(trigger)->from != METRIC_COLLECTED ||
		sample->begin_ns > trigger->added_ns);
}

/* Look at all triggers. Returns when they must be looked at again. */
static u64 look_at_all(void)
{
	struct memtel_trigger *trigger;
	struct memtel_sample *sample;
	u64 now, next = NEVER;

	lockdep_assert_held(&memtel_trigger_lock);
	list_for_each_entry(sample, &samples, list) {
		read_sample(sample);
		cond_resched();
	}
	/* All numbers are there: the evidence of one trigger takes its time. */
	now = ktime_get_mono_fast_ns();
	list_for_each_entry(trigger, &memtel_triggers, list) {
		if (!has_news(trigger))
			continue;
		update(trigger);
		judge(trigger);
		next = min(next, next_look(trigger));
		cond_resched();
	}
	list_for_each_entry(trigger, &memtel_triggers, list)
		tell(trigger, now);
	memtel_events_send();
	memtel_evidence_mark(now, held);
	return next;
}

static void on_look(struct work_struct *work)
{
	struct memtel_work_scope scope;
	u64 begin_ns, took_ns, next = NEVER;
	bool has_looked = false;

	memtel_work_begin(&scope, MEMTEL_WORK_KIND_LOOKS);
	mutex_lock(&memtel_trigger_lock);
	/* Then none is wanted any more: memtel_triggers_exit() relies on that. */
	if (list_empty(&memtel_triggers))
		goto out;
	begin_ns = ktime_get_mono_fast_ns();
	if (begin_ns < due.not_before_ns) {
		/* It was wanted while the last one was under way. */
		next = due.not_before_ns;
		goto out;
	}
	/* Before the numbers are read: later growth hints again. */
	WRITE_ONCE(memtel_hint.is_wanted, true);
	/* Pairs with that of a hint, after its number grew. */
	smp_mb();
	memtel_collect_get();
	next = look_at_all();
	memtel_collect_put();
	has_looked = true;
out:
	took_ns = memtel_work_end(&scope);
	if (has_looked)
		look_pause(begin_ns, took_ns);
	if (next != NEVER)
		look_at(next);
	mutex_unlock(&memtel_trigger_lock);
}

/* The collector has read the caches. */
static void on_collected(void)
{
	look_soon();
}

/* What depends on which triggers there are. */
static void list_changed(void)
{
	u64 delay_ns = LOOK_MAX_NS, period_ns = NEVER;
	struct memtel_trigger *trigger;
	unsigned int i;

	lockdep_assert_held(&memtel_source_lock);
	lockdep_assert_held(&memtel_trigger_lock);
	held = 0;
	list_for_each_entry(trigger, &memtel_triggers, list) {
		held |= trigger->held;
		delay_ns = min(delay_ns, patience_ns(trigger));
		if (metric_of(trigger)->from == METRIC_COLLECTED)
			period_ns = min(period_ns, poll_ns(trigger));
		else if (trigger->has_evidence)
			period_ns = min(period_ns, (u64)POLL_MAX_NS);
	}
	for (i = 0; i < memtel_nr_sources; i++)
		if (memtel_sources[i]->is_shed)
			held &= ~BIT(i);
	WRITE_ONCE(hint_delay_ns, delay_ns);
	WRITE_ONCE(memtel_hint.is_armed, !list_empty(&memtel_triggers));
	memtel_collect_every(period_ns == NEVER ? 0 : period_ns);
	memtel_trigger_generation++;
}

/**
 * memtel_triggers_sources_changed() - a source was shed or taken back
 *
 * Context: Process context under both locks.
 */
void memtel_triggers_sources_changed(void)
{
	list_changed();
	/* What it counts begins at zero: the first look says so. */
	look_soon();
}

static struct memtel_holder holder_of(const struct memtel_trigger *trigger)
{
	return (struct memtel_holder) {
		.kind = MEMTEL_HOLD_KIND_TRIGGER,
		.portid = trigger->portid,
		.trigger = trigger->id,
	};
}

static void release_sources(const struct memtel_trigger *trigger)
{
	unsigned int i;

	lockdep_assert_held(&memtel_source_lock);
	for (i = 0; i < memtel_nr_sources; i++)
		if (trigger->held & BIT(i))
			memtel_source_release(memtel_sources[i],
					      holder_of(trigger));
}

/*
 * The metric's source must be had; of the others, for evidence, those that can be:
 * trigger-get says which of them are missing.
 */
static int hold_sources(struct memtel_trigger *trigger,
			struct netlink_ext_ack *extack)
{
	const struct memtel_source *needed = metric_of(trigger)->source;
	unsigned int i;
	int err;

	lockdep_assert_held(&memtel_source_lock);
	for (i = 0; i < memtel_nr_sources; i++) {
		struct memtel_source *source = memtel_sources[i];

		if (source != needed &&
		    (!trigger->has_evidence || memtel_source_cannot(source)))
			continue;
		err = memtel_source_hold(source, holder_of(trigger),
					 source == needed ? extack : NULL);
		if (!err) {
			trigger->held |= BIT(i);
		} else if (source == needed) {
			release_sources(trigger);
			return err;
		}
	}
	return 0;
}

/* What its scope names has to be kept. The sources are held. */
static int watch_scope(const struct memtel_trigger *trigger,
		       struct netlink_ext_ack *extack)
{
	const struct memtel_metric_ops *metric = metric_of(trigger);

	lockdep_assert_held(&memtel_source_lock);
	return metric->watch ? metric->watch(&trigger->scope, extack) : 0;
}

static void unwatch_scope(const struct memtel_trigger *trigger)
{
	const struct memtel_metric_ops *metric = metric_of(trigger);

	lockdep_assert_held(&memtel_source_lock);
	if (metric->unwatch)
		metric->unwatch(&trigger->scope);
}

static int check_quota(const struct memtel_trigger *wish,
		       struct netlink_ext_ack *extack)
{
	struct memtel_trigger *trigger;
	unsigned int nr = 0, others = 0;

	lockdep_assert_held(&memtel_source_lock);
	if (nr_triggers >= READ_ONCE(triggers_max)) {
		NL_SET_ERR_MSG(extack,
			       "there are as many triggers as triggers_max allows");
		return -EDQUOT;
	}
	if (uid_eq(wish->uid, GLOBAL_ROOT_UID))
		return 0;
	list_for_each_entry(trigger, &memtel_triggers, list) {
		nr += uid_eq(trigger->uid, wish->uid);
		others += !uid_eq(trigger->uid, GLOBAL_ROOT_UID);
	}
	/* A part is kept for root, whom nobody can shut out so. */
	if (others >= READ_ONCE(triggers_max) / 4 * 3) {
		NL_SET_ERR_MSG(extack,
			       "users other than root have three quarters of triggers_max");
		return -EDQUOT;
	}
	if (nr >= READ_ONCE(triggers_per_user)) {
		NL_SET_ERR_MSG(extack,
			       "the user has as many triggers as triggers_per_user allows");
		return -EDQUOT;
	}
	return 0;
}

static struct memtel_trigger *find_trigger(u32 id)
{
	struct memtel_trigger *trigger;

	lockdep_assert_held(&memtel_source_lock);
	list_for_each_entry(trigger, &memtel_triggers, list)
		if (trigger->id == id)
			return trigger;
	return NULL;
}

/* Its holds are told from others' by the id. */
static u32 free_id(void)
{
	while (!next_id || find_trigger(next_id))
		next_id++;
	return next_id++;
}

static bool is_same_number(const struct memtel_sample *a,
			   const struct memtel_sample *b)
{
	return a->metric == b->metric && a->scope.nid == b->scope.nid &&
	       a->scope.zid == b->scope.zid &&
	       a->scope.cgroup_id == b->scope.cgroup_id &&
	       !strcmp(a->scope.name, b->scope.name);
}

/* Watch a number: the one that others watch, or this. */
static void watch(struct memtel_trigger *trigger, struct memtel_sample **own)
{
	struct memtel_sample *sample;

	lockdep_assert_held(&memtel_trigger_lock);
	list_for_each_entry(sample, &samples, list)
		if (is_same_number(sample, *own))
			goto found;
	sample = *own;
	*own = NULL;
	list_add_tail(&sample->list, &samples);
found:
	sample->nr_triggers++;
	trigger->sample = sample;
}

/* Returns the number, if nobody watches it any more, to be freed. */
static struct memtel_sample *unwatch(struct memtel_trigger *trigger)
{
	struct memtel_sample *sample = trigger->sample;

	lockdep_assert_held(&memtel_trigger_lock);
	if (--sample->nr_triggers)
		return NULL;
	list_del(&sample->list);
	return sample;
}

/* What the number is now: all before does not count. */
static void begin(struct memtel_trigger *trigger)
{
	/* The next reading of the collector says so. */
	if (metric_of(trigger)->from == METRIC_COLLECTED)
		return;
	read_sample(trigger->sample);
	if (has_news(trigger))
		update(trigger);
}

/**
 * struct memory - what is allocated for a trigger before any lock is taken
 * @sample: for its number, if no other watches that; NULL once used
 * @room: for the evidence of all, if it is the first; NULL once used
 * @is_short: it turned out to be the first, and there was no room
 */
struct memory {
	struct memtel_sample *sample;
	struct memtel_evidence_room *room;
	bool is_short;
};

static int add(struct memtel_trigger *trigger, struct memory *memory,
	       struct netlink_ext_ack *extack)
{
	int err;

	lockdep_assert_held(&memtel_source_lock);
	if (is_stopped) {
		NL_SET_ERR_MSG(extack, "the module is being unloaded");
		return -ESHUTDOWN;
	}
	err = check_quota(trigger, extack);
	if (err)
		return err;
	/* The last trigger went while this one was on its way. */
	memory->is_short = !nr_triggers && !memory->room;
	if (memory->is_short)
		return -ENOMEM;
	trigger->id = free_id();
	err = hold_sources(trigger, extack);
	if (err)
		return err;
	err = watch_scope(trigger, extack);
	if (err) {
		release_sources(trigger);
		return err;
	}
	mutex_lock(&memtel_trigger_lock);
	list_add_tail(&trigger->list, &memtel_triggers);
	watch(trigger, &memory->sample);
	begin(trigger);
	if (!nr_triggers) {
		memtel_evidence_start(memory->room);
		memory->room = NULL;
	}
	WRITE_ONCE(nr_triggers, nr_triggers + 1);
	list_changed();
	mutex_unlock(&memtel_trigger_lock);
	return 0;
}

/*
 * No lock is held over an allocation, but for those of a source that is attached
 * and of what its scope names: who waits for memory delays nobody else. The
 * room for evidence serves all; a number that is watched is paid for by the first
 * who watches it.
 */
static int alloc_memory(const struct memtel_trigger *trigger,
			struct memory *memory)
{
	*memory = (struct memory) {
		.sample = kzalloc(sizeof(*memory->sample), GFP_KERNEL_ACCOUNT),
	};
	if (!memory->sample)
		return -ENOMEM;
	INIT_LIST_HEAD(&memory->sample->list);
	memory->sample->metric = trigger->metric;
	memory->sample->scope = trigger->scope;
	if (READ_ONCE(nr_triggers))
		return 0;
	memory->room = memtel_evidence_room_alloc();
	return memory->room ? 0 : -ENOMEM;
}

static void free_memory(struct memory *memory)
{
	memtel_evidence_room_free(memory->room);
	kfree(memory->sample);
}

static int alloc_and_add(struct memtel_trigger *trigger, u32 *id,
			 struct netlink_ext_ack *extack)
{
	struct memory memory;
	int err;

	do {
		err = alloc_memory(trigger, &memory);
		if (!err) {
			mutex_lock(&memtel_source_lock);
			err = add(trigger, &memory, extack);
			/* Once unlocked another request may delete it. */
			if (!err)
				*id = trigger->id;
			mutex_unlock(&memtel_source_lock);
		}
		free_memory(&memory);
	} while (memory.is_short);
	return err;
}

/**
 * memtel_trigger_add() - add a trigger
 * @wish: metric, scope, zone, window, evidence, level and socket are taken
 * @id: set to its number
 * @extack: told why not
 *
 * What the number was before it was added does not count.
 *
 * Context: Process context; current is who asks.
 * Return: 0, -EDQUOT, -ENOMEM, -EOPNOTSUPP, -ESHUTDOWN, -ENOENT for a cgroup
 * that is not there, -ENOSPC for one that finds no row, or what registering a
 * probe returned.
 */
int memtel_trigger_add(const struct memtel_trigger *wish, u32 *id,
		       struct netlink_ext_ack *extack)
{
	struct memtel_trigger *trigger;
	int err;

	trigger = kmemdup(wish, sizeof(*wish), GFP_KERNEL_ACCOUNT);
	if (!trigger)
		return -ENOMEM;
	trigger->uid = current_uid();
	trigger->pid = task_tgid_nr(current);
	get_task_comm(trigger->comm, current);
	trigger->added_ns = ktime_get_boottime_ns();

	err = memtel_owner_get(trigger->socket, trigger->portid, extack);
	if (err)
		goto err_free;
	err = alloc_and_add(trigger, id, extack);
	if (err)
		goto err_owner;
	/* When the next look is depends on what is under way now. */
	look_soon();
	return 0;

err_owner:
	memtel_owner_put(trigger->socket, trigger->portid);
err_free:
	kfree(trigger);
	return err;
}

static void drop(struct memtel_trigger *trigger)
{
	struct memory memory = {};

	lockdep_assert_held(&memtel_source_lock);
	mutex_lock(&memtel_trigger_lock);
	list_del(&trigger->list);
	memory.sample = unwatch(trigger);
	WRITE_ONCE(nr_triggers, nr_triggers - 1);
	list_changed();
	if (!nr_triggers)
		memory.room = memtel_evidence_stop();
	mutex_unlock(&memtel_trigger_lock);
	free_memory(&memory);
	unwatch_scope(trigger);
	release_sources(trigger);
	/* Last: when nothing is left of a socket its close waits for nobody. */
	memtel_owner_put(trigger->socket, trigger->portid);
	kfree(trigger);
}

/* Those of sockets that are being closed, or all there are. */
static void drop_triggers(bool dead_only)
{
	struct memtel_trigger *trigger, *next;

	lockdep_assert_held(&memtel_source_lock);
	list_for_each_entry_safe(trigger, next, &memtel_triggers, list)
		if (!dead_only || memtel_socket_is_dead(trigger->socket))
			drop(trigger);
}

/**
 * memtel_trigger_delete() - delete a trigger of a socket
 * @id: which
 * @socket: whose
 *
 * Context: Process context.
 * Return: 0, or -ENOENT when it has none of that id.
 */
int memtel_trigger_delete(u32 id, const struct sock *socket)
{
	struct memtel_trigger *trigger;
	int err = -ENOENT;

	mutex_lock(&memtel_source_lock);
	trigger = find_trigger(id);
	if (trigger && trigger->socket == socket) {
		drop(trigger);
		err = 0;
	}
	mutex_unlock(&memtel_source_lock);
	return err;
}

/**
 * memtel_triggers_release_dead() - a netlink socket closed: drop its triggers
 *
 * Context: Process context.
 */
void memtel_triggers_release_dead(void)
{
	mutex_lock(&memtel_source_lock);
	drop_triggers(true);
	mutex_unlock(&memtel_source_lock);
}

/**
 * memtel_triggers_init() - let triggers in
 *
 * Return: 0 or -ENOMEM.
 */
int __init memtel_triggers_init(void)
{
	due.wq = alloc_workqueue("memtel", WQ_UNBOUND | WQ_HIGHPRI |
				 WQ_MEM_RECLAIM, 1);
	if (!due.wq)
		return -ENOMEM;
	hrtimer_setup(&due.timer, on_timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	init_irq_work(&due.hint, on_hint);
	INIT_WORK(&due.look, on_look);
	memtel_collect_init(on_collected);
	is_stopped = false;
	return 0;
}

/* Delete all and let none in any more; the family is still there. */
void memtel_triggers_stop(void)
{
	mutex_lock(&memtel_source_lock);
	is_stopped = true;
	drop_triggers(false);
	mutex_unlock(&memtel_source_lock);
	/* A look that is under way may still send. */
	flush_workqueue(due.wq);
}

/* No probe runs any more, and there is no trigger: nothing starts anew. */
void memtel_triggers_exit(void)
{
	memtel_collect_exit();
	irq_work_sync(&due.hint);
	hrtimer_cancel(&due.timer);
	destroy_workqueue(due.wq);
}
