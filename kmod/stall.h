/* SPDX-License-Identifier: GPL-2.0 */
/* Who loses time: tasks and cgroups. See stall.c. */
#ifndef _MEMTEL_STALL_H
#define _MEMTEL_STALL_H

#include <linux/memtel.h>
#include <linux/sched.h>
#include <linux/types.h>

struct memtel_source_stats;
struct memtel_topk_view;

/**
 * struct memtel_loser - who loses time
 * @pid: in the initial pid namespace, 0 for nobody
 * @start_ns: when the task began, which tells it from others of its pid
 * @cgroup_id: its memory cgroup's
 * @has_path: that is in the default hierarchy
 * @comm: its name
 */
struct memtel_loser {
	u64 pid;
	u64 start_ns;
	u64 cgroup_id;
	bool has_path;
	char comm[TASK_COMM_LEN];
};

int memtel_stall_init(void);
void memtel_stall_exit(void);
void memtel_stall_reset(void);
void memtel_stall_stats(struct memtel_source_stats *stats);
void memtel_stall_begin(struct memtel_loser *loser);
void memtel_stall_lost(const struct memtel_loser *loser, u64 ns);

unsigned int memtel_stall_max_rows(void);
int memtel_stall_view_init(struct memtel_topk_view *view);
void memtel_stall_view_take(struct memtel_topk_view *view,
			    enum memtel_suspect_kind kind);
void memtel_stall_view_add(struct memtel_topk_view *view,
			   enum memtel_suspect_kind kind,
			   const struct memtel_loser *loser, u64 ns);

#endif /* _MEMTEL_STALL_H */
