// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The cgroups that patterns match, by one walk.
 *
 * A pattern's parts are between its slashes. A part matches one name, by the
 * wildcards of glob(7), of which a leading dot is a character as any other; the
 * part "**" matches any number of names, also none. The walk goes down with the
 * set of places in each pattern where the next name may be matched, a bit for
 * each, so that it opens a directory once however many patterns match it, and no
 * directory that none can match.
 */
#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroups.h"
#include "sample.h"

/**
 * struct pattern - a pattern and its parts
 * @text: the pattern, with a NUL in place of each slash
 * @parts: within it
 * @nr: how many
 * @places: for each level of the walk, before which parts it may be
 */
struct pattern {
	char *text;
	const char *parts[CGROUPS_DEPTH];
	unsigned int nr;
	uint64_t places[CGROUPS_DEPTH + 1];
};

/**
 * struct descent - a walk that is under way
 * @patterns: what is looked for
 * @nr: how many
 * @path: of the directory, from the root of the hierarchy
 * @length: of @path
 * @take: takes what matches
 * @arg: its argument
 * @walk: how it goes
 */
struct descent {
	struct pattern *patterns;
	size_t nr;
	char path[PATH_MAX];
	size_t length;
	cgroup_fn take;
	void *arg;
	struct cgroups_walk *walk;
};

static bool is_any(const char *part)
{
	return !strcmp(part, "**");
}

/* A "**" may match nothing. */
static uint64_t pass_any(const struct pattern *pattern, uint64_t places)
{
	for (unsigned int i = 0; i < pattern->nr; i++)
		if (places >> i & 1 && is_any(pattern->parts[i]))
			places |= UINT64_C(2) << i;
	return places;
}

/* The places after a name. */
static uint64_t pass_name(const struct pattern *pattern, uint64_t places,
			  const char *name)
{
	uint64_t next = 0;

	for (unsigned int i = 0; i < pattern->nr; i++) {
		if (!(places >> i & 1))
			continue;
		if (is_any(pattern->parts[i]))
			next |= UINT64_C(1) << i;
		else if (!fnmatch(pattern->parts[i], name, 0))
			next |= UINT64_C(2) << i;
	}
	return pass_any(pattern, next);
}

/* False without memory, or when it has too many parts. */
static bool pattern_read(struct pattern *pattern, const char *text)
{
	char *save, *part;

	*pattern = (struct pattern){ .text = strdup(text) };
	if (!pattern->text)
		return false;
	for (part = strtok_r(pattern->text, "/", &save); part;
	     part = strtok_r(NULL, "/", &save)) {
		if (pattern->nr == CGROUPS_DEPTH)
			return false;
		pattern->parts[pattern->nr++] = part;
	}
	pattern->places[0] = pass_any(pattern, 1);
	return true;
}

/** cgroups_check() - has a pattern as few parts as a walk can go down? */
bool cgroups_check(const char *pattern)
{
	struct pattern read;
	bool is_good = pattern_read(&read, pattern);

	free(read.text);
	return is_good;
}

/* Is this one looked for? Is one below? */
static bool is_match(const struct descent *descent, unsigned int level)
{
	for (size_t i = 0; i < descent->nr; i++)
		if (descent->patterns[i].places[level] >>
		    descent->patterns[i].nr & 1)
			return true;
	return false;
}

static bool may_match_below(const struct descent *descent, unsigned int level)
{
	for (size_t i = 0; i < descent->nr; i++)
		if (descent->patterns[i].places[level] &
		    ((UINT64_C(1) << descent->patterns[i].nr) - 1))
			return true;
	return false;
}

/* The places of the next level; false when nothing can match there. */
static bool pass(struct descent *descent, unsigned int level, const char *name)
{
	bool is_any_left = false;

	for (size_t i = 0; i < descent->nr; i++) {
		struct pattern *pattern = &descent->patterns[i];

		pattern->places[level + 1] =
			pass_name(pattern, pattern->places[level], name);
		is_any_left |= pattern->places[level + 1] != 0;
	}
	return is_any_left;
}

static void note(struct descent *descent, int err)
{
	if (is_denied(err))
		descent->walk->denied = err;
	else if (!is_absent(err))
		descent->walk->failed = err;
}

static void descend(struct descent *descent, int fd, unsigned int level);

/* A directory's entry, of which nothing is known but the name. */
static void enter(struct descent *descent, int parent, const char *name,
		  unsigned int level)
{
	size_t length = descent->length;
	int added = snprintf(descent->path + length,
			     sizeof(descent->path) - length, "/%s", name);
	int fd;

	if (added >= (int)(sizeof(descent->path) - length) ||
	    level > CGROUPS_DEPTH) {
		descent->walk->limit = "cgroups that match are nested too deep";
		goto out_leave;
	}
	descent->length += added;
	fd = openat(parent, name,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		descend(descent, fd, level);
	else if (errno != ENOTDIR && errno != ELOOP)
		note(descent, errno);
out_leave:
	descent->length = length;
	descent->path[length] = '\0';
}

/* Without directories within a directory has two links: its name, and ".". */
static bool is_leaf(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && st.st_nlink == 2;
}

static void read_entries(struct descent *descent, DIR *dir, unsigned int level)
{
	const struct dirent *entry;

	while (!descent->walk->limit) {
		errno = 0;
		entry = readdir(dir);
		if (!entry) {
			note(descent, errno ? errno : ENOENT);
			return;
		}
		if ((entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN) ||
		    !strcmp(entry->d_name, ".") ||
		    !strcmp(entry->d_name, ".."))
			continue;
		if (level == CGROUPS_DEPTH || pass(descent, level, entry->d_name))
			enter(descent, dirfd(dir), entry->d_name, level + 1);
	}
}

/* A directory, which is closed, and what is below. */
static void descend(struct descent *descent, int fd, unsigned int level)
{
	DIR *dir;

	if (is_match(descent, level)) {
		if (descent->walk->nr == CGROUPS_MAX) {
			descent->walk->limit = "more cgroups match than are read";
			close(fd);
			return;
		}
		descent->walk->nr++;
		descent->take(fd, *descent->path ? descent->path : "/",
			      descent->arg);
	}
	if (!may_match_below(descent, level) || is_leaf(fd)) {
		close(fd);
		return;
	}
	dir = fdopendir(fd);
	if (!dir) {
		note(descent, errno);
		close(fd);
		return;
	}
	read_entries(descent, dir, level);
	closedir(dir);
}

/**
 * cgroups_find() - all cgroups that some pattern matches, each once
 * @root: where the hierarchy is mounted
 * @patterns: that cgroups_check() finds good
 * @take: gets each
 * @walk: set to how it went
 */
void cgroups_find(const char *root, const struct strings *patterns,
		  cgroup_fn take, void *arg, struct cgroups_walk *walk)
{
	struct descent descent = { .take = take, .arg = arg, .walk = walk };
	int fd;

	*walk = (struct cgroups_walk){ 0 };
	descent.patterns = calloc(patterns->nr + 1, sizeof(struct pattern));
	while (descent.patterns && descent.nr < patterns->nr &&
	       pattern_read(&descent.patterns[descent.nr],
			    patterns->items[descent.nr]))
		descent.nr++;
	if (!descent.patterns || descent.nr < patterns->nr) {
		walk->failed = ENOMEM;
		goto out_free;
	}
	fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		descend(&descent, fd, 0);
	else
		note(&descent, errno);
out_free:
	for (size_t i = 0; descent.patterns && i < descent.nr; i++)
		free(descent.patterns[i].text);
	free(descent.patterns);
}
