// SPDX-License-Identifier: GPL-2.0
/*
 * Pressure of known size: shrinkers that sleep, storms of page allocations,
 * many tasks in reclaim, begin and end events that are no pairs.
 *
 * /sys/kernel/debug/memtel_pressure/
 *   run      write one command a time:
 *     shrinker MS OBJECTS   make the shrinker, NUMA aware: while it is armed
 *                           it has OBJECTS on each node; a scan sleeps MS
 *                           milliseconds and frees all it is told to scan
 *     arm CALLS             let it be scanned so many times
 *     remove                take the shrinker away
 *     storm ORDER N [NODE]  on all CPUs at once, N times: allocate and free a
 *                           block of pages, of their own node or of this one
 *     reclaim N             have N tasks in direct reclaim, as its begin event
 *                           tells of it; they stay there until N is 0
 *     memcg N               N reclaims of a memory cgroup by the writer, one
 *                           after another, as their events tell of them
 *     pairs SCENARIO        call the probes on mm_shrink_slab_start and _end
 *                           as the tracepoints would, for a shrinker that
 *                           nobody registered: nested, lost-begin, lost-end,
 *                           no-nodes (in a direct reclaim; on node 1, whose end
 *                           says 0), gap (a direct reclaim whose last sign of
 *                           work is on node 0 and whose next, GAP_MS later, on
 *                           node 1), long-call (a shrinker's call on node 1
 *                           that takes GAP_MS, in a direct reclaim),
 *                           lost-kswapd (a round of kswapd by a task that is
 *                           not node 1's)
 *     stall TASKS           so many tasks are in a direct reclaim at once
 *   shrinker read: "NODE CALLS SCANNED FREED" of the shrinker, by its own
 *            count
 *   locks    read: "ADDRESS NODE ZONE" of every zone's lock
 */
#include <linux/cpu.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <trace/events/vmscan.h>

#include "call.h"

#define MAX_NODES	8
#define PAIR_MS		20
#define GAP_MS		2000

static DEFINE_MUTEX(lock);	/* one command a time */
static struct dentry *dir;

/* The shrinker's; written by scans, which may run at once. */
static atomic_t armed = ATOMIC_INIT(0);
static atomic_long_t calls[MAX_NODES], scanned[MAX_NODES], freed[MAX_NODES];
static unsigned int sleep_ms;
static unsigned long objects;
static struct shrinker *shrinker;	/* NULL while there is none */

static unsigned long pressure_count(struct shrinker *shr,
				    struct shrink_control *sc)
{
	return atomic_read(&armed) > 0 ? objects : 0;
}

static unsigned long pressure_scan(struct shrinker *shr,
				   struct shrink_control *sc)
{
	atomic_dec(&armed);
	msleep(sleep_ms);
	atomic_long_inc(&calls[sc->nid]);
	atomic_long_add(sc->nr_to_scan, &scanned[sc->nid]);
	atomic_long_add(sc->nr_to_scan, &freed[sc->nid]);
	return sc->nr_to_scan;
}

/* Never registered: only its address is told to probes. */
static struct shrinker pretended = {
	.scan_objects = pressure_scan,
};

static int run_shrinker(char *args)
{
	int nid;

	if (shrinker || sscanf(args, "%u %lu", &sleep_ms, &objects) != 2)
		return -EINVAL;
	for (nid = 0; nid < MAX_NODES; nid++) {
		atomic_long_set(&calls[nid], 0);
		atomic_long_set(&scanned[nid], 0);
		atomic_long_set(&freed[nid], 0);
	}
	shrinker = shrinker_alloc(SHRINKER_NUMA_AWARE, "memtel-pressure");
	if (!shrinker)
		return -ENOMEM;
	shrinker->count_objects = pressure_count;
	shrinker->scan_objects = pressure_scan;
	/* So large a batch makes one scan of each call. */
	shrinker->batch = 1L << 30;
	shrinker_register(shrinker);
	return 0;
}

static int run_arm(char *args)
{
	int nr;

	if (!shrinker || kstrtoint(strim(args), 10, &nr))
		return -EINVAL;
	atomic_set(&armed, nr);
	return 0;
}

static int run_remove(char *args)
{
	if (!shrinker)
		return -EINVAL;
	shrinker_free(shrinker);
	shrinker = NULL;
	return 0;
}

static unsigned int storm_order, storm_nr;
static int storm_node;

static void storm(struct work_struct *work)
{
	unsigned int i;

	for (i = 0; i < storm_nr; i++) {
		struct page *page = alloc_pages_node(storm_node,
						     GFP_KERNEL | __GFP_NOWARN,
						     storm_order);

		if (page)
			__free_pages(page, storm_order);
		if (!(i % 256))
			cond_resched();
	}
}

static int on_every_cpu(work_func_t func)
{
	struct work_struct *works = kcalloc(nr_cpu_ids, sizeof(*works),
					    GFP_KERNEL);
	int cpu;

	if (!works)
		return -ENOMEM;
	cpus_read_lock();
	for_each_online_cpu(cpu) {
		INIT_WORK(&works[cpu], func);
		schedule_work_on(cpu, &works[cpu]);
	}
	for_each_online_cpu(cpu)
		flush_work(&works[cpu]);
	cpus_read_unlock();
	kfree(works);
	return 0;
}

static int run_storm(char *args)
{
	storm_node = NUMA_NO_NODE;
	if (sscanf(args, "%u %u %d", &storm_order, &storm_nr,
		   &storm_node) < 2 || storm_order >= NR_PAGE_ORDERS ||
	    (storm_node != NUMA_NO_NODE && !node_online(storm_node)))
		return -EINVAL;
	return on_every_cpu(storm);
}

static struct tracepoint *shrink_start, *shrink_end;
static struct tracepoint *reclaim_begin, *reclaim_end, *lru_shrink;
static struct tracepoint *memcg_begin, *memcg_end, *kswapd_wake;

static void find(struct tracepoint *tp, void *priv)
{
	static const struct {
		const char *name;
		struct tracepoint **tp;
	} wanted[] = {
		{ "mm_shrink_slab_start", &shrink_start },
		{ "mm_shrink_slab_end", &shrink_end },
		{ "mm_vmscan_direct_reclaim_begin", &reclaim_begin },
		{ "mm_vmscan_direct_reclaim_end", &reclaim_end },
		{ "mm_vmscan_memcg_reclaim_begin", &memcg_begin },
		{ "mm_vmscan_memcg_reclaim_end", &memcg_end },
		{ "mm_vmscan_lru_shrink_inactive", &lru_shrink },
		{ "mm_vmscan_kswapd_wake", &kswapd_wake },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wanted); i++)
		if (!strcmp(tp->name, wanted[i].name))
			*wanted[i].tp = tp;
}

/* Tasks that are in reclaim until they are to end. */
static struct task_struct **reclaimers;	/* NULL while there are none */
static unsigned int nr_reclaimers;
static atomic_t nr_begun = ATOMIC_INIT(0);

static int reclaimer(void *unused)
{
	preempt_disable_notrace();
	call_reclaim_begin(reclaim_begin);
	preempt_enable_notrace();
	atomic_inc(&nr_begun);
	for (;;) {
		set_current_state(TASK_IDLE);
		if (kthread_should_stop())
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	preempt_disable_notrace();
	call_reclaim_end(reclaim_end);
	preempt_enable_notrace();
	return 0;
}

static void end_reclaims(void)
{
	while (nr_reclaimers)
		kthread_stop(reclaimers[--nr_reclaimers]);
	vfree(reclaimers);
	reclaimers = NULL;
	atomic_set(&nr_begun, 0);
}

static int run_reclaim(char *args)
{
	struct task_struct *task;
	unsigned int nr;

	if (!reclaim_begin || !reclaim_end)
		return -ENOENT;
	if (kstrtouint(strim(args), 10, &nr) || (nr && reclaimers))
		return -EINVAL;
	if (!nr) {
		end_reclaims();
		return 0;
	}
	reclaimers = vzalloc(array_size(nr, sizeof(task)));
	if (!reclaimers)
		return -ENOMEM;
	while (nr_reclaimers < nr) {
		task = kthread_run(reclaimer, NULL, "reclaimer/%u",
				   nr_reclaimers);
		if (IS_ERR(task)) {
			end_reclaims();
			return PTR_ERR(task);
		}
		reclaimers[nr_reclaimers++] = task;
	}
	/* One that is to end before it began would do neither. */
	while (atomic_read(&nr_begun) < nr)
		schedule_timeout_uninterruptible(1);
	return 0;
}

static int run_memcg(char *args)
{
	unsigned int nr;

	if (!memcg_begin || !memcg_end)
		return -ENOENT;
	if (kstrtouint(strim(args), 10, &nr))
		return -EINVAL;
	while (nr--) {
		preempt_disable_notrace();
		call_reclaim_begin(memcg_begin);
		call_reclaim_end(memcg_end);
		preempt_enable_notrace();
		cond_resched();
	}
	return 0;
}

static noinline void call_start(int nid, long total_scan)
{
	void (*fn)(void *data, struct shrinker *shr, struct shrink_control *sc,
		   long nr_objects, unsigned long cache_items,
		   unsigned long long delta, unsigned long total_scan,
		   int priority, struct mem_cgroup *memcg);
	struct shrink_control sc = { .nid = nid, .gfp_mask = GFP_KERNEL };

	preempt_disable_notrace();
	CALL(shrink_start, &pretended, &sc, 0, 100, 100, total_scan, 0,
	     NULL);
	preempt_enable_notrace();
}

static noinline void call_end(long total_scan, int nr_freed)
{
	void (*fn)(void *data, struct shrinker *shr, int nid, int retval,
		   long unused_scan, long new_scan, long total_scan,
		   struct mem_cgroup *memcg);

	preempt_disable_notrace();
	CALL(shrink_end, &pretended, 0, nr_freed, 0, 0, total_scan, NULL);
	preempt_enable_notrace();
}

/* A call within itself: its frame lies deeper in the stack. */
static noinline void call_nested(unsigned int depth)
{
	char room[256];

	memset(room, depth, sizeof(room));
	barrier_data(room);
	call_start(0, 10);
	msleep(PAIR_MS);
	if (depth)
		call_nested(depth - 1);
	call_end(0, 7);
}

static void begin_reclaim(void)
{
	preempt_disable_notrace();
	call_reclaim_begin(reclaim_begin);
	preempt_enable_notrace();
}

static void end_reclaim(void)
{
	preempt_disable_notrace();
	call_reclaim_end(reclaim_end);
	preempt_enable_notrace();
}

static void shrink_lru(int nid)
{
	preempt_disable_notrace();
	call_lru_shrink(lru_shrink, nid);
	preempt_enable_notrace();
}

static void wake_kswapd(int nid)
{
	void (*fn)(void *data, int nid, int zid, int order);

	preempt_disable_notrace();
	CALL(kswapd_wake, nid, 0, 0);
	preempt_enable_notrace();
}

/* Tasks that are to begin, and whether those that have may end. */
static atomic_t nr_to_begin;
static DECLARE_WAIT_QUEUE_HEAD(all_have_begun);
static atomic_t nr_to_end;
static DECLARE_WAIT_QUEUE_HEAD(all_have_ended);

static int stall_one(void *unused)
{
	begin_reclaim();
	if (atomic_dec_and_test(&nr_to_begin))
		wake_up_all(&all_have_begun);
	wait_event(all_have_begun, !atomic_read(&nr_to_begin));
	end_reclaim();
	if (atomic_dec_and_test(&nr_to_end))
		wake_up_all(&all_have_ended);
	return 0;
}

static int run_stall(char *args)
{
	unsigned int nr, i, lacking = 0;

	if (!reclaim_begin || !reclaim_end || kstrtouint(strim(args), 10, &nr))
		return -EINVAL;
	atomic_set(&nr_to_begin, nr);
	atomic_set(&nr_to_end, nr);
	for (i = 0; i < nr; i++)
		lacking += IS_ERR(kthread_run(stall_one, NULL, "memtel-stall"));
	if (lacking) {
		if (atomic_sub_and_test(lacking, &nr_to_begin))
			wake_up_all(&all_have_begun);
		if (atomic_sub_and_test(lacking, &nr_to_end))
			wake_up_all(&all_have_ended);
	}
	wait_event(all_have_ended, !atomic_read(&nr_to_end));
	/* The last one may still be on its way out of this module. */
	msleep(PAIR_MS);
	return lacking ? -EAGAIN : 0;
}

static int run_pairs(char *args)
{
	char *scenario = strim(args);

	if (!shrink_start || !shrink_end || !reclaim_begin || !reclaim_end ||
	    !lru_shrink || !kswapd_wake)
		return -ENOENT;
	if (!strcmp(scenario, "nested")) {
		call_nested(2);
	} else if (!strcmp(scenario, "lost-begin")) {
		int i;

		/* One place in the stack: the first can have no end any more. */
		for (i = 0; i < 2; i++) {
			call_start(0, 10);
			msleep(PAIR_MS);
		}
		call_end(0, 7);
	} else if (!strcmp(scenario, "lost-end")) {
		call_end(0, 7);
	} else if (!strcmp(scenario, "no-nodes")) {
		begin_reclaim();
		call_start(1, 10);
		msleep(PAIR_MS);
		call_end(0, 7);
		end_reclaim();
	} else if (!strcmp(scenario, "long-call")) {
		begin_reclaim();
		shrink_lru(0);
		call_start(1, 10);
		msleep(GAP_MS);
		call_end(0, 7);
		end_reclaim();
	} else if (!strcmp(scenario, "lost-kswapd")) {
		wake_kswapd(1);
		msleep(PAIR_MS);
		shrink_lru(1);
	} else if (!strcmp(scenario, "gap")) {
		begin_reclaim();
		shrink_lru(0);
		msleep(GAP_MS);
		shrink_lru(1);
		end_reclaim();
	} else {
		return -EINVAL;
	}
	return 0;
}

static const struct {
	const char *name;
	int (*run)(char *args);
} commands[] = {
	{ "shrinker", run_shrinker },
	{ "arm", run_arm },
	{ "remove", run_remove },
	{ "storm", run_storm },
	{ "reclaim", run_reclaim },
	{ "memcg", run_memcg },
	{ "pairs", run_pairs },
	{ "stall", run_stall },
};

static ssize_t run_write(struct file *file, const char __user *user,
			 size_t len, loff_t *pos)
{
	char buf[64] = {}, *args = buf;
	int i, err = -EINVAL;

	if (len >= sizeof(buf))
		return -EINVAL;
	if (copy_from_user(buf, user, len))
		return -EFAULT;
	strsep(&args, "\n ");
	mutex_lock(&lock);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(buf, commands[i].name))
			err = commands[i].run(args ?: "");
	mutex_unlock(&lock);
	return err ?: len;
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = run_write,
};

static int shrinker_show(struct seq_file *m, void *v)
{
	int nid;

	for (nid = 0; nid < MAX_NODES; nid++)
		if (atomic_long_read(&calls[nid]))
			seq_printf(m, "%d %ld %ld %ld\n", nid,
				   atomic_long_read(&calls[nid]),
				   atomic_long_read(&scanned[nid]),
				   atomic_long_read(&freed[nid]));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(shrinker);

static int locks_show(struct seq_file *m, void *v)
{
	int nid, i;

	for_each_online_node(nid) {
		for (i = 0; i < MAX_NR_ZONES; i++) {
			struct zone *zone = &NODE_DATA(nid)->node_zones[i];

			if (populated_zone(zone))
				seq_printf(m, "%lx %d %s\n",
					   (unsigned long)&zone->lock, nid,
					   zone->name);
		}
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(locks);

static int __init pressure_init(void)
{
	for_each_kernel_tracepoint(find, NULL);
	dir = debugfs_create_dir("memtel_pressure", NULL);
	debugfs_create_file("run", 0200, dir, NULL, &run_fops);
	debugfs_create_file("shrinker", 0400, dir, NULL, &shrinker_fops);
	debugfs_create_file("locks", 0400, dir, NULL, &locks_fops);
	return 0;
}

static void __exit pressure_exit(void)
{
	debugfs_remove_recursive(dir);
	run_remove("");
	end_reclaims();
}

module_init(pressure_init);
module_exit(pressure_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The memtel authors");
MODULE_DESCRIPTION("Memory pressure of known size for memtel's tests");
