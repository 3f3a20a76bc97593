// SPDX-License-Identifier: GPL-2.0
/*
 * What a probe costs: loops of allocation and free, timed in the kernel.
 *
 *   /sys/kernel/debug/memtel_bench/empty   write 1 to hang an empty probe on
 *                                          the four slab tracepoints, 0 to
 *                                          take it off: the floor
 *   /sys/kernel/debug/memtel_bench/kmalloc read: ns for one pair of
 *   /sys/kernel/debug/memtel_bench/cache   kmalloc(128)+kfree(), of
 *   /sys/kernel/debug/memtel_bench/page    kmem_cache_alloc()+free(), of
 *   /sys/kernel/debug/memtel_bench/lock    alloc_page()+__free_page(), of an
 *                                          uncontended spin_lock()+unlock();
 *                                          each times 1000, mean of as many
 *                                          as the parameter pairs says;
 *                                          of the first two the median of
 *                                          LOOPS, each on a page of its own,
 *                                          for memtel times the events of some
 *                                          pages
 *   /sys/kernel/debug/memtel_bench/batch   read: the same of kmalloc(128) 64
 *                                          times, then kfree() of all, by pair
 *   /sys/kernel/debug/memtel_bench/sites   read: the same of pairs from 256
 *                                          call sites in turn, of which the
 *                                          parameter sites says how many
 *   /sys/kernel/debug/memtel_bench/parallel read: ns by pair times 1000 while
 *                                          all CPUs do them at once: of what
 *                                          all took together, on one CPU
 *   /sys/kernel/debug/memtel_bench/reclaim read: ns that the probes on a
 *                                          direct reclaim of one batch take
 *                                          (begin, LRU shrunk, end), times
 *                                          1000: called as the tracepoints
 *                                          would, with nothing reclaimed
 *
 * Under `-icount shift=0,sleep=off` with one CPU a nanosecond is an
 * instruction and the figures repeat to a tenth.
 */
#include <linux/cpu.h>
#include <linux/debugfs.h>
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/topology.h>
#include <linux/tracepoint.h>
#include <linux/workqueue.h>

#include "../oracle/call.h"

#define LOOPS	5
/* More than are on a slab page of either kind. */
#define OBJECTS	64
#define BATCH	64

/* Called from each in turn. */
#define SITES	256

static unsigned int pairs = 10000;
static unsigned int sites = SITES;

module_param(pairs, uint, 0644);
MODULE_PARM_DESC(pairs, "Pairs in a loop");
module_param(sites, uint, 0644);
MODULE_PARM_DESC(sites, "Call sites in use, 1 to 256");

static const char * const tracepoints[] = {
	"kmalloc", "kmem_cache_alloc", "kfree", "kmem_cache_free",
};

static struct tracepoint *found[ARRAY_SIZE(tracepoints)];
static struct tracepoint *reclaim_begin, *lru_shrink, *reclaim_end;
static struct kmem_cache *cache;
static struct dentry *dir;
static bool attached;
static DEFINE_MUTEX(lock);	/* protects attached */

/* Reads none of its arguments, so it serves every prototype. */
static void empty_probe(void *data)
{
}

static void find(struct tracepoint *tp, void *priv)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(tracepoints); i++)
		if (!strcmp(tp->name, tracepoints[i]))
			found[i] = tp;
	if (!strcmp(tp->name, "mm_vmscan_direct_reclaim_begin"))
		reclaim_begin = tp;
	if (!strcmp(tp->name, "mm_vmscan_lru_shrink_inactive"))
		lru_shrink = tp;
	if (!strcmp(tp->name, "mm_vmscan_direct_reclaim_end"))
		reclaim_end = tp;
}

static int empty_set(void *data, u64 on)
{
	int i, err = 0;

	mutex_lock(&lock);
	for (i = 0; i < ARRAY_SIZE(found) && !err && attached != !!on; i++)
		if (on)
			err = tracepoint_probe_register(found[i], empty_probe,
							NULL);
		else
			tracepoint_probe_unregister(found[i], empty_probe,
						    NULL);
	if (!err)
		attached = on;
	else
		while (--i > 0)
			tracepoint_probe_unregister(found[i - 1], empty_probe,
						    NULL);
	tracepoint_synchronize_unregister();
	mutex_unlock(&lock);
	return err;
}

static int empty_get(void *data, u64 *on)
{
	*on = attached;
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(empty_fops, empty_get, empty_set, "%llu\n");

static int reclaim_get(void *data, u64 *ns)
{
	u64 start;
	int i;

	preempt_disable();
	start = ktime_get_ns();
	for (i = 0; i < pairs; i++) {
		call_reclaim_begin(reclaim_begin);
		call_lru_shrink(lru_shrink, numa_mem_id());
		call_reclaim_end(reclaim_end);
	}
	*ns = (ktime_get_ns() - start) * 1000 / pairs;
	preempt_enable();
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(reclaim_fops, reclaim_get, NULL, "%llu\n");

static int page_get(void *data, u64 *ns)
{
	unsigned long flags;
	struct page *page;
	u64 start;
	int i;

	local_irq_save(flags);
	start = ktime_get_ns();
	for (i = 0; i < pairs; i++) {
		page = alloc_page(GFP_NOWAIT);
		if (page)
			__free_page(page);
	}
	*ns = (ktime_get_ns() - start) * 1000 / pairs;
	local_irq_restore(flags);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(page_fops, page_get, NULL, "%llu\n");

static int lock_get(void *data, u64 *ns)
{
	static DEFINE_SPINLOCK(free_lock);	/* protects nothing */
	unsigned long flags;
	u64 start;
	int i;

	local_irq_save(flags);
	start = ktime_get_ns();
	for (i = 0; i < pairs; i++) {
		spin_lock(&free_lock);
		spin_unlock(&free_lock);
	}
	*ns = (ktime_get_ns() - start) * 1000 / pairs;
	local_irq_restore(flags);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(lock_fops, lock_get, NULL, "%llu\n");

/* Always inline, so that which is no question in the loop. */
static __always_inline u64 pair_milli_ns(struct kmem_cache *from)
{
	unsigned long flags;
	void *object;
	u64 start;
	int i;

	local_irq_save(flags);
	start = ktime_get_ns();
	for (i = 0; i < pairs; i++) {
		object = from ? kmem_cache_alloc(from, GFP_NOWAIT) :
				kmalloc(128, GFP_NOWAIT);
		barrier_data(object);
		if (!from)
			kfree(object);
		else if (object)
			kmem_cache_free(from, object);
	}
	start = ktime_get_ns() - start;
	local_irq_restore(flags);
	return start * 1000 / pairs;
}

static void *take(struct kmem_cache *from)
{
	return from ? kmem_cache_alloc(from, GFP_KERNEL) :
		      kmalloc(128, GFP_KERNEL);
}

static int compare(const void *a, const void *b)
{
	return *(const u64 *)a < *(const u64 *)b ? -1 : 1;
}

/* The objects that are kept meanwhile move each loop to another page. */
static __always_inline int median_pair(struct kmem_cache *from, u64 *milli_ns)
{
	void **kept = kcalloc(LOOPS * OBJECTS, sizeof(*kept), GFP_KERNEL);
	u64 runs[LOOPS];
	int i, j;

	if (!kept)
		return -ENOMEM;
	for (i = 0; i < LOOPS; i++) {
		runs[i] = pair_milli_ns(from);
		for (j = 0; j < OBJECTS; j++)
			kept[i * OBJECTS + j] = take(from);
	}
	for (i = 0; i < LOOPS * OBJECTS; i++) {
		if (!from)
			kfree(kept[i]);
		else if (kept[i])
			kmem_cache_free(from, kept[i]);
	}
	kfree(kept);
	sort(runs, LOOPS, sizeof(runs[0]), compare, NULL);
	*milli_ns = runs[LOOPS / 2];
	return 0;
}

static int kmalloc_get(void *data, u64 *ns)
{
	return median_pair(NULL, ns);
}
DEFINE_DEBUGFS_ATTRIBUTE(kmalloc_fops, kmalloc_get, NULL, "%llu\n");

static int cache_get(void *data, u64 *ns)
{
	return median_pair(cache, ns);
}
DEFINE_DEBUGFS_ATTRIBUTE(cache_fops, cache_get, NULL, "%llu\n");

static int batch_get(void *data, u64 *ns)
{
	void *objects[BATCH];
	unsigned long flags;
	u64 start;
	int i, j;

	local_irq_save(flags);
	start = ktime_get_ns();
	for (i = 0; i < pairs / BATCH; i++) {
		for (j = 0; j < BATCH; j++)
			objects[j] = kmalloc(128, GFP_NOWAIT);
		barrier_data(objects);
		for (j = 0; j < BATCH; j++)
			kfree(objects[j]);
	}
	*ns = (ktime_get_ns() - start) * 1000 / (i * BATCH);
	local_irq_restore(flags);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(batch_fops, batch_get, NULL, "%llu\n");

/* The number keeps the compiler from making one of all of them. */
#define SITE(n) ({							\
	void *p = NULL;							\
									\
	if (site == (n)) {						\
		p = kmalloc(128, GFP_NOWAIT);				\
		asm volatile("" : "+r" (p) : "i" (n));			\
	}								\
	p;								\
})
#define SITE4(n)	(SITE(n) ?: SITE((n) + 1) ?: SITE((n) + 2) ?: SITE((n) + 3))
#define SITE16(n)	(SITE4(n) ?: SITE4((n) + 4) ?: SITE4((n) + 8) ?: \
			 SITE4((n) + 12))
#define SITE64(n)	(SITE16(n) ?: SITE16((n) + 16) ?: SITE16((n) + 32) ?: \
			 SITE16((n) + 48))

static noinline void pair_from_site(unsigned int site)
{
	void *object = SITE64(0) ?: SITE64(64) ?: SITE64(128) ?: SITE64(192);

	barrier_data(object);
	kfree(object);
}

static int sites_get(void *data, u64 *ns)
{
	unsigned int i, nr = clamp(sites, 1U, SITES);
	unsigned long flags;
	u64 start;

	local_irq_save(flags);
	start = ktime_get_ns();
	for (i = 0; i < pairs; i++)
		pair_from_site(i % nr);
	*ns = (ktime_get_ns() - start) * 1000 / pairs;
	local_irq_restore(flags);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(sites_fops, sites_get, NULL, "%llu\n");

struct parallel {
	struct work_struct work;
	atomic_t *waiting;
};

/* Interrupts stay on: CPUs may share a host's. */
static void parallel_run(struct work_struct *work)
{
	struct parallel *of = container_of(work, struct parallel, work);
	unsigned int i;
	void *object;

	atomic_dec(of->waiting);
	while (atomic_read(of->waiting))
		cpu_relax();
	for (i = 0; i < pairs; i++) {
		object = kmalloc(128, GFP_NOWAIT);
		barrier_data(object);
		kfree(object);
	}
}

static int parallel_get(void *data, u64 *ns)
{
	struct parallel *works = kcalloc(nr_cpu_ids, sizeof(*works),
					 GFP_KERNEL);
	atomic_t waiting;
	u64 start;
	int cpu;

	if (!works)
		return -ENOMEM;
	cpus_read_lock();
	atomic_set(&waiting, num_online_cpus());
	start = ktime_get_ns();
	for_each_online_cpu(cpu) {
		works[cpu].waiting = &waiting;
		INIT_WORK(&works[cpu].work, parallel_run);
		queue_work_on(cpu, system_highpri_wq, &works[cpu].work);
	}
	for_each_online_cpu(cpu)
		flush_work(&works[cpu].work);
	*ns = (ktime_get_ns() - start) * 1000 / pairs;
	cpus_read_unlock();
	kfree(works);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(parallel_fops, parallel_get, NULL, "%llu\n");

static int __init bench_init(void)
{
	int i;

	for_each_kernel_tracepoint(find, NULL);
	for (i = 0; i < ARRAY_SIZE(found); i++)
		if (!found[i])
			return -ENOENT;
	if (!reclaim_begin || !lru_shrink || !reclaim_end)
		return -ENOENT;
	cache = kmem_cache_create("memtel_bench", 136, 0, 0,
				  NULL);
	if (!cache)
		return -ENOMEM;
	dir = debugfs_create_dir("memtel_bench", NULL);
	debugfs_create_file("empty", 0600, dir, NULL, &empty_fops);
	debugfs_create_file("kmalloc", 0400, dir, NULL, &kmalloc_fops);
	debugfs_create_file("cache", 0400, dir, NULL, &cache_fops);
	debugfs_create_file("page", 0400, dir, NULL, &page_fops);
	debugfs_create_file("batch", 0400, dir, NULL, &batch_fops);
	debugfs_create_file("sites", 0400, dir, NULL, &sites_fops);
	debugfs_create_file("parallel", 0400, dir, NULL, &parallel_fops);
	debugfs_create_file("lock", 0400, dir, NULL, &lock_fops);
	debugfs_create_file("reclaim", 0400, dir, NULL, &reclaim_fops);
	return 0;
}

static void __exit bench_exit(void)
{
	debugfs_remove_recursive(dir);
	empty_set(NULL, 0);
	kmem_cache_destroy(cache);
}

module_init(bench_init);
module_exit(bench_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The memtel authors");
MODULE_DESCRIPTION("memtel's benchmark loops");
