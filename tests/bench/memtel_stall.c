// SPDX-License-Identifier: GPL-2.0
/*
 * A stall of known length, as a direct reclaim has it: it is told to PSI and to
 * the probes on the reclaim's tracepoints at once, sleeps, and ends.
 *
 * /sys/kernel/debug/memtel_stall
 *   write: stall the writer for so many ms
 *   read:  when the last one began, ns of the clock that runs in suspend, too
 */
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/psi.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "../oracle/call.h"

static DEFINE_MUTEX(lock);	/* one stall a time */
static struct tracepoint *reclaim_begin, *reclaim_end;
static struct dentry *file;
static u64 began_ns;

static int stall_set(void *data, u64 ms)
{
	unsigned long flags;

	mutex_lock(&lock);
	psi_memstall_enter(&flags);
	preempt_disable_notrace();
	WRITE_ONCE(began_ns, ktime_get_boottime_ns());
	call_reclaim_begin(reclaim_begin);
	preempt_enable_notrace();
	usleep_range(ms * USEC_PER_MSEC, ms * USEC_PER_MSEC + 10);
	preempt_disable_notrace();
	call_reclaim_end(reclaim_end);
	preempt_enable_notrace();
	psi_memstall_leave(&flags);
	mutex_unlock(&lock);
	return 0;
}

static int stall_get(void *data, u64 *ns)
{
	*ns = READ_ONCE(began_ns);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(stall_fops, stall_get, stall_set, "%llu\n");

static void find(struct tracepoint *tp, void *priv)
{
	if (!strcmp(tp->name, "mm_vmscan_direct_reclaim_begin"))
		reclaim_begin = tp;
	if (!strcmp(tp->name, "mm_vmscan_direct_reclaim_end"))
		reclaim_end = tp;
}

static int __init stall_init(void)
{
	for_each_kernel_tracepoint(find, NULL);
	if (!reclaim_begin || !reclaim_end)
		return -ENOENT;
	file = debugfs_create_file("memtel_stall", 0600, NULL, NULL,
				   &stall_fops);
	return 0;
}

static void __exit stall_exit(void)
{
	debugfs_remove(file);
}

module_init(stall_init);
module_exit(stall_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The memtel authors");
MODULE_DESCRIPTION("Stalls of known length for memtel's benchmarks");
