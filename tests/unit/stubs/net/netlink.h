/* SPDX-License-Identifier: GPL-2.0-or-later */
/* As little of the kernel as kmod/cursor.h needs, for test_cursor.c. */
#ifndef STUB_NET_NETLINK_H
#define STUB_NET_NETLINK_H

#include <errno.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;

#define CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS	1
#define IS_ENABLED(option)	(option)
#define IS_ALIGNED(x, a)	(!((x) & ((a) - 1)))
#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#ifndef __always_inline
#define __always_inline		inline __attribute__((__always_inline__))
#endif

/* How often the kernel would have warned. */
extern unsigned int stub_warnings;

#define WARN_ON_ONCE(condition) \
	({ bool is = (condition); stub_warnings += is; is; })

/* A message: so many bytes of @data are in use, of so many there are. */
struct sk_buff {
	u8 *data;
	unsigned int len;
	unsigned int size;
};

static inline int skb_tailroom(const struct sk_buff *skb)
{
	return (int)(skb->size - skb->len);
}

static inline u8 *skb_tail_pointer(const struct sk_buff *skb)
{
	return skb->data + skb->len;
}

static inline void *__skb_put(struct sk_buff *skb, unsigned int len)
{
	void *at = skb_tail_pointer(skb);

	skb->len += len;
	return at;
}

static inline int nla_attr_size(int payload)
{
	return NLA_HDRLEN + payload;
}

static inline int nla_total_size(int payload)
{
	return NLA_ALIGN(nla_attr_size(payload));
}

static inline int nla_total_size_64bit(int payload)
{
	return nla_total_size(payload);
}

static inline void *nla_data(const struct nlattr *nla)
{
	return (char *)nla + NLA_HDRLEN;
}

#endif /* STUB_NET_NETLINK_H */
