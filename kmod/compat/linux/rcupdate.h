/* SPDX-License-Identifier: GPL-2.0 */
/*
 * 6.2 let call_rcu() be lazy, by up to ten seconds, and brought call_rcu_hurry()
 * for those who wait.
 */
#ifndef _MEMTEL_COMPAT_LINUX_RCUPDATE_H
#define _MEMTEL_COMPAT_LINUX_RCUPDATE_H

#include <linux/version.h>
#include_next <linux/rcupdate.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define call_rcu_hurry call_rcu
#endif

#endif /* _MEMTEL_COMPAT_LINUX_RCUPDATE_H */
