/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the probes of some tracepoints are called with. Names are the same on
 * all kernels: a probe may use what they have in common.
 *
 * Between 6.12 and 7.2 the first two arguments of the begin events were turned
 * around, and
 * these events, the end events and those of shrinkers got the memory cgroup.
 *
 * 5.16 brought mm_vmscan_throttled.
 *
 * 6.1 brought the multi-generational LRU, which fires
 * mm_vmscan_lru_shrink_inactive since 6.7 only.
 */
#ifndef _MEMTEL_COMPAT_TRACE_EVENTS_VMSCAN_H
#define _MEMTEL_COMPAT_TRACE_EVENTS_VMSCAN_H

#include <linux/types.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)

#define MEMTEL_ARGS_RECLAIM_BEGIN	void *data, int order, gfp_t gfp
#define MEMTEL_ARGS_RECLAIM_END		void *data, unsigned long nr_reclaimed
#define MEMTEL_ARGS_SHRINK_START	\
	void *data, struct shrinker *shr, struct shrink_control *sc, \
	long nr_objects_to_shrink, unsigned long cache_items, \
	unsigned long long delta, unsigned long total_scan, int priority
#define MEMTEL_ARGS_SHRINK_END		\
	void *data, struct shrinker *shr, int nid, int shrinker_retval, \
	long unused_scan_cnt, long new_scan_cnt, long total_scan

#else

#define MEMTEL_ARGS_RECLAIM_BEGIN	\
	void *data, gfp_t gfp, int order, struct mem_cgroup *memcg
#define MEMTEL_ARGS_RECLAIM_END		\
	void *data, unsigned long nr_reclaimed, struct mem_cgroup *memcg
#define MEMTEL_ARGS_SHRINK_START	\
	void *data, struct shrinker *shr, struct shrink_control *sc, \
	long nr_objects_to_shrink, unsigned long cache_items, \
	unsigned long long delta, unsigned long total_scan, int priority, \
	struct mem_cgroup *memcg
#define MEMTEL_ARGS_SHRINK_END		\
	void *data, struct shrinker *shr, int nid, int shrinker_retval, \
	long unused_scan_cnt, long new_scan_cnt, long total_scan, \
	struct mem_cgroup *memcg

#endif

/* Does reclaim by the multi-generational LRU fire no event for its pages? */
static inline bool memtel_lru_gen_is_silent(void)
{
	return LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0);
}

/* Call a probe of a begin event as the tracepoint would; for the tests. */
static __always_inline void
memtel_call_reclaim_begin(void *func, void *data, int order, gfp_t gfp)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)
	((void (*)(void *data, int order, gfp_t gfp))func)(data, order, gfp);
#else
	((void (*)(void *data, gfp_t gfp, int order, void *memcg))func)(data,
								gfp, order,
								NULL);
#endif
}

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 16, 0)
static inline void
check_trace_callback_type_mm_vmscan_throttled(void (*probe)(void *data, int nid,
							    int usec_timeout,
							    int usec_delayed,
							    int reason))
{
}
#endif

#endif /* _MEMTEL_COMPAT_TRACE_EVENTS_VMSCAN_H */
