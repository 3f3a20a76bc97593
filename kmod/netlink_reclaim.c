// SPDX-License-Identifier: GPL-2.0
/*
 * Requests about what is timed: reclaim, shrinkers, locks; and fallback. They
 * differ in their table alone. Rows are read as they are sent, some at a time
 * under memtel_source_lock; a source that is attached or released in the middle
 * of a dump marks it as interrupted.
 */
#include <linux/mmzone.h>
#include <linux/nodemask.h>

#include "fallback.h"
#include "fill.h"
#include "generated/netlink.h"
#include "message.h"
#include "reclaim.h"
#include "shrinker.h"
#include "source.h"

#define MAX_NEEDED	4
/* The kernel adds which attribute is missing. */
#define NEEDS_KEYS	"the attributes that name one row are needed"

/**
 * struct memtel_table - a set of rows and how to ask for them
 * @source: must be attached
 * @needed: attributes a do must have, 0 at the end
 * @nodes: attributes that name a node, 0 at the end
 * @bytes: the most a row takes, NULL for what fits a usual message
 * @rows: how many there are
 * @matches: do a row's keys match a request's attributes? Reads no counter
 * @fill: write a row, or return MEMTEL_NO_ROW
 */
struct memtel_table {
	struct memtel_source *source;
	int needed[MAX_NEEDED + 1];
	int nodes[3];
	size_t (*bytes)(void);
	unsigned int (*rows)(void);
	bool (*matches)(unsigned int i, struct nlattr **attrs);
	int (*fill)(struct sk_buff *skb, unsigned int i);
};

static bool matches_u32(const struct nlattr *attr, u32 value)
{
	return !attr || nla_get_u32(attr) == value;
}

static bool matches_string(const struct nlattr *attr, const char *value)
{
	return !attr || (value && !nla_strcmp(attr, value));
}

static bool reclaim_matches(unsigned int i, struct nlattr **attrs)
{
	const struct nlattr *cgroup = attrs[MEMTEL_A_RECLAIM_CGROUP_ID];
	struct memtel_reclaim_row row;

	return memtel_reclaim_is_row(i, &row) &&
	       matches_u32(attrs[MEMTEL_A_RECLAIM_KIND], row.kind) &&
	       matches_u32(attrs[MEMTEL_A_RECLAIM_NODE_ID], row.nid) &&
	       matches_string(attrs[MEMTEL_A_RECLAIM_ZONE], row.zone) &&
	       (!cgroup || nla_get_u64(cgroup) == row.cgroup_id);
}

static bool shrinker_matches(unsigned int i, struct nlattr **attrs)
{
	struct memtel_shrinker_row row;

	return memtel_shrinker_key(i, &row) &&
	       matches_string(attrs[MEMTEL_A_SHRINKER_NAME], row.name) &&
	       matches_u32(attrs[MEMTEL_A_SHRINKER_ID], row.id) &&
	       matches_u32(attrs[MEMTEL_A_SHRINKER_NODE_ID], row.nid);
}

static unsigned int lock_rows(void)
{
	return nr_node_ids * MAX_NR_ZONES;
}

static bool lock_matches(unsigned int i, struct nlattr **attrs)
{
	int nid = i / MAX_NR_ZONES;

	return node_online(nid) &&
	       matches_u32(attrs[MEMTEL_A_LOCK_NODE_ID], nid) &&
	       matches_string(attrs[MEMTEL_A_LOCK_ZONE],
			      NODE_DATA(nid)->node_zones[i % MAX_NR_ZONES].name);
}

static bool fallback_matches(unsigned int i, struct nlattr **attrs)
{
	struct memtel_fallback_cell cell;

	memtel_fallback_key(i, &cell);
	return matches_u32(attrs[MEMTEL_A_FALLBACK_WANTED_NODE_ID],
			   cell.wanted_nid) &&
	       matches_string(attrs[MEMTEL_A_FALLBACK_WANTED_ZONE],
			      cell.wanted_zone) &&
	       matches_u32(attrs[MEMTEL_A_FALLBACK_NODE_ID], cell.nid) &&
	       matches_string(attrs[MEMTEL_A_FALLBACK_ZONE], cell.zone);
}

static const struct memtel_table reclaim_table = {
	.source = &memtel_reclaim_source,
	.needed = { MEMTEL_A_RECLAIM_KIND },
	.nodes = { MEMTEL_A_RECLAIM_NODE_ID },
	.bytes = memtel_fill_reclaim_bytes,
	.rows = memtel_reclaim_rows,
	.matches = reclaim_matches,
	.fill = memtel_fill_reclaim,
};

static const struct memtel_table shrinker_table = {
	.source = &memtel_shrinker_source,
	.needed = { MEMTEL_A_SHRINKER_NODE_ID },
	.nodes = { MEMTEL_A_SHRINKER_NODE_ID },
	.rows = memtel_shrinker_rows,
	.matches = shrinker_matches,
	.fill = memtel_fill_shrinker,
};

static const struct memtel_table lock_table = {
	.source = &memtel_zonelock_source,
	.needed = { MEMTEL_A_LOCK_NODE_ID, MEMTEL_A_LOCK_ZONE },
	.nodes = { MEMTEL_A_LOCK_NODE_ID },
	.rows = lock_rows,
	.matches = lock_matches,
	.fill = memtel_fill_lock,
};

static const struct memtel_table fallback_table = {
	.source = &memtel_fallback_source,
	.needed = {
		MEMTEL_A_FALLBACK_WANTED_NODE_ID, MEMTEL_A_FALLBACK_WANTED_ZONE,
		MEMTEL_A_FALLBACK_NODE_ID, MEMTEL_A_FALLBACK_ZONE,
	},
	.nodes = {
		MEMTEL_A_FALLBACK_WANTED_NODE_ID, MEMTEL_A_FALLBACK_NODE_ID,
	},
	.rows = memtel_fallback_cells,
	.matches = fallback_matches,
	.fill = memtel_fill_fallback,
};

static int check_nodes(const struct memtel_table *table, struct nlattr **attrs,
		       struct netlink_ext_ack *extack)
{
	const int *node;
	int err = 0;

	for (node = table->nodes; *node && !err; node++)
		err = memtel_nl_check_node(attrs[*node], extack);
	return err;
}

static int check_needed(const struct memtel_table *table,
			struct genl_info *info)
{
	const int *attr;

	for (attr = table->needed; *attr; attr++) {
		if (!GENL_REQ_ATTR_CHECK(info, *attr))
			continue;
		NL_SET_ERR_MSG(info->extack, NEEDS_KEYS);
		return -EINVAL;
	}
	return 0;
}

static int check_attached(const struct memtel_table *table,
			  struct netlink_ext_ack *extack)
{
	lockdep_assert_held(&memtel_source_lock);
	if (memtel_source_is_attached(table->source))
		return 0;
	NL_SET_ERR_MSG(extack,
		       "the source is not attached: it has no counts");
	return -ENODATA;
}

/* The first row that matches. */
static int fill_first(const struct memtel_table *table, struct sk_buff *skb,
		      struct genl_info *info)
{
	unsigned int i;
	int err;

	lockdep_assert_held(&memtel_source_lock);
	for (i = 0; i < table->rows(); i++) {
		if (!table->matches(i, info->attrs))
			continue;
		err = table->fill(skb, i);
		if (err != MEMTEL_NO_ROW)
			return err;
	}
	NL_SET_ERR_MSG(info->extack, "there is no such row");
	return -ENOENT;
}

static int get_one(const struct memtel_table *table, struct sk_buff *skb,
		   struct genl_info *info)
{
	struct memtel_reply reply;
	int err = memtel_nl_check(skb, info->nlhdr, info->extack) ?:
		  check_needed(table, info) ?:
		  check_nodes(table, info->attrs, info->extack) ?:
		  memtel_reply_begin(&reply, info,
				     table->bytes ? table->bytes() : 0);

	if (err)
		return err;
	mutex_lock(&memtel_source_lock);
	err = check_attached(table, info->extack) ?:
	      fill_first(table, reply.skb, info);
	mutex_unlock(&memtel_source_lock);
	return memtel_reply_end(&reply, info, err);
}

static int table_row(struct sk_buff *skb, struct netlink_callback *cb,
		     unsigned int i)
{
	const struct memtel_table *table = memtel_dump_ctx(cb)->table;

	if (!table->matches(i, memtel_dump_attrs(cb)))
		return MEMTEL_NO_ROW;
	return table->fill(skb, i);
}

static int table_begin(struct netlink_callback *cb)
{
	const struct memtel_table *table = memtel_dump_ctx(cb)->table;
	int err;

	cb->seq = memtel_source_generation + 1;
	err = check_attached(table, cb->extack);
	return err ?: table->rows();
}

static const struct memtel_dump table_dump = {
	.lock = &memtel_source_lock,
	.begin = table_begin,
	.fill = table_row,
};

static int get_all(const struct memtel_table *table, struct sk_buff *skb,
		   struct netlink_callback *cb)
{
	int err = check_nodes(table, memtel_dump_attrs(cb), cb->extack);

	if (err)
		return err;
	memtel_dump_ctx(cb)->table = table;
	return memtel_dump_rows(skb, cb, &table_dump);
}

int memtel_nl_reclaim_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return get_one(&reclaim_table, skb, info);
}

int memtel_nl_reclaim_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb)
{
	return get_all(&reclaim_table, skb, cb);
}

int memtel_nl_shrinker_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	int err = memtel_nl_check(skb, info->nlhdr, info->extack);

	if (err)
		return err;
	if (!info->attrs[MEMTEL_A_SHRINKER_ID] &&
	    GENL_REQ_ATTR_CHECK(info, MEMTEL_A_SHRINKER_NAME)) {
		NL_SET_ERR_MSG(info->extack, NEEDS_KEYS);
		return -EINVAL;
	}
	return get_one(&shrinker_table, skb, info);
}

int memtel_nl_shrinker_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb)
{
	return get_all(&shrinker_table, skb, cb);
}

int memtel_nl_lock_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return get_one(&lock_table, skb, info);
}

int memtel_nl_lock_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return get_all(&lock_table, skb, cb);
}

int memtel_nl_fallback_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return get_one(&fallback_table, skb, info);
}

int memtel_nl_fallback_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb)
{
	return get_all(&fallback_table, skb, cb);
}
