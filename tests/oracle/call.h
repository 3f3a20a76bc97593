/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Call a tracepoint's probes as it would, with preemption off: the oracle and the
 * benchmark do. Every probe has a prototype of its own; the ones that are called
 * here read no more arguments than are given. Newer kernels give some of them a
 * memory cgroup, too; to others it is an argument more than they read.
 */
#ifndef _MEMTEL_ORACLE_CALL_H
#define _MEMTEL_ORACLE_CALL_H

#include <linux/gfp.h>
#include <linux/rcupdate.h>
#include <linux/topology.h>
#include <linux/tracepoint.h>

struct mem_cgroup;

#define CALL(tp, ...) do {						\
	struct tracepoint_func *f =					\
		rcu_dereference_sched((tp)->funcs);			\
									\
	for (; f && f->func; f++)					\
		((typeof(fn))f->func)(f->data, __VA_ARGS__);		\
} while (0)

static inline void call_reclaim_begin(struct tracepoint *tp)
{
	struct tracepoint_func *f = rcu_dereference_sched(tp->funcs);

	for (; f && f->func; f++)
		memtel_call_reclaim_begin(f->func, f->data, 0, GFP_KERNEL);
}

static inline void call_lru_shrink(struct tracepoint *tp, int nid)
{
	void (*fn)(void *data, int nid, unsigned long scanned,
		   unsigned long reclaimed, void *stat, int priority, int file);

	CALL(tp, nid, 32, 32, NULL, 12, 1);
}

static inline void call_reclaim_end(struct tracepoint *tp)
{
	void (*fn)(void *data, unsigned long reclaimed,
		   struct mem_cgroup *memcg);

	CALL(tp, 32, NULL);
}

#endif /* _MEMTEL_ORACLE_CALL_H */
