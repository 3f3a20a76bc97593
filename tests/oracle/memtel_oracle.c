// SPDX-License-Identifier: GPL-2.0
/*
 * A load of known size: exactly N allocations or frees, from a given context,
 * CPU and node, out of kmalloc() or a cache of its own; and what only the
 * kernel can see of memtel: which tracepoints have a probe of its.
 *
 * /sys/kernel/debug/memtel_oracle/
 *   run     write one command a time:
 *     create NAME SIZE               make a cache
 *     destroy NAME                   destroy it
 *     alloc NAME CTX CPU NODE SIZE N keep N objects; NAME kmalloc, kmalloc-rcl
 *                                    or a cache's; CTX task, softirq or
 *                                    hardirq, where PREEMPT_RT allows no
 *                                    allocation; CPU -1 for all at once, N each
 *     free NAME CTX CPU LIST N       free N of the objects that CPU number
 *                                    LIST keeps, -1 for the freeing CPU's own
 *     kfree NAME CTX CPU LIST N      the same by kfree()
 *     interrupted NAME CPU NS N      allocate and free N objects in a task, and
 *                                    one more in hardirq every NS
 *     fragment NAME SLABS            fill SLABS slabs, then free all but one
 *                                    object of most and half of the others
 *     drop NAME                      free all that fragment left
 *     wake MS                        wake the host from suspend to idle every MS,
 *                                    0 to stop that; virtio devices, not all of
 *                                    which come back from it, are not suspended
 *     slow FUNCTION NS               have each call of a function take NS longer,
 *                                    0 to stop that
 *   probes  read: "TRACEPOINT FUNCTION [MODULE]" for every probe there is
 *
 * A command returns an error when not all N could be done.
 */
#include <linux/cpu.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/suspend.h>
#include <linux/timer.h>
#include <linux/tracepoint.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#define NR_TARGETS	64
#define NAME_BYTES	40

enum how { ALLOC, FREE, KFREE };

/* Objects kept are linked through their first word. */
struct kept {
	void *head;
	raw_spinlock_t lock;	/* protects head */
};

struct target {
	char name[NAME_BYTES];
	struct kmem_cache *cache;	/* NULL for kmalloc */
	gfp_t gfp;
	void **fragments;
	unsigned long nr_fragments;
	struct kept kept[];		/* by CPU */
};

struct job {
	enum how how;
	struct target *target;
	int list;
	int node;
	unsigned int size;
	unsigned int count;
	atomic_t done;
	atomic_t cpus_left;
};

static struct target *targets[NR_TARGETS];
static DEFINE_MUTEX(lock);	/* protects targets; one command a time */
static struct dentry *dir;

static struct target *find_target(const char *name)
{
	int i;

	for (i = 0; i < NR_TARGETS; i++)
		if (targets[i] && !strcmp(targets[i]->name, name))
			return targets[i];
	return NULL;
}

static void *job_alloc(struct job *job)
{
	struct target *t = job->target;
	gfp_t gfp = GFP_ATOMIC | __GFP_NOWARN | t->gfp;

	if (job->node >= 0)
		gfp |= __GFP_THISNODE;
	if (t->cache)
		return job->node < 0 ? kmem_cache_alloc(t->cache, gfp) :
				       kmem_cache_alloc_node(t->cache, gfp,
							     job->node);
	return kmalloc_node(job->size, gfp, job->node);
}

/* On the job's CPU and in its context. */
static void job_run(void *arg)
{
	struct job *job = arg;
	int cpu = raw_smp_processor_id();
	struct kept *kept = &job->target->kept[job->list < 0 ? cpu : job->list];
	unsigned int i, done = 0;
	unsigned long flags;
	void *object;

	for (i = 0; i < job->count; i++) {
		if (job->how == ALLOC) {
			object = job_alloc(job);
			if (!object)
				break;
			raw_spin_lock_irqsave(&kept->lock, flags);
			*(void **)object = kept->head;
			kept->head = object;
			raw_spin_unlock_irqrestore(&kept->lock, flags);
		} else {
			raw_spin_lock_irqsave(&kept->lock, flags);
			object = kept->head;
			if (object)
				kept->head = *(void **)object;
			raw_spin_unlock_irqrestore(&kept->lock, flags);
			if (!object)
				break;
			if (job->how == KFREE || !job->target->cache)
				kfree(object);
			else
				kmem_cache_free(job->target->cache, object);
		}
		done++;
	}
	atomic_add(done, &job->done);
	atomic_dec(&job->cpus_left);
}

struct cpu_job {
	struct work_struct work;
	struct timer_list timer;
	struct job *job;
};

static void task_run(struct work_struct *work)
{
	job_run(container_of(work, struct cpu_job, work)->job);
}

static void softirq_run(struct timer_list *timer)
{
	job_run(container_of(timer, struct cpu_job, timer)->job);
}

static int job_start(struct job *job, const char *ctx, int cpu)
{
	struct cpu_job *jobs = kcalloc(nr_cpu_ids, sizeof(*jobs), GFP_KERNEL);
	unsigned int i, cpus = 0;

	if (!jobs)
		return -ENOMEM;
	cpus_read_lock();
	for_each_online_cpu(i)
		if (cpu < 0 || i == cpu)
			cpus++;
	atomic_set(&job->cpus_left, cpus);
	for_each_online_cpu(i) {
		if (cpu >= 0 && i != cpu)
			continue;
		jobs[i].job = job;
		if (!strcmp(ctx, "task")) {
			INIT_WORK(&jobs[i].work, task_run);
			schedule_work_on(i, &jobs[i].work);
		} else if (!strcmp(ctx, "softirq")) {
			timer_setup(&jobs[i].timer, softirq_run, TIMER_PINNED);
			jobs[i].timer.expires = jiffies + 1;
			add_timer_on(&jobs[i].timer, i);
		} else if (cpu >= 0) {
			smp_call_function_single(cpu, job_run, job, 1);
		}
	}
	if (!strcmp(ctx, "hardirq") && cpu < 0)
		on_each_cpu(job_run, job, 1);
	while (atomic_read(&job->cpus_left))
		schedule_timeout_uninterruptible(1);
	for_each_online_cpu(i) {
		if (jobs[i].job && !strcmp(ctx, "task"))
			flush_work(&jobs[i].work);
		if (jobs[i].job && !strcmp(ctx, "softirq"))
			timer_delete_sync(&jobs[i].timer);
	}
	cpus_read_unlock();
	kfree(jobs);
	return atomic_read(&job->done) == cpus * job->count ? 0 : -EIO;
}

static int run_job(char *args, enum how how)
{
	struct job job = { .how = how, .list = -1, .node = -1 };
	char name[NAME_BYTES], ctx[16];
	int cpu;

	if (how == ALLOC ?
	    sscanf(args, "%39s %15s %d %d %u %u", name, ctx, &cpu, &job.node,
		   &job.size, &job.count) != 6 :
	    sscanf(args, "%39s %15s %d %d %u", name, ctx, &cpu, &job.list,
		   &job.count) != 5)
		return -EINVAL;
	if (strcmp(ctx, "task") && strcmp(ctx, "softirq") &&
	    strcmp(ctx, "hardirq"))
		return -EINVAL;
	if (IS_ENABLED(CONFIG_PREEMPT_RT) && !strcmp(ctx, "hardirq"))
		return -EOPNOTSUPP;
	if (cpu >= (int)nr_cpu_ids || job.list >= (int)nr_cpu_ids ||
	    (how == ALLOC && job.size < sizeof(void *)))
		return -EINVAL;
	job.target = find_target(name);
	if (!job.target)
		return -ENOENT;
	return job_start(&job, ctx, cpu);
}

struct interrupted {
	struct hrtimer timer;
	ktime_t period;
	struct kmem_cache *cache;
	unsigned int count;
};

static int alloc_and_free(struct kmem_cache *cache)
{
	void *object = kmem_cache_alloc(cache, GFP_ATOMIC | __GFP_NOWARN);

	if (!object)
		return -ENOMEM;
	kmem_cache_free(cache, object);
	return 0;
}

static enum hrtimer_restart on_tick(struct hrtimer *timer)
{
	struct interrupted *in = container_of(timer, struct interrupted, timer);

	alloc_and_free(in->cache);
	hrtimer_forward_now(timer, in->period);
	return HRTIMER_RESTART;
}

/* On the CPU meant. */
static long interrupted_run(void *arg)
{
	struct interrupted *in = arg;
	unsigned int i;
	int err = 0;

	hrtimer_setup(&in->timer, on_tick, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_PINNED_HARD);
	hrtimer_start(&in->timer, in->period, HRTIMER_MODE_REL_PINNED_HARD);
	for (i = 0; i < in->count && !err; i++) {
		err = alloc_and_free(in->cache);
		cond_resched();
	}
	hrtimer_cancel(&in->timer);
	return err;
}

static int run_interrupted(char *args)
{
	struct interrupted in = {};
	char name[NAME_BYTES];
	unsigned int period_ns;
	struct target *t;
	int cpu;

	if (sscanf(args, "%39s %d %u %u", name, &cpu, &period_ns,
		   &in.count) != 4 || cpu < 0 || cpu >= (int)nr_cpu_ids ||
	    !period_ns)
		return -EINVAL;
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		return -EOPNOTSUPP;
	t = find_target(name);
	if (!t || !t->cache)
		return -ENOENT;
	in.cache = t->cache;
	in.period = ns_to_ktime(period_ns);
	return work_on_cpu(cpu, interrupted_run, &in);
}

/* A constructor keeps SLUB from merging the cache with another. */
static void ctor(void *object)
{
}

static struct target *add_target(const char *name, gfp_t gfp)
{
	struct target *t = kzalloc(struct_size(t, kept, nr_cpu_ids),
				   GFP_KERNEL);
	int i;

	if (!t)
		return NULL;
	strscpy(t->name, name, sizeof(t->name));
	t->gfp = gfp;
	for (i = 0; i < nr_cpu_ids; i++)
		raw_spin_lock_init(&t->kept[i].lock);
	for (i = 0; i < NR_TARGETS; i++)
		if (!targets[i]) {
			targets[i] = t;
			return t;
		}
	kfree(t);
	return NULL;
}

static void free_target(struct target *t)
{
	int i;

	for (i = 0; i < NR_TARGETS; i++)
		if (targets[i] == t)
			targets[i] = NULL;
	kmem_cache_destroy(t->cache);
	kfree(t);
}

static int run_create(char *args)
{
	char name[NAME_BYTES];
	struct target *t;
	unsigned int size;

	if (sscanf(args, "%39s %u", name, &size) != 2 || find_target(name) ||
	    size < sizeof(void *) || size > 8192)
		return -EINVAL;
	t = add_target(name, 0);
	if (!t)
		return -ENOMEM;
	/* A name that ends in -merge asks to be merged. */
	t->cache = kmem_cache_create(t->name, size, 0, 0,
				     strstr(name, "-merge") ? NULL : ctor);
	if (t->cache)
		return 0;
	free_target(t);
	return -ENOMEM;
}

static int run_destroy(char *args)
{
	struct target *t = find_target(strim(args));
	int cpu;

	if (!t || !t->cache || t->fragments)
		return -EINVAL;
	for_each_possible_cpu(cpu)
		if (t->kept[cpu].head)
			return -EBUSY;
	free_target(t);
	return 0;
}

static int run_drop(char *args)
{
	struct target *t = find_target(strim(args));
	unsigned long i;

	if (!t || !t->fragments)
		return -EINVAL;
	for (i = 0; i < t->nr_fragments; i++) {
		if (t->fragments[i])
			kmem_cache_free(t->cache, t->fragments[i]);
		cond_resched();
	}
	vfree(t->fragments);
	t->fragments = NULL;
	return 0;
}

/* Slabs of one page, so that an object's place in its slab is its address's. */
static int run_fragment(char *args)
{
	unsigned long slabs, i, nr, size;
	char name[NAME_BYTES];
	struct target *t;

	if (sscanf(args, "%39s %lu", name, &slabs) != 2)
		return -EINVAL;
	t = find_target(name);
	if (!t || !t->cache || t->fragments)
		return -EINVAL;
	size = kmem_cache_size(t->cache);
	nr = slabs * (PAGE_SIZE / size);
	t->fragments = vzalloc(array_size(nr, sizeof(void *)));
	if (!t->fragments)
		return -ENOMEM;
	t->nr_fragments = nr;
	for (i = 0; i < nr; i++) {
		t->fragments[i] = kmem_cache_alloc(t->cache, GFP_KERNEL);
		if (!t->fragments[i]) {
			run_drop(name);
			return -ENOMEM;
		}
		if (!(i % 1024))
			cond_resched();
	}
	for (i = 0; i < nr; i++) {
		unsigned long at = offset_in_page(t->fragments[i]);
		bool keep = i % 7 ? at < size : at < PAGE_SIZE / 2;

		if (!keep) {
			kmem_cache_free(t->cache, t->fragments[i]);
			t->fragments[i] = NULL;
		}
		if (!(i % 1024))
			cond_resched();
	}
	return 0;
}

static unsigned int wake_ms;	/* written while wake_work does not run */
static void wake(struct work_struct *work);
static DECLARE_DELAYED_WORK(wake_work, wake);

static void wake(struct work_struct *work)
{
	pm_system_wakeup();
	schedule_delayed_work(&wake_work, msecs_to_jiffies(wake_ms));
}

/* Again and again, as a wakeup before tasks are frozen is lost. */
static int run_wake(char *args)
{
	struct pci_dev *dev = NULL;
	unsigned int ms;

	if (kstrtouint(strim(args), 0, &ms))
		return -EINVAL;
	cancel_delayed_work_sync(&wake_work);
	/* A VM's files come from such a device. */
	while ((dev = pci_get_device(PCI_VENDOR_ID_REDHAT_QUMRANET, PCI_ANY_ID,
				     dev)))
		dev_pm_syscore_device(&dev->dev, ms);
	wake_ms = ms;
	if (ms)
		schedule_delayed_work(&wake_work, msecs_to_jiffies(ms));
	return 0;
}

static struct {
	struct kprobe probe;
	char name[NAME_BYTES];
	unsigned int ns;
} slow;

static int slow_handler(struct kprobe *probe, struct pt_regs *regs)
{
	ndelay(slow.ns);
	return 0;
}

static void slow_stop(void)
{
	if (slow.ns)
		unregister_kprobe(&slow.probe);
	slow.ns = 0;
}

static int run_slow(char *args)
{
	unsigned int ns;
	int err;

	if (sscanf(args, "%39s %u", slow.name, &ns) != 2)
		return -EINVAL;
	slow_stop();
	if (!ns)
		return 0;
	memset(&slow.probe, 0, sizeof(slow.probe));
	slow.probe.symbol_name = slow.name;
	slow.probe.pre_handler = slow_handler;
	slow.ns = ns;
	err = register_kprobe(&slow.probe);
	if (err)
		slow.ns = 0;
	return err;
}

static ssize_t run_write(struct file *file, const char __user *user,
			 size_t len, loff_t *pos)
{
	char buf[128] = {}, *args;
	int err = -EINVAL;

	if (len >= sizeof(buf))
		return -EINVAL;
	if (copy_from_user(buf, user, len))
		return -EFAULT;
	args = buf;
	strsep(&args, "\n ");
	if (!args)
		return -EINVAL;

	mutex_lock(&lock);
	if (!strcmp(buf, "alloc"))
		err = run_job(args, ALLOC);
	else if (!strcmp(buf, "free"))
		err = run_job(args, FREE);
	else if (!strcmp(buf, "kfree"))
		err = run_job(args, KFREE);
	else if (!strcmp(buf, "interrupted"))
		err = run_interrupted(args);
	else if (!strcmp(buf, "create"))
		err = run_create(args);
	else if (!strcmp(buf, "destroy"))
		err = run_destroy(args);
	else if (!strcmp(buf, "fragment"))
		err = run_fragment(args);
	else if (!strcmp(buf, "drop"))
		err = run_drop(args);
	else if (!strcmp(buf, "wake"))
		err = run_wake(args);
	else if (!strcmp(buf, "slow"))
		err = run_slow(args);
	mutex_unlock(&lock);
	return err ?: len;
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = run_write,
};

static void show_tracepoint(struct tracepoint *tp, void *m)
{
	struct tracepoint_func *func;

	rcu_read_lock_sched();
	func = rcu_dereference_sched(tp->funcs);
	for (; func && func->func; func++)
		seq_printf(m, "%s %ps\n", tp->name, func->func);
	rcu_read_unlock_sched();
}

static int probes_show(struct seq_file *m, void *v)
{
	for_each_kernel_tracepoint(show_tracepoint, m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(probes);

static int __init oracle_init(void)
{
	if (!add_target("kmalloc", 0) ||
	    !add_target("kmalloc-rcl", __GFP_RECLAIMABLE))
		return -ENOMEM;
	dir = debugfs_create_dir("memtel_oracle", NULL);
	debugfs_create_file("run", 0200, dir, NULL, &run_fops);
	debugfs_create_file("probes", 0400, dir, NULL, &probes_fops);
	return 0;
}

static void __exit oracle_exit(void)
{
	int i;

	debugfs_remove_recursive(dir);
	slow_stop();
	cancel_delayed_work_sync(&wake_work);
	for (i = 0; i < NR_TARGETS; i++)
		if (targets[i])
			free_target(targets[i]);
}

module_init(oracle_init);
module_exit(oracle_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The memtel authors");
MODULE_DESCRIPTION("Known loads for memtel's tests");
