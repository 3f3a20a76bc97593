// SPDX-License-Identifier: GPL-2.0
/*
 * Requests about nodes and zones. Nothing is kept between two messages of a
 * dump but the place it is at.
 */
#include "fill.h"
#include "gauge.h"
#include "generated/netlink.h"
#include "message.h"
#include "source.h"

int memtel_nl_node_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *id = info->attrs[MEMTEL_A_NODE_ID];
	struct memtel_node node;
	struct memtel_reply reply;
	int err;

	err = memtel_nl_check(skb, info->nlhdr, info->extack);
	if (err)
		return err;
	if (GENL_REQ_ATTR_CHECK(info, MEMTEL_A_NODE_ID)) {
		NL_SET_ERR_MSG(info->extack, "the node's id is needed");
		return -EINVAL;
	}
	err = memtel_nl_check_node(id, info->extack);
	if (err)
		return err;
	if (!memtel_node_read(nla_get_u32(id), &node))
		return -ENOENT;
	err = memtel_reply_begin(&reply, info, 0);
	if (err)
		return err;
	mutex_lock(&memtel_source_lock);
	err = memtel_fill_node(reply.skb, nla_get_u32(id), &node);
	mutex_unlock(&memtel_source_lock);
	return memtel_reply_end(&reply, info, err);
}

static int node_row(struct sk_buff *skb, struct netlink_callback *cb,
		    unsigned int nid)
{
	struct nlattr *id = memtel_dump_attrs(cb)[MEMTEL_A_NODE_ID];
	struct memtel_node node;

	if ((id && nla_get_u32(id) != nid) || !memtel_node_read(nid, &node))
		return MEMTEL_NO_ROW;
	return memtel_fill_node(skb, nid, &node);
}

static int node_begin(struct netlink_callback *cb)
{
	return nr_node_ids;
}

/* The times in a row need the lock of the sources they are of. */
static const struct memtel_dump nodes = {
	.lock = &memtel_source_lock,
	.begin = node_begin,
	.fill = node_row,
};

int memtel_nl_node_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct nlattr *id = memtel_dump_attrs(cb)[MEMTEL_A_NODE_ID];
	int err = memtel_nl_check_node(id, cb->extack);

	return err ?: memtel_dump_rows(skb, cb, &nodes);
}

static bool zone_matches(const struct memtel_zone *zone, int nid,
			 struct nlattr **attrs)
{
	struct nlattr *name = attrs[MEMTEL_A_ZONE_NAME];
	struct nlattr *id = attrs[MEMTEL_A_ZONE_NODE_ID];

	return (!id || nla_get_u32(id) == nid) &&
	       (!name || !nla_strcmp(name, zone->name));
}

int memtel_nl_zone_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *id = info->attrs[MEMTEL_A_ZONE_NODE_ID];
	struct memtel_zone zone;
	struct memtel_reply reply;
	int err, nid, i;

	err = memtel_nl_check(skb, info->nlhdr, info->extack);
	if (err)
		return err;
	if (GENL_REQ_ATTR_CHECK(info, MEMTEL_A_ZONE_NODE_ID) ||
	    GENL_REQ_ATTR_CHECK(info, MEMTEL_A_ZONE_NAME)) {
		NL_SET_ERR_MSG(info->extack,
			       "the zone's node-id and name are needed");
		return -EINVAL;
	}
	err = memtel_nl_check_node(id, info->extack);
	if (err)
		return err;
	nid = nla_get_u32(id);
	for (i = 0; i < MAX_NR_ZONES; i++)
		if (memtel_zone_read(nid, i, &zone) &&
		    zone_matches(&zone, nid, info->attrs))
			break;
	if (i == MAX_NR_ZONES) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[MEMTEL_A_ZONE_NAME],
				    "the node has no such zone with memory");
		return -ENOENT;
	}
	err = memtel_reply_begin(&reply, info, 0);
	if (err)
		return err;
	mutex_lock(&memtel_source_lock);
	err = memtel_fill_zone(reply.skb, nid, &zone);
	mutex_unlock(&memtel_source_lock);
	return memtel_reply_end(&reply, info, err);
}

static int zone_row(struct sk_buff *skb, struct netlink_callback *cb,
		    unsigned int i)
{
	int nid = i / MAX_NR_ZONES;
	struct memtel_zone zone;

	if (!memtel_zone_read(nid, i % MAX_NR_ZONES, &zone) ||
	    !zone_matches(&zone, nid, memtel_dump_attrs(cb)))
		return MEMTEL_NO_ROW;
	return memtel_fill_zone(skb, nid, &zone);
}

static int zone_begin(struct netlink_callback *cb)
{
	return nr_node_ids * MAX_NR_ZONES;
}

static const struct memtel_dump zones = {
	.lock = &memtel_source_lock,
	.begin = zone_begin,
	.fill = zone_row,
};

int memtel_nl_zone_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct nlattr *id = memtel_dump_attrs(cb)[MEMTEL_A_ZONE_NODE_ID];
	int err = memtel_nl_check_node(id, cb->extack);

	return err ?: memtel_dump_rows(skb, cb, &zones);
}
