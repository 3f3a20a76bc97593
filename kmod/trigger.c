// SPDX-License-Identifier: GPL-2.0
/*
 * Triggers: a subscriber is told when a number grows by more than a threshold
 * within a window.
 *
 * Model. A metric (metric.c) is a sum of per-CPU counters that probes add to,
 * and, of times, what is under way: a stall counts from its first nanosecond,
 * not from its end. A look reads the sum of each trigger and compares it with
 * what it was a window ago (sliding.h); a level (level.h) makes of that value
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
 * step of the window, and at least once a second (POLL_MAX_NS).
 *
 * From probe to event. Hint → irq_work → hrtimer → work, which alone looks. The
 * work waits for nobody's memory: it may use the reserves (it needs a message's
 * worth at a time), its workqueue has a rescuer, and its locks are not held
 * over anything that waits for memory. The looks together take no more than one
 * part in LOOK_SHARE of one CPU's time, unless that would make one late by more
 * than LOOK_MAX_NS.
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
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "collect.h"
#include "event.h"
#include "evidence.h"
#include "hint.h"
#include "metric.h"
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

/* Under memtel_source_lock. */
static u32 next_id = 1;
static unsigned int nr_triggers;
static bool is_stopped = true;

/* Under memtel_trigger_lock: bits of the sources that listed triggers can read. */
static unsigned int held;

struct memtel_hint memtel_hint;

/* How soon a look follows a hint; changes with the list. */
static u64 hint_delay_ns = LOOK_MIN_NS;

/* When the next look is, and what brings it about. */
static struct {
	raw_spinlock_t lock;
	u64 ns;
	struct hrtimer timer;
	struct irq_work hint;
	struct work_struct look;
	struct workqueue_struct *wq;
} due = {
	.lock = __RAW_SPIN_LOCK_UNLOCKED(due.lock),
	.ns = NEVER,
};

/* There will be a look at this time, or before. */
static void look_at(u64 ns)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&due.lock, flags);
	if (ns < due.ns) {
		due.ns = ns;
		hrtimer_start(&due.timer, ns_to_ktime(ns), HRTIMER_MODE_ABS);
	}
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

/* How long after now the trigger must be looked at, if nobody hints. */
static u64 next_look_ns(const struct memtel_trigger *trigger, u64 now)
{
	const struct memtel_level *level = &trigger->level;
	u64 ns = NEVER, left;

	if (metric_of(trigger)->from == METRIC_POLLED)
		ns = poll_ns(trigger);
	if (trigger->value || level->is_raised)
		ns = min(ns, memtel_sliding_step_ns(&trigger->sliding));
	if (level->is_over)
		ns = min(ns, level->since_ns + level->hold_ns - now);
	if (trigger->open.nr && !level->is_raised && !level->is_over) {
		left = (level->threshold - trigger->value) / trigger->open.nr;
		ns = min3(ns, max(left, left + 1), patience_ns(trigger));
	}
	return ns == NEVER ? ns : max(ns, (u64)LOOK_MIN_NS);
}

static void start(struct memtel_trigger *trigger, u64 now, u64 number)
{
	memtel_sliding_start(&trigger->sliding, trigger->window_ns,
			     metric_of(trigger)->from != METRIC_HINTED, now,
			     number);
	trigger->number = number;
	trigger->is_started = true;
}

/* The metric's total, with what is under way. */
static u64 read_number(struct memtel_trigger *trigger, u64 now)
{
	const struct memtel_metric_ops *metric = metric_of(trigger);
	u64 number = metric->total(&trigger->scope);

	trigger->open = (struct memtel_open) {};
	if (metric->open)
		metric->open(&trigger->scope, now, &trigger->open);
	return number + trigger->open.ns;
}

static void update(struct memtel_trigger *trigger, u64 now)
{
	const struct memtel_metric_ops *metric = metric_of(trigger);
	u64 since_ns = 0, number;

	if (metric->source)
		/* Before the number: pairs with memtel_source_reset(). */
		since_ns = smp_load_acquire(&metric->source->since_ns);
	number = read_number(trigger, now);

	/*
	 * A reset of its source begins anew, at what is under way now; of what
	 * is read periodically at zero, for some may have been counted since.
	 */
	if (!trigger->is_started) {
		trigger->since_ns = since_ns;
		start(trigger, now, number);
	} else if (trigger->since_ns != since_ns) {
		trigger->since_ns = since_ns;
		start(trigger, now, metric->from == METRIC_HINTED ? number : 0);
	}
	/* What ends just now may be in neither of the two numbers. */
	if (!metric->is_gauge)
		number = max(number, trigger->number);
	trigger->number = number;
	trigger->value = memtel_sliding_look(&trigger->sliding, now, number,
					     &trigger->interval_ns);
}

/* The same for all triggers of one look that ask for the same. */
static const struct memtel_evidence *
evidence_of(const struct memtel_trigger *trigger, u64 now)
{
	static struct memtel_evidence evidence;
	static u64 taken_ns, window_ns;
	static int nid;

	if (taken_ns != now || window_ns != trigger->window_ns ||
	    nid != trigger->scope.nid) {
		memtel_evidence_take(&evidence, &trigger->scope, now,
				     trigger->window_ns, held);
		taken_ns = now;
		window_ns = trigger->window_ns;
		nid = trigger->scope.nid;
	}
	memtel_cause_find(&evidence, trigger->metric);
	return &evidence;
}

/* Was what it watches shed? Under memtel_trigger_lock. */
bool memtel_trigger_is_blind(const struct memtel_trigger *trigger)
{
	const struct memtel_source *source = metric_of(trigger)->source;

	return source && source->is_shed;
}

/* Was what its scope names removed? Under memtel_trigger_lock. */
bool memtel_trigger_is_gone(const struct memtel_trigger *trigger)
{
	const struct memtel_metric_ops *metric = metric_of(trigger);

	return metric->is_gone && !memtel_trigger_is_blind(trigger) &&
	       metric->is_gone(&trigger->scope);
}

/* Has what it watches been read since it was last zero? */
static bool is_read(const struct memtel_trigger *trigger)
{
	const struct memtel_metric_ops *metric = metric_of(trigger);

	if (metric->from != METRIC_COLLECTED)
		return true;
	return memtel_collect_is_there() &&
	       (!metric->source ||
		memtel_collect_is_since(READ_ONCE(metric->source->since_ns)));
}

/*
 * Make of a trigger's number what it is, and tell it. Returns how long after now it
 * must be looked at again.
 */
static u64 judge(struct memtel_trigger *trigger, u64 now)
{
	u64 since_ns = trigger->level.since_ns;

	switch (memtel_level_look(&trigger->level, now, trigger->value)) {
	case MEMTEL_LEVEL_RAISED:
		memtel_event_raised(trigger, memtel_event_is_heard() ?
				    evidence_of(trigger, now) : NULL);
		break;
	case MEMTEL_LEVEL_CLEARED:
		memtel_event_cleared(trigger, now - since_ns);
		break;
	case MEMTEL_LEVEL_SAME:
		break;
	}
	return next_look_ns(trigger, now);
}

/* Look at all triggers. */
static void on_look(struct work_struct *work)
{
	unsigned int flags = memalloc_noreclaim_save();
	struct memtel_trigger *trigger;
	u64 now, took_ns, next = NEVER;

	mutex_lock(&memtel_trigger_lock);
	if (!list_empty(&memtel_triggers)) {
		/* Before the numbers are read: later growth hints again. */
		WRITE_ONCE(memtel_hint.is_wanted, true);
		/* Pairs with that of a hint, after its number grew. */
		smp_mb();
	}
	now = ktime_get_mono_fast_ns();
	/* All numbers are of now: the evidence of one trigger takes its time. */
	list_for_each_entry(trigger, &memtel_triggers, list) {
		/* If it is not read yet, the reading will bring a look. */
		trigger->is_fresh = !memtel_trigger_is_blind(trigger) &&
				    is_read(trigger);
		if (trigger->is_fresh)
			update(trigger, now);
	}
	list_for_each_entry(trigger, &memtel_triggers, list)
		if (trigger->is_fresh)
			next = min(next, judge(trigger, now));
	memtel_events_send();
	if (!list_empty(&memtel_triggers))
		memtel_evidence_mark(now, held);
	if (next != NEVER) {
		took_ns = ktime_get_mono_fast_ns() - now;
		look_at(now + max(next, min(took_ns * LOOK_SHARE,
					    (u64)LOOK_MAX_NS)));
	}
	mutex_unlock(&memtel_trigger_lock);
	memalloc_noreclaim_restore(flags);
}

/* The collector has read the caches. */
static void on_collected(void)
{
	queue_work(due.wq, &due.look);
}

/* Under both locks: what depends on which triggers there are. */
static void list_changed(void)
{
	u64 delay_ns = LOOK_MAX_NS, period_ns = NEVER;
	struct memtel_trigger *trigger;
	unsigned int was_held = held;
	unsigned int i;

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
	if (held != was_held)
		memtel_evidence_forget();
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
	queue_work(due.wq, &due.look);
}

static struct memtel_holder holder_of(const struct memtel_trigger *trigger)
{
	return (struct memtel_holder) {
		.kind = MEMTEL_HOLD_KIND_TRIGGER,
		.portid = trigger->portid,
		.trigger = trigger->id,
	};
}

/* Under memtel_source_lock. */
static void release_sources(const struct memtel_trigger *trigger)
{
	unsigned int i;

	for (i = 0; i < memtel_nr_sources; i++)
		if (trigger->held & BIT(i))
			memtel_source_release(memtel_sources[i],
					      holder_of(trigger));
}

/*
 * Under memtel_source_lock. The metric's source must be had; of the others, for
 * evidence, those that can be.
 */
static int hold_sources(struct memtel_trigger *trigger,
			struct netlink_ext_ack *extack)
{
	const struct memtel_source *needed = metric_of(trigger)->source;
	unsigned int i;
	int err;

	for (i = 0; i < memtel_nr_sources; i++) {
		struct memtel_source *source = memtel_sources[i];

		if (source != needed &&
		    (!trigger->has_evidence || memtel_source_cannot(source)))
			continue;
		err = memtel_source_hold(source, holder_of(trigger), extack);
		if (err) {
			release_sources(trigger);
			return err;
		}
		trigger->held |= BIT(i);
	}
	return 0;
}

/* What its scope names has to be kept. Under memtel_source_lock, sources held. */
static int watch_scope(const struct memtel_trigger *trigger,
		       struct netlink_ext_ack *extack)
{
	const struct memtel_metric_ops *metric = metric_of(trigger);

	return metric->watch ? metric->watch(&trigger->scope, extack) : 0;
}

static void unwatch_scope(const struct memtel_trigger *trigger)
{
	const struct memtel_metric_ops *metric = metric_of(trigger);

	if (metric->unwatch)
		metric->unwatch(&trigger->scope);
}

/* Under memtel_source_lock. */
static int check_quota(const struct memtel_trigger *wish,
		       struct netlink_ext_ack *extack)
{
	struct memtel_trigger *trigger;
	unsigned int nr = 0, others = 0;

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

/* Under memtel_source_lock. */
static struct memtel_trigger *find_trigger(u32 id)
{
	struct memtel_trigger *trigger;

	list_for_each_entry(trigger, &memtel_triggers, list)
		if (trigger->id == id)
			return trigger;
	return NULL;
}

/* Its holds are told from others' by the id. Under memtel_source_lock. */
static u32 free_id(void)
{
	while (!next_id || find_trigger(next_id))
		next_id++;
	return next_id++;
}

/* Under memtel_source_lock. */
static int add(struct memtel_trigger *trigger, struct netlink_ext_ack *extack)
{
	int err;

	if (is_stopped) {
		NL_SET_ERR_MSG(extack, "the module is being unloaded");
		return -ESHUTDOWN;
	}
	err = check_quota(trigger, extack);
	if (err)
		return err;
	if (!nr_triggers) {
		err = memtel_evidence_start();
		if (err)
			return err;
	}
	trigger->id = free_id();
	err = hold_sources(trigger, extack);
	if (!err) {
		err = watch_scope(trigger, extack);
		if (err)
			release_sources(trigger);
	}
	if (err) {
		if (!nr_triggers)
			memtel_evidence_stop();
		return err;
	}
	mutex_lock(&memtel_trigger_lock);
	memtel_socket_owns(trigger->socket, trigger->portid);
	list_add_tail(&trigger->list, &memtel_triggers);
	nr_triggers++;
	list_changed();
	mutex_unlock(&memtel_trigger_lock);
	return 0;
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

	trigger = kmemdup(wish, sizeof(*wish), GFP_KERNEL);
	if (!trigger)
		return -ENOMEM;
	trigger->uid = current_uid();
	trigger->pid = task_tgid_nr(current);
	get_task_comm(trigger->comm, current);

	mutex_lock(&memtel_source_lock);
	err = add(trigger, extack);
	/* Once unlocked it may be deleted by another request of the socket. */
	if (!err)
		*id = trigger->id;
	mutex_unlock(&memtel_source_lock);
	if (err) {
		kfree(trigger);
		return err;
	}
	/* The first look says what the number is now. */
	queue_work(due.wq, &due.look);
	return 0;
}

/* Under memtel_source_lock. */
static void drop(struct memtel_trigger *trigger)
{
	mutex_lock(&memtel_trigger_lock);
	list_del(&trigger->list);
	nr_triggers--;
	list_changed();
	if (!nr_triggers)
		memtel_evidence_stop();
	mutex_unlock(&memtel_trigger_lock);
	memtel_socket_disowns(trigger->socket, trigger->portid);
	unwatch_scope(trigger);
	release_sources(trigger);
	kfree(trigger);
}

/*
 * Under memtel_source_lock. Those of sockets that are being closed, or all there
 * are.
 */
static void drop_triggers(bool dead_only)
{
	struct memtel_trigger *trigger, *next;

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
