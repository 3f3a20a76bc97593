// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pressure events in words: what grew how far, where, and who caused it.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "event_text.h"
#include "text.h"

/* What a suspect's share is of, and its unit as that of a metric. */
static const struct {
	const char *of;
	uint32_t like;
} measures[] = {
	[MEMTEL_MEASURE_GROWTH_BYTES] = {
		"the growth of slabs", MEMTEL_METRIC_SLAB_GROWTH },
	[MEMTEL_MEASURE_ALLOCS] = {
		"the objects allocated", MEMTEL_METRIC_SLAB_ALLOCS },
	[MEMTEL_MEASURE_ALLOCATED_BYTES] = {
		"the bytes allocated from it", MEMTEL_METRIC_SLAB_GROWTH },
	[MEMTEL_MEASURE_STALL_NS] = {
		"the time lost", MEMTEL_METRIC_STALL_TIME },
	[MEMTEL_MEASURE_SHRINK_NS] = {
		"the time of shrinking", MEMTEL_METRIC_STALL_TIME },
	[MEMTEL_MEASURE_WAIT_NS] = {
		"the waits for zones' locks", MEMTEL_METRIC_STALL_TIME },
	[MEMTEL_MEASURE_RECLAIM_NS] = {
		"the time of reclaim", MEMTEL_METRIC_STALL_TIME },
	[MEMTEL_MEASURE_COMPACTION_NS] = {
		"the time of compaction", MEMTEL_METRIC_STALL_TIME },
};

/* A text that grows within its room. */
struct words {
	char *text;
	size_t size;
	size_t length;
};

__attribute__((format(printf, 2, 3)))
static void say(struct words *words, const char *format, ...)
{
	char text[EVENT_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	words->length += text_plain(text, words->text + words->length,
				    words->size - words->length);
}

static void say_who(struct words *words, const struct memtel_suspect *who)
{
	switch (who->kind) {
	case MEMTEL_SUSPECT_KIND_CACHE:
		say(words, "cache %s", who->name);
		break;
	case MEMTEL_SUSPECT_KIND_SITE:
		if (*who->symbol)
			say(words, "call site %s", who->symbol);
		else
			say(words, "call site #%" PRIx64, who->id);
		say(words, " of cache %s", who->cache);
		break;
	case MEMTEL_SUSPECT_KIND_NODE:
		say(words, "node %" PRIu32, who->node_id);
		return;
	case MEMTEL_SUSPECT_KIND_ZONE:
		say(words, "zone %s", who->name);
		break;
	case MEMTEL_SUSPECT_KIND_SHRINKER:
		say(words, "shrinker %s", who->name);
		break;
	case MEMTEL_SUSPECT_KIND_LOCK:
		say(words, "lock of zone %s", who->name);
		break;
	case MEMTEL_SUSPECT_KIND_TASK:
		say(words, "task %s (%" PRIu64 ")", who->name, who->id);
		break;
	case MEMTEL_SUSPECT_KIND_CGROUP:
		if (*who->cgroup_path)
			say(words, "cgroup %s", who->cgroup_path);
		else
			say(words, "cgroup #%" PRIu64, who->id);
		break;
	default:
		say(words, "%s", who->name);
		break;
	}
	if (memtel_has(who, MEMTEL_A_SUSPECT_NODE_ID))
		say(words, " on node %" PRIu32, who->node_id);
}

static void say_cause(struct words *words, const struct memtel_suspect *cause)
{
	char value[32];

	say_who(words, cause);
	if (cause->measure >= sizeof(measures) / sizeof(measures[0]) ||
	    !measures[cause->measure].of)
		return;
	memtel_metric_format(measures[cause->measure].like, cause->value, value,
			     sizeof(value));
	say(words, ", %s: %" PRIu32 "%% of %s", value,
	    (cause->share_bp + 50) / 100, measures[cause->measure].of);
}

/**
 * event_cause_text() - who, and the share that says so
 */
void event_cause_text(const struct memtel_suspect *suspect, char *text,
		      size_t size)
{
	struct words words = { text, size, 0 };

	*text = '\0';
	say_cause(&words, suspect);
}

static void say_scope(struct words *words, const struct memtel_event *event)
{
	if (*event->zone)
		say(words, " of zone %s", event->zone);
	if (*event->cache)
		say(words, " of cache %s", event->cache);
	if (*event->shrinker)
		say(words, " of shrinker %s", event->shrinker);
	if (memtel_has(event, MEMTEL_A_EVENT_CGROUP_ID))
		say(words, " of cgroup #%" PRIu64, event->cgroup_id);
	if (memtel_has(event, MEMTEL_A_EVENT_NODE_ID))
		say(words, " on node %" PRIu32, event->node_id);
}

/* A source was shed or taken back. */
static void say_source(struct words *words, const struct memtel_event *event)
{
	char cost[32], wait[32];

	if (event->kind == MEMTEL_EVENT_KIND_RESTORED) {
		say(words, "restored source %s: it counts again, from zero",
		    event->source);
		return;
	}
	memtel_metric_format(MEMTEL_METRIC_STALL_TIME, event->cost_ns, cost,
			     sizeof(cost));
	memtel_metric_format(MEMTEL_METRIC_STALL_TIME, event->shed_ns, wait,
			     sizeof(wait));
	say(words, "SHED source %s: its probes took %.2f%% of all CPUs' time, %s since it was attached; back in %s",
	    event->source, event->cost_share_ppm / 1e4, cost, wait);
}

/**
 * event_text() - an event in one line, without its time
 */
void event_text(const struct memtel_event *event, char *text, size_t size)
{
	struct words words = { text, size, 0 };
	char value[32], limit[32], window[32];

	*text = '\0';
	if (memtel_has(event, MEMTEL_A_EVENT_SOURCE)) {
		say_source(&words, event);
		return;
	}
	memtel_metric_format(event->metric, event->value, value, sizeof(value));
	memtel_metric_format(MEMTEL_METRIC_STALL_TIME, event->window_ns, window,
			     sizeof(window));
	if (event->kind == MEMTEL_EVENT_KIND_CLEARED) {
		char peak[32], raised[32];

		memtel_metric_format(event->metric, event->clear, limit,
				     sizeof(limit));
		memtel_metric_format(event->metric, event->peak, peak,
				     sizeof(peak));
		memtel_metric_format(MEMTEL_METRIC_STALL_TIME,
				     event->raised_ns, raised, sizeof(raised));
		say(&words, "cleared %s", memtel_metric_name(event->metric));
		say_scope(&words, event);
		say(&words, " %s <= %s in %s; peak %s, raised for %s", value,
		    limit, window, peak, raised);
		return;
	}
	memtel_metric_format(event->metric, event->threshold, limit,
			     sizeof(limit));
	say(&words, "RAISED %s", memtel_metric_name(event->metric));
	say_scope(&words, event);
	say(&words, " %s > %s in %s", value, limit, window);
	if (event->open)
		say(&words, ", %" PRIu32 " under way", event->open);
	if (event->cause) {
		say(&words, ": ");
		say_cause(&words, event->cause);
	}
}

static int managed_add(const struct memtel_node *node, void *arg)
{
	*(uint64_t *)arg += node->managed_bytes;
	return 0;
}

/* Of all memory, what slabs may grow by in ten seconds; not less than a few MiB. */
#define GROWTH_SHARE	100
#define GROWTH_MIN	(UINT64_C(16) << 20)

/**
 * default_triggers() - what to watch on any host
 * @m: asked for the size of its memory
 * @trigger: called for each
 *
 * Return: 0, a negative errno with memtel_error(), or what @trigger returned.
 */
int default_triggers(struct memtel *m,
		     int (*trigger)(const struct memtel_trigger_spec *spec,
				    void *arg),
		     void *arg)
{
	static const char *const texts[] = {
		"direct-reclaim-time > 50ms in 1s",
		"memcg-reclaim-time > 50ms in 1s",
		"node-reclaim-time > 50ms in 1s",
		"shrinker-time > 100ms in 1s",
		"zone-lock-wait-time > 50ms in 1s",
		"compaction-time > 50ms in 1s",
		"compaction-failures > 20 in 10s",
		"slab-growth > 1GiB in 10s",
	};
	uint64_t managed = 0;
	int err = memtel_nodes(m, managed_add, &managed);

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && !err; i++) {
		struct memtel_trigger_error error;
		struct memtel_trigger_spec spec;

		err = memtel_trigger_parse(texts[i], &spec, &error);
		if (err)
			break;
		if (spec.metric == MEMTEL_METRIC_SLAB_GROWTH)
			spec.threshold = managed / GROWTH_SHARE > GROWTH_MIN ?
					 managed / GROWTH_SHARE : GROWTH_MIN;
		err = trigger(&spec, arg);
	}
	return err;
}
