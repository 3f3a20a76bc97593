// SPDX-License-Identifier: GPL-2.0
/*
 * Requests about caches. A dump's snapshot is taken at its start and freed at
 * its end, also when the reader goes away in the middle.
 */
#include <linux/err.h>

#include "fill.h"
#include "generated/netlink.h"
#include "message.h"
#include "snapshot.h"

static struct memtel_snapshot *take_snapshot(struct nlattr **attrs,
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
	snap = memtel_snapshot_take(&filter);
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
	int err;

	err = memtel_nl_check(skb, info->nlhdr, info->extack);
	if (err)
		return err;
	if (!id && GENL_REQ_ATTR_CHECK(info, MEMTEL_A_CACHE_NAME)) {
		NL_SET_ERR_MSG(info->extack,
			       "the cache's name or id is needed");
		return -EINVAL;
	}
	snap = take_snapshot(info->attrs, info->extack);
	if (IS_ERR(snap))
		return PTR_ERR(snap);
	if (!snap->nr) {
		NL_SET_ERR_MSG_ATTR(info->extack, id ?: name, "no such cache");
		err = -ENOENT;
		goto out_free;
	}
	err = memtel_reply_begin(&reply, info, memtel_fill_cache_bytes());
	if (!err)
		err = memtel_reply_end(&reply, info,
				       memtel_fill_cache(reply.skb, snap, 0));
out_free:
	memtel_snapshot_free(snap);
	return err;
}

int memtel_nl_cache_get_start(struct netlink_callback *cb)
{
	struct memtel_snapshot *snap;
	int err = memtel_nl_check_dump(cb);

	if (err)
		return err;
	snap = take_snapshot(memtel_dump_attrs(cb), cb->extack);
	if (IS_ERR(snap))
		return PTR_ERR(snap);
	memtel_dump_ctx(cb)->snap = snap;
	/* Where there are many nodes a row may need more than a page. */
	cb->min_dump_alloc = max_t(u32, cb->min_dump_alloc,
				   NLMSG_HDRLEN + GENL_HDRLEN +
				   memtel_fill_cache_bytes());
	return 0;
}

static int cache_row(struct sk_buff *skb, struct netlink_callback *cb,
		     unsigned int i)
{
	return memtel_fill_cache(skb, memtel_dump_ctx(cb)->snap, i);
}

int memtel_nl_cache_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb)
{
	return memtel_dump_rows(skb, cb, memtel_dump_ctx(cb)->snap->nr, cache_row);
}

int memtel_nl_cache_get_done(struct netlink_callback *cb)
{
	memtel_snapshot_free(memtel_dump_ctx(cb)->snap);
	return 0;
}
