// SPDX-License-Identifier: GPL-2.0
/*
 * Self-restraint: what memtel costs stays within a share of the CPUs' time.
 *
 * Model. Once a second, while any source is held, restraint reads the cost of
 * each attached source and of the works that memtel does by itself (cost.c).
 * When all together take more than cost_limit_ppm, the most expensive source is
 * disabled: its probes are unregistered and its counts are gone, as if nobody
 * held it, though its holders keep their holds. To users it is shed. One source
 * is shed in a second, so that the cost of the others is seen before the next
 * one goes. The works themselves cannot be disabled; they have less to do with
 * each source that goes. A source that takes nothing stays, for it would save
 * nothing. A source is taken back after cost_wait_s; when that was
 * too soon, after twice that time, and so on up to an hour. Its counts begin at
 * zero then, as after a reset. Events tell both to everyone who subscribes.
 * Shares are smoothed over some eight seconds: a burst passes, a load that stays
 * does not.
 *
 * The time away is the source's and not its holders': who releases the source
 * and holds it again holds a source that is shed, until the time is over.
 *
 * Locks. All is protected by memtel_source_lock. A source is marked as shed, and
 * as taken back, under memtel_trigger_lock, too: before its probes go and after
 * they have come, so that a look of the triggers never reads what is not there.
 */
#include <linux/lockdep.h>
#include <linux/moduleparam.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "cost.h"
#include "event.h"
#include "restraint.h"
#include "source.h"
#include "trigger.h"

#define LOOK_NS		NSEC_PER_SEC
#define WAIT_MAX_NS	(3600 * NSEC_PER_SEC)
#define PPM		1000000

static unsigned int cost_limit_ppm = 50000;
static unsigned int cost_wait_s = 60;

static int limit_set(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, 0, PPM);
}

static const struct kernel_param_ops limit_ops = {
	.set = limit_set,
	.get = param_get_uint,
};

module_param_cb(cost_limit_ppm, &limit_ops, &cost_limit_ppm, 0644);
MODULE_PARM_DESC(cost_limit_ppm,
		 "Millionths of all CPUs' time that memtel may take before it sheds the most expensive source (0 to 1000000, default 50000); 0 for no limit");

static int wait_set(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, 1, WAIT_MAX_NS / NSEC_PER_SEC);
}

static const struct kernel_param_ops wait_ops = {
	.set = wait_set,
	.get = param_get_uint,
};

module_param_cb(cost_wait_s, &wait_ops, &cost_wait_s, 0644);
MODULE_PARM_DESC(cost_wait_s,
		 "Seconds after which a source that was shed is taken back the first time (1 to 3600, default 60)");

/* The module is being unloaded. Protected by memtel_source_lock. */
static bool is_stopped;

static void restraint_look(struct work_struct *work);
static DECLARE_DELAYED_WORK(restraint_work, restraint_look);

u32 memtel_restraint_limit_ppm(void)
{
	return READ_ONCE(cost_limit_ppm);
}

static void restraint_queue(void)
{
	lockdep_assert_held(&memtel_source_lock);
	if (!is_stopped)
		queue_delayed_work(system_dfl_wq, &restraint_work,
				   nsecs_to_jiffies(LOOK_NS));
}

/* The triggers do with or without the source from now on. */
static void restraint_mark(struct memtel_source *source,
			   enum memtel_event_kind kind)
{
	lockdep_assert_held(&memtel_source_lock);
	/* As a look of the triggers: nobody waits for memory under their lock. */
	mutex_lock(&memtel_trigger_lock);
	source->is_shed = kind == MEMTEL_EVENT_KIND_SHED;
	memtel_triggers_sources_changed();
	memtel_event_source(kind, source);
	memtel_events_send();
	mutex_unlock(&memtel_trigger_lock);
	memtel_source_generation++;
}

static void restraint_shed(struct memtel_source *source, u64 now)
{
	u64 wait_ns = READ_ONCE(cost_wait_s) * NSEC_PER_SEC;

	source->sheds++;
	source->back_at_ns = now + memtel_backoff_wait(&source->backoff, now,
						       wait_ns, WAIT_MAX_NS);
	restraint_mark(source, MEMTEL_EVENT_KIND_SHED);
	memtel_source_detach(source);
}

static void restraint_take_back(struct memtel_source *source, u64 now)
{
	if (memtel_source_attach(source, NULL)) {
		/* Memory may be short; it is tried again as long after. */
		source->back_at_ns = now + source->backoff.wait_ns;
		return;
	}
	source->backoff.back_ns = now;
	restraint_mark(source, MEMTEL_EVENT_KIND_RESTORED);
}

/**
 * memtel_restraint_is_away() - is a source shed, whether held or not?
 * @source: the source
 *
 * One that is held is taken back by an event; one that is not may be attached
 * when its time is over.
 *
 * Context: Process context under memtel_source_lock.
 */
bool memtel_restraint_is_away(const struct memtel_source *source)
{
	lockdep_assert_held(&memtel_source_lock);
	return source->is_shed &&
	       (source->nr_holds ||
		ktime_get_boottime_ns() < source->back_at_ns);
}

static void restraint_look(struct work_struct *work)
{
	struct memtel_source *expensive = NULL;
	u32 limit_ppm = READ_ONCE(cost_limit_ppm);
	struct memtel_work_scope scope;
	bool is_any_held = false;
	u64 now, share_ppm;
	u32 most_ppm = 0;
	unsigned int i;

	memtel_work_begin(&scope, MEMTEL_WORK_KIND_RESTRAINT);
	mutex_lock(&memtel_source_lock);
	now = ktime_get_boottime_ns();
	share_ppm = memtel_works_look(now);
	for (i = 0; i < memtel_nr_sources; i++) {
		struct memtel_source *source = memtel_sources[i];

		is_any_held |= source->nr_holds;
		if (!memtel_source_is_attached(source)) {
			if (source->nr_holds && now >= source->back_at_ns)
				restraint_take_back(source, now);
			/* Its cost is looked at from the next time on. */
			continue;
		}
		memtel_cost_look(source, now);
		if (source->tick)
			source->tick();
		share_ppm += source->estimate.share_ppm;
		if (source->estimate.share_ppm > most_ppm) {
			most_ppm = source->estimate.share_ppm;
			expensive = source;
		}
	}
	if (limit_ppm && share_ppm > limit_ppm && expensive)
		restraint_shed(expensive, now);
	if (is_any_held)
		restraint_queue();
	else
		memtel_works_forget();
	mutex_unlock(&memtel_source_lock);
	memtel_work_end(&scope);
}

/**
 * memtel_restraint_keeps_away() - may the first holder not have a source yet?
 * @source: the source, which nobody held
 *
 * Context: Process context under memtel_source_lock.
 * Return: whether the source stays shed; it is taken back when its time is over.
 */
bool memtel_restraint_keeps_away(struct memtel_source *source)
{
	if (memtel_restraint_is_away(source)) {
		restraint_queue();
		return true;
	}
	if (source->is_shed) {
		source->is_shed = false;
		source->backoff.back_ns = ktime_get_boottime_ns();
	}
	return false;
}

/* A source was attached: from now on its cost is looked at. */
void memtel_restraint_watch(struct memtel_source *source)
{
	memtel_cost_start(source, ktime_get_boottime_ns());
	restraint_queue();
}

/* Look no more; the family, to which it sends, is still there. */
void memtel_restraint_stop(void)
{
	mutex_lock(&memtel_source_lock);
	is_stopped = true;
	mutex_unlock(&memtel_source_lock);
	cancel_delayed_work_sync(&restraint_work);
}
