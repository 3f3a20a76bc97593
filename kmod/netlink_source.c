// SPDX-License-Identifier: GPL-2.0
/*
 * Requests about the module, its sources and their holders. All state they
 * touch is protected by memtel_source_lock, but for the number of events.
 */
#include "fill.h"
#include "generated/netlink.h"
#include "message.h"
#include "source.h"
#include "trigger.h"

int memtel_nl_status_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct memtel_reply reply;
	int err;

	err = memtel_nl_check(skb, info->nlhdr, info->extack);
	if (err)
		return err;
	err = memtel_nl_check_empty(info);
	if (err)
		return err;
	err = memtel_reply_begin(&reply, info, 0);
	if (err)
		return err;
	/* All events up to the number that is told have been sent. */
	mutex_lock(&memtel_trigger_lock);
	err = memtel_fill_status(reply.skb);
	mutex_unlock(&memtel_trigger_lock);
	return memtel_reply_end(&reply, info, err);
}

static struct memtel_source *source_of(struct genl_info *info)
{
	struct nlattr *name = info->attrs[MEMTEL_A_SOURCE_NAME];
	struct memtel_source *source;

	if (GENL_REQ_ATTR_CHECK(info, MEMTEL_A_SOURCE_NAME)) {
		NL_SET_ERR_MSG(info->extack, "the source's name is needed");
		return ERR_PTR(-EINVAL);
	}
	source = memtel_source_find(nla_data(name));
	if (source)
		return source;
	NL_SET_ERR_MSG_ATTR(info->extack, name, "no such source");
	return ERR_PTR(-ENOENT);
}

int memtel_nl_source_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct memtel_source *source;
	struct memtel_reply reply;
	int err;

	err = memtel_nl_check(skb, info->nlhdr, info->extack);
	if (err)
		return err;
	source = source_of(info);
	if (IS_ERR(source))
		return PTR_ERR(source);
	err = memtel_reply_begin(&reply, info, 0);
	if (err)
		return err;
	mutex_lock(&memtel_source_lock);
	err = memtel_fill_source(reply.skb, source);
	mutex_unlock(&memtel_source_lock);
	return memtel_reply_end(&reply, info, err);
}

static int source_row(struct sk_buff *skb, struct netlink_callback *cb,
		      unsigned int i)
{
	struct nlattr *name = memtel_dump_attrs(cb)[MEMTEL_A_SOURCE_NAME];

	if (name && nla_strcmp(name, memtel_sources[i]->name))
		return MEMTEL_NO_ROW;
	return memtel_fill_source(skb, memtel_sources[i]);
}

static int source_begin(struct netlink_callback *cb)
{
	cb->seq = memtel_source_generation + 1;
	return memtel_nr_sources;
}

static const struct memtel_dump sources = {
	.lock = &memtel_source_lock,
	.begin = source_begin,
	.fill = source_row,
};

int memtel_nl_source_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb)
{
	return memtel_dump_rows(skb, cb, &sources);
}

/*
 * What the operations that change a source do under its lock, for the socket
 * that asks or for all.
 */
static int change_source(struct sk_buff *skb, struct genl_info *info,
			 int (*change)(struct memtel_source *source,
				       struct memtel_holder socket,
				       struct netlink_ext_ack *extack))
{
	const struct memtel_holder socket = {
		.kind = MEMTEL_HOLD_KIND_SOCKET,
		.portid = info->snd_portid,
		.socket = NETLINK_CB(skb).sk,
	};
	struct memtel_source *source;
	int err;

	err = memtel_nl_check(skb, info->nlhdr, info->extack);
	if (err)
		return err;
	source = source_of(info);
	if (IS_ERR(source))
		return PTR_ERR(source);
	mutex_lock(&memtel_source_lock);
	err = change(source, socket, info->extack);
	mutex_unlock(&memtel_source_lock);
	return err;
}

static const struct memtel_holder admin = { .kind = MEMTEL_HOLD_KIND_ADMIN };

static int release_socket(struct memtel_source *source,
			  struct memtel_holder socket,
			  struct netlink_ext_ack *extack)
{
	int err = memtel_source_release(source, socket);

	if (err)
		NL_SET_ERR_MSG(extack, "this socket does not hold the source");
	return err;
}

static int hold_admin(struct memtel_source *source, struct memtel_holder socket,
		      struct netlink_ext_ack *extack)
{
	return memtel_source_hold(source, admin, extack);
}

static int release_admin(struct memtel_source *source,
			 struct memtel_holder socket,
			 struct netlink_ext_ack *extack)
{
	int err = memtel_source_release(source, admin);

	if (err)
		NL_SET_ERR_MSG(extack, "the source is not enabled");
	return err;
}

static int reset_source(struct memtel_source *source,
			struct memtel_holder socket,
			struct netlink_ext_ack *extack)
{
	int err = memtel_source_reset(source);

	if (err)
		NL_SET_ERR_MSG(extack,
			       "the source is not attached: it has no counts");
	return err;
}

int memtel_nl_source_hold_doit(struct sk_buff *skb, struct genl_info *info)
{
	return change_source(skb, info, memtel_source_hold);
}

int memtel_nl_source_release_doit(struct sk_buff *skb, struct genl_info *info)
{
	return change_source(skb, info, release_socket);
}

int memtel_nl_source_enable_doit(struct sk_buff *skb, struct genl_info *info)
{
	return change_source(skb, info, hold_admin);
}

int memtel_nl_source_disable_doit(struct sk_buff *skb, struct genl_info *info)
{
	return change_source(skb, info, release_admin);
}

int memtel_nl_source_reset_doit(struct sk_buff *skb, struct genl_info *info)
{
	return change_source(skb, info, reset_source);
}

/* The one after a hold, or the first, or NULL. */
static const struct memtel_hold *next_hold(const struct memtel_hold *hold)
{
	unsigned int s = 0;

	lockdep_assert_held(&memtel_source_lock);
	if (hold && !list_is_last(&hold->list, &hold->source->holds))
		return list_next_entry(hold, list);
	if (hold)
		s = ilog2(memtel_source_bit(hold->source)) + 1;
	for (; s < memtel_nr_sources; s++)
		if (!list_empty(&memtel_sources[s]->holds))
			return list_first_entry(&memtel_sources[s]->holds,
						struct memtel_hold, list);
	return NULL;
}

static bool hold_matches(const struct memtel_hold *hold, struct nlattr **attrs)
{
	struct nlattr *source = attrs[MEMTEL_A_HOLD_SOURCE];
	struct nlattr *id = attrs[MEMTEL_A_HOLD_ID];

	return (!id || nla_get_u32(id) == hold->id) &&
	       (!source || !nla_strcmp(source, hold->source->name));
}

int memtel_nl_hold_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct memtel_hold *hold = NULL;
	struct memtel_reply reply;
	int err;

	err = memtel_nl_check(skb, info->nlhdr, info->extack);
	if (err)
		return err;
	if (GENL_REQ_ATTR_CHECK(info, MEMTEL_A_HOLD_ID)) {
		NL_SET_ERR_MSG(info->extack, "the hold's id is needed");
		return -EINVAL;
	}
	err = memtel_reply_begin(&reply, info, 0);
	if (err)
		return err;
	mutex_lock(&memtel_source_lock);
	do {
		hold = next_hold(hold);
	} while (hold && !hold_matches(hold, info->attrs));
	err = hold ? memtel_fill_hold(reply.skb, hold) : -ENOENT;
	mutex_unlock(&memtel_source_lock);
	if (err == -ENOENT)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[MEMTEL_A_HOLD_ID],
				    "no such hold");
	return memtel_reply_end(&reply, info, err);
}

static int hold_row(struct sk_buff *skb, struct netlink_callback *cb,
		    unsigned int i)
{
	const struct memtel_hold *hold = memtel_dump_ctx(cb)->at;
	int err = MEMTEL_NO_ROW;

	if (hold && hold_matches(hold, memtel_dump_attrs(cb)))
		err = memtel_fill_hold(skb, hold);
	if (hold && (!err || err == MEMTEL_NO_ROW))
		memtel_dump_ctx(cb)->at = next_hold(hold);
	return err;
}

static int hold_begin(struct netlink_callback *cb)
{
	struct memtel_dump_ctx *ctx = memtel_dump_ctx(cb);
	const struct memtel_hold *hold;
	int nr = 0;

	cb->seq = memtel_source_generation + 1;
	ctx->at = NULL;
	for (hold = next_hold(NULL); hold; hold = next_hold(hold))
		if (nr++ == ctx->next)
			ctx->at = hold;
	return nr;
}

static const struct memtel_dump holds = {
	.lock = &memtel_source_lock,
	.begin = hold_begin,
	.fill = hold_row,
};

int memtel_nl_hold_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return memtel_dump_rows(skb, cb, &holds);
}
