// SPDX-License-Identifier: GPL-2.0
/*
 * Events: made, numbered, encoded once and multicast.
 *
 * Events that are made at one look of the triggers go out in as few messages as
 * they fit into, each of which the kernel gives to all members of the group
 * without encoding it again. A member whose buffer is full loses the message,
 * not the others; the numbers tell it how many events that were. An event that
 * finds no memory for its message has its number, too, and is counted.
 *
 * Locks. All but the two readers are called under memtel_trigger_lock, which
 * protects the message that is being made.
 */
#include <linux/netlink.h>
#include <linux/timekeeping.h>
#include <net/net_namespace.h>

#include "cursor.h"
#include "event.h"
#include "evidence.h"
#include "generated/netlink.h"
#include "netlink.h"
#include "reclaim.h"
#include "source.h"
#include "trigger.h"

/* A suspect, but for the path, which only cgroups have. */
#define SUSPECT_BYTES	(NEST_BYTES + 4 * U32_BYTES + 2 * NAME_BYTES + \
			 3 * U64_BYTES)

/* An event with all its suspects and a cause, at most. */
#define EVENT_BYTES	(NEST_BYTES + 8 * U32_BYTES + 15 * U64_BYTES + \
			 4 * NAME_BYTES + \
			 (MEMTEL_SUSPECTS_MAX + 1) * SUSPECT_BYTES + \
			 (MEMTEL_SUSPECTS_EACH + 1) * PATH_BYTES)

/* What four pages hold; twice EVENT_BYTES, many times a usual event. */
#define MESSAGE_BYTES	(SKB_WITH_OVERHEAD(4 * PAGE_SIZE) - NLMSG_HDRLEN - \
			 GENL_HDRLEN)

/* The message that is being made, and its header. */
static struct sk_buff *message;
static void *header;

static atomic64_t sequence = ATOMIC64_INIT(0);
static atomic64_t unsent = ATOMIC64_INIT(0);

/* Of the last event, 0 before the first. */
u64 memtel_event_sequence(void)
{
	return atomic64_read(&sequence);
}

/**
 * memtel_event_is_heard() - is anybody in the group?
 *
 * Without, an event has its number, and no more is done for it.
 */
bool memtel_event_is_heard(void)
{
	return !memtel_netlink_cannot_tell() &&
	       genl_has_listeners(&memtel_nl_family, &init_net,
				  MEMTEL_NLGRP_EVENTS);
}

/* Events that found no memory. */
u64 memtel_events_unsent(void)
{
	return atomic64_read(&unsent);
}

/**
 * memtel_events_send() - send what was made since the last time
 *
 * Context: Process context under memtel_trigger_lock.
 */
void memtel_events_send(void)
{
	struct sk_buff *skb = message;

	if (!skb)
		return;
	message = NULL;
	genlmsg_end(skb, header);
	/* That nobody listens, or somebody not fast enough, is no failure. */
	genlmsg_multicast(&memtel_nl_family, skb, 0, MEMTEL_NLGRP_EVENTS,
			  GFP_KERNEL);
}

static bool has_room(void)
{
	BUILD_BUG_ON(EVENT_BYTES > MESSAGE_BYTES);
	if (message && skb_tailroom(message) < (int)EVENT_BYTES)
		memtel_events_send();
	if (message)
		return true;
	/* Nobody waits for memory here: the worker may use reserves. */
	message = genlmsg_new(MESSAGE_BYTES, GFP_KERNEL | __GFP_NOWARN);
	if (!message)
		return false;
	/*
	 * Sockets' filters drop what was made from reserves, without a word to
	 * the socket. This is one message, sent at once: it is worth them.
	 */
	message->pfmemalloc = 0;
	header = genlmsg_put(message, 0, 0, &memtel_nl_family, 0,
			     MEMTEL_CMD_EVENT);
	return true;
}

static void put_scope(struct memtel_cursor *c,
		      const struct memtel_trigger *trigger)
{
	const struct memtel_scope *scope = &trigger->scope;

	if (scope->nid != NUMA_NO_NODE)
		memtel_put_u32(c, MEMTEL_A_EVENT_NODE_ID, scope->nid);
	if (trigger->zone)
		memtel_put_string(c, MEMTEL_A_EVENT_ZONE, trigger->zone);
	if (scope->name[0])
		memtel_put_string(c, trigger->metric ==
				     MEMTEL_METRIC_SHRINKER_TIME ?
				     MEMTEL_A_EVENT_SHRINKER :
				     MEMTEL_A_EVENT_CACHE, scope->name);
	if (scope->cgroup_id)
		memtel_put_u64(c, MEMTEL_A_EVENT_CGROUP_ID, scope->cgroup_id);
}

static void put_trigger(struct memtel_cursor *c,
			const struct memtel_trigger *trigger)
{
	memtel_put_u32(c, MEMTEL_A_EVENT_TRIGGER_ID, trigger->id);
	memtel_put_u32(c, MEMTEL_A_EVENT_PORTID, trigger->portid);
	memtel_put_u32(c, MEMTEL_A_EVENT_METRIC, trigger->metric);
	memtel_put_u64(c, MEMTEL_A_EVENT_THRESHOLD, trigger->level.threshold);
	memtel_put_u64(c, MEMTEL_A_EVENT_CLEAR, trigger->level.clear);
	memtel_put_u64(c, MEMTEL_A_EVENT_WINDOW_NS, trigger->window_ns);
	put_scope(c, trigger);
	memtel_put_u64(c, MEMTEL_A_EVENT_VALUE, trigger->value);
	memtel_put_u64(c, MEMTEL_A_EVENT_INTERVAL_NS, trigger->interval_ns);
	memtel_put_u32(c, MEMTEL_A_EVENT_OPEN, trigger->open.nr);
}

static u32 share_bp(u64 value, u64 total)
{
	return total ? mul_u64_u64_div_u64(min(value, total), 10000, total) : 0;
}

static void put_suspect(struct memtel_cursor *c, int type,
			const struct memtel_suspect *suspect)
{
	struct nlattr *nest = memtel_nest_begin(c, type);
	char path[MEMTEL_PATH_MAX + 1];

	memtel_put_u32(c, MEMTEL_A_SUSPECT_KIND, suspect->kind);
	if (suspect->name[0])
		memtel_put_string(c, MEMTEL_A_SUSPECT_NAME, suspect->name);
	if (suspect->nid != NUMA_NO_NODE)
		memtel_put_u32(c, MEMTEL_A_SUSPECT_NODE_ID, suspect->nid);
	if (suspect->id)
		memtel_put_u64(c, MEMTEL_A_SUSPECT_ID, suspect->id);
	if (suspect->has_path &&
	    memtel_reclaim_cgroup_path(suspect->id, path, sizeof(path)))
		memtel_put_string(c, MEMTEL_A_SUSPECT_CGROUP_PATH, path);
	if (suspect->cache[0])
		memtel_put_string(c, MEMTEL_A_SUSPECT_CACHE, suspect->cache);
	memtel_put_u32(c, MEMTEL_A_SUSPECT_MEASURE, suspect->measure);
	memtel_put_u64(c, MEMTEL_A_SUSPECT_VALUE, suspect->value);
	memtel_put_u64(c, MEMTEL_A_SUSPECT_TOTAL, suspect->total);
	memtel_put_u32(c, MEMTEL_A_SUSPECT_SHARE_BP,
		       share_bp(suspect->value, suspect->total));
	memtel_nest_end(c, nest);
}

static void put_evidence(struct memtel_cursor *c,
			 const struct memtel_evidence *evidence)
{
	char lacks[MEMTEL_NAME_MAX + 1];
	unsigned int i;

	if (evidence->nr)
		memtel_put_u64(c, MEMTEL_A_EVENT_EVIDENCE_INTERVAL_NS,
			       evidence->interval_ns);
	if (evidence->caches_interval_ns)
		memtel_put_u64(c, MEMTEL_A_EVENT_CACHES_INTERVAL_NS,
			       evidence->caches_interval_ns);
	if (evidence->has_cause)
		put_suspect(c, MEMTEL_A_EVENT_CAUSE, &evidence->cause);
	for (i = 0; i < evidence->nr; i++)
		put_suspect(c, MEMTEL_A_EVENT_SUSPECT, &evidence->suspects[i]);
	if (evidence->lacks) {
		memtel_evidence_lacks(evidence, lacks, sizeof(lacks));
		memtel_put_string(c, MEMTEL_A_EVENT_EVIDENCE_LACKS, lacks);
	}
}

/* The next event begins. Returns its nest, or NULL. */
static struct nlattr *begin(struct memtel_cursor *c,
			    enum memtel_event_kind kind)
{
	u64 number = atomic64_inc_return(&sequence);
	struct nlattr *nest;

	if (!memtel_event_is_heard())
		return NULL;
	if (!has_room() || memtel_cursor_begin(c, message, EVENT_BYTES,
					       MEMTEL_A_EVENT_PAD)) {
		atomic64_inc(&unsent);
		return NULL;
	}
	nest = memtel_nest_begin(c, MEMTEL_A_EVENT_MESSAGE_EVENT);
	memtel_put_u64(c, MEMTEL_A_EVENT_SEQUENCE, number);
	memtel_put_u64(c, MEMTEL_A_EVENT_TIME_NS, ktime_get_boottime_ns());
	memtel_put_u32(c, MEMTEL_A_EVENT_KIND, kind);
	return nest;
}

/* The same of a trigger. */
static struct nlattr *begin_of(struct memtel_cursor *c,
			       enum memtel_event_kind kind,
			       struct memtel_trigger *trigger)
{
	struct nlattr *nest = begin(c, kind);

	trigger->events++;
	trigger->last_sequence = memtel_event_sequence();
	if (nest)
		put_trigger(c, trigger);
	return nest;
}

static void end(struct memtel_cursor *c, struct nlattr *nest)
{
	memtel_nest_end(c, nest);
	if (memtel_cursor_end(c))
		atomic64_inc(&unsent);
}

/**
 * memtel_event_raised() - a trigger was raised
 * @trigger: which
 * @evidence: its suspects, perhaps none; NULL where nobody would hear of it
 *
 * Context: Process context under memtel_trigger_lock.
 */
void memtel_event_raised(struct memtel_trigger *trigger,
			 const struct memtel_evidence *evidence)
{
	struct memtel_cursor c;
	struct nlattr *nest;

	nest = begin_of(&c, MEMTEL_EVENT_KIND_RAISED, trigger);
	if (!nest)
		return;
	if (evidence)
		put_evidence(&c, evidence);
	end(&c, nest);
}

/**
 * memtel_event_cleared() - a raised trigger was cleared
 * @trigger: which
 * @raised_ns: how long it was raised
 *
 * Context: Process context under memtel_trigger_lock.
 */
void memtel_event_cleared(struct memtel_trigger *trigger, u64 raised_ns)
{
	struct memtel_cursor c;
	struct nlattr *nest;

	nest = begin_of(&c, MEMTEL_EVENT_KIND_CLEARED, trigger);
	if (!nest)
		return;
	memtel_put_u64(&c, MEMTEL_A_EVENT_PEAK, trigger->level.peak);
	memtel_put_u64(&c, MEMTEL_A_EVENT_RAISED_NS, raised_ns);
	end(&c, nest);
}

/**
 * memtel_event_source() - a source was shed or taken back
 * @kind: which of the two
 * @source: the source
 *
 * Context: Process context under memtel_source_lock and memtel_trigger_lock.
 */
void memtel_event_source(enum memtel_event_kind kind,
			 const struct memtel_source *source)
{
	struct memtel_cursor c;
	struct nlattr *nest;

	nest = begin(&c, kind);
	if (!nest)
		return;
	memtel_put_string(&c, MEMTEL_A_EVENT_SOURCE, source->name);
	if (kind == MEMTEL_EVENT_KIND_SHED) {
		memtel_put_u64(&c, MEMTEL_A_EVENT_COST_NS,
			       source->estimate.ns);
		memtel_put_u32(&c, MEMTEL_A_EVENT_COST_SHARE_PPM,
			       source->estimate.share_ppm);
		memtel_put_u64(&c, MEMTEL_A_EVENT_SHED_NS,
			       source->backoff.wait_ns);
	}
	end(&c, nest);
}
