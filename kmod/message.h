/* SPDX-License-Identifier: GPL-2.0 */
/* What all requests have in common. See message.c. */
#ifndef _MEMTEL_MESSAGE_H
#define _MEMTEL_MESSAGE_H

#include <linux/netlink.h>
#include <net/genetlink.h>

struct memtel_snapshot;
struct memtel_table;
struct memtel_topk_view;

/* Returned by a dump's row when there is nothing to show at its place. */
#define MEMTEL_NO_ROW	1

/**
 * struct memtel_dump_ctx - where a dump is, in cb->ctx
 * @snap: the caches', taken with the first message
 * @table: of which rows are dumped, netlink_reclaim.c's
 * @views: of call sites, or of tasks and cgroups, taken at the start
 * @at: of a list, the entry of @next; valid while its lock is held
 * @next: the row that comes next; of the caches', the byte
 * @may_see_symbols: of call sites, asked at the start
 */
struct memtel_dump_ctx {
	union {
		struct memtel_snapshot *snap;
		const struct memtel_table *table;
		struct memtel_topk_view *views;
		const void *at;
	};
	unsigned int next;
	bool may_see_symbols;
};

/**
 * struct memtel_reply - a do's answer, to be filled, then sent or dropped
 * @skb: the message
 * @hdr: its header
 */
struct memtel_reply {
	struct sk_buff *skb;
	void *hdr;
};

int memtel_nl_check(struct sk_buff *skb, const struct nlmsghdr *nlh,
		    struct netlink_ext_ack *extack);
int memtel_nl_check_empty(struct genl_info *info);
int memtel_nl_check_node(const struct nlattr *attr,
			 struct netlink_ext_ack *extack);

int memtel_reply_begin(struct memtel_reply *reply, struct genl_info *info,
		       size_t bytes);
int memtel_reply_end(struct memtel_reply *reply, struct genl_info *info,
		     int err);

/**
 * struct memtel_dump - rows that can be dumped
 * @lock: protects them; NULL where they are the dump's own. It is given back
 *        now and then: what is between two messages may also be within one
 * @begin: what is to be done each time the lock was taken. Returns how many
 *         rows there are, or an errno
 * @fill: writes row i; MEMTEL_NO_ROW when there is nothing to show of it,
 *        -EMSGSIZE when it does not fit, which ends the message
 */
struct memtel_dump {
	/* protects the rows */
	struct mutex *lock;
	int (*begin)(struct netlink_callback *cb);
	int (*fill)(struct sk_buff *skb, struct netlink_callback *cb,
		    unsigned int i);
};

struct memtel_dump_ctx *memtel_dump_ctx(struct netlink_callback *cb);
int memtel_dump_rows(struct sk_buff *skb, struct netlink_callback *cb,
		     const struct memtel_dump *dump);

#endif /* _MEMTEL_MESSAGE_H */
