// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family: who may ask, what was asked, and the end of
 * sockets that hold sources. Policies and the table of operations are
 * generated from memtel.yaml; attributes are written by fill.c.
 *
 * Operations run in parallel (parallel_ops); what they share is protected by
 * memtel_source_lock. A dump has its place in cb->ctx and, for caches, a
 * snapshot taken at its start and freed at its end, also when the reader goes
 * away in the middle.
 */
#include <linux/capability.h>
#include <linux/netlink.h>
#include <linux/nodemask.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "fill.h"
#include "gauge.h"
#include "generated/netlink.h"
#include "netlink.h"
#include "snapshot.h"
#include "source.h"

/* Returned by a dump's row when there is nothing to show at its place. */
#define NO_ROW	1

struct dump_ctx {
	struct memtel_snapshot *snap;
	unsigned int next;
};

static struct dump_ctx *dump_ctx(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct dump_ctx) > sizeof(cb->ctx));
	return (struct dump_ctx *)cb->ctx;
}

/* The admin-perm operations have been checked by generic netlink before. */
static int check_request(struct sk_buff *skb, const struct nlmsghdr *nlh,
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

static int check_dump(struct netlink_callback *cb)
{
	return check_request(cb->skb, cb->nlh, cb->extack);
}

static int check_node(const struct nlattr *attr,
		      struct netlink_ext_ack *extack)
{
	if (!attr || (nla_get_u32(attr) < nr_node_ids &&
		      node_online(nla_get_u32(attr))))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr, "no such node is online");
	return -ENOENT;
}

/* A do's answer: a message to fill, then sent or, on an error, dropped. */
struct reply {
	struct sk_buff *skb;
	void *hdr;
};

static int reply_begin(struct reply *reply, struct genl_info *info,
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

static int reply_end(struct reply *reply, struct genl_info *info, int err)
{
	if (err) {
		nlmsg_free(reply->skb);
		return err;
	}
	genlmsg_end(reply->skb, reply->hdr);
	return genlmsg_reply(reply->skb, info);
}

/*
 * Dump rows from where the last message ended. What does not fit is the next
 * message's; -EMSGSIZE only where not even one row fits.
 */
static int dump_rows(struct sk_buff *skb, struct netlink_callback *cb,
		     unsigned int nr,
		     int (*fill)(struct sk_buff *skb,
				 struct netlink_callback *cb, unsigned int i))
{
	const struct genlmsghdr *request = nlmsg_data(cb->nlh);
	struct dump_ctx *ctx = dump_ctx(cb);
	int err = 0;
	void *hdr;

	for (; ctx->next < nr; ctx->next++) {
		hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				  cb->nlh->nlmsg_seq, &memtel_nl_family,
				  NLM_F_MULTI, request->cmd);
		err = hdr ? fill(skb, cb, ctx->next) : -EMSGSIZE;
		if (likely(!err)) {
			nl_dump_check_consistent(cb, hdr - GENL_HDRLEN -
						     NLMSG_HDRLEN);
			genlmsg_end(skb, hdr);
			continue;
		}
		if (hdr)
			genlmsg_cancel(skb, hdr);
		if (err != NO_ROW)
			break;
		err = 0;
	}
	return err && !skb->len ? err : skb->len;
}

int memtel_nl_status_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct reply reply;
	int err;

	err = check_request(skb, info->nlhdr, info->extack);
	if (err)
		return err;
	err = reply_begin(&reply, info, 0);
	if (err)
		return err;
	return reply_end(&reply, info, memtel_fill_status(reply.skb));
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
	struct reply reply;
	int err;

	err = check_request(skb, info->nlhdr, info->extack);
	if (err)
		return err;
	source = source_of(info);
	if (IS_ERR(source))
		return PTR_ERR(source);
	err = reply_begin(&reply, info, 0);
	if (err)
		return err;
	mutex_lock(&memtel_source_lock);
	err = memtel_fill_source(reply.skb, source);
	mutex_unlock(&memtel_source_lock);
	return reply_end(&reply, info, err);
}

static int source_row(struct sk_buff *skb, struct netlink_callback *cb,
		      unsigned int i)
{
	struct nlattr *name = memtel_dump_attrs(cb)[MEMTEL_A_SOURCE_NAME];

	if (name && nla_strcmp(name, memtel_sources[i]->name))
		return NO_ROW;
	return memtel_fill_source(skb, memtel_sources[i]);
}

int memtel_nl_source_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb)
{
	int err = check_dump(cb);

	if (err)
		return err;
	mutex_lock(&memtel_source_lock);
	cb->seq = memtel_source_generation + 1;
	err = dump_rows(skb, cb, memtel_nr_sources, source_row);
	mutex_unlock(&memtel_source_lock);
	return err;
}

/* What the operations that change a source do under its lock. */
static int change_source(struct sk_buff *skb, struct genl_info *info,
			 int (*change)(struct memtel_source *source,
				       struct genl_info *info))
{
	struct memtel_source *source;
	int err;

	err = check_request(skb, info->nlhdr, info->extack);
	if (err)
		return err;
	source = source_of(info);
	if (IS_ERR(source))
		return PTR_ERR(source);
	mutex_lock(&memtel_source_lock);
	err = change(source, info);
	mutex_unlock(&memtel_source_lock);
	return err;
}

static int hold_socket(struct memtel_source *source, struct genl_info *info)
{
	return memtel_source_hold(source, MEMTEL_HOLD_KIND_SOCKET,
				  info->snd_portid, info->extack);
}

static int release_socket(struct memtel_source *source, struct genl_info *info)
{
	int err = memtel_source_release(source, MEMTEL_HOLD_KIND_SOCKET,
					info->snd_portid);

	if (err)
		NL_SET_ERR_MSG(info->extack,
			       "this socket does not hold the source");
	return err;
}

static int hold_admin(struct memtel_source *source, struct genl_info *info)
{
	return memtel_source_hold(source, MEMTEL_HOLD_KIND_ADMIN, 0,
				  info->extack);
}

static int release_admin(struct memtel_source *source, struct genl_info *info)
{
	int err = memtel_source_release(source, MEMTEL_HOLD_KIND_ADMIN, 0);

	if (err)
		NL_SET_ERR_MSG(info->extack, "the source is not enabled");
	return err;
}

static int reset_source(struct memtel_source *source, struct genl_info *info)
{
	int err = memtel_source_reset(source);

	if (err)
		NL_SET_ERR_MSG(info->extack,
			       "the source is not attached: it has no counts");
	return err;
}

int memtel_nl_source_hold_doit(struct sk_buff *skb, struct genl_info *info)
{
	return change_source(skb, info, hold_socket);
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

/* Under memtel_source_lock. The i-th of all holds, or NULL. */
static const struct memtel_hold *nth_hold(unsigned int i)
{
	const struct memtel_hold *hold;
	unsigned int s;

	for (s = 0; s < memtel_nr_sources; s++)
		list_for_each_entry(hold, &memtel_sources[s]->holds, list)
			if (!i--)
				return hold;
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
	const struct memtel_hold *hold;
	struct reply reply;
	unsigned int i = 0;
	int err;

	err = check_request(skb, info->nlhdr, info->extack);
	if (err)
		return err;
	if (GENL_REQ_ATTR_CHECK(info, MEMTEL_A_HOLD_ID)) {
		NL_SET_ERR_MSG(info->extack, "the hold's id is needed");
		return -EINVAL;
	}
	err = reply_begin(&reply, info, 0);
	if (err)
		return err;
	mutex_lock(&memtel_source_lock);
	do {
		hold = nth_hold(i++);
	} while (hold && !hold_matches(hold, info->attrs));
	err = hold ? memtel_fill_hold(reply.skb, hold) : -ENOENT;
	mutex_unlock(&memtel_source_lock);
	if (err == -ENOENT)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[MEMTEL_A_HOLD_ID],
				    "no such hold");
	return reply_end(&reply, info, err);
}

static int hold_row(struct sk_buff *skb, struct netlink_callback *cb,
		    unsigned int i)
{
	const struct memtel_hold *hold = nth_hold(i);

	if (!hold || !hold_matches(hold, memtel_dump_attrs(cb)))
		return NO_ROW;
	return memtel_fill_hold(skb, hold);
}

int memtel_nl_hold_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	unsigned int i, nr = 0;
	int err = check_dump(cb);

	if (err)
		return err;
	mutex_lock(&memtel_source_lock);
	cb->seq = memtel_source_generation + 1;
	for (i = 0; i < memtel_nr_sources; i++)
		nr += memtel_sources[i]->nr_holds;
	err = dump_rows(skb, cb, nr, hold_row);
	mutex_unlock(&memtel_source_lock);
	return err;
}

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

	err = check_node(nid, extack);
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
	struct reply reply;
	int err;

	err = check_request(skb, info->nlhdr, info->extack);
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
	err = reply_begin(&reply, info, memtel_fill_cache_bytes());
	if (!err)
		err = reply_end(&reply, info,
				memtel_fill_cache(reply.skb, snap, 0));
out_free:
	memtel_snapshot_free(snap);
	return err;
}

int memtel_nl_cache_get_start(struct netlink_callback *cb)
{
	struct memtel_snapshot *snap;
	int err = check_dump(cb);

	if (err)
		return err;
	snap = take_snapshot(memtel_dump_attrs(cb), cb->extack);
	if (IS_ERR(snap))
		return PTR_ERR(snap);
	dump_ctx(cb)->snap = snap;
	/* Where there are many nodes a row may need more than a page. */
	cb->min_dump_alloc = max_t(u32, cb->min_dump_alloc,
				   NLMSG_HDRLEN + GENL_HDRLEN +
				   memtel_fill_cache_bytes());
	return 0;
}

static int cache_row(struct sk_buff *skb, struct netlink_callback *cb,
		     unsigned int i)
{
	return memtel_fill_cache(skb, dump_ctx(cb)->snap, i);
}

int memtel_nl_cache_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb)
{
	return dump_rows(skb, cb, dump_ctx(cb)->snap->nr, cache_row);
}

int memtel_nl_cache_get_done(struct netlink_callback *cb)
{
	memtel_snapshot_free(dump_ctx(cb)->snap);
	return 0;
}

int memtel_nl_node_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *id = info->attrs[MEMTEL_A_NODE_ID];
	struct memtel_node node;
	struct reply reply;
	int err;

	err = check_request(skb, info->nlhdr, info->extack);
	if (err)
		return err;
	if (GENL_REQ_ATTR_CHECK(info, MEMTEL_A_NODE_ID)) {
		NL_SET_ERR_MSG(info->extack, "the node's id is needed");
		return -EINVAL;
	}
	err = check_node(id, info->extack);
	if (err)
		return err;
	if (!memtel_node_read(nla_get_u32(id), &node))
		return -ENOENT;
	err = reply_begin(&reply, info, 0);
	if (err)
		return err;
	return reply_end(&reply, info,
			 memtel_fill_node(reply.skb, nla_get_u32(id), &node));
}

static int node_row(struct sk_buff *skb, struct netlink_callback *cb,
		    unsigned int nid)
{
	struct nlattr *id = memtel_dump_attrs(cb)[MEMTEL_A_NODE_ID];
	struct memtel_node node;

	if ((id && nla_get_u32(id) != nid) || !memtel_node_read(nid, &node))
		return NO_ROW;
	return memtel_fill_node(skb, nid, &node);
}

int memtel_nl_node_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	int err = check_dump(cb) ?:
		  check_node(memtel_dump_attrs(cb)[MEMTEL_A_NODE_ID],
			     cb->extack);

	return err ?: dump_rows(skb, cb, nr_node_ids, node_row);
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
	struct reply reply;
	int err, nid, i;

	err = check_request(skb, info->nlhdr, info->extack);
	if (err)
		return err;
	if (GENL_REQ_ATTR_CHECK(info, MEMTEL_A_ZONE_NODE_ID) ||
	    GENL_REQ_ATTR_CHECK(info, MEMTEL_A_ZONE_NAME)) {
		NL_SET_ERR_MSG(info->extack,
			       "the zone's node-id and name are needed");
		return -EINVAL;
	}
	err = check_node(id, info->extack);
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
	err = reply_begin(&reply, info, 0);
	if (err)
		return err;
	return reply_end(&reply, info,
			 memtel_fill_zone(reply.skb, nid, &zone));
}

static int zone_row(struct sk_buff *skb, struct netlink_callback *cb,
		    unsigned int i)
{
	int nid = i / MAX_NR_ZONES;
	struct memtel_zone zone;

	if (!memtel_zone_read(nid, i % MAX_NR_ZONES, &zone) ||
	    !zone_matches(&zone, nid, memtel_dump_attrs(cb)))
		return NO_ROW;
	return memtel_fill_zone(skb, nid, &zone);
}

int memtel_nl_zone_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	int err = check_dump(cb) ?:
		  check_node(memtel_dump_attrs(cb)[MEMTEL_A_ZONE_NODE_ID],
			     cb->extack);

	return err ?: dump_rows(skb, cb, nr_node_ids * MAX_NR_ZONES, zone_row);
}

/* Called in the context of the close, for every netlink socket there is. */
static int on_socket_release(struct notifier_block *nb, unsigned long action,
			     void *data)
{
	struct netlink_notify *notify = data;

	if (action == NETLINK_URELEASE &&
	    notify->protocol == NETLINK_GENERIC &&
	    net_eq(notify->net, &init_net))
		memtel_sources_release_socket(notify->portid);
	return NOTIFY_DONE;
}

static struct notifier_block socket_notifier = {
	.notifier_call = on_socket_release,
};

/**
 * memtel_netlink_init() - let requests in
 *
 * Return: 0 or a negative errno.
 */
int __init memtel_netlink_init(void)
{
	int err;

	/* Host-wide numbers are for the host's own network namespace. */
	memtel_nl_family.netnsok = false;

	err = netlink_register_notifier(&socket_notifier);
	if (err)
		return err;
	err = genl_register_family(&memtel_nl_family);
	if (err)
		netlink_unregister_notifier(&socket_notifier);
	return err;
}

/* When it returns no request runs or comes. */
void memtel_netlink_exit(void)
{
	genl_unregister_family(&memtel_nl_family);
	netlink_unregister_notifier(&socket_notifier);
}
