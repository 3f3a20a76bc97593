/* SPDX-License-Identifier: GPL-2.0 */
/* Sockets that asked for events. See subscriber.c. */
#ifndef _MEMTEL_SUBSCRIBER_H
#define _MEMTEL_SUBSCRIBER_H

#include <linux/types.h>

struct netlink_ext_ack;
struct sk_buff;
struct sock;

int memtel_subscriber_add(struct sock *socket, u32 portid, u64 *sequence,
			  struct netlink_ext_ack *extack);
unsigned int memtel_subscribers(void);
void memtel_subscribers_deliver(struct sk_buff *skb);
void memtel_subscribers_lost(void);
void memtel_subscribers_release_dead(void);
void memtel_subscribers_exit(void);

#endif /* _MEMTEL_SUBSCRIBER_H */
