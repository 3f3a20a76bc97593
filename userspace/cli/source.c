// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * memtel enable, disable, reset: what the administrator does to sources.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "log.h"
#include "options.h"

/* Do it to every source named, also after one failed; the first failure counts. */
static int change_each(struct memtel *m, char **names, size_t nr,
		       int (*change)(struct memtel *m, const char *name))
{
	int code = 0;

	for (size_t i = 0; i < nr; i++) {
		int err = change(m, names[i]);

		if (!err)
			continue;
		log_error("%s: %s", names[i], memtel_error(m));
		if (!code)
			code = exit_code_of(err);
	}
	return code;
}

static int change_run(const struct options *options,
		      int (*change)(struct memtel *m, const char *name))
{
	struct memtel *m;
	int err, code;

	err = memtel_open(&m);
	code = err ? fail(m, err) :
	       change_each(m, options->args, options->nr_args, change);
	memtel_close(m);
	return code;
}

int enable_run(const struct options *options)
{
	return change_run(options, memtel_source_enable);
}

int disable_run(const struct options *options)
{
	return change_run(options, memtel_source_disable);
}

/* Names of the sources that count. */
struct names {
	char **names;
	size_t nr;
};

static int names_add_attached(const struct memtel_source *source, void *arg)
{
	struct names *list = arg;
	char **names;

	if (!source->attached)
		return 0;
	names = realloc(list->names, (list->nr + 1) * sizeof(*names));
	if (!names)
		return -ENOMEM;
	list->names = names;
	names[list->nr] = strdup(source->name);
	if (!names[list->nr])
		return -ENOMEM;
	list->nr++;
	return 0;
}

static int reset_attached(struct memtel *m)
{
	struct names list = { 0 };
	int err, code;

	err = memtel_sources(m, names_add_attached, &list);
	code = err ? fail(m, err) :
	       change_each(m, list.names, list.nr, memtel_source_reset);
	while (list.nr)
		free(list.names[--list.nr]);
	free(list.names);
	return code;
}

int reset_run(const struct options *options)
{
	struct memtel *m;
	int err, code;

	if (options->nr_args)
		return change_run(options, memtel_source_reset);
	err = memtel_open(&m);
	code = err ? fail(m, err) : reset_attached(m);
	memtel_close(m);
	return code;
}
