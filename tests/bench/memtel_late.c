// SPDX-License-Identifier: GPL-2.0
/*
 * How long something keeps interrupts off, or all tasks waiting: by how much a
 * timer, or a task of real-time priority that it wakes, is late.
 *
 * /sys/kernel/debug/memtel_late
 *   write: let a timer interrupt this CPU every so many ns from now on; 0 ends it
 *   read:  by how many ns it was late at most, since this was read last
 * /sys/kernel/debug/memtel_late_task
 *   the same of a task that the timer wakes: nothing of lower priority makes it
 *   wait but what does not reschedule
 *
 * A stretch without interrupts begins anywhere between two ticks, so the timer
 * is late by that length less at most one period. What is done often is seen
 * with ticks at many places: the largest of N comes to within about a period
 * by N. The lateness in ns is in instructions under `-icount shift=0`, one CPU.
 * Its own interrupt is always late, by what takes the CPU there.
 */
#include <linux/atomic.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>

/* Less would be nothing but ticks. */
#define PERIOD_MIN_NS	5000

/**
 * struct late - one of the two files
 * @timer: the ticks
 * @period_ns: between these, under @lock
 * @worst_ns: what is read
 * @due_ns: when the task was to run first of all ticks it has not run for; 0
 *          for none
 * @has_task: the task is what is late
 */
struct late {
	struct hrtimer timer;
	u64 period_ns;
	atomic64_t worst_ns;
	atomic64_t due_ns;
	bool has_task;
};

static DEFINE_MUTEX(lock);	/* starts and cancels timers */
static struct dentry *files[2];
static struct late interrupt_late;
static struct late task_late = { .has_task = true };
static struct task_struct *task;

/* Nobody else adds to it meanwhile; a reader takes it whole. */
static void note(struct late *late, s64 late_ns)
{
	if (late_ns > atomic64_read(&late->worst_ns))
		atomic64_set(&late->worst_ns, late_ns);
}

static enum hrtimer_restart tick(struct hrtimer *t)
{
	struct late *late = container_of(t, struct late, timer);
	s64 due_ns = ktime_to_ns(hrtimer_get_expires(t));

	if (late->has_task) {
		atomic64_cmpxchg(&late->due_ns, 0, due_ns);
		wake_up_process(task);
	} else {
		note(late, ktime_get_ns() - due_ns);
	}
	hrtimer_forward_now(t, ns_to_ktime(late->period_ns));
	return HRTIMER_RESTART;
}

static int task_run(void *unused)
{
	s64 due_ns;

	for (;;) {
		set_current_state(TASK_IDLE);
		if (kthread_should_stop())
			break;
		due_ns = atomic64_xchg(&task_late.due_ns, 0);
		if (due_ns) {
			__set_current_state(TASK_RUNNING);
			note(&task_late, ktime_get_ns() - due_ns);
			continue;
		}
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

static int late_set(void *data, u64 ns)
{
	struct late *late = data;

	if (ns && ns < PERIOD_MIN_NS)
		return -EINVAL;
	mutex_lock(&lock);
	hrtimer_cancel(&late->timer);
	atomic64_set(&late->worst_ns, 0);
	late->period_ns = ns;
	if (ns)
		hrtimer_start(&late->timer, ns_to_ktime(ns),
			      HRTIMER_MODE_REL_PINNED_HARD);
	mutex_unlock(&lock);
	return 0;
}

static int late_get(void *data, u64 *ns)
{
	struct late *late = data;

	*ns = atomic64_xchg(&late->worst_ns, 0);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(late_fops, late_get, late_set, "%llu\n");

static int __init late_init(void)
{
	task = kthread_run(task_run, NULL, "memtel-late");
	if (IS_ERR(task))
		return PTR_ERR(task);
	sched_set_fifo(task);
	hrtimer_setup(&interrupt_late.timer, tick, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_PINNED_HARD);
	hrtimer_setup(&task_late.timer, tick, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_PINNED_HARD);
	files[0] = debugfs_create_file("memtel_late", 0600, NULL,
				       &interrupt_late, &late_fops);
	files[1] = debugfs_create_file("memtel_late_task", 0600, NULL,
				       &task_late, &late_fops);
	return 0;
}

static void __exit late_exit(void)
{
	debugfs_remove(files[0]);
	debugfs_remove(files[1]);
	hrtimer_cancel(&interrupt_late.timer);
	hrtimer_cancel(&task_late.timer);
	kthread_stop(task);
}

module_init(late_init);
module_exit(late_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The memtel authors");
MODULE_DESCRIPTION("How late interrupts and tasks are, for memtel's benchmarks");
