// SPDX-License-Identifier: GPL-2.0
/*
 * As fill.c: call sites, stalls and triggers.
 */
#include <linux/kernel.h>
#include <linux/numa.h>

#include "cursor.h"
#include "fill.h"
#include "reclaim.h"
#include "site.h"
#include "source.h"
#include "topk.h"
#include "trigger.h"

/* function+offset/size [module] */
#define SYMBOL_MAX	255

int memtel_fill_site(struct sk_buff *skb, const struct memtel_topk_row *row,
		     bool with_symbol)
{
	char symbol[SYMBOL_MAX + 1];
	struct memtel_cursor c;

	if (memtel_cursor_begin(&c, skb, NAME_BYTES + 4 * U64_BYTES +
				nla_total_size(sizeof(symbol)),
				MEMTEL_A_SITE_PAD))
		return -EMSGSIZE;
	memtel_put_u64(&c, MEMTEL_A_SITE_ID, memtel_site_id(row));
	memtel_put_string(&c, MEMTEL_A_SITE_CACHE, row->name);
	if (with_symbol) {
		memtel_site_symbol(row, symbol, sizeof(symbol));
		memtel_put_string(&c, MEMTEL_A_SITE_SYMBOL, symbol);
	}
	memtel_put_u64(&c, MEMTEL_A_SITE_ALLOCS, row->rank);
	memtel_put_u64(&c, MEMTEL_A_SITE_BYTES, row->extra);
	memtel_put_u64(&c, MEMTEL_A_SITE_ALLOCS_ERROR, row->error);
	return memtel_cursor_end(&c);
}

/* @kind: task or cgroup. */
int memtel_fill_stall(struct sk_buff *skb, enum memtel_suspect_kind kind,
		      const struct memtel_topk_row *row)
{
	char path[MEMTEL_PATH_MAX + 1];
	struct memtel_cursor c;

	if (memtel_cursor_begin(&c, skb, 2 * U32_BYTES + NAME_BYTES +
				PATH_BYTES + 4 * U64_BYTES,
				MEMTEL_A_STALL_PAD))
		return -EMSGSIZE;
	memtel_put_u32(&c, MEMTEL_A_STALL_KIND, kind);
	if (kind == MEMTEL_SUSPECT_KIND_TASK) {
		if (memtel_shows_pids())
			memtel_put_u32(&c, MEMTEL_A_STALL_PID, row->a);
		memtel_put_string(&c, MEMTEL_A_STALL_COMM, row->name);
	} else {
		memtel_put_u64(&c, MEMTEL_A_STALL_CGROUP_ID, row->a);
		if (row->b &&
		    memtel_reclaim_cgroup_path(row->a, path, sizeof(path)))
			memtel_put_string(&c, MEMTEL_A_STALL_CGROUP_PATH, path);
	}
	memtel_put_u64(&c, MEMTEL_A_STALL_COUNT, row->extra);
	memtel_put_u64(&c, MEMTEL_A_STALL_TOTAL_NS, row->rank);
	memtel_put_u64(&c, MEMTEL_A_STALL_TOTAL_NS_ERROR, row->error);
	return memtel_cursor_end(&c);
}

/* The sources that are not held for its evidence. */
static void put_lacks(struct memtel_cursor *c,
		      const struct memtel_trigger *trigger)
{
	char lacks[MEMTEL_NAME_MAX + 1];
	unsigned int i, len = 0;

	for (i = 0; trigger->has_evidence && i < memtel_nr_sources; i++)
		if (!(trigger->held & BIT(i)))
			len += scnprintf(lacks + len, sizeof(lacks) - len,
					 "%s%s", len ? " " : "",
					 memtel_sources[i]->name);
	if (len)
		memtel_put_string(c, MEMTEL_A_TRIGGER_EVIDENCE_LACKS, lacks);
}

int memtel_fill_trigger(struct sk_buff *skb,
			const struct memtel_trigger *trigger)
{
	const struct memtel_scope *scope = &trigger->scope;
	struct memtel_cursor c;

	lockdep_assert_held(&memtel_trigger_lock);
	if (memtel_cursor_begin(&c, skb, 8 * U32_BYTES + 8 * U64_BYTES +
				5 * NAME_BYTES + 4 * NEST_BYTES,
				MEMTEL_A_TRIGGER_PAD))
		return -EMSGSIZE;
	memtel_put_u32(&c, MEMTEL_A_TRIGGER_ID, trigger->id);
	memtel_put_u32(&c, MEMTEL_A_TRIGGER_METRIC, trigger->metric);
	memtel_put_u64(&c, MEMTEL_A_TRIGGER_THRESHOLD,
		       trigger->level.threshold);
	memtel_put_u64(&c, MEMTEL_A_TRIGGER_CLEAR, trigger->level.clear);
	memtel_put_u64(&c, MEMTEL_A_TRIGGER_WINDOW_NS, trigger->window_ns);
	memtel_put_u64(&c, MEMTEL_A_TRIGGER_HOLD_NS, trigger->level.hold_ns);
	if (scope->nid != NUMA_NO_NODE)
		memtel_put_u32(&c, MEMTEL_A_TRIGGER_NODE_ID, scope->nid);
	if (trigger->zone)
		memtel_put_string(&c, MEMTEL_A_TRIGGER_ZONE, trigger->zone);
	if (scope->name[0])
		memtel_put_string(&c, trigger->metric ==
				      MEMTEL_METRIC_SHRINKER_TIME ?
				      MEMTEL_A_TRIGGER_SHRINKER :
				      MEMTEL_A_TRIGGER_CACHE, scope->name);
	if (scope->cgroup_id)
		memtel_put_u64(&c, MEMTEL_A_TRIGGER_CGROUP_ID,
			       scope->cgroup_id);
	if (!trigger->has_evidence)
		memtel_put_flag(&c, MEMTEL_A_TRIGGER_NO_EVIDENCE);
	memtel_put_u32(&c, MEMTEL_A_TRIGGER_PORTID, trigger->portid);
	memtel_put_u32(&c, MEMTEL_A_TRIGGER_UID,
		       from_kuid(&init_user_ns, trigger->uid));
	if (memtel_shows_pids())
		memtel_put_u32(&c, MEMTEL_A_TRIGGER_PID, trigger->pid);
	memtel_put_string(&c, MEMTEL_A_TRIGGER_COMM, trigger->comm);
	if (trigger->level.is_raised)
		memtel_put_flag(&c, MEMTEL_A_TRIGGER_RAISED);
	memtel_put_u64(&c, MEMTEL_A_TRIGGER_VALUE, trigger->value);
	memtel_put_u64(&c, MEMTEL_A_TRIGGER_EVENTS, trigger->events);
	if (trigger->last_sequence)
		memtel_put_u64(&c, MEMTEL_A_TRIGGER_LAST_SEQUENCE,
			       trigger->last_sequence);
	if (memtel_trigger_is_blind(trigger))
		memtel_put_flag(&c, MEMTEL_A_TRIGGER_BLIND);
	put_lacks(&c, trigger);
	if (memtel_trigger_is_gone(trigger))
		memtel_put_flag(&c, MEMTEL_A_TRIGGER_GONE);
	return memtel_cursor_end(&c);
}
