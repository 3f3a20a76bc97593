/* SPDX-License-Identifier: GPL-2.0 */
/* 5.11 replaced nla_strlcpy() by nla_strscpy(). */
#ifndef _MEMTEL_COMPAT_NET_NETLINK_H
#define _MEMTEL_COMPAT_NET_NETLINK_H

#include <linux/version.h>
#include_next <net/netlink.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)
#define nla_strscpy(dst, nla, size)	nla_strlcpy(dst, nla, size)
#endif

#endif /* _MEMTEL_COMPAT_NET_NETLINK_H */
