// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Samples from PSI and cgroup v2, by reading their files.
 *
 * A cgroup that goes while it is read is absent from the round, without a word.
 * That the host has no PSI or no cgroup v2 is told once. So is what cannot be
 * read for another reason; rules that look at its metric then have no value, so
 * that no alert ends by it.
 */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect.h"
#include "log.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Cgroups that one round reads; more are told, and left out. */
#define CGROUPS_MAX 4096

/* Bits of what was told to be missing. */
enum missing {
	MISSING_PRESSURE = 1,
	MISSING_CGROUPS = 2,
	MISSING_ROOM = 4,
	MISSING_FILES = 8,
};

/* Said once until it is not so any more. */
static void tell_missing(struct collect *collect, enum missing what, bool is_so,
			 const char *text, const char *why)
{
	if (is_so && !(collect->missing & what))
		log_error("%s: %s", text, why);
	if (is_so)
		collect->missing |= what;
	else
		collect->missing &= ~(unsigned int)what;
}

/* @kind is some or full; total is the last number of the line, us. */
static void put_pressure(struct collect *collect, const char *metric,
			 const char *cgroup, const char *line)
{
	const char *total = strstr(line, "total=");
	struct label labels[2];
	char kind[8];
	unsigned int nr = 0;

	if (!total || sscanf(line, "%7[a-z] ", kind) != 1)
		return;
	if (cgroup)
		labels[nr++] = (struct label){ "cgroup", cgroup };
	labels[nr++] = (struct label){ "kind", kind };
	collect_put(collect, metric, labels, nr,
		    strtod(total + strlen("total="), NULL) / 1e6);
}

static void put_event(struct collect *collect, const char *metric,
		      const char *cgroup, const char *line)
{
	struct label labels[] = { { "cgroup", cgroup }, { "event", NULL } };
	char event[32];
	double number;

	if (sscanf(line, "%31[a-z_] %lf", event, &number) != 2)
		return;
	labels[1].value = event;
	collect_put(collect, metric, labels, ARRAY_SIZE(labels), number);
}

/* "max" is no number: a limit that there is not is absent. */
static void put_number(struct collect *collect, const char *metric,
		       const char *cgroup, const char *line)
{
	const struct label label = { "cgroup", cgroup };
	char *end;
	double number = strtod(line, &end);

	if (end != line)
		collect_put(collect, metric, &label, 1, number);
}

/* The files of a cgroup, and what their lines are. */
static const struct {
	const char *file;
	const char *metric;
	void (*put)(struct collect *collect, const char *metric,
		    const char *cgroup, const char *line);
} files[] = {
	{ "memory.current", "memtel_cgroup_memory_bytes", put_number },
	{ "memory.high", "memtel_cgroup_memory_high_bytes", put_number },
	{ "memory.max", "memtel_cgroup_memory_max_bytes", put_number },
	{ "memory.events", "memtel_cgroup_memory_events_total", put_event },
	{ "memory.pressure", "memtel_cgroup_pressure_seconds_total",
	  put_pressure },
};

/* It went, or the kernel does not count it; all else is a failure. */
static bool is_absent(int err)
{
	return err == ENOENT || err == ENODEV || err == EOPNOTSUPP;
}

/*
 * Who owns a cgroup may shut others out of it. That is told, but is no failure of
 * the metric: it would take all other cgroups' rules with it.
 */
static bool is_denied(int err)
{
	return err == EACCES || err == EPERM;
}

/* Returns 0 or the errno of what could not be opened or read. */
static int read_file(struct collect *collect, const char *path,
		     const char *metric, const char *cgroup,
		     void (*put)(struct collect *collect, const char *metric,
				 const char *cgroup, const char *line))
{
	FILE *in = fopen(path, "re");
	char line[256];
	int err;

	if (!in)
		return errno;
	errno = 0;
	while (fgets(line, sizeof(line), in))
		put(collect, metric, cgroup, line);
	err = ferror(in) ? errno : 0;
	fclose(in);
	return err;
}

/* @directory ends with a slash, which is how a pattern matches no files.
 * Returns 0 or the errno of a failure.
 */
static int read_cgroup(struct collect *collect, const char *directory)
{
	const char *relative = directory + strlen(collect->config->cgroup_root);
	size_t length = strlen(relative);
	char cgroup[4096], path[4096];
	int failed = 0;

	if (length >= sizeof(cgroup))
		return 0;
	/* "//" is the root's, which is called "/". */
	while (length > 1 && relative[length - 1] == '/')
		length--;
	memcpy(cgroup, relative, length);
	cgroup[length] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		int err;

		if (!collect_wants(collect, files[i].metric) ||
		    snprintf(path, sizeof(path), "%s%s", directory,
			     files[i].file) >= (int)sizeof(path))
			continue;
		err = read_file(collect, path, files[i].metric, cgroup,
				files[i].put);
		if (!err || is_absent(err))
			continue;
		if (!is_denied(err))
			collect_fail(collect, files[i].metric, err);
		failed = err;
	}
	return failed;
}

static bool wants_cgroups(const struct collect *collect)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (collect_wants(collect, files[i].metric))
			return true;
	return false;
}

/* glob() passes over a directory that it cannot open, and tells only this. */
static int glob_failed;

static int on_glob_error(const char *path, int err)
{
	(void)path;
	if (!is_absent(err) && (!glob_failed || is_denied(glob_failed)))
		glob_failed = err;
	return 0;
}

/* The cgroups of a pattern, for globfree(). Returns 0 or the errno of a failure,
 * by which some may be missing.
 */
static int find_cgroups(const struct config *config, const char *cgroup,
			glob_t *found)
{
	char *pattern;

	*found = (glob_t){ 0 };
	if (asprintf(&pattern, "%s%s/", config->cgroup_root, cgroup) < 0)
		return ENOMEM;
	glob_failed = 0;
	if (glob(pattern, GLOB_NOSORT, on_glob_error, found) == GLOB_NOSPACE)
		glob_failed = ENOMEM;
	free(pattern);
	return glob_failed;
}

static void fail_cgroups(struct collect *collect, int err)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		collect_fail(collect, files[i].metric, err);
}

static void read_cgroups(struct collect *collect)
{
	const struct config *config = collect->config;
	int failed = 0, err;
	size_t nr = 0;
	glob_t found;

	for (size_t i = 0; i < config->cgroups.nr; i++) {
		err = find_cgroups(config, config->cgroups.items[i], &found);
		if (err && !is_denied(err))
			fail_cgroups(collect, err);
		if (err)
			failed = err;
		for (size_t j = 0; j < found.gl_pathc; j++) {
			if (nr++ >= CGROUPS_MAX)
				continue;
			err = read_cgroup(collect, found.gl_pathv[j]);
			if (err)
				failed = err;
		}
		globfree(&found);
	}
	tell_missing(collect, MISSING_FILES, failed, config->cgroup_root,
		     strerror(failed));
	tell_missing(collect, MISSING_ROOM, nr > CGROUPS_MAX,
		     config->cgroup_root, "more cgroups match than are read");
	tell_missing(collect, MISSING_CGROUPS,
		     !nr && !failed && config->cgroups.nr, config->cgroup_root,
		     "no cgroup matches: metrics of cgroups are absent");
}

/** collect_host() - samples of PSI and of cgroups */
void collect_host(struct collect *collect)
{
	static const char metric[] = "memtel_pressure_seconds_total";
	const char *pressure = collect->config->pressure;
	int err;

	if (collect_wants(collect, metric)) {
		err = read_file(collect, pressure, metric, NULL, put_pressure);
		if (err && !is_absent(err))
			collect_fail(collect, metric, err);
		tell_missing(collect, MISSING_PRESSURE, err, pressure,
			     strerror(err));
	}
	if (wants_cgroups(collect))
		read_cgroups(collect);
}
