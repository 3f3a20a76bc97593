/* SPDX-License-Identifier: GPL-2.0 */
/*
 * 5.15 brought cgroup_get_from_id(). Before, one has to look at the cgroups of
 * the default hierarchy that the caller's cgroup namespace shows.
 */
#ifndef _MEMTEL_COMPAT_LINUX_CGROUP_H
#define _MEMTEL_COMPAT_LINUX_CGROUP_H

#include <linux/version.h>
#include_next <linux/cgroup.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 15, 0)
#include <linux/nsproxy.h>

static inline struct cgroup *cgroup_get_from_id(u64 id)
{
	struct cgroup_subsys_state *root, *css;
	struct cgroup *found = NULL;

	rcu_read_lock();
	root = &current->nsproxy->cgroup_ns->root_cset->dfl_cgrp->self;
	css_for_each_descendant_pre(css, root) {
		/* One that was removed stays here until nobody refers to it. */
		if (!(css->flags & CSS_ONLINE) || cgroup_id(css->cgroup) != id)
			continue;
		if (cgroup_tryget(css->cgroup))
			found = css->cgroup;
		break;
	}
	rcu_read_unlock();
	return found;
}
#endif

#endif /* _MEMTEL_COMPAT_LINUX_CGROUP_H */
