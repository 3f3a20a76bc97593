// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sinks: where notices go.
 *
 * A notice is encoded once and given to each sink, which keeps what it cannot
 * write at once in a bounded queue of its own. So a sink that is full, gone or
 * slow holds up nobody, loses nothing before its queue is full, and counts and
 * tells what it lost after that.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "sink.h"

static const struct sink_ops *const kinds[] = {
	[SINK_JOURNAL] = &sink_journal_ops,
	[SINK_FILE] = &sink_file_ops,
	[SINK_STDOUT] = &sink_stdout_ops,
	[SINK_SOCKET] = &sink_socket_ops,
};

static void sink_free(struct sink *sink)
{
	if (!sink)
		return;
	free(sink->spec.path);
	free(sink);
}

static void sink_close(struct sink *sink)
{
	if (sink->ops->flush)
		sink->ops->flush(sink);
	sink->ops->close(sink);
	sink_free(sink);
}

static struct sink *sink_open(sd_event *event, const struct sink_spec *spec)
{
	struct sink *sink = calloc(1, sizeof(*sink));

	if (!sink)
		return NULL;
	sink->ops = kinds[spec->kind];
	sink->spec = *spec;
	sink->event = event;
	sink->spec.path = spec->path ? strdup(spec->path) : NULL;
	if ((spec->path && !sink->spec.path) || sink->ops->open(sink)) {
		sink_free(sink);
		return NULL;
	}
	return sink;
}

/* A sink that is open, perhaps with another mode; or NULL. */
static struct sink *find(const struct sinks *sinks, const struct sink_spec *spec)
{
	for (size_t i = 0; i < sinks->nr; i++) {
		const struct sink_spec *have = &sinks->items[i]->spec;

		if (have->kind == spec->kind &&
		    (have->path && spec->path ? !strcmp(have->path, spec->path) :
						have->path == spec->path))
			return sinks->items[i];
	}
	return NULL;
}

static void set_mode(struct sink *sink, mode_t mode)
{
	if (sink->spec.mode == mode)
		return;
	sink->spec.mode = mode;
	if (sink->ops->set_mode && sink->ops->set_mode(sink))
		log_error("%s: cannot change the mode: %s", sink->spec.path,
			  strerror(errno));
}

/**
 * sinks_configure() - have the sinks of a configuration
 *
 * Those that are open stay so. One that cannot be opened was told, and
 * is left out.
 *
 * Return: 0, or -ENOMEM, and all is as it was.
 */
int sinks_configure(struct sinks *sinks, const struct config *config)
{
	struct sink **items = calloc(config->nr_sinks + 1, sizeof(*items));
	size_t nr = 0, left = 0;

	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < config->nr_sinks; i++) {
		struct sink *sink = find(sinks, &config->sinks[i]);

		if (sink)
			sink->is_kept = true;
	}
	/* A path may go from one kind to another: close first. */
	for (size_t i = 0; i < sinks->nr; i++)
		if (sinks->items[i]->is_kept)
			sinks->items[left++] = sinks->items[i];
		else
			sink_close(sinks->items[i]);
	sinks->nr = left;
	for (size_t i = 0; i < config->nr_sinks; i++) {
		struct sink *sink = find(sinks, &config->sinks[i]);

		if (!sink)
			sink = sink_open(sinks->event, &config->sinks[i]);
		if (!sink)
			continue;
		set_mode(sink, config->sinks[i].mode);
		sink->is_kept = false;
		items[nr++] = sink;
	}
	free(sinks->items);
	sinks->items = items;
	sinks->nr = nr;
	return 0;
}

/** sinks_write() - tell a notice to all */
void sinks_write(struct sinks *sinks, const struct notice *notice)
{
	struct json_object *object = notice_json(notice);
	const char *line = object ?
		json_object_to_json_string_ext(object,
					       JSON_C_TO_STRING_PLAIN |
					       JSON_C_TO_STRING_NOSLASHESCAPE) :
		NULL;

	if (!line)
		line = "{\"kind\":\"lost\",\"count\":1}";
	for (size_t i = 0; i < sinks->nr; i++)
		sinks->items[i]->ops->write(sinks->items[i], notice, line);
	json_object_put(object);
}

/** sinks_reopen() - the administrator may have moved files */
void sinks_reopen(struct sinks *sinks)
{
	for (size_t i = 0; i < sinks->nr; i++)
		if (sinks->items[i]->ops->reopen)
			sinks->items[i]->ops->reopen(sinks->items[i]);
}

/** sinks_flush() - before the end: write what waits, for so long at most */
void sinks_flush(struct sinks *sinks, unsigned int timeout_ms)
{
	static const struct timespec step = { .tv_nsec = 10000000 };
	bool is_waiting = true;

	for (unsigned int ms = 0; is_waiting && ms < timeout_ms; ms += 10) {
		is_waiting = false;
		for (size_t i = 0; i < sinks->nr; i++)
			if (sinks->items[i]->ops->flush &&
			    sinks->items[i]->ops->flush(sinks->items[i]))
				is_waiting = true;
		if (is_waiting)
			nanosleep(&step, NULL);
	}
}

/** sinks_close() - all of them */
void sinks_close(struct sinks *sinks)
{
	for (size_t i = 0; i < sinks->nr; i++)
		sink_close(sinks->items[i]);
	free(sinks->items);
	sinks->items = NULL;
	sinks->nr = 0;
}
