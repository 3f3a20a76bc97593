/* SPDX-License-Identifier: GPL-2.0 */
/* Who loses time: tasks and cgroups. See stall.c. */
#ifndef _MEMTEL_STALL_H
#define _MEMTEL_STALL_H

#include <linux/memtel.h>
#include <linux/types.h>

struct memtel_source_stats;
struct memtel_topk_view;

int memtel_stall_init(void);
void memtel_stall_exit(void);
void memtel_stall_reset(void);
void memtel_stall_stats(struct memtel_source_stats *stats);
void memtel_stall_lost(u64 ns);

int memtel_stall_view_init(struct memtel_topk_view *view);
void memtel_stall_view_take(struct memtel_topk_view *view,
			    enum memtel_suspect_kind kind);

#endif /* _MEMTEL_STALL_H */
