/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the probes of compaction are called with; see vmscan.h.
 *
 * Before 6.1 the events had the two scanners' positions instead of the
 * struct compact_control.
 */
#ifndef _MEMTEL_COMPAT_TRACE_EVENTS_COMPACTION_H
#define _MEMTEL_COMPAT_TRACE_EVENTS_COMPACTION_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#define MEMTEL_ARGS_COMPACTION_BEGIN	\
	void *data, unsigned long zone_start, unsigned long migrate_pfn, \
	unsigned long free_pfn, unsigned long zone_end, bool sync
#else
#define MEMTEL_ARGS_COMPACTION_BEGIN	\
	void *data, struct compact_control *cc, unsigned long zone_start, \
	unsigned long zone_end, bool sync
#endif

#define MEMTEL_ARGS_COMPACTION_END	MEMTEL_ARGS_COMPACTION_BEGIN, int status

#endif /* _MEMTEL_COMPAT_TRACE_EVENTS_COMPACTION_H */
