// SPDX-License-Identifier: GPL-2.0
/*
 * Requests and answers: who may ask, a do's one message, a dump's many.
 */
#include <linux/capability.h>
#include <linux/nodemask.h>
#include <net/sock.h>

#include "generated/netlink.h"
#include "message.h"

/*
 * Rows that are looked at before the lock is given back: the largest have some
 * sixty words, each of which is summed over all possible CPUs.
 */
#define ROWS_AT_ONCE	16

struct memtel_dump_ctx *memtel_dump_ctx(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct memtel_dump_ctx) > sizeof(cb->ctx));
	return (struct memtel_dump_ctx *)cb->ctx;
}

/**
 * memtel_nl_check() - may this be asked by who asks it
 * @skb: the request's message
 * @nlh: its header
 * @extack: told why not
 *
 * Generic netlink has checked CAP_NET_ADMIN for admin-perm operations before.
 *
 * Return: 0, -EPROTONOSUPPORT or -EPERM.
 */
int memtel_nl_check(struct sk_buff *skb, const struct nlmsghdr *nlh,
		    struct netlink_ext_ack *extack)
{
	const struct genlmsghdr *hdr = nlmsg_data(nlh);

	if (hdr->version != MEMTEL_FAMILY_VERSION) {
		NL_SET_ERR_MSG(extack, "unknown version of the memtel family");
		return -EPROTONOSUPPORT;
	}
	if (!netlink_capable(skb, CAP_NET_ADMIN) &&
	    !netlink_capable(skb, CAP_PERFMON)) {
		NL_SET_ERR_MSG(extack,
			       "needs CAP_PERFMON or CAP_NET_ADMIN in the initial user namespace");
		return -EPERM;
	}
	return 0;
}

/*
 * The same for a dump, before there is one. One that was let begin holds the
 * module until it is read or its socket closes; to refuse it with its first
 * message comes too late: who leaves no room for one never has it written.
 */
int memtel_nl_dump_start(struct netlink_callback *cb)
{
	return memtel_nl_check(cb->skb, cb->nlh, cb->extack);
}

/* Where there is no policy not every kernel refuses attributes. */
int memtel_nl_check_empty(struct genl_info *info)
{
	if (info->nlhdr->nlmsg_len == NLMSG_HDRLEN + GENL_HDRLEN)
		return 0;
	NL_SET_ERR_MSG(info->extack, "the command takes no attributes");
	return -EINVAL;
}

/* Return: 0 where no node is named or it is online, else -ENOENT. */
int memtel_nl_check_node(const struct nlattr *attr,
			 struct netlink_ext_ack *extack)
{
	if (!attr || (nla_get_u32(attr) < nr_node_ids &&
		      node_online(nla_get_u32(attr))))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr, "no such node is online");
	return -ENOENT;
}

/**
 * memtel_reply_begin() - start the answer to a do
 * @reply: filled; to be given to memtel_reply_end() unless this fails
 * @info: the request
 * @bytes: the most that its attributes take, 0 for what fits a usual message
 *
 * Return: 0 or -ENOMEM.
 */
int memtel_reply_begin(struct memtel_reply *reply, struct genl_info *info,
		       size_t bytes)
{
	reply->skb = genlmsg_new(max_t(size_t, bytes, GENLMSG_DEFAULT_SIZE),
				 GFP_KERNEL);
	if (!reply->skb)
		return -ENOMEM;
	reply->hdr = genlmsg_put(reply->skb, info->snd_portid, info->snd_seq,
				 &memtel_nl_family, 0, info->genlhdr->cmd);
	if (WARN_ON_ONCE(!reply->hdr)) {
		nlmsg_free(reply->skb);
		return -EMSGSIZE;
	}
	return 0;
}

/**
 * memtel_reply_end() - send an answer, or drop it
 * @reply: the answer
 * @info: the request
 * @err: drop it for this errno; 0 sends it
 *
 * Return: @err, or what sending returned.
 */
int memtel_reply_end(struct memtel_reply *reply, struct genl_info *info, int err)
{
	if (err) {
		nlmsg_free(reply->skb);
		return err;
	}
	genlmsg_end(reply->skb, reply->hdr);
	return genlmsg_reply(reply->skb, info);
}

/* One row. Return: 0, MEMTEL_NO_ROW or an errno. */
static int dump_row(struct sk_buff *skb, struct netlink_callback *cb,
		    const struct memtel_dump *dump, unsigned int i)
{
	const struct genlmsghdr *request = nlmsg_data(cb->nlh);
	void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				cb->nlh->nlmsg_seq, &memtel_nl_family,
				NLM_F_MULTI, request->cmd);
	int err = hdr ? dump->fill(skb, cb, i) : -EMSGSIZE;

	if (likely(!err)) {
		genl_dump_check_consistent(cb, hdr);
		genlmsg_end(skb, hdr);
	} else if (hdr) {
		genlmsg_cancel(skb, hdr);
	}
	return err;
}

/*
 * Some rows under the lock, so that whoever waits for it does not wait for all.
 * Return: 0 when there are no more rows, 1 when there are, or an errno.
 */
static int dump_some(struct sk_buff *skb, struct netlink_callback *cb,
		     const struct memtel_dump *dump)
{
	struct memtel_dump_ctx *ctx = memtel_dump_ctx(cb);
	unsigned int left = ROWS_AT_ONCE;
	int err, nr = dump->begin(cb);

	if (nr < 0)
		return nr;
	for (; ctx->next < nr && left; ctx->next++, left--) {
		err = dump_row(skb, cb, dump, ctx->next);
		if (err && err != MEMTEL_NO_ROW)
			return err;
	}
	return ctx->next < nr;
}

/**
 * memtel_dump_rows() - dump rows from where the last message ended
 * @skb: the message
 * @cb: the dump
 * @dump: what is dumped
 *
 * Context: Process context, without the dump's lock.
 * Return: bytes written, 0 with the last of them, or an errno; -EMSGSIZE only
 * where not even one row fits.
 */
int memtel_dump_rows(struct sk_buff *skb, struct netlink_callback *cb,
		     const struct memtel_dump *dump)
{
	int more;

	do {
		cond_resched();
		if (dump->lock)
			mutex_lock(dump->lock);
		more = dump_some(skb, cb, dump);
		if (dump->lock)
			mutex_unlock(dump->lock);
	} while (more > 0);
	/* Done: the kernel says so in the same message, if there is room. */
	if (!more)
		return 0;
	if (more != -EMSGSIZE)
		return more;
	return skb->len ?: more;
}
