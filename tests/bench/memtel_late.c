// SPDX-License-Identifier: GPL-2.0
/*
 * How long something keeps interrupts off: by how much a timer is late.
 *
 * /sys/kernel/debug/memtel_late
 *   write: let a timer interrupt this CPU every so many ns from now on; 0 ends it
 *   read:  by how many ns it was late at most, since this was read last
 *
 * A stretch without interrupts begins anywhere between two ticks, so the timer
 * is late by that length less at most one period. What is done often is seen
 * with ticks at many places: the largest of N comes to within about a period
 * by N. The lateness in ns is in instructions under `-icount shift=0`, one CPU.
 * Its own interrupt is always late, by what takes the CPU there.
 */
#include <linux/debugfs.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/mutex.h>

/* Less would be nothing but ticks. */
#define PERIOD_MIN_NS	5000

static DEFINE_MUTEX(lock);	/* protects period_ns, starts and cancels the timer */
static struct dentry *file;
static struct hrtimer timer;
static u64 period_ns;
static atomic64_t worst_ns = ATOMIC64_INIT(0);

static enum hrtimer_restart tick(struct hrtimer *t)
{
	s64 late_ns = ktime_to_ns(ktime_sub(ktime_get(),
					    hrtimer_get_expires(t)));

	/* Nobody else adds to it; a reader takes it whole. */
	if (late_ns > atomic64_read(&worst_ns))
		atomic64_set(&worst_ns, late_ns);
	hrtimer_forward_now(t, ns_to_ktime(period_ns));
	return HRTIMER_RESTART;
}

static int late_set(void *data, u64 ns)
{
	if (ns && ns < PERIOD_MIN_NS)
		return -EINVAL;
	mutex_lock(&lock);
	hrtimer_cancel(&timer);
	atomic64_set(&worst_ns, 0);
	period_ns = ns;
	if (ns)
		hrtimer_start(&timer, ns_to_ktime(ns),
			      HRTIMER_MODE_REL_PINNED_HARD);
	mutex_unlock(&lock);
	return 0;
}

static int late_get(void *data, u64 *ns)
{
	*ns = atomic64_xchg(&worst_ns, 0);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(late_fops, late_get, late_set, "%llu\n");

static int __init late_init(void)
{
	hrtimer_setup(&timer, tick, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_PINNED_HARD);
	file = debugfs_create_file("memtel_late", 0600, NULL, NULL, &late_fops);
	return 0;
}

static void __exit late_exit(void)
{
	debugfs_remove(file);
	hrtimer_cancel(&timer);
}

module_init(late_init);
module_exit(late_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The memtel authors");
MODULE_DESCRIPTION("How late interrupts are, for memtel's benchmarks");
