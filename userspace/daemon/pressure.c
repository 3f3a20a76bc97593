// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The module's own events, as notices.
 *
 * libmemtel keeps the subscription over an unload and a load of the module, and
 * counts what is lost. Here its notices get words, and it is opened anew should
 * it fail.
 */
#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include <memtel/memtel.h>

#include "event_text.h"
#include "json.h"
#include "log.h"
#include "pressure.h"

#define RETRY_US 5000000

static int64_t now_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* What happened to the subscription itself. */
static void tell_state(const struct pressure *pressure, enum notice_level level,
		       const char *text)
{
	const struct notice notice = {
		.kind = NOTICE_DAEMON,
		.level = level,
		.time_ms = now_ms(CLOCK_REALTIME),
		.name = "module",
		.text = text,
		.value = NAN,
	};

	pressure->tell(&notice, pressure->arg);
}

static void tell_event(const struct pressure *pressure,
		       const struct memtel_event *event)
{
	bool is_of_source = memtel_has(event, MEMTEL_A_EVENT_SOURCE);
	bool is_bad = event->kind == MEMTEL_EVENT_KIND_RAISED ||
		      event->kind == MEMTEL_EVENT_KIND_SHED;
	struct json_object *detail = json_of_row(&field_event_set, event);
	char text[EVENT_TEXT_MAX];
	struct notice notice = {
		.kind = NOTICE_PRESSURE,
		.level = is_bad ? NOTICE_WARNING : NOTICE_INFO,
		.name = is_of_source ? event->source :
				       memtel_metric_name(event->metric),
		.text = text,
		.value = is_of_source ? NAN : (double)event->value,
		.detail = detail,
	};

	/* When it happened, by the clock on the wall. */
	notice.time_ms = now_ms(CLOCK_REALTIME) - now_ms(CLOCK_BOOTTIME) +
			 (int64_t)(event->time_ns / 1000000);
	event_text(event, text, sizeof(text));
	pressure->tell(&notice, pressure->arg);
	json_object_put(detail);
}

static void tell_lost(const struct pressure *pressure, uint64_t lost)
{
	char text[96];

	snprintf(text, sizeof(text),
		 "%llu events of the module were lost: they came faster than they were read",
		 (unsigned long long)lost);
	tell_state(pressure, NOTICE_WARNING, text);
}

static void retry_later(struct pressure *pressure)
{
	sd_event_source_set_time_relative(pressure->retry, RETRY_US);
	sd_event_source_set_enabled(pressure->retry, SD_EVENT_ONESHOT);
}

/* It is added again with the next try, as one that could not be at first. */
static void tell_refused(struct pressure *pressure,
			 const struct memtel_notice *notice)
{
	char trigger[EVENT_TEXT_MAX / 2], text[EVENT_TEXT_MAX];

	memtel_trigger_format(notice->trigger, trigger, sizeof(trigger));
	snprintf(text, sizeof(text), "not watched any more: %s: %s", trigger,
		 notice->why);
	tell_state(pressure, NOTICE_WARNING, text);
	for (size_t i = 0; i < pressure->nr; i++)
		if (!memcmp(&pressure->triggers[i].spec, notice->trigger,
			    sizeof(*notice->trigger)))
			pressure->triggers[i].is_added = false;
	memtel_events_delete(pressure->ev, notice->trigger);
	pressure->are_set = false;
	pressure->was_told = true;
	retry_later(pressure);
}

static void set_triggers(struct pressure *pressure);

static int on_notice(const struct memtel_notice *notice, void *arg)
{
	struct pressure *pressure = arg;

	switch (notice->kind) {
	case MEMTEL_NOTICE_EVENT:
		tell_event(pressure, notice->event);
		break;
	case MEMTEL_NOTICE_LOST:
		tell_lost(pressure, notice->lost);
		break;
	case MEMTEL_NOTICE_GONE:
		tell_state(pressure, NOTICE_WARNING,
			   "the module is not loaded: its metrics and events are absent until it is");
		break;
	case MEMTEL_NOTICE_BACK:
		set_triggers(pressure);
		tell_state(pressure, NOTICE_INFO,
			   "the module is loaded: watching");
		break;
	case MEMTEL_NOTICE_REFUSED:
		tell_refused(pressure, notice);
		break;
	}
	return 0;
}

/* Each is the same as one that is watched, or is to be added. */
static int want(const struct memtel_trigger_spec *spec, void *arg)
{
	struct pressure *pressure = arg;
	struct trigger *triggers = pressure->triggers;

	for (size_t i = 0; i < pressure->nr; i++)
		if (!triggers[i].is_wanted &&
		    !memcmp(&triggers[i].spec, spec, sizeof(*spec))) {
			triggers[i].is_wanted = true;
			return 0;
		}
	triggers = realloc(triggers, (pressure->nr + 1) * sizeof(*triggers));
	if (!triggers)
		return -ENOMEM;
	pressure->triggers = triggers;
	triggers = &triggers[pressure->nr++];
	triggers->is_wanted = true;
	triggers->is_added = false;
	memcpy(&triggers->spec, spec, sizeof(*spec));
	return 0;
}

/* The usual ones depend on the host's memory, which the module knows. */
static int want_default(struct pressure *pressure)
{
	struct memtel *m;
	int err = memtel_open(&m);

	if (!err)
		err = default_triggers(m, want, pressure);
	/* That the module is not there is told, and that it comes. */
	if (err && err != -ENODEV && !pressure->was_told) {
		log_warning("the usual triggers are not watched: %s; trying again",
			  *memtel_error(m) ? memtel_error(m) : strerror(-err));
		pressure->was_told = true;
	}
	memtel_close(m);
	return err;
}

static int want_configured(struct pressure *pressure)
{
	const struct strings *texts = &pressure->config->triggers;
	struct memtel_trigger_error error;
	struct memtel_trigger_spec spec;
	int err = 0;

	/* They were parsed when the configuration was read. */
	for (size_t i = 0; i < texts->nr && !err; i++)
		if (!memtel_trigger_parse(texts->items[i], &spec, &error))
			err = want(&spec, pressure);
	if (err)
		log_error("no memory for triggers; trying again");
	return err;
}

/* Returns whether all that are not wanted are gone. */
static bool delete_others(struct pressure *pressure)
{
	bool are_gone = true;

	for (size_t i = 0; i < pressure->nr; i++) {
		struct trigger *trigger = &pressure->triggers[i];
		int err = 0;

		if (trigger->is_wanted || !trigger->is_added)
			continue;
		err = memtel_events_delete(pressure->ev, &trigger->spec);
		trigger->is_added = err && err != -ENOENT;
		if (!trigger->is_added)
			continue;
		are_gone = false;
		if (!pressure->was_told)
			log_warning("still watched: %s: %s; trying again",
				  memtel_metric_name(trigger->spec.metric),
				  memtel_events_error(pressure->ev));
	}
	return are_gone;
}

/*
 * One that could not be added is told, and does not stop the others. Returns
 * whether there is none that might be by another time.
 */
static bool add_wanted(struct pressure *pressure)
{
	bool are_added = true;

	for (size_t i = 0; i < pressure->nr; i++) {
		struct trigger *trigger = &pressure->triggers[i];
		int err;

		if (trigger->is_added || !trigger->is_wanted)
			continue;
		err = memtel_events_add(pressure->ev, &trigger->spec);
		/* There may be room only in place of those that go. */
		if (err == -EDQUOT) {
			delete_others(pressure);
			err = memtel_events_add(pressure->ev, &trigger->spec);
		}
		trigger->is_added = !err || err == -ENODEV || err == -ESTALE;
		if (trigger->is_added)
			continue;
		/* What this kernel lacks it will not have. */
		if (err != -EOPNOTSUPP)
			are_added = false;
		if (!pressure->was_told)
			log_warning("not watched: %s: %s%s",
				  memtel_metric_name(trigger->spec.metric),
				  memtel_events_error(pressure->ev),
				  err == -EOPNOTSUPP ? "" : "; trying again");
	}
	return are_added;
}

static void forget_others(struct pressure *pressure)
{
	size_t kept = 0;

	for (size_t i = 0; i < pressure->nr; i++)
		if (pressure->triggers[i].is_added)
			memmove(&pressure->triggers[kept++],
				&pressure->triggers[i],
				sizeof(*pressure->triggers));
	pressure->nr = kept;
}

/*
 * Add and delete only what differs: a trigger that stays has its state, and its
 * sources count on. Those that come are added first, as they may need the same
 * sources as those that go.
 */
static void set_triggers(struct pressure *pressure)
{
	int err;

	if (pressure->are_set)
		return;
	for (size_t i = 0; i < pressure->nr; i++)
		pressure->triggers[i].is_wanted = false;
	err = pressure->config->has_triggers ? want_configured(pressure) :
					       want_default(pressure);
	if (!err) {
		pressure->are_set = add_wanted(pressure);
		pressure->are_set &= delete_others(pressure);
		pressure->was_told = !pressure->are_set;
	}
	forget_others(pressure);
	if (!pressure->are_set && err != -ENODEV)
		retry_later(pressure);
}

static void drop(struct pressure *pressure)
{
	pressure->source = sd_event_source_unref(pressure->source);
	memtel_events_close(pressure->ev);
	free(pressure->triggers);
	pressure->ev = NULL;
	pressure->triggers = NULL;
	pressure->nr = 0;
	pressure->are_set = false;
}

/*
 * A subscription goes on after an error, and knows what it lost: it is read
 * again before it is given up.
 */
static void read_events(struct pressure *pressure)
{
	int err = memtel_events_read(pressure->ev, on_notice, pressure);

	if (!err)
		return;
	log_error("events of the module: %s", memtel_events_error(pressure->ev));
	err = memtel_events_read(pressure->ev, on_notice, pressure);
	if (!err)
		return;
	log_error("events of the module: %s; subscribing anew",
		  memtel_events_error(pressure->ev));
	drop(pressure);
	retry_later(pressure);
}

static int on_readable(sd_event_source *source, int fd, uint32_t events,
		       void *arg)
{
	(void)source;
	(void)fd;
	(void)events;
	read_events(arg);
	return 0;
}

static void subscribe(struct pressure *pressure)
{
	const struct memtel_events_options options = {
		.size = sizeof(options),
		.wait = true,
	};
	int err = memtel_events_open(&pressure->ev, &options);

	if (!err)
		err = sd_event_add_io(pressure->event, &pressure->source,
				      memtel_events_fd(pressure->ev), EPOLLIN,
				      on_readable, pressure);
	if (err < 0) {
		if (!pressure->was_told)
			log_warning("cannot subscribe to the module's events: %s; trying again",
				  pressure->ev ?
				  memtel_events_error(pressure->ev) :
				  strerror(-err));
		pressure->was_told = true;
		drop(pressure);
		retry_later(pressure);
		return;
	}
	pressure->was_told = false;
	set_triggers(pressure);
	/* Whether the module is there is said by what is there to read. */
	read_events(pressure);
}

static int on_retry(sd_event_source *source, uint64_t us, void *arg)
{
	struct pressure *pressure = arg;

	(void)source;
	(void)us;
	if (pressure->ev)
		set_triggers(pressure);
	else
		subscribe(pressure);
	return 0;
}

static bool is_same(const struct config *a, const struct config *b)
{
	if (a->has_triggers != b->has_triggers ||
	    a->triggers.nr != b->triggers.nr)
		return false;
	for (size_t i = 0; i < a->triggers.nr; i++)
		if (strcmp(a->triggers.items[i], b->triggers.items[i]))
			return false;
	return true;
}

/**
 * pressure_configure() - watch what a configuration says
 * @config: lives until the next call; the one before until this returned
 *
 * The subscription goes on, and triggers that stay as they are.
 */
void pressure_configure(struct pressure *pressure, const struct config *config)
{
	int err = 0;

	if (pressure->ev && !is_same(pressure->config, config)) {
		/* What has come by now is told before its trigger goes. */
		read_events(pressure);
		pressure->are_set = false;
		pressure->was_told = false;
	}
	pressure->config = config;
	if (!pressure->retry)
		err = sd_event_add_time_relative(pressure->event,
						 &pressure->retry,
						 CLOCK_MONOTONIC, 0, 0,
						 on_retry, pressure);
	if (err < 0) {
		log_error("no timer: %s", strerror(-err));
		return;
	}
	sd_event_source_set_enabled(pressure->retry, SD_EVENT_OFF);
	if (pressure->ev)
		set_triggers(pressure);
	else
		subscribe(pressure);
}

/** pressure_close() - end the subscription, and its triggers */
void pressure_close(struct pressure *pressure)
{
	if (pressure->ev)
		read_events(pressure);
	drop(pressure);
	pressure->retry = sd_event_source_unref(pressure->retry);
}
