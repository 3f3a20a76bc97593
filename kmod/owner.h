/* SPDX-License-Identifier: GPL-2.0 */
/* Sockets that own something of memtel's. See owner.c. */
#ifndef _MEMTEL_OWNER_H
#define _MEMTEL_OWNER_H

#include <net/sock.h>

struct netlink_ext_ack;

int memtel_owner_get(struct sock *socket, u32 portid,
		     struct netlink_ext_ack *extack);
void memtel_owner_put(struct sock *socket, u32 portid);
bool memtel_owner_closed(u32 portid);

/* Whether a socket is being closed. Its owner has a reference to it. */
static inline bool memtel_socket_is_dead(const struct sock *socket)
{
	return socket && sock_flag(socket, SOCK_DEAD);
}

#endif /* _MEMTEL_OWNER_H */
