/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the probes of kmem are called with; see vmscan.h.
 *
 * Before 6.1 there was an event of its own for an allocation on a given node,
 * and none told the cache (MEMTEL_CACHE_TOLD), but its sizes.
 *
 * Before 5.12 or so kmem_cache_free was fired when the object was free already:
 * then its page may be another cache's, or no slab at all, and nothing can be
 * said of whose it was. There the entry of the function itself is hooked.
 */
#ifndef _MEMTEL_COMPAT_TRACE_EVENTS_KMEM_H
#define _MEMTEL_COMPAT_TRACE_EVENTS_KMEM_H

#include <linux/version.h>

#define MEMTEL_ARGS_KMALLOC_NODE	\
	void *data, unsigned long call_site, const void *ptr, \
	size_t bytes_req, size_t bytes_alloc, gfp_t gfp_flags, int node

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)

#include <linux/ftrace.h>

#define MEMTEL_ARGS_KMALLOC	\
	void *data, unsigned long call_site, const void *ptr, \
	size_t bytes_req, size_t bytes_alloc, gfp_t gfp_flags
#define MEMTEL_ARGS_CACHE_ALLOC		MEMTEL_ARGS_KMALLOC
#define MEMTEL_CACHE_BYTES_REQ		bytes_req

#define MEMTEL_ARGS_CACHE_FREE	\
	unsigned long ip, unsigned long parent_ip, struct ftrace_ops *op, \
	struct pt_regs *regs
#define MEMTEL_CACHE_FREE_PTR	((void *)regs_get_kernel_argument(regs, 1))
#define MEMTEL_CACHE_TOLD	.cache_is_told = false

/*
 * The probe frees nothing, so cannot meet itself. Permanent: while it is
 * attached nobody can switch function tracing off, and so its counts.
 */
#define MEMTEL_PROBE_CACHE_FREE(probe) {				\
	.name = "kmem_cache_free",					\
	.entry = &(struct ftrace_ops) {					\
		.func = (probe),					\
		.flags = FTRACE_OPS_FL_SAVE_REGS |			\
			 FTRACE_OPS_FL_RECURSION_SAFE |			\
			 FTRACE_OPS_FL_PERMANENT,			\
	},								\
}

#else

#define MEMTEL_ARGS_KMALLOC	MEMTEL_ARGS_KMALLOC_NODE
#define MEMTEL_ARGS_CACHE_ALLOC	\
	void *data, unsigned long call_site, const void *ptr, \
	struct kmem_cache *cache, gfp_t gfp_flags, int node
#define MEMTEL_CACHE_BYTES_REQ		memtel_cache_object_size(cache)

#define MEMTEL_ARGS_CACHE_FREE	\
	void *data, unsigned long call_site, const void *ptr, \
	const struct kmem_cache *cache
#define MEMTEL_CACHE_FREE_PTR		ptr
#define MEMTEL_CACHE_TOLD	.cache_is_told = true, .cache = cache
#define MEMTEL_PROBE_CACHE_FREE(probe)	MEMTEL_PROBE(kmem_cache_free, probe)

static inline void
check_trace_callback_type_kmalloc_node(void (*probe)(MEMTEL_ARGS_KMALLOC_NODE))
{
}

static inline void
check_trace_callback_type_kmem_cache_alloc_node(void (*probe)(MEMTEL_ARGS_KMALLOC_NODE))
{
}

#endif

#endif /* _MEMTEL_COMPAT_TRACE_EVENTS_KMEM_H */
