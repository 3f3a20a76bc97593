// SPDX-License-Identifier: GPL-2.0
/*
 * A driver with faults that users meet, for tests that look for who did it. It
 * knows nothing of memtel.
 *
 * /sys/kernel/debug/faulty_driver/run   write one command a time:
 *   leak SIZE N     keep N objects of SIZE bytes that nobody needs any more,
 *                   all from one line of code
 *   splinter MIB    take so much memory page by page and give back all but one
 *                   page of each huge page
 *   mend            give everything back
 */
#include <linux/debugfs.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#define HUGE_PAGES	512

static DEFINE_MUTEX(lock);	/* protects what is kept */
static LIST_HEAD(leaked);
static LIST_HEAD(splinters);	/* pages, by their lru */
static struct dentry *dir;

/* The line of code. Not the last of its function, or the caller were blamed. */
static noinline struct list_head *faulty_driver_request(size_t size)
{
	struct list_head *object = kmalloc(size, GFP_KERNEL | __GFP_NOWARN);

	if (object)
		INIT_LIST_HEAD(object);
	return object;
}

static int leak(char *args)
{
	unsigned int size, nr;

	if (sscanf(args, "%u %u", &size, &nr) != 2 ||
	    size < sizeof(struct list_head))
		return -EINVAL;
	while (nr--) {
		struct list_head *object = faulty_driver_request(size);

		if (!object)
			return -ENOMEM;
		list_add(object, &leaked);
		if (!(nr % 256))
			cond_resched();
	}
	return 0;
}

static int splinter(char *args)
{
	struct page *page, *next;
	unsigned long nr, i;
	LIST_HEAD(taken);

	if (kstrtoul(strim(args), 10, &nr))
		return -EINVAL;
	for (i = 0; i < nr << (20 - PAGE_SHIFT); i++) {
		page = alloc_page(GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY);
		if (!page)
			break;
		list_add(&page->lru, &taken);
		if (!(i % 256))
			cond_resched();
	}
	list_for_each_entry_safe(page, next, &taken, lru) {
		if (page_to_pfn(page) % HUGE_PAGES == HUGE_PAGES / 2) {
			list_move(&page->lru, &splinters);
			continue;
		}
		list_del(&page->lru);
		__free_page(page);
	}
	return 0;
}

static int mend(char *args)
{
	struct list_head *object, *after;
	struct page *page, *next;

	list_for_each_safe(object, after, &leaked)
		kfree(object);
	INIT_LIST_HEAD(&leaked);
	list_for_each_entry_safe(page, next, &splinters, lru) {
		list_del(&page->lru);
		__free_page(page);
	}
	return 0;
}

static const struct {
	const char *name;
	int (*run)(char *args);
} commands[] = {
	{ "leak", leak },
	{ "splinter", splinter },
	{ "mend", mend },
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

static int __init faulty_init(void)
{
	dir = debugfs_create_dir("faulty_driver", NULL);
	debugfs_create_file("run", 0200, dir, NULL, &run_fops);
	return 0;
}

static void __exit faulty_exit(void)
{
	debugfs_remove_recursive(dir);
	mend("");
}

module_init(faulty_init);
module_exit(faulty_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The memtel authors");
MODULE_DESCRIPTION("A driver with faults, for memtel's tests");
