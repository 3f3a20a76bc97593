// SPDX-License-Identifier: GPL-2.0
/*
 * Events: made, numbered, encoded once and given to all subscribers.
 *
 * Events of one look at the triggers go out in as few messages as they fit
 * into. They are gathered in a buffer that is there while memtel is loaded; a
 * message gets its memory when it is sent, as much as it needs.
 *
 * Evidence. Triggers that are raised at one look mostly have the same evidence.
 * Within a message each evidence stands once, in the first event that has it;
 * later events of the message name that event (evidence-of). So a burst takes
 * as many bytes as it has events, and not as it has suspects of each.
 *
 * Memory. Nobody waits for memory under memtel_trigger_lock, and the kernel's
 * reserves are not touched: a message stays on the sockets of subscribers for
 * as long as they like. One message of a page, which a usual event fits into,
 * is kept from the first subscriber on for when there is no memory. Events of a
 * message that finds none have their numbers and are counted, and all
 * subscribers are told of a loss.
 *
 * Locks. All but the two readers are called under memtel_trigger_lock, which
 * protects the buffer and the message that is kept.
 */
#include <linux/netlink.h>
#include <linux/sizes.h>
#include <linux/skbuff.h>
#include <linux/timekeeping.h>

#include "cursor.h"
#include "event.h"
#include "evidence.h"
#include "generated/netlink.h"
#include "reclaim.h"
#include "source.h"
#include "subscriber.h"
#include "trigger.h"

/* A suspect, but for the path, which only cgroups have. */
#define SUSPECT_BYTES	(NEST_BYTES + 4 * U32_BYTES + 2 * NAME_BYTES + \
			 3 * U64_BYTES)

/* An event with all its suspects and a cause, at most. */
#define EVENT_BYTES	(NEST_BYTES + 8 * U32_BYTES + 15 * U64_BYTES + \
			 4 * NAME_BYTES + \
			 (MEMTEL_SUSPECTS_MAX + 1) * SUSPECT_BYTES + \
			 (MEMTEL_SUSPECTS_EACH + 1) * PATH_BYTES)

/* The most attributes of one message; more than EVENT_BYTES. */
#define BATCH_BYTES	SZ_16K
#define HEADER_BYTES	(NLMSG_HDRLEN + GENL_HDRLEN)
/* Attributes that fit into the message that is kept. */
#define SPARE_BYTES	(SKB_WITH_OVERHEAD(PAGE_SIZE) - HEADER_BYTES)

/* Different windows and nodes have evidence of their own; mostly one or two. */
#define EVIDENCES	8

#define EVENT_GFP	(GFP_NOWAIT | __GFP_NOWARN)

/*
 * Events that are not sent yet, and the evidence among them.
 */
static struct {
	u8 attrs[BATCH_BYTES] __aligned(8);
	size_t len;
	unsigned int nr_events;
	unsigned int nr_evidence;
	struct {
		size_t at;
		size_t len;
		u64 sequence;
	} evidence[EVIDENCES];
} batch;

/* The message that is kept; NULL without subscribers, or until memory is had. */
static struct sk_buff *spare;

static atomic64_t sequence = ATOMIC64_INIT(0);
static atomic64_t unsent = ATOMIC64_INIT(0);

/* Of the last event, 0 before the first. */
u64 memtel_event_sequence(void)
{
	return atomic64_read(&sequence);
}

/**
 * memtel_event_is_heard() - is there a subscriber?
 *
 * Without, an event has its number, and no more is done for it.
 */
bool memtel_event_is_heard(void)
{
	return memtel_subscribers();
}

/* Events that found no memory. */
u64 memtel_events_unsent(void)
{
	return atomic64_read(&unsent);
}

/* Memory for the message that is kept; NULL when there is none. */
struct sk_buff *memtel_event_spare_new(gfp_t gfp)
{
	return genlmsg_new(SPARE_BYTES, gfp);
}

/* Keep a message, or free it where one is kept. */
void memtel_event_spare_give(struct sk_buff *skb)
{
	lockdep_assert_held(&memtel_trigger_lock);
	if (spare)
		nlmsg_free(skb);
	else
		spare = skb;
}

/* There is no subscriber any more. */
void memtel_event_spare_free(void)
{
	lockdep_assert_held(&memtel_trigger_lock);
	nlmsg_free(spare);
	spare = NULL;
}

/* Memory for a message of so many bytes of attributes, or NULL. */
static struct sk_buff *event_message_alloc(size_t len)
{
	struct sk_buff *skb;
	int err;

	/* Single pages, which are there when memory is fragmented. */
	if (len > SPARE_BYTES)
		return alloc_skb_with_frags(HEADER_BYTES, len, 0, &err,
					    EVENT_GFP);
	skb = genlmsg_new(len, EVENT_GFP);
	if (!skb) {
		skb = spare;
		spare = NULL;
	}
	if (!spare)
		spare = memtel_event_spare_new(EVENT_GFP);
	return skb;
}

/* A message of the events that were gathered, or NULL without memory. */
static struct sk_buff *event_message(void)
{
	struct sk_buff *skb = event_message_alloc(batch.len);
	struct nlmsghdr *nlh;

	if (!skb)
		return NULL;
	genlmsg_put(skb, 0, 0, &memtel_nl_family, 0, MEMTEL_CMD_EVENT);
	nlh = (struct nlmsghdr *)skb->data;
	if (batch.len > SPARE_BYTES) {
		skb->data_len = batch.len;
		skb->len += batch.len;
		skb_store_bits(skb, HEADER_BYTES, batch.attrs, batch.len);
	} else {
		skb_put_data(skb, batch.attrs, batch.len);
	}
	nlh->nlmsg_len = skb->len;
	return skb;
}

/**
 * memtel_events_send() - send what was made since the last time
 *
 * Context: Process context under memtel_trigger_lock.
 */
void memtel_events_send(void)
{
	struct sk_buff *skb;

	lockdep_assert_held(&memtel_trigger_lock);
	if (!batch.nr_events)
		return;
	skb = event_message();
	if (skb) {
		memtel_subscribers_deliver(skb);
	} else {
		atomic64_add(batch.nr_events, &unsent);
		memtel_subscribers_lost();
	}
	batch.len = 0;
	batch.nr_events = 0;
	batch.nr_evidence = 0;
}

static void event_put_scope(struct memtel_cursor *c,
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

static void event_put_trigger(struct memtel_cursor *c,
			      const struct memtel_trigger *trigger)
{
	memtel_put_u32(c, MEMTEL_A_EVENT_TRIGGER_ID, trigger->id);
	memtel_put_u32(c, MEMTEL_A_EVENT_PORTID, trigger->portid);
	memtel_put_u32(c, MEMTEL_A_EVENT_METRIC, trigger->metric);
	memtel_put_u64(c, MEMTEL_A_EVENT_THRESHOLD, trigger->level.threshold);
	memtel_put_u64(c, MEMTEL_A_EVENT_CLEAR, trigger->level.clear);
	memtel_put_u64(c, MEMTEL_A_EVENT_WINDOW_NS, trigger->window_ns);
	event_put_scope(c, trigger);
	memtel_put_u64(c, MEMTEL_A_EVENT_VALUE, trigger->value);
	memtel_put_u64(c, MEMTEL_A_EVENT_INTERVAL_NS, trigger->interval_ns);
	memtel_put_u32(c, MEMTEL_A_EVENT_OPEN, trigger->open.nr);
}

static u32 event_share_bp(u64 value, u64 total)
{
	return total ? mul_u64_u64_div_u64(min(value, total), 10000, total) : 0;
}

static void event_put_suspect(struct memtel_cursor *c, int type,
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
		       event_share_bp(suspect->value, suspect->total));
	memtel_nest_end(c, nest);
}

/**
 * struct event - an event that is to be written
 * @kind: what happened
 * @sequence: its number
 * @time_ns: when it happened, CLOCK_BOOTTIME
 * @trigger: whose it is; NULL for a source's
 * @evidence: of a raised one, its suspects; may be NULL
 * @raised_ns: of a cleared one, how long it was raised
 * @source: of shed and restored, the source
 */
struct event {
	enum memtel_event_kind kind;
	u64 sequence;
	u64 time_ns;
	const struct memtel_trigger *trigger;
	const struct memtel_evidence *evidence;
	u64 raised_ns;
	const struct memtel_source *source;
};

/* Over what time caches were compared, and what may be missing. */
static void event_put_bounds(struct memtel_cursor *c,
			     const struct memtel_evidence *evidence)
{
	char lacks[MEMTEL_NAME_MAX + 1];

	if (evidence->caches_interval_ns)
		memtel_put_u64(c, MEMTEL_A_EVENT_CACHES_INTERVAL_NS,
			       evidence->caches_interval_ns);
	if (!evidence->lacks)
		return;
	memtel_evidence_lacks(evidence, lacks, sizeof(lacks));
	memtel_put_string(c, MEMTEL_A_EVENT_EVIDENCE_LACKS, lacks);
}

/*
 * Write the suspects, unless an event of this message has just the same: then
 * name that event. Comparing what is written needs no word of whoever found the
 * suspects. The last thing in an event.
 */
static void event_put_evidence(struct memtel_cursor *c,
			       const struct event *event)
{
	const struct memtel_evidence *evidence = event->evidence;
	void *begin = c->pos;
	unsigned int i;
	size_t len;

	memtel_put_u64(c, MEMTEL_A_EVENT_EVIDENCE_INTERVAL_NS,
		       evidence->interval_ns);
	for (i = 0; i < evidence->nr; i++)
		event_put_suspect(c, MEMTEL_A_EVENT_SUSPECT,
				  &evidence->suspects[i]);
	if (memtel_cursor_is_full(c))
		return;
	len = c->pos - begin;
	for (i = 0; i < batch.nr_evidence; i++) {
		if (batch.evidence[i].len != len ||
		    memcmp(batch.attrs + batch.evidence[i].at, begin, len))
			continue;
		c->pos = begin;
		memtel_put_u64(c, MEMTEL_A_EVENT_EVIDENCE_OF,
			       batch.evidence[i].sequence);
		return;
	}
	if (batch.nr_evidence == EVIDENCES)
		return;
	batch.evidence[batch.nr_evidence].at = (u8 *)begin - batch.attrs;
	batch.evidence[batch.nr_evidence].len = len;
	batch.evidence[batch.nr_evidence].sequence = event->sequence;
	batch.nr_evidence++;
}

static void event_put_source(struct memtel_cursor *c, const struct event *event)
{
	const struct memtel_source *source = event->source;

	memtel_put_string(c, MEMTEL_A_EVENT_SOURCE, source->name);
	if (event->kind != MEMTEL_EVENT_KIND_SHED)
		return;
	memtel_put_u64(c, MEMTEL_A_EVENT_COST_NS, source->estimate.ns);
	memtel_put_u32(c, MEMTEL_A_EVENT_COST_SHARE_PPM,
		       source->estimate.share_ppm);
	memtel_put_u64(c, MEMTEL_A_EVENT_SHED_NS, source->backoff.wait_ns);
}

/* Return: 0, or -EMSGSIZE when what was gathered leaves no room for it. */
static int event_write(const struct event *event)
{
	struct memtel_cursor c;
	struct nlattr *nest;
	ssize_t len;

	memtel_cursor_begin_at(&c, batch.attrs + batch.len,
			       BATCH_BYTES - batch.len, MEMTEL_A_EVENT_PAD);
	nest = memtel_nest_begin(&c, MEMTEL_A_EVENT_MESSAGE_EVENT);
	memtel_put_u64(&c, MEMTEL_A_EVENT_SEQUENCE, event->sequence);
	memtel_put_u64(&c, MEMTEL_A_EVENT_TIME_NS, event->time_ns);
	memtel_put_u32(&c, MEMTEL_A_EVENT_KIND, event->kind);
	if (event->trigger)
		event_put_trigger(&c, event->trigger);
	if (event->source)
		event_put_source(&c, event);
	if (event->kind == MEMTEL_EVENT_KIND_CLEARED) {
		memtel_put_u64(&c, MEMTEL_A_EVENT_PEAK,
			       event->trigger->level.peak);
		memtel_put_u64(&c, MEMTEL_A_EVENT_RAISED_NS, event->raised_ns);
	}
	if (event->evidence && event->evidence->has_cause)
		event_put_suspect(&c, MEMTEL_A_EVENT_CAUSE,
				  &event->evidence->cause);
	if (event->evidence)
		event_put_bounds(&c, event->evidence);
	if (event->evidence && event->evidence->nr)
		event_put_evidence(&c, event);
	memtel_nest_end(&c, nest);
	len = memtel_cursor_end_at(&c, batch.attrs + batch.len);
	if (len < 0)
		return len;
	batch.len += len;
	batch.nr_events++;
	return 0;
}

/* Number an event, and gather it if anybody hears of it. */
static void event_add(struct event *event)
{
	BUILD_BUG_ON(EVENT_BYTES > BATCH_BYTES);
	lockdep_assert_held(&memtel_trigger_lock);
	event->sequence = atomic64_inc_return(&sequence);
	event->time_ns = ktime_get_boottime_ns();
	if (!memtel_event_is_heard())
		return;
	if (!event_write(event))
		return;
	memtel_events_send();
	if (!WARN_ON_ONCE(event_write(event)))
		return;
	atomic64_inc(&unsent);
	memtel_subscribers_lost();
}

/* The same of a trigger. */
static void event_add_of(struct memtel_trigger *trigger, struct event *event)
{
	event->trigger = trigger;
	event_add(event);
	trigger->events++;
	trigger->last_sequence = event->sequence;
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
	struct event event = {
		.kind = MEMTEL_EVENT_KIND_RAISED,
		.evidence = evidence,
	};

	event_add_of(trigger, &event);
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
	struct event event = {
		.kind = MEMTEL_EVENT_KIND_CLEARED,
		.raised_ns = raised_ns,
	};

	event_add_of(trigger, &event);
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
	struct event event = { .kind = kind, .source = source };

	event_add(&event);
}
