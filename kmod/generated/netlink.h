/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/memtel.yaml */
/* YNL-GEN kernel header */

#ifndef _LINUX_MEMTEL_GEN_H
#define _LINUX_MEMTEL_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/memtel.h>

int memtel_nl_dump_start(struct netlink_callback *cb);
int memtel_nl_cache_get_start(struct netlink_callback *cb);
int memtel_nl_site_get_start(struct netlink_callback *cb);
int memtel_nl_stall_get_start(struct netlink_callback *cb);
int memtel_nl_cache_get_done(struct netlink_callback *cb);
int memtel_nl_topk_done(struct netlink_callback *cb);

int memtel_nl_status_get_doit(struct sk_buff *skb, struct genl_info *info);
int memtel_nl_source_get_doit(struct sk_buff *skb, struct genl_info *info);
int memtel_nl_source_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb);
int memtel_nl_source_hold_doit(struct sk_buff *skb, struct genl_info *info);
int memtel_nl_source_release_doit(struct sk_buff *skb, struct genl_info *info);
int memtel_nl_source_enable_doit(struct sk_buff *skb, struct genl_info *info);
int memtel_nl_source_disable_doit(struct sk_buff *skb, struct genl_info *info);
int memtel_nl_source_reset_doit(struct sk_buff *skb, struct genl_info *info);
int memtel_nl_hold_get_doit(struct sk_buff *skb, struct genl_info *info);
int memtel_nl_hold_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int memtel_nl_cache_get_doit(struct sk_buff *skb, struct genl_info *info);
int memtel_nl_cache_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb);
int memtel_nl_node_get_doit(struct sk_buff *skb, struct genl_info *info);
int memtel_nl_node_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int memtel_nl_zone_get_doit(struct sk_buff *skb, struct genl_info *info);
int memtel_nl_zone_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int memtel_nl_reclaim_get_doit(struct sk_buff *skb, struct genl_info *info);
int memtel_nl_reclaim_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb);
int memtel_nl_shrinker_get_doit(struct sk_buff *skb, struct genl_info *info);
int memtel_nl_shrinker_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb);
int memtel_nl_lock_get_doit(struct sk_buff *skb, struct genl_info *info);
int memtel_nl_lock_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int memtel_nl_fallback_get_doit(struct sk_buff *skb, struct genl_info *info);
int memtel_nl_fallback_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb);
int memtel_nl_site_get_doit(struct sk_buff *skb, struct genl_info *info);
int memtel_nl_site_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int memtel_nl_stall_get_doit(struct sk_buff *skb, struct genl_info *info);
int memtel_nl_stall_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb);
int memtel_nl_trigger_add_doit(struct sk_buff *skb, struct genl_info *info);
int memtel_nl_trigger_delete_doit(struct sk_buff *skb, struct genl_info *info);
int memtel_nl_trigger_get_doit(struct sk_buff *skb, struct genl_info *info);
int memtel_nl_trigger_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb);
int memtel_nl_subscribe_doit(struct sk_buff *skb, struct genl_info *info);

extern struct genl_family memtel_nl_family;

#endif /* _LINUX_MEMTEL_GEN_H */
