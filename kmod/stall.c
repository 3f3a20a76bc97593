// SPDX-License-Identifier: GPL-2.0
/*
 * Who loses time to reclaim and compaction: the tasks and the cgroups that lose
 * most. A part of the reclaim source, which says when a task has lost some.
 *
 * A task is told by its pid and when it began, so that a pid used again is
 * another; a cgroup by its id. Both are ranked by nanoseconds in bounded memory
 * (topk.c): a task that has gone keeps its row until others need it.
 */
#include <linux/cgroup.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "source.h"
#include "stall.h"
#include "topk.h"

/* Rows of each CPU. */
#define TASKS		128
#define CGROUPS		64

/* Of those who lose time just now a view shows so many at least. */
#define LOSERS		1024

/* Set up and taken down under the source lock while no probe runs. */
static struct memtel_topk tasks;
static struct memtel_topk cgroups;

int memtel_stall_init(void)
{
	return memtel_topk_init(&tasks, TASKS) ?:
	       memtel_topk_init(&cgroups, CGROUPS);
}

/* Also of what was made but in part. */
void memtel_stall_exit(void)
{
	memtel_topk_exit(&cgroups);
	memtel_topk_exit(&tasks);
}

void memtel_stall_reset(void)
{
	memtel_topk_reset(&cgroups);
	memtel_topk_reset(&tasks);
}

void memtel_stall_stats(struct memtel_source_stats *stats)
{
	stats->memory_bytes += memtel_topk_bytes(&tasks) +
			       memtel_topk_bytes(&cgroups);
	memtel_stat_add(stats, MEMTEL_A_SOURCE_UNPLACED_NS,
			memtel_topk_evicted(&tasks) +
			memtel_topk_evicted(&cgroups));
}

/**
 * memtel_stall_begin() - the current task begins to lose time
 * @loser: filled
 *
 * Context: A probe in task context.
 */
void memtel_stall_begin(struct memtel_loser *loser)
{
	struct cgroup *cgroup;

	loser->pid = task_pid_nr(current);
	loser->start_ns = current->start_boottime;
	memcpy(loser->comm, current->comm, sizeof(loser->comm));
	rcu_read_lock();
	cgroup = task_css(current, memory_cgrp_id)->cgroup;
	loser->cgroup_id = cgroup_id(cgroup);
	/* Ids of another hierarchy say nothing of paths in this one. */
	loser->has_path = cgroup->root == &cgrp_dfl_root;
	rcu_read_unlock();
}

static struct memtel_topk_key key_of(enum memtel_suspect_kind kind,
				     const struct memtel_loser *loser)
{
	struct memtel_topk_key key = { .name = "" };

	if (kind == MEMTEL_SUSPECT_KIND_TASK) {
		key.a = loser->pid;
		key.b = loser->start_ns;
		key.name = loser->comm;
	} else {
		key.a = loser->cgroup_id;
		key.b = loser->has_path;
	}
	return key;
}

/**
 * memtel_stall_lost() - time was lost
 * @loser: who lost it
 * @ns: how much
 *
 * Context: A probe in task context.
 */
void memtel_stall_lost(const struct memtel_loser *loser, u64 ns)
{
	struct memtel_topk_key task = key_of(MEMTEL_SUSPECT_KIND_TASK, loser);
	struct memtel_topk_key group = key_of(MEMTEL_SUSPECT_KIND_CGROUP,
					      loser);

	if (!ns)
		return;
	memtel_topk_add(&tasks, &task, ns, 1);
	memtel_topk_add(&cgroups, &group, ns, 1);
}

/* Room that a view of either kind needs. */
unsigned int memtel_stall_max_rows(void)
{
	return memtel_topk_max_rows(TASKS) + LOSERS;
}

int memtel_stall_view_init(struct memtel_topk_view *view)
{
	return memtel_topk_view_init(view, memtel_stall_max_rows(),
				     GFP_KERNEL_ACCOUNT);
}

/* Reclaim source attached. @kind: task or cgroup. */
void memtel_stall_view_take(struct memtel_topk_view *view,
			    enum memtel_suspect_kind kind)
{
	memtel_topk_view_take(view, kind == MEMTEL_SUSPECT_KIND_TASK ?
				    &tasks : &cgroups);
}

/* Add what is being lost and is not over. @kind: task or cgroup. */
void memtel_stall_view_add(struct memtel_topk_view *view,
			   enum memtel_suspect_kind kind,
			   const struct memtel_loser *loser, u64 ns)
{
	struct memtel_topk_key key = key_of(kind, loser);

	memtel_topk_view_add(view, &key, ns);
}
