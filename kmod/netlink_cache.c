// SPDX-License-Identifier: GPL-2.0
/*
 * Requests about caches. A dump's snapshot is taken at its start and freed at
 * its end, also when the reader goes away in the middle. It consists of whole
 * messages, so that sending them is copying.
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
static size_t write_message(void *to, const struct memtel_cache_row *row,
			    const void *arg)
{
	struct nlmsghdr *nlh = to;

	memcpy(to, arg, HEADERS);
	nlh->nlmsg_len = HEADERS + memtel_fill_cache(to + HEADERS, row);
	return nlh->nlmsg_len;
}

static struct memtel_snapshot_format messages = {
	.bytes_max = message_bytes_max,
	.write = write_message,
};

/* @headers: what each message begins with */
static struct memtel_snapshot *take_snapshot(struct nlattr **attrs,
					     const void *headers,
					     struct netlink_ext_ack *extack)
{
	struct nlattr *name = attrs[MEMTEL_A_CACHE_NAME];
	struct nlattr *glob = attrs[MEMTEL_A_CACHE_GLOB];
	struct nlattr *nid = attrs[MEMTEL_A_CACHE_NODE_ID];
	struct nlattr *id = attrs[MEMTEL_A_CACHE_ID];
	const struct memtel_cache_filter filter = {
		.name = name ? nla_data(name) : NULL,
		.glob = glob ? nla_data(glob) : NULL,
		.id = id ? nla_get_u32(id) : 0,
		.nid = nid ? nla_get_u32(nid) : NUMA_NO_NODE,
		.only_active = attrs[MEMTEL_A_CACHE_ONLY_ACTIVE],
	};
	struct memtel_snapshot *snap;
	int err;

	err = memtel_nl_check_node(nid, extack);
	if (err)
		return ERR_PTR(err);
	if (id && !filter.id) {
		NL_SET_ERR_MSG_ATTR(extack, id, "ids start at 1");
		return ERR_PTR(-EINVAL);
	}
	snap = memtel_snapshot_take(&filter, &messages, headers);
	if (snap == ERR_PTR(-ENODATA))
		NL_SET_ERR_MSG_ATTR(extack,
				    attrs[MEMTEL_A_CACHE_ONLY_ACTIVE] ?: id,
				    "nothing is counted: the slab source is not attached");
	if (snap == ERR_PTR(-EOPNOTSUPP))
		NL_SET_ERR_MSG(extack,
			       "this kernel's caches cannot be listed: see status");
	return snap;
}

int memtel_nl_cache_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *name = info->attrs[MEMTEL_A_CACHE_NAME];
	struct nlattr *id = info->attrs[MEMTEL_A_CACHE_ID];
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
	snap = take_snapshot(info->attrs, info->nlhdr, info->extack);
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
	const struct genlmsghdr *request = nlmsg_data(cb->nlh);
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
	int err = memtel_nl_check_dump(cb);

	BUILD_BUG_ON(sizeof(headers) != HEADERS);
	if (err)
		return err;
	snap = take_snapshot(memtel_dump_attrs(cb), &headers, cb->extack);
	if (IS_ERR(snap))
		return PTR_ERR(snap);
	memtel_dump_ctx(cb)->snap = snap;
	/* Where there are many nodes a row may need more than a page. */
	cb->min_dump_alloc = max_t(u32, cb->min_dump_alloc,
				   message_bytes_max());
	return 0;
}

/* Bytes of the whole messages at @from, at most @room; 0 for not even one. */
static size_t whole_messages(const struct memtel_snapshot *snap, size_t from,
			     size_t room)
{
	size_t left = snap->len - from, len = 0;

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
	const struct memtel_snapshot *snap = ctx->snap;
	size_t len = whole_messages(snap, ctx->next, skb_tailroom(skb));

	if (!len)
		return snap->len == ctx->next ? 0 : -EMSGSIZE;
	skb_put_data(skb, snap->bytes + ctx->next, len);
	ctx->next += len;
	/* 0 with the last: the kernel adds to it that the dump is done. */
	return ctx->next < snap->len ? skb->len : 0;
}

int memtel_nl_cache_get_done(struct netlink_callback *cb)
{
	memtel_snapshot_free(memtel_dump_ctx(cb)->snap);
	return 0;
}
