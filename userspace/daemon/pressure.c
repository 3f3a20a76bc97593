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

static void tell_refused(const struct pressure *pressure,
			 const struct memtel_notice *notice)
{
	char trigger[EVENT_TEXT_MAX / 2], text[EVENT_TEXT_MAX];

	memtel_trigger_format(notice->trigger, trigger, sizeof(trigger));
	snprintf(text, sizeof(text), "not watched any more: %s: %s", trigger,
		 notice->why);
	tell_state(pressure, NOTICE_WARNING, text);
}

static void add_triggers(struct pressure *pressure);

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
		add_triggers(pressure);
		tell_state(pressure, NOTICE_INFO,
			   "the module is loaded: watching");
		break;
	case MEMTEL_NOTICE_REFUSED:
		tell_refused(pressure, notice);
		break;
	}
	return 0;
}

/* One that this kernel lacks is told, and does not stop the others. */
static int add_trigger(const struct memtel_trigger_spec *spec, void *arg)
{
	struct pressure *pressure = arg;
	int err = memtel_events_add(pressure->ev, spec);

	if (err && err != -ENODEV && err != -ESTALE)
		log_error("not watched: %s: %s",
			  memtel_metric_name(spec->metric),
			  memtel_events_error(pressure->ev));
	return 0;
}

static void retry_later(struct pressure *pressure)
{
	sd_event_source_set_time_relative(pressure->retry, RETRY_US);
	sd_event_source_set_enabled(pressure->retry, SD_EVENT_ONESHOT);
}

/* Without the module there is nothing to do until it comes: that is told. */
static void defer(struct pressure *pressure, int err, const char *why)
{
	if (err == -ENODEV)
		return;
	if (!pressure->was_told)
		log_error("the usual triggers are not watched: %s; trying again",
			  why);
	pressure->was_told = true;
	retry_later(pressure);
}

/* The usual ones depend on the host's memory, which the module knows. */
static int add_default_triggers(struct pressure *pressure)
{
	struct memtel *m;
	int err = memtel_open(&m);

	if (!err)
		err = default_triggers(m, add_trigger, pressure);
	if (err)
		defer(pressure, err, memtel_error(m));
	memtel_close(m);
	return err;
}

static void add_triggers(struct pressure *pressure)
{
	const struct strings *triggers = &pressure->config->triggers;
	struct memtel_trigger_error error;
	struct memtel_trigger_spec spec;

	if (pressure->are_added)
		return;
	if (!pressure->config->has_triggers && add_default_triggers(pressure))
		return;
	for (size_t i = 0; i < triggers->nr; i++)
		if (memtel_trigger_parse(triggers->items[i], &spec, &error))
			log_error("not watched: %s: %s", triggers->items[i],
				  error.text);
		else
			add_trigger(&spec, pressure);
	pressure->are_added = true;
	pressure->was_told = false;
}

static void drop(struct pressure *pressure)
{
	pressure->source = sd_event_source_unref(pressure->source);
	memtel_events_close(pressure->ev);
	pressure->ev = NULL;
	pressure->are_added = false;
}

static int on_readable(sd_event_source *source, int fd, uint32_t events,
		       void *arg)
{
	struct pressure *pressure = arg;
	int err = memtel_events_read(pressure->ev, on_notice, pressure);

	(void)source;
	(void)fd;
	(void)events;
	if (!err)
		return 0;
	/* What the library cannot mend a new subscription may. */
	log_error("events of the module: %s; subscribing anew",
		  memtel_events_error(pressure->ev));
	drop(pressure);
	retry_later(pressure);
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
			log_error("cannot subscribe to the module's events: %s; trying again",
				  pressure->ev ?
				  memtel_events_error(pressure->ev) :
				  strerror(-err));
		pressure->was_told = true;
		drop(pressure);
		retry_later(pressure);
		return;
	}
	pressure->was_told = false;
	add_triggers(pressure);
	/* Whether the module is there is said by what is there to read. */
	memtel_events_read(pressure->ev, on_notice, pressure);
}

static int on_retry(sd_event_source *source, uint64_t us, void *arg)
{
	struct pressure *pressure = arg;

	(void)source;
	(void)us;
	if (pressure->ev)
		add_triggers(pressure);
	else
		subscribe(pressure);
	return 0;
}

/* What has come by now is told. */
static void read_rest(struct pressure *pressure)
{
	if (pressure->ev &&
	    memtel_events_read(pressure->ev, on_notice, pressure))
		log_error("events of the module: %s",
			  memtel_events_error(pressure->ev));
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
 * A subscription with the same triggers goes on.
 */
void pressure_configure(struct pressure *pressure, const struct config *config)
{
	bool goes_on = pressure->ev && is_same(pressure->config, config);
	int err = 0;

	if (!goes_on)
		read_rest(pressure);
	pressure->config = config;
	if (goes_on) {
		add_triggers(pressure);
		return;
	}
	drop(pressure);
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
	subscribe(pressure);
}

/** pressure_close() - end the subscription, and its triggers */
void pressure_close(struct pressure *pressure)
{
	read_rest(pressure);
	drop(pressure);
	pressure->retry = sd_event_source_unref(pressure->retry);
}
