// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Read, sort, cut, show; once, or again and again.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "json.h"
#include "log.h"
#include "options.h"
#include "ticker.h"
#include "view.h"

/* Lines of a terminal that are not rows: heads, "... more", the cursor's. */
#define LINES_RESERVED 3

static void keys_list(const struct field_set *set)
{
	fprintf(stderr, "Keys:");
	for (size_t i = 0; i < set->nr; i++)
		if (set->fields[i].kind != FIELD_NEST)
			fprintf(stderr, " %s", set->fields[i].key);
	fputc('\n', stderr);
}

/* What changed since the last refresh: without one no row has it. */
static bool is_rate(const struct field *field)
{
	return field->shown == FIELD_SHOWN_RATE || field->kind == FIELD_RATE ||
	       field->kind == FIELD_BYTE_RATE;
}

static int keys_check(const struct options *options,
		      const struct field_set *set)
{
	const char *bad;

	if (options->sort && (strchr(options->sort, ',') ||
			      output_bad_column(set, options->sort))) {
		log_error("--sort: there is no field '%s'", options->sort);
		keys_list(set);
		return EXIT_USAGE;
	}
	if (options->sort && !options->interval_ns &&
	    is_rate(field_find(set, options->sort, strlen(options->sort)))) {
		log_error("--sort: '%s' is a rate, which needs --interval",
			  options->sort);
		return EXIT_USAGE;
	}
	bad = options->columns ? output_bad_column(set, options->columns) :
	      NULL;
	if (bad) {
		log_error("--columns: there is no field '%.*s'",
			  (int)strcspn(bad, ","), bad);
		keys_list(set);
		return EXIT_USAGE;
	}
	return 0;
}

/* A refresh of a stream: one object in one line. */
static int show_json_line(const struct view *view, struct refresh *refresh)
{
	struct json_object *object = json_object_new_object();
	struct timespec now;
	int err;

	if (!object)
		return -ENOMEM;
	clock_gettime(CLOCK_BOOTTIME, &now);
	json_object_object_add(object, "now_ns",
			       json_object_new_uint64(now.tv_sec * UINT64_C(1000000000) +
						      now.tv_nsec));
	if (refresh->interval_ns)
		json_object_object_add(object, "interval_ns",
				       json_object_new_uint64(refresh->interval_ns));
	json_object_object_add(object, view->noun,
			       json_of_table(&refresh->table));
	err = json_print(stdout, object);
	json_object_put(object);
	return err;
}

static size_t terminal_rows(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) ||
	    size.ws_row <= LINES_RESERVED)
		return 0;
	return size.ws_row - LINES_RESERVED;
}

static int show_text(const struct options *options, const struct view *view,
		     struct refresh *refresh, bool is_first)
{
	struct output how = view->how;

	how.columns = options->columns;
	how.has_colour = !options->no_color && output_may_colour(stdout);
	if (options->interval_ns && isatty(STDOUT_FILENO)) {
		how.rows_max = terminal_rows();
		fputs("\033[H\033[2J", stdout);
	} else if (!is_first) {
		putchar('\n');
	}
	if (view->show)
		return view->show(stdout, refresh, view->state);
	return output_table(stdout, &refresh->table, &how);
}

static int show(const struct options *options, const struct view *view,
		struct refresh *refresh, bool is_first)
{
	const struct field *by = options->sort ?
		field_find(view->set, options->sort, strlen(options->sort)) :
		NULL;

	if (by)
		table_sort(&refresh->table, by);
	if (options->top)
		table_cut(&refresh->table, options->top);
	if (!options->json)
		return show_text(options, view, refresh, is_first);
	if (options->interval_ns)
		return show_json_line(view, refresh);
	json_print_table(stdout, &refresh->table);
	return 0;
}

static int refresh_once(struct memtel *m, const struct options *options,
			const struct view *view, bool is_shown, bool is_first)
{
	bool is_named = options->name || options->has_node;
	struct refresh refresh = { 0 };
	int err, code = 0;

	table_init(&refresh.table, view->set, options->json);
	err = view->fill(m, options, &refresh, view->state);
	if (err) {
		code = fail(m, err);
	} else if (!refresh.table.nr && is_named && !options->active &&
		   !options->matrix && !options->interval_ns) {
		log_error("there are none of that %s",
			  options->name ? "name" : "node");
		code = EXIT_FAILED;
	} else if (is_shown) {
		err = show(options, view, &refresh, is_first);
		if (err)
			log_error("cannot show: %s", strerror(-err));
		code = err ? exit_code_of(err) : flush_output();
	}
	table_free(&refresh.table);
	return code;
}

static int refresh_often(struct memtel *m, const struct options *options,
			 const struct view *view)
{
	uint32_t shown = 0;
	int code = 0;

	ticker_start(options->interval_ns);
	if (view->needs_baseline)
		code = refresh_once(m, options, view, false, false);
	else
		code = refresh_once(m, options, view, true, shown++ == 0);
	while (!code && !(options->count && shown == options->count) &&
	       ticker_wait()) {
		code = refresh_once(m, options, view, true, shown == 0);
		shown++;
	}
	return ticker_is_stopped() ? end_stopped() : code;
}

/**
 * view_run() - do what a verb that shows a table does
 * Return: an exit code.
 */
int view_run(const struct options *options, const struct view *view)
{
	struct memtel *m;
	int err, code;

	code = keys_check(options, view->set);
	if (code)
		return code;
	err = memtel_open(&m);
	if (!err && view->start)
		err = view->start(m, options, view->state);
	if (err)
		code = fail(m, err);
	else if (options->interval_ns)
		code = refresh_often(m, options, view);
	else
		code = refresh_once(m, options, view, true, true);
	memtel_close(m);
	return code;
}
