/* SPDX-License-Identifier: GPL-2.0 */
/*
 * 6.8 named the number of page orders NR_PAGE_ORDERS. Before 6.4 that number
 * was MAX_ORDER; from then to 6.7, MAX_ORDER was the highest order.
 */
#ifndef _MEMTEL_COMPAT_LINUX_MMZONE_H
#define _MEMTEL_COMPAT_LINUX_MMZONE_H

#include <linux/version.h>
#include_next <linux/mmzone.h>

#ifndef NR_PAGE_ORDERS
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
#define NR_PAGE_ORDERS	MAX_ORDER
#else
#define NR_PAGE_ORDERS	(MAX_ORDER + 1)
#endif
#endif

#endif /* _MEMTEL_COMPAT_LINUX_MMZONE_H */
