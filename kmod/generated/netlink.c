// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/memtel.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink.h"

#include <uapi/linux/memtel.h>

/* MEMTEL_CMD_SOURCE_GET - do */
static const struct nla_policy memtel_source_get_do_nl_policy[MEMTEL_A_SOURCE_NAME + 1] = {
	[MEMTEL_A_SOURCE_NAME] = { .type = NLA_NUL_STRING, .len = MEMTEL_NAME_MAX, },
};

/* MEMTEL_CMD_SOURCE_GET - dump */
static const struct nla_policy memtel_source_get_dump_nl_policy[MEMTEL_A_SOURCE_NAME + 1] = {
	[MEMTEL_A_SOURCE_NAME] = { .type = NLA_NUL_STRING, .len = MEMTEL_NAME_MAX, },
};

/* MEMTEL_CMD_SOURCE_HOLD - do */
static const struct nla_policy memtel_source_hold_nl_policy[MEMTEL_A_SOURCE_NAME + 1] = {
	[MEMTEL_A_SOURCE_NAME] = { .type = NLA_NUL_STRING, .len = MEMTEL_NAME_MAX, },
};

/* MEMTEL_CMD_SOURCE_RELEASE - do */
static const struct nla_policy memtel_source_release_nl_policy[MEMTEL_A_SOURCE_NAME + 1] = {
	[MEMTEL_A_SOURCE_NAME] = { .type = NLA_NUL_STRING, .len = MEMTEL_NAME_MAX, },
};

/* MEMTEL_CMD_SOURCE_ENABLE - do */
static const struct nla_policy memtel_source_enable_nl_policy[MEMTEL_A_SOURCE_NAME + 1] = {
	[MEMTEL_A_SOURCE_NAME] = { .type = NLA_NUL_STRING, .len = MEMTEL_NAME_MAX, },
};

/* MEMTEL_CMD_SOURCE_DISABLE - do */
static const struct nla_policy memtel_source_disable_nl_policy[MEMTEL_A_SOURCE_NAME + 1] = {
	[MEMTEL_A_SOURCE_NAME] = { .type = NLA_NUL_STRING, .len = MEMTEL_NAME_MAX, },
};

/* MEMTEL_CMD_SOURCE_RESET - do */
static const struct nla_policy memtel_source_reset_nl_policy[MEMTEL_A_SOURCE_NAME + 1] = {
	[MEMTEL_A_SOURCE_NAME] = { .type = NLA_NUL_STRING, .len = MEMTEL_NAME_MAX, },
};

/* MEMTEL_CMD_HOLD_GET - do */
static const struct nla_policy memtel_hold_get_do_nl_policy[MEMTEL_A_HOLD_SOURCE + 1] = {
	[MEMTEL_A_HOLD_ID] = { .type = NLA_U32, },
	[MEMTEL_A_HOLD_SOURCE] = { .type = NLA_NUL_STRING, .len = MEMTEL_NAME_MAX, },
};

/* MEMTEL_CMD_HOLD_GET - dump */
static const struct nla_policy memtel_hold_get_dump_nl_policy[MEMTEL_A_HOLD_SOURCE + 1] = {
	[MEMTEL_A_HOLD_ID] = { .type = NLA_U32, },
	[MEMTEL_A_HOLD_SOURCE] = { .type = NLA_NUL_STRING, .len = MEMTEL_NAME_MAX, },
};

/* MEMTEL_CMD_CACHE_GET - do */
static const struct nla_policy memtel_cache_get_do_nl_policy[MEMTEL_A_CACHE_ONLY_ACTIVE + 1] = {
	[MEMTEL_A_CACHE_NAME] = { .type = NLA_NUL_STRING, .len = MEMTEL_NAME_MAX, },
	[MEMTEL_A_CACHE_ID] = { .type = NLA_U32, },
	[MEMTEL_A_CACHE_GLOB] = { .type = NLA_NUL_STRING, .len = MEMTEL_NAME_MAX, },
	[MEMTEL_A_CACHE_NODE_ID] = NLA_POLICY_MAX(NLA_U32, MEMTEL_NODE_MAX),
	[MEMTEL_A_CACHE_ONLY_ACTIVE] = { .type = NLA_FLAG, },
};

/* MEMTEL_CMD_CACHE_GET - dump */
static const struct nla_policy memtel_cache_get_dump_nl_policy[MEMTEL_A_CACHE_ONLY_ACTIVE + 1] = {
	[MEMTEL_A_CACHE_NAME] = { .type = NLA_NUL_STRING, .len = MEMTEL_NAME_MAX, },
	[MEMTEL_A_CACHE_ID] = { .type = NLA_U32, },
	[MEMTEL_A_CACHE_GLOB] = { .type = NLA_NUL_STRING, .len = MEMTEL_NAME_MAX, },
	[MEMTEL_A_CACHE_NODE_ID] = NLA_POLICY_MAX(NLA_U32, MEMTEL_NODE_MAX),
	[MEMTEL_A_CACHE_ONLY_ACTIVE] = { .type = NLA_FLAG, },
};

/* MEMTEL_CMD_NODE_GET - do */
static const struct nla_policy memtel_node_get_do_nl_policy[MEMTEL_A_NODE_ID + 1] = {
	[MEMTEL_A_NODE_ID] = NLA_POLICY_MAX(NLA_U32, MEMTEL_NODE_MAX),
};

/* MEMTEL_CMD_NODE_GET - dump */
static const struct nla_policy memtel_node_get_dump_nl_policy[MEMTEL_A_NODE_ID + 1] = {
	[MEMTEL_A_NODE_ID] = NLA_POLICY_MAX(NLA_U32, MEMTEL_NODE_MAX),
};

/* MEMTEL_CMD_ZONE_GET - do */
static const struct nla_policy memtel_zone_get_do_nl_policy[MEMTEL_A_ZONE_NAME + 1] = {
	[MEMTEL_A_ZONE_NODE_ID] = NLA_POLICY_MAX(NLA_U32, MEMTEL_NODE_MAX),
	[MEMTEL_A_ZONE_NAME] = { .type = NLA_NUL_STRING, .len = MEMTEL_NAME_MAX, },
};

/* MEMTEL_CMD_ZONE_GET - dump */
static const struct nla_policy memtel_zone_get_dump_nl_policy[MEMTEL_A_ZONE_NAME + 1] = {
	[MEMTEL_A_ZONE_NODE_ID] = NLA_POLICY_MAX(NLA_U32, MEMTEL_NODE_MAX),
	[MEMTEL_A_ZONE_NAME] = { .type = NLA_NUL_STRING, .len = MEMTEL_NAME_MAX, },
};

/* MEMTEL_CMD_RECLAIM_GET - do */
static const struct nla_policy memtel_reclaim_get_do_nl_policy[MEMTEL_A_RECLAIM_CGROUP_ID + 1] = {
	[MEMTEL_A_RECLAIM_KIND] = NLA_POLICY_RANGE(NLA_U32, 1, 7),
	[MEMTEL_A_RECLAIM_NODE_ID] = NLA_POLICY_MAX(NLA_U32, MEMTEL_NODE_MAX),
	[MEMTEL_A_RECLAIM_ZONE] = { .type = NLA_NUL_STRING, .len = MEMTEL_NAME_MAX, },
	[MEMTEL_A_RECLAIM_CGROUP_ID] = { .type = NLA_U64, },
};

/* MEMTEL_CMD_RECLAIM_GET - dump */
static const struct nla_policy memtel_reclaim_get_dump_nl_policy[MEMTEL_A_RECLAIM_CGROUP_ID + 1] = {
	[MEMTEL_A_RECLAIM_KIND] = NLA_POLICY_RANGE(NLA_U32, 1, 7),
	[MEMTEL_A_RECLAIM_NODE_ID] = NLA_POLICY_MAX(NLA_U32, MEMTEL_NODE_MAX),
	[MEMTEL_A_RECLAIM_ZONE] = { .type = NLA_NUL_STRING, .len = MEMTEL_NAME_MAX, },
	[MEMTEL_A_RECLAIM_CGROUP_ID] = { .type = NLA_U64, },
};

/* MEMTEL_CMD_SHRINKER_GET - do */
static const struct nla_policy memtel_shrinker_get_do_nl_policy[MEMTEL_A_SHRINKER_NODE_ID + 1] = {
	[MEMTEL_A_SHRINKER_NAME] = { .type = NLA_NUL_STRING, .len = MEMTEL_NAME_MAX, },
	[MEMTEL_A_SHRINKER_ID] = { .type = NLA_U32, },
	[MEMTEL_A_SHRINKER_NODE_ID] = NLA_POLICY_MAX(NLA_U32, MEMTEL_NODE_MAX),
};

/* MEMTEL_CMD_SHRINKER_GET - dump */
static const struct nla_policy memtel_shrinker_get_dump_nl_policy[MEMTEL_A_SHRINKER_NODE_ID + 1] = {
	[MEMTEL_A_SHRINKER_NAME] = { .type = NLA_NUL_STRING, .len = MEMTEL_NAME_MAX, },
	[MEMTEL_A_SHRINKER_ID] = { .type = NLA_U32, },
	[MEMTEL_A_SHRINKER_NODE_ID] = NLA_POLICY_MAX(NLA_U32, MEMTEL_NODE_MAX),
};

/* MEMTEL_CMD_LOCK_GET - do */
static const struct nla_policy memtel_lock_get_do_nl_policy[MEMTEL_A_LOCK_ZONE + 1] = {
	[MEMTEL_A_LOCK_NODE_ID] = NLA_POLICY_MAX(NLA_U32, MEMTEL_NODE_MAX),
	[MEMTEL_A_LOCK_ZONE] = { .type = NLA_NUL_STRING, .len = MEMTEL_NAME_MAX, },
};

/* MEMTEL_CMD_LOCK_GET - dump */
static const struct nla_policy memtel_lock_get_dump_nl_policy[MEMTEL_A_LOCK_ZONE + 1] = {
	[MEMTEL_A_LOCK_NODE_ID] = NLA_POLICY_MAX(NLA_U32, MEMTEL_NODE_MAX),
	[MEMTEL_A_LOCK_ZONE] = { .type = NLA_NUL_STRING, .len = MEMTEL_NAME_MAX, },
};

/* MEMTEL_CMD_FALLBACK_GET - do */
static const struct nla_policy memtel_fallback_get_do_nl_policy[MEMTEL_A_FALLBACK_ZONE + 1] = {
	[MEMTEL_A_FALLBACK_WANTED_NODE_ID] = NLA_POLICY_MAX(NLA_U32, MEMTEL_NODE_MAX),
	[MEMTEL_A_FALLBACK_WANTED_ZONE] = { .type = NLA_NUL_STRING, .len = MEMTEL_NAME_MAX, },
	[MEMTEL_A_FALLBACK_NODE_ID] = NLA_POLICY_MAX(NLA_U32, MEMTEL_NODE_MAX),
	[MEMTEL_A_FALLBACK_ZONE] = { .type = NLA_NUL_STRING, .len = MEMTEL_NAME_MAX, },
};

/* MEMTEL_CMD_FALLBACK_GET - dump */
static const struct nla_policy memtel_fallback_get_dump_nl_policy[MEMTEL_A_FALLBACK_ZONE + 1] = {
	[MEMTEL_A_FALLBACK_WANTED_NODE_ID] = NLA_POLICY_MAX(NLA_U32, MEMTEL_NODE_MAX),
	[MEMTEL_A_FALLBACK_WANTED_ZONE] = { .type = NLA_NUL_STRING, .len = MEMTEL_NAME_MAX, },
	[MEMTEL_A_FALLBACK_NODE_ID] = NLA_POLICY_MAX(NLA_U32, MEMTEL_NODE_MAX),
	[MEMTEL_A_FALLBACK_ZONE] = { .type = NLA_NUL_STRING, .len = MEMTEL_NAME_MAX, },
};

/* MEMTEL_CMD_SITE_GET - do */
static const struct nla_policy memtel_site_get_do_nl_policy[MEMTEL_A_SITE_CACHE + 1] = {
	[MEMTEL_A_SITE_ID] = { .type = NLA_U64, },
	[MEMTEL_A_SITE_CACHE] = { .type = NLA_NUL_STRING, .len = MEMTEL_NAME_MAX, },
};

/* MEMTEL_CMD_SITE_GET - dump */
static const struct nla_policy memtel_site_get_dump_nl_policy[MEMTEL_A_SITE_CACHE + 1] = {
	[MEMTEL_A_SITE_ID] = { .type = NLA_U64, },
	[MEMTEL_A_SITE_CACHE] = { .type = NLA_NUL_STRING, .len = MEMTEL_NAME_MAX, },
};

/* MEMTEL_CMD_STALL_GET - do */
static const struct nla_policy memtel_stall_get_do_nl_policy[MEMTEL_A_STALL_CGROUP_ID + 1] = {
	[MEMTEL_A_STALL_KIND] = NLA_POLICY_RANGE(NLA_U32, 7, 8),
	[MEMTEL_A_STALL_PID] = { .type = NLA_U32, },
	[MEMTEL_A_STALL_CGROUP_ID] = { .type = NLA_U64, },
};

/* MEMTEL_CMD_STALL_GET - dump */
static const struct nla_policy memtel_stall_get_dump_nl_policy[MEMTEL_A_STALL_CGROUP_ID + 1] = {
	[MEMTEL_A_STALL_KIND] = NLA_POLICY_RANGE(NLA_U32, 7, 8),
	[MEMTEL_A_STALL_PID] = { .type = NLA_U32, },
	[MEMTEL_A_STALL_CGROUP_ID] = { .type = NLA_U64, },
};

/* MEMTEL_CMD_TRIGGER_ADD - do */
static const struct nla_policy memtel_trigger_add_nl_policy[MEMTEL_A_TRIGGER_NO_EVIDENCE + 1] = {
	[MEMTEL_A_TRIGGER_METRIC] = NLA_POLICY_RANGE(NLA_U32, 1, 13),
	[MEMTEL_A_TRIGGER_THRESHOLD] = { .type = NLA_U64, },
	[MEMTEL_A_TRIGGER_CLEAR] = { .type = NLA_U64, },
	[MEMTEL_A_TRIGGER_WINDOW_NS] = { .type = NLA_U64, },
	[MEMTEL_A_TRIGGER_HOLD_NS] = { .type = NLA_U64, },
	[MEMTEL_A_TRIGGER_NODE_ID] = NLA_POLICY_MAX(NLA_U32, MEMTEL_NODE_MAX),
	[MEMTEL_A_TRIGGER_ZONE] = { .type = NLA_NUL_STRING, .len = MEMTEL_NAME_MAX, },
	[MEMTEL_A_TRIGGER_CACHE] = { .type = NLA_NUL_STRING, .len = MEMTEL_NAME_MAX, },
	[MEMTEL_A_TRIGGER_SHRINKER] = { .type = NLA_NUL_STRING, .len = MEMTEL_NAME_MAX, },
	[MEMTEL_A_TRIGGER_CGROUP_ID] = { .type = NLA_U64, },
	[MEMTEL_A_TRIGGER_NO_EVIDENCE] = { .type = NLA_FLAG, },
};

/* MEMTEL_CMD_TRIGGER_DELETE - do */
static const struct nla_policy memtel_trigger_delete_nl_policy[MEMTEL_A_TRIGGER_ID + 1] = {
	[MEMTEL_A_TRIGGER_ID] = { .type = NLA_U32, },
};

/* MEMTEL_CMD_TRIGGER_GET - do */
static const struct nla_policy memtel_trigger_get_do_nl_policy[MEMTEL_A_TRIGGER_PORTID + 1] = {
	[MEMTEL_A_TRIGGER_ID] = { .type = NLA_U32, },
	[MEMTEL_A_TRIGGER_PORTID] = { .type = NLA_U32, },
};

/* MEMTEL_CMD_TRIGGER_GET - dump */
static const struct nla_policy memtel_trigger_get_dump_nl_policy[MEMTEL_A_TRIGGER_PORTID + 1] = {
	[MEMTEL_A_TRIGGER_ID] = { .type = NLA_U32, },
	[MEMTEL_A_TRIGGER_PORTID] = { .type = NLA_U32, },
};

/* Ops table for memtel */
static const struct genl_split_ops memtel_nl_ops[] = {
	{
		.cmd	= MEMTEL_CMD_STATUS_GET,
		.doit	= memtel_nl_status_get_doit,
		.flags	= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MEMTEL_CMD_SOURCE_GET,
		.doit		= memtel_nl_source_get_doit,
		.policy		= memtel_source_get_do_nl_policy,
		.maxattr	= MEMTEL_A_SOURCE_NAME,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MEMTEL_CMD_SOURCE_GET,
		.start		= memtel_nl_dump_start,
		.dumpit		= memtel_nl_source_get_dumpit,
		.policy		= memtel_source_get_dump_nl_policy,
		.maxattr	= MEMTEL_A_SOURCE_NAME,
		.flags		= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= MEMTEL_CMD_SOURCE_HOLD,
		.doit		= memtel_nl_source_hold_doit,
		.policy		= memtel_source_hold_nl_policy,
		.maxattr	= MEMTEL_A_SOURCE_NAME,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MEMTEL_CMD_SOURCE_RELEASE,
		.doit		= memtel_nl_source_release_doit,
		.policy		= memtel_source_release_nl_policy,
		.maxattr	= MEMTEL_A_SOURCE_NAME,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MEMTEL_CMD_SOURCE_ENABLE,
		.doit		= memtel_nl_source_enable_doit,
		.policy		= memtel_source_enable_nl_policy,
		.maxattr	= MEMTEL_A_SOURCE_NAME,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MEMTEL_CMD_SOURCE_DISABLE,
		.doit		= memtel_nl_source_disable_doit,
		.policy		= memtel_source_disable_nl_policy,
		.maxattr	= MEMTEL_A_SOURCE_NAME,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MEMTEL_CMD_SOURCE_RESET,
		.doit		= memtel_nl_source_reset_doit,
		.policy		= memtel_source_reset_nl_policy,
		.maxattr	= MEMTEL_A_SOURCE_NAME,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MEMTEL_CMD_HOLD_GET,
		.doit		= memtel_nl_hold_get_doit,
		.policy		= memtel_hold_get_do_nl_policy,
		.maxattr	= MEMTEL_A_HOLD_SOURCE,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MEMTEL_CMD_HOLD_GET,
		.start		= memtel_nl_dump_start,
		.dumpit		= memtel_nl_hold_get_dumpit,
		.policy		= memtel_hold_get_dump_nl_policy,
		.maxattr	= MEMTEL_A_HOLD_SOURCE,
		.flags		= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= MEMTEL_CMD_CACHE_GET,
		.doit		= memtel_nl_cache_get_doit,
		.policy		= memtel_cache_get_do_nl_policy,
		.maxattr	= MEMTEL_A_CACHE_ONLY_ACTIVE,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MEMTEL_CMD_CACHE_GET,
		.start		= memtel_nl_cache_get_start,
		.dumpit		= memtel_nl_cache_get_dumpit,
		.done		= memtel_nl_cache_get_done,
		.policy		= memtel_cache_get_dump_nl_policy,
		.maxattr	= MEMTEL_A_CACHE_ONLY_ACTIVE,
		.flags		= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= MEMTEL_CMD_NODE_GET,
		.doit		= memtel_nl_node_get_doit,
		.policy		= memtel_node_get_do_nl_policy,
		.maxattr	= MEMTEL_A_NODE_ID,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MEMTEL_CMD_NODE_GET,
		.start		= memtel_nl_dump_start,
		.dumpit		= memtel_nl_node_get_dumpit,
		.policy		= memtel_node_get_dump_nl_policy,
		.maxattr	= MEMTEL_A_NODE_ID,
		.flags		= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= MEMTEL_CMD_ZONE_GET,
		.doit		= memtel_nl_zone_get_doit,
		.policy		= memtel_zone_get_do_nl_policy,
		.maxattr	= MEMTEL_A_ZONE_NAME,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MEMTEL_CMD_ZONE_GET,
		.start		= memtel_nl_dump_start,
		.dumpit		= memtel_nl_zone_get_dumpit,
		.policy		= memtel_zone_get_dump_nl_policy,
		.maxattr	= MEMTEL_A_ZONE_NAME,
		.flags		= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= MEMTEL_CMD_RECLAIM_GET,
		.doit		= memtel_nl_reclaim_get_doit,
		.policy		= memtel_reclaim_get_do_nl_policy,
		.maxattr	= MEMTEL_A_RECLAIM_CGROUP_ID,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MEMTEL_CMD_RECLAIM_GET,
		.start		= memtel_nl_dump_start,
		.dumpit		= memtel_nl_reclaim_get_dumpit,
		.policy		= memtel_reclaim_get_dump_nl_policy,
		.maxattr	= MEMTEL_A_RECLAIM_CGROUP_ID,
		.flags		= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= MEMTEL_CMD_SHRINKER_GET,
		.doit		= memtel_nl_shrinker_get_doit,
		.policy		= memtel_shrinker_get_do_nl_policy,
		.maxattr	= MEMTEL_A_SHRINKER_NODE_ID,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MEMTEL_CMD_SHRINKER_GET,
		.start		= memtel_nl_dump_start,
		.dumpit		= memtel_nl_shrinker_get_dumpit,
		.policy		= memtel_shrinker_get_dump_nl_policy,
		.maxattr	= MEMTEL_A_SHRINKER_NODE_ID,
		.flags		= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= MEMTEL_CMD_LOCK_GET,
		.doit		= memtel_nl_lock_get_doit,
		.policy		= memtel_lock_get_do_nl_policy,
		.maxattr	= MEMTEL_A_LOCK_ZONE,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MEMTEL_CMD_LOCK_GET,
		.start		= memtel_nl_dump_start,
		.dumpit		= memtel_nl_lock_get_dumpit,
		.policy		= memtel_lock_get_dump_nl_policy,
		.maxattr	= MEMTEL_A_LOCK_ZONE,
		.flags		= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= MEMTEL_CMD_FALLBACK_GET,
		.doit		= memtel_nl_fallback_get_doit,
		.policy		= memtel_fallback_get_do_nl_policy,
		.maxattr	= MEMTEL_A_FALLBACK_ZONE,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MEMTEL_CMD_FALLBACK_GET,
		.start		= memtel_nl_dump_start,
		.dumpit		= memtel_nl_fallback_get_dumpit,
		.policy		= memtel_fallback_get_dump_nl_policy,
		.maxattr	= MEMTEL_A_FALLBACK_ZONE,
		.flags		= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= MEMTEL_CMD_SITE_GET,
		.doit		= memtel_nl_site_get_doit,
		.policy		= memtel_site_get_do_nl_policy,
		.maxattr	= MEMTEL_A_SITE_CACHE,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MEMTEL_CMD_SITE_GET,
		.start		= memtel_nl_site_get_start,
		.dumpit		= memtel_nl_site_get_dumpit,
		.done		= memtel_nl_topk_done,
		.policy		= memtel_site_get_dump_nl_policy,
		.maxattr	= MEMTEL_A_SITE_CACHE,
		.flags		= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= MEMTEL_CMD_STALL_GET,
		.doit		= memtel_nl_stall_get_doit,
		.policy		= memtel_stall_get_do_nl_policy,
		.maxattr	= MEMTEL_A_STALL_CGROUP_ID,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MEMTEL_CMD_STALL_GET,
		.start		= memtel_nl_stall_get_start,
		.dumpit		= memtel_nl_stall_get_dumpit,
		.done		= memtel_nl_topk_done,
		.policy		= memtel_stall_get_dump_nl_policy,
		.maxattr	= MEMTEL_A_STALL_CGROUP_ID,
		.flags		= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= MEMTEL_CMD_TRIGGER_ADD,
		.doit		= memtel_nl_trigger_add_doit,
		.policy		= memtel_trigger_add_nl_policy,
		.maxattr	= MEMTEL_A_TRIGGER_NO_EVIDENCE,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MEMTEL_CMD_TRIGGER_DELETE,
		.doit		= memtel_nl_trigger_delete_doit,
		.policy		= memtel_trigger_delete_nl_policy,
		.maxattr	= MEMTEL_A_TRIGGER_ID,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MEMTEL_CMD_TRIGGER_GET,
		.doit		= memtel_nl_trigger_get_doit,
		.policy		= memtel_trigger_get_do_nl_policy,
		.maxattr	= MEMTEL_A_TRIGGER_PORTID,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MEMTEL_CMD_TRIGGER_GET,
		.start		= memtel_nl_dump_start,
		.dumpit		= memtel_nl_trigger_get_dumpit,
		.policy		= memtel_trigger_get_dump_nl_policy,
		.maxattr	= MEMTEL_A_TRIGGER_PORTID,
		.flags		= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd	= MEMTEL_CMD_SUBSCRIBE,
		.doit	= memtel_nl_subscribe_doit,
		.flags	= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
};

struct genl_family memtel_nl_family __ro_after_init = {
	.name		= MEMTEL_FAMILY_NAME,
	.version	= MEMTEL_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.split_ops	= memtel_nl_ops,
	.n_split_ops	= ARRAY_SIZE(memtel_nl_ops),
};
