/* SPDX-License-Identifier: GPL-2.0 */
/* Of what a number is wanted: all there is, or only a part. */
#ifndef _MEMTEL_SCOPE_H
#define _MEMTEL_SCOPE_H

#include <linux/memtel.h>
#include <linux/numa.h>
#include <linux/string.h>
#include <linux/types.h>

#define MEMTEL_NO_ZONE	(-1)

/**
 * struct memtel_scope - a part
 * @nid: only this node, NUMA_NO_NODE for all
 * @zid: only the zone of this index, MEMTEL_NO_ZONE for all
 * @cgroup_id: only this cgroup, 0 for all
 * @name: only the cache or shrinker of this name, "" for all
 */
struct memtel_scope {
	int nid;
	int zid;
	u64 cgroup_id;
	char name[MEMTEL_NAME_MAX + 1];
};

static inline bool memtel_scope_has_node(const struct memtel_scope *scope,
					 int nid)
{
	return scope->nid == NUMA_NO_NODE || scope->nid == nid;
}

static inline bool memtel_scope_has_zone(const struct memtel_scope *scope,
					 int zid)
{
	return scope->zid == MEMTEL_NO_ZONE || scope->zid == zid;
}

static inline bool memtel_scope_has_name(const struct memtel_scope *scope,
					 const char *name)
{
	return !scope->name[0] || !strcmp(scope->name, name);
}

/**
 * struct memtel_open - what is under way and not in any total yet
 * @ns: time of it so far
 * @nr: how many
 */
struct memtel_open {
	u64 ns;
	unsigned int nr;
};

#endif /* _MEMTEL_SCOPE_H */
