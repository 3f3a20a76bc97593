/* SPDX-License-Identifier: GPL-2.0 */
/* 7.0 took the operations of spinlocks out of pv_ops. */
#ifndef _MEMTEL_COMPAT_ASM_PARAVIRT_SPINLOCK_H
#define _MEMTEL_COMPAT_ASM_PARAVIRT_SPINLOCK_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)
#define pv_ops_lock	pv_ops.lock
#endif

#endif /* _MEMTEL_COMPAT_ASM_PARAVIRT_SPINLOCK_H */
