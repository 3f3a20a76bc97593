// SPDX-License-Identifier: GPL-2.0
/*
 * Requests about call sites, and about tasks and cgroups that lose time. The
 * tables of all CPUs are added up at a dump's start; the views live until its
 * end, so that a row moves from nowhere in between.
 */
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/lockdep.h>
#include <linux/slab.h>

#include "fill.h"
#include "generated/netlink.h"
#include "message.h"
#include "site.h"
#include "source.h"
#include "stall.h"
#include "topk.h"

/* Of sites; or of tasks and of cgroups. */
#define VIEWS	2

static void free_views(struct memtel_topk_view *views)
{
	unsigned int i;

	for (i = 0; views && i < VIEWS; i++)
		memtel_topk_view_exit(&views[i]);
	kfree(views);
}

/**
 * struct views_of - what is added up
 * @init: make room, with no lock held: the reader's cgroup pays for it, and may
 *        make the reader wait
 * @take: add up, under memtel_source_lock; -EAGAIN when the room is too little
 */
struct views_of {
	int (*init)(struct memtel_topk_view *views);
	int (*take)(struct memtel_topk_view *views,
		    struct netlink_ext_ack *extack);
};

static int init_sites(struct memtel_topk_view *views)
{
	return memtel_site_view_init(&views[0]);
}

static int take_sites(struct memtel_topk_view *views,
		      struct netlink_ext_ack *extack)
{
	lockdep_assert_held(&memtel_source_lock);
	if (!memtel_source_is_attached(&memtel_site_source)) {
		NL_SET_ERR_MSG(extack, "the site source is not attached");
		return -ENODATA;
	}
	/* A CPU may have come since. */
	if (views[0].max < memtel_site_max_rows())
		return -EAGAIN;
	memtel_site_view_take(&views[0]);
	return 0;
}

static int init_stalls(struct memtel_topk_view *views)
{
	return memtel_stall_view_init(&views[0]) ?:
	       memtel_stall_view_init(&views[1]);
}

static int take_stalls(struct memtel_topk_view *views,
		       struct netlink_ext_ack *extack)
{
	lockdep_assert_held(&memtel_source_lock);
	if (!memtel_source_is_attached(&memtel_reclaim_source)) {
		NL_SET_ERR_MSG(extack, "the reclaim source is not attached");
		return -ENODATA;
	}
	if (views[0].max < memtel_stall_max_rows() ||
	    views[1].max < memtel_stall_max_rows())
		return -EAGAIN;
	memtel_stall_view_take(&views[0], MEMTEL_SUSPECT_KIND_TASK);
	memtel_stall_view_take(&views[1], MEMTEL_SUSPECT_KIND_CGROUP);
	return 0;
}

static const struct views_of sites = { .init = init_sites, .take = take_sites };
static const struct views_of stalls = {
	.init = init_stalls,
	.take = take_stalls,
};

/* With room for what there may be; under memtel_source_lock but for memory. */
static int try_views(struct memtel_topk_view *views, const struct views_of *of,
		     struct netlink_ext_ack *extack)
{
	int err = of->init(views);

	if (err)
		return err;
	if (mutex_lock_killable(&memtel_source_lock))
		return -EINTR;
	err = of->take(views, extack);
	mutex_unlock(&memtel_source_lock);
	return err;
}

static struct memtel_topk_view *take_views(const struct views_of *of,
					   struct netlink_ext_ack *extack)
{
	struct memtel_topk_view *views;
	int err;

	do {
		err = -ENOMEM;
		views = kcalloc(VIEWS, sizeof(*views), GFP_KERNEL_ACCOUNT);
		if (views)
			err = try_views(views, of, extack);
		if (err)
			free_views(views);
	} while (err == -EAGAIN);
	return err ? ERR_PTR(err) : views;
}

static unsigned int rows_of(const struct memtel_topk_view *views)
{
	return views[0].nr + views[1].nr;
}

static bool site_matches(const struct memtel_topk_row *row,
			 struct nlattr **attrs)
{
	const struct nlattr *id = attrs[MEMTEL_A_SITE_ID];
	const struct nlattr *cache = attrs[MEMTEL_A_SITE_CACHE];

	return (!id || nla_get_u64(id) == memtel_site_id(row)) &&
	       (!cache || !nla_strcmp(cache, row->name));
}

static int fill_site(struct sk_buff *skb, bool may_see_symbols,
		     const struct memtel_topk_view *views, unsigned int i,
		     struct nlattr **attrs)
{
	const struct memtel_topk_row *row = &views[0].rows[i];

	if (!site_matches(row, attrs))
		return MEMTEL_NO_ROW;
	return memtel_fill_site(skb, row, may_see_symbols);
}

static int fill_stall(struct sk_buff *skb, bool may_see_symbols,
		      const struct memtel_topk_view *views, unsigned int i,
		      struct nlattr **attrs)
{
	const struct nlattr *wanted = attrs[MEMTEL_A_STALL_KIND];
	const struct nlattr *pid = attrs[MEMTEL_A_STALL_PID];
	const struct nlattr *cgroup = attrs[MEMTEL_A_STALL_CGROUP_ID];
	bool is_task = i < views[0].nr;
	enum memtel_suspect_kind kind = is_task ? MEMTEL_SUSPECT_KIND_TASK :
						  MEMTEL_SUSPECT_KIND_CGROUP;
	const struct memtel_topk_row *row =
		is_task ? &views[0].rows[i] : &views[1].rows[i - views[0].nr];

	if ((wanted && nla_get_u32(wanted) != kind) ||
	    (pid && (!is_task || nla_get_u32(pid) != row->a)) ||
	    (cgroup && (is_task || nla_get_u64(cgroup) != row->a)))
		return MEMTEL_NO_ROW;
	return memtel_fill_stall(skb, kind, row);
}

typedef int (*fill_fn)(struct sk_buff *skb, bool may_see_symbols,
		       const struct memtel_topk_view *views, unsigned int i,
		       struct nlattr **attrs);

static int get_one(struct sk_buff *skb, struct genl_info *info,
		   struct memtel_topk_view *views, fill_fn fill)
{
	bool may_see_symbols = netlink_capable(skb, CAP_SYSLOG);
	struct memtel_reply reply;
	unsigned int i;
	int err;

	err = memtel_reply_begin(&reply, info, 0);
	if (err)
		return err;
	err = MEMTEL_NO_ROW;
	for (i = 0; i < rows_of(views) && err == MEMTEL_NO_ROW; i++)
		err = fill(reply.skb, may_see_symbols, views, i, info->attrs);
	if (err == MEMTEL_NO_ROW) {
		NL_SET_ERR_MSG(info->extack, "there is no such row");
		err = -ENOENT;
	}
	return memtel_reply_end(&reply, info, err);
}

int memtel_nl_site_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct memtel_topk_view *views;
	int err;

	err = memtel_nl_check(skb, info->nlhdr, info->extack);
	if (err)
		return err;
	if (GENL_REQ_ATTR_CHECK(info, MEMTEL_A_SITE_ID)) {
		NL_SET_ERR_MSG(info->extack, "the site's id is needed");
		return -EINVAL;
	}
	views = take_views(&sites, info->extack);
	if (IS_ERR(views))
		return PTR_ERR(views);
	err = get_one(skb, info, views, fill_site);
	free_views(views);
	return err;
}

int memtel_nl_stall_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct memtel_topk_view *views;
	int err;

	err = memtel_nl_check(skb, info->nlhdr, info->extack);
	if (err)
		return err;
	if (GENL_REQ_ATTR_CHECK(info, MEMTEL_A_STALL_KIND)) {
		NL_SET_ERR_MSG(info->extack, "the kind is needed");
		return -EINVAL;
	}
	views = take_views(&stalls, info->extack);
	if (IS_ERR(views))
		return PTR_ERR(views);
	err = get_one(skb, info, views, fill_stall);
	free_views(views);
	return err;
}

static int dump_start(struct netlink_callback *cb, const struct views_of *of)
{
	struct memtel_topk_view *views;
	int err = memtel_nl_dump_start(cb);

	if (err)
		return err;
	views = take_views(of, cb->extack);
	if (IS_ERR(views))
		return PTR_ERR(views);
	memtel_dump_ctx(cb)->views = views;
	/* Once: a refusal may be a line in an audit log. */
	memtel_dump_ctx(cb)->may_see_symbols = netlink_capable(cb->skb,
							       CAP_SYSLOG);
	return 0;
}

int memtel_nl_site_get_start(struct netlink_callback *cb)
{
	return dump_start(cb, &sites);
}

int memtel_nl_stall_get_start(struct netlink_callback *cb)
{
	return dump_start(cb, &stalls);
}

static int site_row(struct sk_buff *skb, struct netlink_callback *cb,
		    unsigned int i)
{
	const struct memtel_dump_ctx *ctx = memtel_dump_ctx(cb);

	return fill_site(skb, ctx->may_see_symbols, ctx->views, i,
			 memtel_dump_attrs(cb));
}

static int stall_row(struct sk_buff *skb, struct netlink_callback *cb,
		     unsigned int i)
{
	const struct memtel_dump_ctx *ctx = memtel_dump_ctx(cb);

	return fill_stall(skb, ctx->may_see_symbols, ctx->views, i,
			  memtel_dump_attrs(cb));
}

static int topk_begin(struct netlink_callback *cb)
{
	return rows_of(memtel_dump_ctx(cb)->views);
}

static const struct memtel_dump site_dump = {
	.begin = topk_begin,
	.fill = site_row,
};

static const struct memtel_dump stall_dump = {
	.begin = topk_begin,
	.fill = stall_row,
};

int memtel_nl_site_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return memtel_dump_rows(skb, cb, &site_dump);
}

int memtel_nl_stall_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return memtel_dump_rows(skb, cb, &stall_dump);
}

int memtel_nl_topk_done(struct netlink_callback *cb)
{
	free_views(memtel_dump_ctx(cb)->views);
	return 0;
}
