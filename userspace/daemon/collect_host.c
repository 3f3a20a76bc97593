// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Samples from PSI and cgroup v2, by reading their files.
 *
 * A cgroup that goes while it is read is absent from the round, without a word.
 * That the host has no PSI or no cgroup v2 is told once. So is what cannot be
 * read for another reason, and what is more than can be; rules that look at such
 * a metric then have no value, so that no alert ends by it and none is missed in
 * silence. The kernel makes each of these files in one read.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroups.h"
#include "collect.h"
#include "log.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

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
		log_warning("%s: %s", text, why);
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

static const char host_metric[] = "memtel_pressure_seconds_total";

/* The files of a cgroup, what their lines are, and the labels' names. */
static const struct {
	const char *file;
	const char *metric;
	void (*put)(struct collect *collect, const char *metric,
		    const char *cgroup, const char *line);
	const char *labels[2];
} files[] = {
	{ "memory.current", "memtel_cgroup_memory_bytes", put_number,
	  { "cgroup" } },
	{ "memory.high", "memtel_cgroup_memory_high_bytes", put_number,
	  { "cgroup" } },
	{ "memory.max", "memtel_cgroup_memory_max_bytes", put_number,
	  { "cgroup" } },
	{ "memory.events", "memtel_cgroup_memory_events_total", put_event,
	  { "cgroup", "event" } },
	{ "memory.pressure", "memtel_cgroup_pressure_seconds_total",
	  put_pressure, { "cgroup", "kind" } },
};

/**
 * collect_host_known() - the metrics that there may be, by number
 * Return: false when there are not so many.
 */
bool collect_host_known(size_t i, struct known_metric *metric)
{
	*metric = (struct known_metric){ host_metric, { "kind" } };
	if (i < ARRAY_SIZE(files)) {
		metric->name = files[i].metric;
		memcpy(metric->labels, files[i].labels,
		       sizeof(files[i].labels));
	}
	return i <= ARRAY_SIZE(files);
}

/* Returns 0 or the errno of what could not be opened or read. */
static int read_text(int directory, const char *path, char *text, size_t size)
{
	int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t got;
	int err;

	if (fd < 0)
		return errno;
	do {
		got = read(fd, text + length, size - 1 - length);
		err = got < 0 ? errno : 0;
		length += got > 0 ? (size_t)got : 0;
	} while (got > 0 || err == EINTR);
	close(fd);
	text[length] = '\0';
	return err;
}

/* Returns 0 or the errno of what could not be opened or read. */
static int read_file(struct collect *collect, int directory, const char *path,
		     const char *metric, const char *cgroup,
		     void (*put)(struct collect *collect, const char *metric,
				 const char *cgroup, const char *line))
{
	char text[4096], *line = text, *end;
	int err = read_text(directory, path, text, sizeof(text));

	while (!err && (end = strchr(line, '\n'))) {
		*end = '\0';
		put(collect, metric, cgroup, line);
		line = end + 1;
	}
	return err;
}

/* What a round did not have of cgroups. */
struct cgroups_round {
	struct collect *collect;
	int failed;
};

/*
 * memteld logs that an owner shut others out, but the metric does not fail: that
 * would take all other cgroups' rules with it.
 */
static void read_cgroup(int fd, const char *cgroup, void *arg)
{
	struct cgroups_round *round = arg;
	struct collect *collect = round->collect;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		int err;

		if (!collect_wants(collect, files[i].metric))
			continue;
		err = read_file(collect, fd, files[i].file, files[i].metric,
				cgroup, files[i].put);
		if (!err || is_absent(err))
			continue;
		if (!is_denied(err))
			collect_fail(collect, files[i].metric, strerror(err));
		round->failed = err;
	}
}

static bool wants_cgroups(const struct collect *collect)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (collect_wants(collect, files[i].metric))
			return true;
	return false;
}

static void fail_cgroups(struct collect *collect, const char *why)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		collect_fail(collect, files[i].metric, why);
}

static void read_cgroups(struct collect *collect)
{
	const struct config *config = collect->config;
	struct cgroups_round round = { .collect = collect };
	struct cgroups_walk walk;

	cgroups_find(config->cgroup_root, &config->cgroups, read_cgroup, &round,
		     &walk);
	if (walk.failed)
		fail_cgroups(collect, strerror(walk.failed));
	if (walk.limit)
		fail_cgroups(collect, walk.limit);
	if (walk.denied && !round.failed)
		round.failed = walk.denied;
	if (walk.failed)
		round.failed = walk.failed;
	tell_missing(collect, MISSING_FILES, round.failed, config->cgroup_root,
		     strerror(round.failed));
	tell_missing(collect, MISSING_ROOM, walk.limit, config->cgroup_root,
		     walk.limit);
	tell_missing(collect, MISSING_CGROUPS,
		     !walk.nr && !round.failed && config->cgroups.nr,
		     config->cgroup_root,
		     "no cgroup matches: metrics of cgroups are absent");
}

/** collect_host() - samples of PSI and of cgroups */
void collect_host(struct collect *collect)
{
	const char *pressure = collect->config->pressure;
	int err;

	if (collect_wants(collect, host_metric)) {
		err = read_file(collect, AT_FDCWD, pressure, host_metric, NULL,
				put_pressure);
		if (err && !is_absent(err))
			collect_fail(collect, host_metric, strerror(err));
		tell_missing(collect, MISSING_PRESSURE, err, pressure,
			     strerror(err));
	}
	if (wants_cgroups(collect))
		read_cgroups(collect);
}
