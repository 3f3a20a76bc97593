/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cgroups that patterns match. See cgroups.c. */
#ifndef MEMTELD_CGROUPS_H
#define MEMTELD_CGROUPS_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "config.h"

/* Parts of a pattern, and levels of cgroups that a walk goes down. */
#define CGROUPS_DEPTH 60

/**
 * cgroup_fn - takes a cgroup
 * @fd: its directory
 * @cgroup: its path from the root of the hierarchy, "/" of the root itself
 */
typedef void (*cgroup_fn)(int fd, const char *cgroup, void *arg);

/**
 * struct cgroups_walk - how a walk went
 * @nr: cgroups that were found
 * @denied: errno of why some may not be looked at; 0 for none
 * @failed: errno of why some may be missing; 0 for none
 * @limit: the limit by which some are missing, in words; NULL for none
 */
struct cgroups_walk {
	size_t nr;
	int denied;
	int failed;
	const char *limit;
};

void cgroups_find(const char *root, const struct strings *patterns,
		  cgroup_fn take, void *arg, struct cgroups_walk *walk);
bool cgroups_check(const char *pattern);

/** is_absent() - it went, or the kernel does not count it */
static inline bool is_absent(int err)
{
	return err == ENOENT || err == ENODEV || err == EOPNOTSUPP;
}

/** is_denied() - who owns a cgroup may shut others out of it */
static inline bool is_denied(int err)
{
	return err == EACCES || err == EPERM;
}

#endif /* MEMTELD_CGROUPS_H */
