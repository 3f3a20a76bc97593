/* SPDX-License-Identifier: GPL-2.0 */
/* 5.14 brought sk_error_report(). */
#ifndef _MEMTEL_COMPAT_NET_SOCK_H
#define _MEMTEL_COMPAT_NET_SOCK_H

#include <linux/version.h>
#include_next <net/sock.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 14, 0)
static inline void sk_error_report(struct sock *sk)
{
	sk->sk_error_report(sk);
}
#endif

#endif /* _MEMTEL_COMPAT_NET_SOCK_H */
