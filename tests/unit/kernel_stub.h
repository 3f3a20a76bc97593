/* SPDX-License-Identifier: GPL-2.0 */
/*
 * As little of the kernel as trigger.c, metric.c, evidence.c, cause.c and collect.c
 * need to be compiled, unchanged, for the host. It is included before them; the
 * kernel's headers that they name are empty files.
 */
#ifndef KERNEL_STUB_H
#define KERNEL_STUB_H

#include <errno.h>
#include <limits.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define __KERNEL__

#define static_assert(condition, ...) _Static_assert(condition, #condition)
#define BITS_PER_LONG_LONG 64

typedef __u8 u8;
typedef __u32 u32;
typedef __s32 s32;
typedef __u64 u64;
typedef __s64 s64;
typedef unsigned int gfp_t;
typedef struct { unsigned int val; } kuid_t;
typedef struct { long counter; } atomic_long_t;
typedef struct { unsigned int seq; } seqcount_latch_t;

#define __percpu
#define __init
#define __aligned(n)		__attribute__((aligned(n)))
#define noinline		__attribute__((noinline))
#define BIT(n)			(1UL << (n))
#define BIT_ULL(n)		(1ULL << (n))
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define READ_ONCE(x)		(*(volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v)	(*(volatile __typeof__(x) *)&(x) = (v))
#define smp_load_acquire(p)	READ_ONCE(*(p))
#define U64_MAX			UINT64_MAX
#define U32_MAX			UINT32_MAX
#define TASK_COMM_LEN		16
#define NUMA_NO_NODE		(-1)
#define NSEC_PER_SEC		1000000000L
#define NSEC_PER_MSEC		1000000L
#define PAGE_SHIFT		12
#define NR_PAGE_ORDERS		11
#define GFP_KERNEL		0
#define GFP_KERNEL_ACCOUNT	0
#define __GFP_NOWARN		0
#define cond_resched()		((void)0)
#define unlikely(x)		(x)

#define max(a, b) ({ __typeof__(a) _a = (a); __typeof__(b) _b = (b); \
		     _a > _b ? _a : _b; })
#define min(a, b) ({ __typeof__(a) _a = (a); __typeof__(b) _b = (b); \
		     _a < _b ? _a : _b; })
#define max3(a, b, c)		max(max(a, b), c)
#define MAX_NUMNODES	STUB_NODES
#define min_t(t, a, b)		min((t)(a), (t)(b))
#define max_t(t, a, b)		max((t)(a), (t)(b))

struct list_head {
	struct list_head *next, *prev;
};

struct mutex {
	int is_held;
};

#define DEFINE_MUTEX(name)	struct mutex name = {}

#define lockdep_assert_held(lock) \
	do { \
		if (!(lock)->is_held) \
			abort(); \
	} while (0)

static inline void mutex_lock(struct mutex *lock)
{
	if (lock->is_held++)
		abort();
}

static inline void mutex_unlock(struct mutex *lock)
{
	if (--lock->is_held)
		abort();
}

static inline ssize_t strscpy(char *to, const char *from, size_t size)
{
	size_t len;

	for (len = 0; len < size - 1 && from[len]; len++)
		to[len] = from[len];
	to[len] = '\0';
	return from[len] ? -E2BIG : (ssize_t)len;
}

/* As in include/linux/hash.h: 32 bits, however many are asked for. */
static inline u32 hash_64(u64 value, unsigned int bits)
{
	return value * 0x61C8864680B583EBull >> (64 - bits);
}

static inline u32 hash_32(u32 value, unsigned int bits)
{
	return value * 0x61C88647 >> (32 - bits);
}

static inline unsigned int ilog2(u64 n)
{
	return 63 - __builtin_clzll(n);
}

static inline u64 roundup_pow_of_two(u64 n)
{
	return n < 2 ? 1 : 2ULL << ilog2(n - 1);
}

#define struct_size(p, member, n) \
	(sizeof(*(p)) + sizeof((p)->member[0]) * (n))
#define array_size(a, b)	((size_t)(a) * (b))
#define size_add(a, b)		((size_t)(a) + (b))

/* Memory; the fail-th request from now on fails, 0 for none. */
extern unsigned int stub_alloc_fail;

static inline void *stub_alloc(size_t size)
{
	if (stub_alloc_fail && !--stub_alloc_fail)
		return NULL;
	return calloc(1, size ?: 1);
}

#define vzalloc(size)			stub_alloc(size)
#define kvmalloc(size, gfp)		stub_alloc(size)
#define kvzalloc(size, gfp)		stub_alloc(size)
#define kvcalloc(n, size, gfp)		stub_alloc((size_t)(n) * (size))
#define kvmalloc_array(n, size, gfp)	stub_alloc((size_t)(n) * (size))
#define kzalloc(size, gfp)		stub_alloc(size)
#define vfree(p)			free(p)
#define kvfree(p)			free(p)
#define kfree(p)			free(p)

#define IS_ERR(p)	((unsigned long)(p) >= -4095UL)
#define PTR_ERR(p)	((long)(p))
#define ERR_PTR(e)	((void *)(long)(e))

#define scnprintf(to, size, ...) \
	min((size_t)snprintf(to, size, __VA_ARGS__), (size_t)(size) - 1)

/* Nodes and zones. */
#define STUB_NODES	8
#define MAX_NR_ZONES	3

enum node_stat_item { NR_ANON_MAPPED, NR_FILE_PAGES, NR_STUB_ITEMS };
enum node_states { N_MEMORY };

struct zone {
	const char *name;
	unsigned long pages;
};

typedef struct pglist_data {
	struct zone node_zones[MAX_NR_ZONES];
	atomic_long_t vm_stat[NR_STUB_ITEMS];
} pg_data_t;

extern unsigned int nr_node_ids;
extern pg_data_t stub_nodes[STUB_NODES];

#define NODE_DATA(nid)		(&stub_nodes[nid])
#define node_online(nid)	((nid) < (int)nr_node_ids)
#define populated_zone(zone)	((zone)->pages)
#define atomic_long_read(a)	((a)->counter)
#define for_each_online_node(nid) \
	for ((nid) = 0; (nid) < (int)nr_node_ids; (nid)++)
#define for_each_node_state(nid, state)	for_each_online_node(nid)

/* Time and deferred work: the test is the clock and the worker. */
extern u64 stub_now_ns;

static inline u64 ktime_get_mono_fast_ns(void)
{
	return stub_now_ns;
}

static inline u64 ktime_get_boottime_ns(void)
{
	return stub_now_ns;
}

struct work_struct {
	void (*fn)(struct work_struct *work);
};

struct delayed_work {
	struct work_struct work;
};

struct workqueue_struct;

/* The reading that is queued, NULL for none. */
extern struct delayed_work *stub_queued;

#define system_dfl_wq		((struct workqueue_struct *)NULL)
#define nsecs_to_jiffies(ns)	((unsigned long)((ns) / 4000000))
#define DECLARE_DELAYED_WORK(name, f) \
	struct delayed_work name = { .work.fn = (f) }

static inline void stub_queue(struct workqueue_struct *wq,
			      struct delayed_work *work, unsigned long jiffies)
{
	(void)wq;
	(void)jiffies;
	stub_queued = work;
}

#define queue_delayed_work	stub_queue
#define mod_delayed_work	stub_queue
#define cancel_delayed_work(w)	(stub_queued = NULL)
#define cancel_delayed_work_sync(w) (stub_queued = NULL)

struct workqueue_struct {
	struct work_struct *queued;
};

extern struct workqueue_struct stub_wq;

enum { WQ_UNBOUND, WQ_HIGHPRI, WQ_MEM_RECLAIM };
#define alloc_workqueue(name, flags, max)	(&stub_wq)
#define destroy_workqueue(wq)			((void)(wq))
#define flush_workqueue(wq)			((void)(wq))
#define queue_work(wq, work)			((wq)->queued = (work))
#define INIT_WORK(work, f)			((work)->fn = (f))

struct irq_work {
	void (*fn)(struct irq_work *work);
};

#define init_irq_work(work, f)	((work)->fn = (f))
#define irq_work_queue(work)	((work)->fn(work))
#define irq_work_sync(work)	((void)(work))

enum hrtimer_restart { HRTIMER_NORESTART };
enum { CLOCK_STUB, HRTIMER_MODE_ABS };
#define CLOCK_MONOTONIC		CLOCK_STUB

struct hrtimer {
	enum hrtimer_restart (*fn)(struct hrtimer *timer);
	u64 at_ns;
};

/* The timer that is set, NULL for none. */
extern struct hrtimer *stub_timer;

#define hrtimer_setup(timer, f, clock, mode)	((timer)->fn = (f))
#define hrtimer_cancel(timer)			(stub_timer = NULL)
#define ns_to_ktime(ns)				(ns)

static inline void hrtimer_start(struct hrtimer *timer, u64 ns, int mode)
{
	(void)mode;
	timer->at_ns = ns;
	stub_timer = timer;
}

typedef struct { int is_held; } raw_spinlock_t;
#define __RAW_SPIN_LOCK_UNLOCKED(name)	{}
#define raw_spin_lock_irqsave(lock, flags) \
	((void)(flags = (unsigned long)(lock)))
#define raw_spin_unlock_irqrestore(lock, flags)	((void)(lock), (void)flags)

#define LIST_HEAD(name) struct list_head name = { &(name), &(name) }
#define container_of(p, type, member) \
	((type *)((char *)(p) - offsetof(type, member)))
#define list_entry(p, type, member)	container_of(p, type, member)
#define list_empty(head)		((head)->next == (head))
#define list_for_each_entry(at, head, member) \
	for (at = list_entry((head)->next, __typeof__(*at), member); \
	     &at->member != (head); \
	     at = list_entry(at->member.next, __typeof__(*at), member))
#define list_for_each_entry_from(at, head, member) \
	for (; &at->member != (head); \
	     at = list_entry(at->member.next, __typeof__(*at), member))
#define list_for_each_entry_safe(at, n, head, member) \
	for (at = list_entry((head)->next, __typeof__(*at), member), \
	     n = list_entry(at->member.next, __typeof__(*at), member); \
	     &at->member != (head); \
	     at = n, n = list_entry(n->member.next, __typeof__(*n), member))

#define INIT_LIST_HEAD(head)	((head)->next = (head)->prev = (head))

static inline void list_add_tail(struct list_head *entry,
				 struct list_head *head)
{
	entry->next = head;
	entry->prev = head->prev;
	head->prev->next = entry;
	head->prev = entry;
}

static inline void list_del(struct list_head *entry)
{
	entry->prev->next = entry->next;
	entry->next->prev = entry->prev;
}

struct task_struct;
struct netlink_ext_ack;
#define current				((struct task_struct *)NULL)
#define current_uid()			((kuid_t) {})
#define task_tgid_nr(task)		((void)(task), 1)
#define get_task_comm(to, task)		((void)(task), strcpy(to, "test"))
#define GLOBAL_ROOT_UID			((kuid_t) {})
#define uid_eq(a, b)			((a).val == (b).val)
#define NL_SET_ERR_MSG(extack, words)	((void)(extack))
#define NSEC_PER_USEC			1000L

#define module_param(name, type, mode)	struct stub_nothing
#define MODULE_PARM_DESC(name, words)	struct stub_nothing
#define memalloc_noreclaim_save()	0
#define memalloc_noreclaim_restore(f)	((void)(f))
#define smp_mb()			__sync_synchronize()
#define xchg(p, v)			__sync_lock_test_and_set(p, v)
#define swap(a, b) \
	do { __typeof__(a) _a = (a); (a) = (b); (b) = _a; } while (0)
#define min3(a, b, c)			min(min(a, b), c)
#define clamp(x, lo, hi)		min(max(x, lo), hi)

static inline void *kmemdup(const void *from, size_t size, gfp_t gfp)
{
	void *to = malloc(size);

	(void)gfp;
	return to ? memcpy(to, from, size) : NULL;
}

/* What other headers of the module name and these files do not use. */
struct sock;
struct static_key_false;
enum { SOCK_DEAD };
bool sock_flag(const struct sock *sk, int flag);
#define this_cpu_add(where, n)	((void)((where) += (n)))
#define this_cpu_inc(where)	this_cpu_add(where, 1)
#define this_cpu_dec(where)	this_cpu_add(where, -1)
#define this_cpu_read(where)	(where)
#define this_cpu_cmpxchg(where, old, new) \
	((where) == (old) ? ((where) = (new), (old)) : (where))
#define DECLARE_PER_CPU(type, name) extern type name

/* private.h reads SLUB's memory: of it no more than what snapshot.h shows. */
#define _MEMTEL_PRIVATE_H
struct kmem_cache;

struct memtel_occupancy {
	u64 slab_bytes;
};

struct memtel_cache_info {
	u32 size_bytes;
};

#endif /* KERNEL_STUB_H */
