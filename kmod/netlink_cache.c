// SPDX-License-Identifier: GPL-2.0
/*
 * Requests about caches. A dump's snapshot is taken at its beginning and freed at
 * its end, also when the reader goes away in the middle. It consists of whole
 * messages, which are written into the first skb of the dump; only what does
 * not fit there is kept, and copied into the next.
 */
#include <linux/err.h>

#include "fill.h"
#include "generated/netlink.h"
#include "message.h"
#include "snapshot.h"

#define HEADERS		(NLMSG_HDRLEN + GENL_HDRLEN)

static size_t message_bytes_max(void)
{
	return ALIGN(HEADERS + memtel_fill_cache_bytes(), 8);
}

/* The headers are the request's, less what is the answer's. */
static size_t write_message(void *to, size_t bytes,
			    const struct memtel_cache_row *row, const void *arg)
{
	ssize_t len = memtel_fill_cache(to + HEADERS, bytes - HEADERS, row);
	struct nlmsghdr *nlh = to;

	memcpy(to, arg, HEADERS);
	/* A message without a row is at least one. */
	if (WARN_ON_ONCE(len < 0))
		len = 0;
	nlh->nlmsg_len = HEADERS + len;
	return nlh->nlmsg_len;
}

static struct memtel_snapshot_format messages = {
	.bytes_max = message_bytes_max,
	.write = write_message,
};

static struct memtel_cache_filter filter_of(struct nlattr **attrs)
{
	struct nlattr *name = attrs[MEMTEL_A_CACHE_NAME];
	struct nlattr *glob = attrs[MEMTEL_A_CACHE_GLOB];
	struct nlattr *nid = attrs[MEMTEL_A_CACHE_NODE_ID];
	struct nlattr *id = attrs[MEMTEL_A_CACHE_ID];

	return (struct memtel_cache_filter) {
		.name = name ? nla_data(name) : NULL,
		.glob = glob ? nla_data(glob) : NULL,
		.id = id ? nla_get_u32(id) : 0,
		.nid = nid ? nla_get_u32(nid) : NUMA_NO_NODE,
		.only_active = attrs[MEMTEL_A_CACHE_ONLY_ACTIVE],
	};
}

/* Can what is asked for be had? */
static int check(struct nlattr **attrs, struct netlink_ext_ack *extack)
{
	const struct memtel_cache_filter filter = filter_of(attrs);
	struct nlattr *id = attrs[MEMTEL_A_CACHE_ID];
	int err;

	err = memtel_nl_check_node(attrs[MEMTEL_A_CACHE_NODE_ID], extack);
	if (err)
		return err;
	if (id && !filter.id) {
		NL_SET_ERR_MSG_ATTR(extack, id, "ids start at 1");
		return -EINVAL;
	}
	err = memtel_snapshot_check(&filter);
	if (err == -ENODATA)
		NL_SET_ERR_MSG_ATTR(extack,
				    attrs[MEMTEL_A_CACHE_ONLY_ACTIVE] ?: id,
				    "nothing is counted: the slab source is not attached");
	if (err == -EOPNOTSUPP)
		NL_SET_ERR_MSG(extack,
			       "this kernel's caches cannot be listed: see status");
	return err;
}

int memtel_nl_cache_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *name = info->attrs[MEMTEL_A_CACHE_NAME];
	struct nlattr *id = info->attrs[MEMTEL_A_CACHE_ID];
	const struct memtel_cache_filter filter = filter_of(info->attrs);
	struct memtel_snapshot_room none = {};
	struct memtel_snapshot *snap;
	struct memtel_reply reply;
	size_t bytes;
	int err;

	err = memtel_nl_check(skb, info->nlhdr, info->extack);
	if (err)
		return err;
	if (!id && GENL_REQ_ATTR_CHECK(info, MEMTEL_A_CACHE_NAME)) {
		NL_SET_ERR_MSG(info->extack,
			       "the cache's name or id is needed");
		return -EINVAL;
	}
	err = check(info->attrs, info->extack);
	if (err)
		return err;
	snap = memtel_snapshot_take(&filter, &messages, info->nlhdr, &none);
	if (IS_ERR(snap))
		return PTR_ERR(snap);
	if (!snap->nr) {
		NL_SET_ERR_MSG_ATTR(info->extack, id ?: name, "no such cache");
		err = -ENOENT;
		goto out_free;
	}
	/* Of a name there is one. */
	bytes = ((struct nlmsghdr *)snap->bytes)->nlmsg_len - HEADERS;
	err = memtel_reply_begin(&reply, info, bytes);
	if (err)
		goto out_free;
	skb_put_data(reply.skb, snap->bytes + HEADERS, bytes);
	err = memtel_reply_end(&reply, info, 0);
out_free:
	memtel_snapshot_free(snap);
	return err;
}

int memtel_nl_cache_get_start(struct netlink_callback *cb)
{
	int err = memtel_nl_dump_start(cb);

	if (!err)
		err = check(memtel_dump_attrs(cb), cb->extack);
	if (err)
		return err;
	/* Where there are many nodes a row may need more than a page. */
	cb->min_dump_alloc = max_t(u32, cb->min_dump_alloc,
				   message_bytes_max());
	return 0;
}

/* Take the snapshot. The messages that fit go into the first of the dump. */
static int begin(struct sk_buff *skb, struct netlink_callback *cb)
{
	const struct memtel_cache_filter filter =
		filter_of(memtel_dump_attrs(cb));
	const struct genlmsghdr *request = nlmsg_data(cb->nlh);
	struct memtel_snapshot_room room = {
		.to = skb_tail_pointer(skb),
		.size = skb_tailroom(skb),
	};
	struct {
		struct nlmsghdr nlh;
		struct genlmsghdr genl;
	} headers = {
		.nlh.nlmsg_type = cb->nlh->nlmsg_type,
		.nlh.nlmsg_flags = NLM_F_MULTI,
		.nlh.nlmsg_seq = cb->nlh->nlmsg_seq,
		.nlh.nlmsg_pid = NETLINK_CB(cb->skb).portid,
		.genl.cmd = request->cmd,
		.genl.version = MEMTEL_FAMILY_VERSION,
	};
	struct memtel_snapshot *snap;

	BUILD_BUG_ON(sizeof(headers) != HEADERS);
	snap = memtel_snapshot_take(&filter, &messages, &headers, &room);
	if (IS_ERR(snap))
		return PTR_ERR(snap);
	skb_put(skb, room.len);
	memtel_dump_ctx(cb)->snap = snap;
	return 0;
}

/* Bytes of the whole messages at @from, at most @room; 0 for not even one. */
static size_t whole_messages(const struct memtel_snapshot *snap, size_t from,
			     size_t room)
{
	size_t left = snap->room.len - from, len = 0;

	if (left <= room)
		return left;
	for (;;) {
		const struct nlmsghdr *nlh =
			(void *)snap->bytes + from + len;

		if (len + nlh->nlmsg_len > room)
			return len;
		len += nlh->nlmsg_len;
	}
}

int memtel_nl_cache_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb)
{
	struct memtel_dump_ctx *ctx = memtel_dump_ctx(cb);
	size_t len;
	int err;

	if (!ctx->snap) {
		err = begin(skb, cb);
		if (err)
			return err;
	}
	len = whole_messages(ctx->snap, ctx->next, skb_tailroom(skb));
	skb_put_data(skb, ctx->snap->bytes + ctx->next, len);
	ctx->next += len;
	/* 0 with the last: the kernel adds to it that the dump is done. */
	if (ctx->next == ctx->snap->room.len)
		return 0;
	return skb->len ?: -EMSGSIZE;
}

int memtel_nl_cache_get_done(struct netlink_callback *cb)
{
	memtel_snapshot_free(memtel_dump_ctx(cb)->snap);
	return 0;
}
