// SPDX-License-Identifier: GPL-2.0
/*
 * Requests about triggers and their events: what a subscriber gives is checked
 * here, against the metric's entry in metric.c.
 */
#include <linux/bits.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/time64.h>

#include "fill.h"
#include "generated/netlink.h"
#include "message.h"
#include "metric.h"
#include "private.h"
#include "subscriber.h"
#include "trigger.h"

/* Name the attribute that is wrong, and say why. The errno of that. */
#define trigger_refuse(info, attr, text) \
({ \
	struct genl_info *asked = (info); \
\
	NL_SET_ERR_MSG_ATTR(asked->extack, asked->attrs[attr], text); \
	-EINVAL; \
})

/* Attributes of a scope, and which metrics take them. */
static const struct {
	int attr;
	unsigned int by;
} scopes[] = {
	{ MEMTEL_A_TRIGGER_NODE_ID, METRIC_BY_NODE },
	{ MEMTEL_A_TRIGGER_ZONE, METRIC_BY_ZONE },
	{ MEMTEL_A_TRIGGER_CGROUP_ID, METRIC_BY_CGROUP },
	{ MEMTEL_A_TRIGGER_CACHE, METRIC_BY_CACHE },
	{ MEMTEL_A_TRIGGER_SHRINKER, METRIC_BY_SHRINKER },
};

static int parse_zone(struct genl_info *info, struct memtel_trigger *wish)
{
	struct nlattr *attr = info->attrs[MEMTEL_A_TRIGGER_ZONE];
	int zid;

	if (!attr)
		return 0;
	if (wish->scope.nid == NUMA_NO_NODE)
		return trigger_refuse(info, MEMTEL_A_TRIGGER_ZONE,
				      "a zone needs its node");
	for (zid = 0; zid < MAX_NR_ZONES; zid++) {
		const struct zone *zone =
			&NODE_DATA(wish->scope.nid)->node_zones[zid];

		if (nla_strcmp(attr, zone->name))
			continue;
		wish->scope.zid = zid;
		wish->zone = zone->name;
		return 0;
	}
	NL_SET_ERR_MSG_ATTR(info->extack, attr, "no such zone");
	return -ENOENT;
}

static int parse_scope(struct genl_info *info, struct memtel_trigger *wish)
{
	struct nlattr *node = info->attrs[MEMTEL_A_TRIGGER_NODE_ID];
	struct nlattr *cgroup = info->attrs[MEMTEL_A_TRIGGER_CGROUP_ID];
	struct nlattr *name = info->attrs[MEMTEL_A_TRIGGER_CACHE] ?:
			      info->attrs[MEMTEL_A_TRIGGER_SHRINKER];
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(scopes); i++)
		if (info->attrs[scopes[i].attr] &&
		    !(memtel_metrics[wish->metric].by & scopes[i].by))
			return trigger_refuse(info, scopes[i].attr,
					      "the metric has no such scope");
	err = memtel_nl_check_node(node, info->extack);
	if (err)
		return err;
	if (node)
		wish->scope.nid = nla_get_u32(node);
	if (cgroup) {
		wish->scope.cgroup_id = nla_get_u64(cgroup);
		if (!wish->scope.cgroup_id)
			return trigger_refuse(info, MEMTEL_A_TRIGGER_CGROUP_ID,
					      "no cgroup has the id 0");
	}
	if (name) {
		nla_strscpy(wish->scope.name, name, sizeof(wish->scope.name));
		if (!wish->scope.name[0]) {
			NL_SET_ERR_MSG_ATTR(info->extack, name,
					    "the name is empty");
			return -EINVAL;
		}
	}
	return parse_zone(info, wish);
}

static int parse_level(struct genl_info *info, struct memtel_trigger *wish)
{
	struct nlattr *clear = info->attrs[MEMTEL_A_TRIGGER_CLEAR];
	struct nlattr *hold = info->attrs[MEMTEL_A_TRIGGER_HOLD_NS];
	const u64 min_ns = MEMTEL_WINDOW_MIN_MS * (u64)NSEC_PER_MSEC;
	const u64 max_ns = MEMTEL_WINDOW_MAX_MS * (u64)NSEC_PER_MSEC;
	struct memtel_level *level = &wish->level;

	level->threshold =
		nla_get_u64(info->attrs[MEMTEL_A_TRIGGER_THRESHOLD]);
	if (!level->threshold)
		return trigger_refuse(info, MEMTEL_A_TRIGGER_THRESHOLD,
				      "the threshold is 0");
	level->clear = clear ? nla_get_u64(clear) : level->threshold;
	if (level->clear > level->threshold)
		return trigger_refuse(info, MEMTEL_A_TRIGGER_CLEAR,
				      "the value to clear at is above the threshold");
	wish->window_ns = nla_get_u64(info->attrs[MEMTEL_A_TRIGGER_WINDOW_NS]);
	if (wish->window_ns < min_ns || wish->window_ns > max_ns)
		return trigger_refuse(info, MEMTEL_A_TRIGGER_WINDOW_NS,
				      "a window is 10 ms to 1 h");
	level->hold_ns = hold ? nla_get_u64(hold) : 0;
	if (level->hold_ns > max_ns)
		return trigger_refuse(info, MEMTEL_A_TRIGGER_HOLD_NS,
				      "the hold time is more than 1 h");
	return 0;
}

static int check_needed(struct genl_info *info)
{
	if (GENL_REQ_ATTR_CHECK(info, MEMTEL_A_TRIGGER_METRIC) ||
	    GENL_REQ_ATTR_CHECK(info, MEMTEL_A_TRIGGER_THRESHOLD) ||
	    GENL_REQ_ATTR_CHECK(info, MEMTEL_A_TRIGGER_WINDOW_NS)) {
		NL_SET_ERR_MSG(info->extack,
			       "metric, threshold and window are needed");
		return -EINVAL;
	}
	return 0;
}

static int check_can_collect(struct genl_info *info, enum memtel_metric metric)
{
	if (memtel_metrics[metric].from != METRIC_COLLECTED ||
	    !memtel_private_cannot_list())
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[MEMTEL_A_TRIGGER_METRIC],
			    "this kernel's caches cannot be listed: see status");
	return -EOPNOTSUPP;
}

int memtel_nl_trigger_add_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct memtel_trigger wish = {
		.scope = { .nid = NUMA_NO_NODE, .zid = MEMTEL_NO_ZONE },
		.has_evidence = !info->attrs[MEMTEL_A_TRIGGER_NO_EVIDENCE],
		.portid = info->snd_portid,
		.socket = NETLINK_CB(skb).sk,
	};
	struct memtel_reply reply;
	u32 id;
	int err;

	err = memtel_nl_check(skb, info->nlhdr, info->extack) ?:
	      check_needed(info);
	if (err)
		return err;
	wish.metric = nla_get_u32(info->attrs[MEMTEL_A_TRIGGER_METRIC]);
	err = parse_scope(info, &wish) ?:
	      parse_level(info, &wish) ?:
	      check_can_collect(info, wish.metric) ?:
	      memtel_reply_begin(&reply, info, 0);
	if (err)
		return err;
	err = memtel_trigger_add(&wish, &id, info->extack);
	if (err)
		return memtel_reply_end(&reply, info, err);
	err = memtel_reply_end(&reply, info,
			       nla_put_u32(reply.skb, MEMTEL_A_TRIGGER_ID, id));
	/* Nobody would know that it is there. */
	if (err)
		memtel_trigger_delete(id, wish.socket);
	return err;
}

static int need_id(struct genl_info *info)
{
	if (!GENL_REQ_ATTR_CHECK(info, MEMTEL_A_TRIGGER_ID))
		return 0;
	NL_SET_ERR_MSG(info->extack, "the trigger's id is needed");
	return -EINVAL;
}

int memtel_nl_trigger_delete_doit(struct sk_buff *skb, struct genl_info *info)
{
	int err = memtel_nl_check(skb, info->nlhdr, info->extack) ?:
		  need_id(info);

	if (err)
		return err;
	err = memtel_trigger_delete(nla_get_u32(info->attrs[MEMTEL_A_TRIGGER_ID]),
				    NETLINK_CB(skb).sk);
	if (err)
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[MEMTEL_A_TRIGGER_ID],
				    "this socket has no such trigger");
	return err;
}

static bool matches(const struct memtel_trigger *trigger, struct nlattr **attrs)
{
	const struct nlattr *id = attrs[MEMTEL_A_TRIGGER_ID];
	const struct nlattr *portid = attrs[MEMTEL_A_TRIGGER_PORTID];

	return (!id || nla_get_u32(id) == trigger->id) &&
	       (!portid || nla_get_u32(portid) == trigger->portid);
}

/* The one after a trigger, or the first, or NULL. */
static const struct memtel_trigger *
next_trigger(const struct memtel_trigger *trigger)
{
	const struct list_head *next = trigger ? trigger->list.next :
						 memtel_triggers.next;

	lockdep_assert_held(&memtel_trigger_lock);
	return next == &memtel_triggers ? NULL :
	       list_entry(next, struct memtel_trigger, list);
}

int memtel_nl_trigger_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct memtel_trigger *trigger = NULL;
	struct memtel_reply reply;
	int err;

	err = memtel_nl_check(skb, info->nlhdr, info->extack) ?:
	      need_id(info) ?:
	      memtel_reply_begin(&reply, info, 0);
	if (err)
		return err;
	mutex_lock(&memtel_trigger_lock);
	do {
		trigger = next_trigger(trigger);
	} while (trigger && !matches(trigger, info->attrs));
	err = trigger ? memtel_fill_trigger(reply.skb, trigger) : -ENOENT;
	mutex_unlock(&memtel_trigger_lock);
	if (err == -ENOENT)
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[MEMTEL_A_TRIGGER_ID],
				    "no such trigger");
	return memtel_reply_end(&reply, info, err);
}

static int trigger_row(struct sk_buff *skb, struct netlink_callback *cb,
		       unsigned int i)
{
	const struct memtel_trigger *trigger = memtel_dump_ctx(cb)->at;
	int err = MEMTEL_NO_ROW;

	if (trigger && matches(trigger, memtel_dump_attrs(cb)))
		err = memtel_fill_trigger(skb, trigger);
	if (trigger && (!err || err == MEMTEL_NO_ROW))
		memtel_dump_ctx(cb)->at = next_trigger(trigger);
	return err;
}

static int trigger_begin(struct netlink_callback *cb)
{
	struct memtel_dump_ctx *ctx = memtel_dump_ctx(cb);
	const struct memtel_trigger *trigger;
	int nr = 0;

	cb->seq = memtel_trigger_generation + 1;
	ctx->at = NULL;
	list_for_each_entry(trigger, &memtel_triggers, list)
		if (nr++ == ctx->next)
			ctx->at = trigger;
	return nr;
}

static const struct memtel_dump triggers = {
	.lock = &memtel_trigger_lock,
	.begin = trigger_begin,
	.fill = trigger_row,
};

int memtel_nl_trigger_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb)
{
	return memtel_dump_rows(skb, cb, &triggers);
}

int memtel_nl_subscribe_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct memtel_reply reply;
	u64 sequence;
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
	err = memtel_subscriber_add(NETLINK_CB(skb).sk, info->snd_portid,
				    &sequence, info->extack);
	if (!err)
		err = nla_put_u64_64bit(reply.skb, MEMTEL_A_STATUS_EVENT_SEQUENCE,
					sequence, MEMTEL_A_STATUS_PAD);
	return memtel_reply_end(&reply, info, err);
}
