// SPDX-License-Identifier: GPL-2.0
/*
 * Many caches: what grows with their number.
 *
 * /sys/kernel/debug/memtel_caches/
 *   number  write: have so many caches, of 128 bytes, none merged with another
 *   sweep   read: ns for a pair of kmem_cache_alloc() and kmem_cache_free(),
 *           times 1000: one from each cache in turn, the mean of ROUNDS
 *   create  read: the longest ns of MORE calls of kmem_cache_create(), of caches
 *           that are destroyed at once
 */
#include <linux/debugfs.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>

#define CACHES_MAX	20000
#define ROUNDS		10
#define MORE		50

static DEFINE_MUTEX(lock);	/* protects all below */
static struct kmem_cache *caches[CACHES_MAX];
static char names[CACHES_MAX][24];
static unsigned int nr;
static struct dentry *dir;

/* A constructor keeps SLUB from merging the cache with another. */
static void ctor(void *object)
{
}

static int number_set(void *data, u64 want)
{
	int err = 0;

	if (want > CACHES_MAX)
		return -EINVAL;
	mutex_lock(&lock);
	while (nr > want) {
		kmem_cache_destroy(caches[--nr]);
		cond_resched();
	}
	while (nr < want && !err) {
		snprintf(names[nr], sizeof(names[nr]), "memtel-many-%u", nr);
		caches[nr] = kmem_cache_create(names[nr], 128, 0, 0, ctor);
		if (caches[nr])
			nr++;
		else
			err = -ENOMEM;
		cond_resched();
	}
	mutex_unlock(&lock);
	return err;
}

static int number_get(void *data, u64 *number)
{
	*number = nr;
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(number_fops, number_get, number_set, "%llu\n");

static void sweep(void)
{
	unsigned int i;
	void *object;

	for (i = 0; i < nr; i++) {
		object = kmem_cache_alloc(caches[i], GFP_NOWAIT);
		barrier_data(object);
		if (object)
			kmem_cache_free(caches[i], object);
	}
}

static int sweep_get(void *data, u64 *ns)
{
	unsigned long flags;
	int i, err = 0;
	u64 start;

	mutex_lock(&lock);
	/* Each has its slab after the first time. */
	sweep();
	if (nr) {
		local_irq_save(flags);
		start = ktime_get_ns();
		for (i = 0; i < ROUNDS; i++)
			sweep();
		*ns = (ktime_get_ns() - start) * 1000 / (ROUNDS * nr);
		local_irq_restore(flags);
	} else {
		err = -ENODATA;
	}
	mutex_unlock(&lock);
	return err;
}
DEFINE_DEBUGFS_ATTRIBUTE(sweep_fops, sweep_get, NULL, "%llu\n");

static int create_get(void *data, u64 *ns)
{
	struct kmem_cache *cache;
	int i, err = 0;
	u64 start;

	*ns = 0;
	mutex_lock(&lock);
	for (i = 0; i < MORE && !err; i++) {
		start = ktime_get_ns();
		cache = kmem_cache_create("memtel-more", 128, 0, 0, ctor);
		*ns = max(*ns, ktime_get_ns() - start);
		if (!cache)
			err = -ENOMEM;
		kmem_cache_destroy(cache);
		cond_resched();
	}
	mutex_unlock(&lock);
	return err;
}
DEFINE_DEBUGFS_ATTRIBUTE(create_fops, create_get, NULL, "%llu\n");

static int __init caches_init(void)
{
	dir = debugfs_create_dir("memtel_caches", NULL);
	debugfs_create_file("number", 0600, dir, NULL, &number_fops);
	debugfs_create_file("sweep", 0400, dir, NULL, &sweep_fops);
	debugfs_create_file("create", 0400, dir, NULL, &create_fops);
	return 0;
}

static void __exit caches_exit(void)
{
	debugfs_remove_recursive(dir);
	number_set(NULL, 0);
}

module_init(caches_init);
module_exit(caches_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The memtel authors");
MODULE_DESCRIPTION("Many caches, for memtel's benchmarks");
