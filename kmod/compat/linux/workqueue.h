/* SPDX-License-Identifier: GPL-2.0 */
/* The unbound workqueue has another name since 6.17. */
#ifndef _MEMTEL_COMPAT_LINUX_WORKQUEUE_H
#define _MEMTEL_COMPAT_LINUX_WORKQUEUE_H

#include <linux/version.h>
#include_next <linux/workqueue.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#define system_dfl_wq system_unbound_wq
#endif

#endif /* _MEMTEL_COMPAT_LINUX_WORKQUEUE_H */
