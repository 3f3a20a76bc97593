// SPDX-License-Identifier: GPL-2.0
/*
 * Self-restraint: what memtel's probes cost together stays within a share of
 * the CPUs' time.
 *
 * Model. Once a second, while any source is held, the cost of each (cost.c) is
 * looked at. When they take more than cost_limit_ppm together, the dearest is
 * shed: its probes are unregistered and its counts are gone, as if nobody held
 * it, though those who do keep their holds. One is shed in a second, so that
 * what is left is seen before the next goes. It is taken back after cost_wait_s;
 * when that was too soon, after twice that time, and so on up to an hour. Its
 * counts begin at zero then, as after a reset. Both are told by events to
 * everyone who subscribes. Shares are smoothed over some eight seconds: a burst
 * passes, a load that stays does not.
 *
 * Locks. All under memtel_source_lock. A source is marked as shed, and as taken
 * back, under memtel_trigger_lock, too: before its probes go and after they have
 * come, so that a look of the triggers never reads what is not there.
 */
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
		 "Millionths of all CPUs' time that memtel's probes may take before it sheds the dearest source (0 to 1000000, default 50000); 0 for no limit");

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

/* Under memtel_source_lock: the module is being unloaded. */
static bool is_stopped;

static void look(struct work_struct *work);
static DECLARE_DELAYED_WORK(look_work, look);

u32 memtel_restraint_limit_ppm(void)
{
	return READ_ONCE(cost_limit_ppm);
}

/* Under memtel_source_lock: the triggers do with or without it from now on. */
static void mark(struct memtel_source *source, enum memtel_event_kind kind)
{
	/* As a look of the triggers: nobody waits for memory under their lock. */
	mutex_lock(&memtel_trigger_lock);
	source->is_shed = kind == MEMTEL_EVENT_KIND_SHED;
	memtel_triggers_sources_changed();
	memtel_event_source(kind, source);
	memtel_events_send();
	mutex_unlock(&memtel_trigger_lock);
	memtel_source_generation++;
}

static void shed(struct memtel_source *source, u64 now)
{
	u64 wait_ns = READ_ONCE(cost_wait_s) * NSEC_PER_SEC;

	source->sheds++;
	source->back_at_ns = now + memtel_backoff_wait(&source->backoff, now,
						       wait_ns, WAIT_MAX_NS);
	mark(source, MEMTEL_EVENT_KIND_SHED);
	memtel_source_detach(source);
}

static void take_back(struct memtel_source *source, u64 now)
{
	if (memtel_source_attach(source, NULL)) {
		/* Memory may be short; it is tried again as long after. */
		source->back_at_ns = now + source->backoff.wait_ns;
		return;
	}
	source->backoff.back_ns = now;
	mark(source, MEMTEL_EVENT_KIND_RESTORED);
}

static void look(struct work_struct *work)
{
	u64 now, share_ppm = 0;
	struct memtel_source *dearest = NULL;
	u32 limit_ppm = READ_ONCE(cost_limit_ppm);
	bool is_any_held = false;
	unsigned int i;

	mutex_lock(&memtel_source_lock);
	now = ktime_get_boottime_ns();
	for (i = 0; i < memtel_nr_sources; i++) {
		struct memtel_source *source = memtel_sources[i];

		is_any_held |= source->nr_holds;
		if (!memtel_source_is_attached(source)) {
			if (source->is_shed && now >= source->back_at_ns)
				take_back(source, now);
			/* It is looked at from the next time on. */
			continue;
		}
		memtel_cost_look(source, now);
		if (source->tick)
			source->tick();
		share_ppm += source->estimate.share_ppm;
		if (!dearest || source->estimate.share_ppm >
				dearest->estimate.share_ppm)
			dearest = source;
	}
	if (limit_ppm && share_ppm > limit_ppm)
		shed(dearest, now);
	if (is_any_held && !is_stopped)
		queue_delayed_work(system_dfl_wq, &look_work,
				   nsecs_to_jiffies(LOOK_NS));
	mutex_unlock(&memtel_source_lock);
}

/* A source was attached: from now on it is looked at. */
void memtel_restraint_watch(struct memtel_source *source)
{
	memtel_cost_start(source, ktime_get_boottime_ns());
	if (!is_stopped)
		queue_delayed_work(system_dfl_wq, &look_work,
				   nsecs_to_jiffies(LOOK_NS));
}

/* Look no more; the family, to which it sends, is still there. */
void memtel_restraint_stop(void)
{
	mutex_lock(&memtel_source_lock);
	is_stopped = true;
	mutex_unlock(&memtel_source_lock);
	cancel_delayed_work_sync(&look_work);
}
