/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attributes built by libnl, decoded by libmemtel. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <netlink/attr.h>
#include <netlink/msg.h>

#include "internal.h"

/* The attributes of @msg as a row of @set. */
static inline int message_decode(const struct memtel_set *set,
				 struct nl_msg *msg, struct memtel_row *row,
				 struct memtel_malformed *malformed)
{
	return memtel_decode(set, nlmsg_data(nlmsg_hdr(msg)),
			     nlmsg_datalen(nlmsg_hdr(msg)), row, malformed);
}

/* An empty message: a header that takes attributes. */
static inline struct nl_msg *message_new(void)
{
	struct nl_msg *msg = nlmsg_alloc_size(65536);

	nlmsg_put(msg, 0, 0, 0x20, 0, 0);
	return msg;
}

#endif /* MESSAGE_H */
