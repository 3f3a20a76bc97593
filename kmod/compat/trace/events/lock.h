/* SPDX-License-Identifier: GPL-2.0 */
/*
 * 5.19 brought contention_begin and contention_end. Before, they are not found
 * at run time; the probes' types are those that the kernel would have had.
 */
#ifndef _MEMTEL_COMPAT_TRACE_EVENTS_LOCK_H
#define _MEMTEL_COMPAT_TRACE_EVENTS_LOCK_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 19, 0)
static inline void
check_trace_callback_type_contention_begin(void (*probe)(void *data, void *lock,
							 unsigned int flags))
{
}

static inline void
check_trace_callback_type_contention_end(void (*probe)(void *data, void *lock,
						       int ret))
{
}
#endif

#endif /* _MEMTEL_COMPAT_TRACE_EVENTS_LOCK_H */
