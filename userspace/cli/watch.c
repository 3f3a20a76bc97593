// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * memtel watch: pressure events as they happen, a line or a JSON object each.
 * What was not seen, because events were lost or the module was away, is said
 * in a line of its own.
 */
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "event_text.h"
#include "json.h"
#include "log.h"
#include "options.h"
#include "output.h"
#include "ticker.h"

/**
 * struct watch - what goes on
 * @left: events to show yet, 0 for any number
 * @nr: triggers added
 */
struct watch {
	const struct options *options;
	struct memtel_events *ev;
	bool has_colour;
	uint32_t left;
	unsigned int nr;
};

/* Ends the reading of events; no errno. */
#define ENOUGH 1

static int print_json(struct json_object *object)
{
	int err = json_print(stdout, object);

	json_object_put(object);
	return err;
}

static int show_json(const struct memtel_notice *notice)
{
	static const char *const keys[] = {
		[MEMTEL_NOTICE_LOST] = "lost",
		[MEMTEL_NOTICE_GONE] = "module_gone",
		[MEMTEL_NOTICE_BACK] = "module_back",
		[MEMTEL_NOTICE_REFUSED] = "trigger_refused",
	};
	struct json_object *object;

	if (notice->kind == MEMTEL_NOTICE_EVENT)
		return print_json(json_of_row(&field_event_set, notice->event));
	object = json_object_new_object();
	if (!object)
		return -ENOMEM;
	json_object_object_add(object, "kind",
			       json_object_new_string(keys[notice->kind]));
	if (notice->kind == MEMTEL_NOTICE_LOST)
		json_object_object_add(object, "events",
				       json_object_new_uint64(notice->lost));
	if (notice->kind == MEMTEL_NOTICE_REFUSED) {
		char text[EVENT_TEXT_MAX];

		memtel_trigger_format(notice->trigger, text, sizeof(text));
		json_object_object_add(object, "trigger",
				       json_text(text));
		json_object_object_add(object, "why", json_text(notice->why));
	}
	return print_json(object);
}

/* When it happened, by the clock on the wall. */
static void print_time(uint64_t boottime_ns)
{
	struct timespec wall, boot;
	int64_t ns;
	struct tm tm;
	time_t s;

	clock_gettime(CLOCK_REALTIME, &wall);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	ns = (wall.tv_sec - boot.tv_sec) * INT64_C(1000000000) +
	     wall.tv_nsec - boot.tv_nsec;
	if (!boottime_ns)
		boottime_ns = boot.tv_sec * UINT64_C(1000000000) + boot.tv_nsec;
	ns += (int64_t)boottime_ns;
	s = ns / 1000000000;
	localtime_r(&s, &tm);
	printf("%02d:%02d:%02d.%03d ", tm.tm_hour, tm.tm_min, tm.tm_sec,
	       (int)(ns % 1000000000 / 1000000));
}

static void show_event(const struct watch *watch,
		       const struct memtel_event *event)
{
	bool is_raised = event->kind == MEMTEL_EVENT_KIND_RAISED;
	char text[EVENT_TEXT_MAX];

	print_time(event->time_ns);
	event_text(event, text, sizeof(text));
	if (watch->has_colour && is_raised)
		printf("\033[1;31m%s\033[0m\n", text);
	else
		printf("%s\n", text);
}

static void show_text(const struct watch *watch,
		      const struct memtel_notice *notice)
{
	char text[EVENT_TEXT_MAX];

	if (notice->kind == MEMTEL_NOTICE_EVENT) {
		show_event(watch, notice->event);
		return;
	}
	print_time(0);
	switch (notice->kind) {
	case MEMTEL_NOTICE_LOST:
		printf("%" PRIu64 " events were lost: they came faster than they were read\n",
		       notice->lost);
		break;
	case MEMTEL_NOTICE_GONE:
		printf("the module was unloaded: nothing is watched until it is loaded\n");
		break;
	case MEMTEL_NOTICE_BACK:
		printf("the module is loaded: watching again\n");
		break;
	case MEMTEL_NOTICE_REFUSED:
		memtel_trigger_format(notice->trigger, text, sizeof(text));
		printf("not watched any more: %s: %s\n", text, notice->why);
		break;
	default:
		break;
	}
}

static int on_notice(const struct memtel_notice *notice, void *arg)
{
	struct watch *watch = arg;
	int err = 0;

	if (watch->options->json)
		err = show_json(notice);
	else
		show_text(watch, notice);
	if (!err && fflush(stdout))
		err = -errno;
	/* What was longer than the buffer was written before, or was not. */
	if (!err && ferror(stdout))
		err = -EIO;
	if (!err && notice->kind == MEMTEL_NOTICE_EVENT && watch->left &&
	    !--watch->left)
		err = ENOUGH;
	return err;
}

/* Of the default ones this kernel may lack some. */
static int add_default(const struct memtel_trigger_spec *spec, void *arg)
{
	struct watch *watch = arg;
	int err = memtel_events_add(watch->ev, spec);

	if (err == -EOPNOTSUPP) {
		log_error("not watched: %s: %s",
			  memtel_metric_name(spec->metric),
			  memtel_events_error(watch->ev));
		return 0;
	}
	watch->nr += !err;
	return err;
}

/* The text, and a caret under what is at fault. */
static int refuse(const char *text, const struct memtel_trigger_error *error)
{
	log_error("--trigger: %s", error->text);
	fprintf(stderr, "  %s\n  %*s^\n", text, (int)error->offset, "");
	return EXIT_USAGE;
}

/* Before anything is opened: a mistake is a mistake without a module, too. */
static int parse_all(const struct options *options,
		     struct memtel_trigger_spec *specs)
{
	for (int i = 0; i < options->nr_triggers; i++) {
		struct memtel_trigger_error error;

		if (memtel_trigger_parse(options->triggers[i], &specs[i],
					 &error))
			return refuse(options->triggers[i], &error);
	}
	return 0;
}

static int add_all(struct watch *watch, const struct memtel_trigger_spec *specs)
{
	struct memtel *m;
	int err = 0;

	for (int i = 0; i < watch->options->nr_triggers && !err; i++) {
		err = memtel_events_add(watch->ev, &specs[i]);
		watch->nr += !err;
	}
	if (watch->options->nr_triggers || watch->options->all || err)
		return err;
	err = memtel_open(&m);
	if (!err)
		err = default_triggers(m, add_default, watch);
	memtel_close(m);
	return err;
}

static int events_fail(const struct watch *watch, int err)
{
	const char *why = memtel_events_error(watch->ev);

	log_error("%s", *why ? why : strerror(-err));
	return exit_code_of(err);
}

/* Until a signal, the end of --for, or enough events. */
static int loop(struct watch *watch)
{
	struct pollfd fd = {
		.fd = memtel_events_fd(watch->ev),
		.events = POLLIN,
	};
	int err = 0;

	ticker_start(watch->options->for_ns ? watch->options->for_ns :
					      UINT64_C(1) << 62);
	while (!err && ticker_poll(&fd))
		err = memtel_events_read(watch->ev, on_notice, watch);
	return err == ENOUGH ? 0 : err;
}

int watch_run(const struct options *options)
{
	const struct memtel_events_options how = {
		.size = sizeof(how),
		.all = options->all,
	};
	struct watch watch = {
		.options = options,
		.has_colour = !options->no_color && output_may_colour(stdout),
		.left = options->events,
	};
	struct memtel_trigger_spec *specs;
	int err, code;

	specs = calloc(options->nr_triggers + 1, sizeof(*specs));
	if (!specs)
		return EXIT_FAILED;
	code = parse_all(options, specs);
	if (code)
		goto free_specs;
	err = memtel_events_open(&watch.ev, &how);
	if (!err)
		err = add_all(&watch, specs);
	if (!err && !watch.nr && !options->all) {
		log_error("nothing is watched: the kernel has none of the usual triggers");
		code = EXIT_FAILED;
		goto close_events;
	}
	if (!err)
		err = loop(&watch);
	if (ticker_is_stopped())
		code = end_stopped();
	else
		code = err ? events_fail(&watch, err) : flush_output();
close_events:
	memtel_events_close(watch.ev);
free_specs:
	free(specs);
	return code;
}
