/* SPDX-License-Identifier: GPL-2.0 */
/* Write rows as attributes. See fill.c. */
#ifndef _MEMTEL_FILL_H
#define _MEMTEL_FILL_H

#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/types.h>

#include "cursor.h"

struct memtel_cache_row;
struct memtel_hold;
struct memtel_node;
struct memtel_source;
struct memtel_timing;
struct memtel_topk_row;
struct memtel_trigger;
struct memtel_zone;
struct sk_buff;

int memtel_fill_status(struct sk_buff *skb);
int memtel_fill_source(struct sk_buff *skb, struct memtel_source *source);
int memtel_fill_hold(struct sk_buff *skb, const struct memtel_hold *hold);
ssize_t memtel_fill_cache(void *to, size_t bytes,
			  const struct memtel_cache_row *row);
size_t memtel_fill_cache_bytes(void);
int memtel_fill_node(struct sk_buff *skb, int nid,
		     const struct memtel_node *node);
int memtel_fill_zone(struct sk_buff *skb, int nid,
		     const struct memtel_zone *zone);

/*
 * Pids are those of the initial pid namespace. In another they would name other
 * tasks, or none.
 */
static inline bool memtel_shows_pids(void)
{
	return task_active_pid_ns(current) == &init_pid_ns;
}

/* fill_reclaim.c */

/* What memtel_put_time() writes at most. */
#define MEMTEL_TIME_BYTES	(NEST_BYTES + 3 * U64_BYTES)

void memtel_put_time(struct memtel_cursor *c, int type,
		     const struct memtel_timing *timing);
int memtel_fill_reclaim(struct sk_buff *skb, unsigned int i);
size_t memtel_fill_reclaim_bytes(void);
int memtel_fill_shrinker(struct sk_buff *skb, unsigned int i);
int memtel_fill_lock(struct sk_buff *skb, unsigned int i);
int memtel_fill_fallback(struct sk_buff *skb, unsigned int i);

/* fill_trigger.c */
int memtel_fill_site(struct sk_buff *skb, const struct memtel_topk_row *row,
		     bool with_symbol);
int memtel_fill_stall(struct sk_buff *skb, enum memtel_suspect_kind kind,
		      const struct memtel_topk_row *row);
int memtel_fill_trigger(struct sk_buff *skb,
			const struct memtel_trigger *trigger);

#endif /* _MEMTEL_FILL_H */
