// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SLUB gives a cache that may be merged a directory named after its properties
 * (":0000192"), and a symbolic link to it for each of its names. Its aliases
 * are the links to the directory that its own link leads to, but that one.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alias.h"

static int link_add(struct aliases *aliases, const char *name,
		    const char *target)
{
	struct alias_link *links, *link;

	links = realloc(aliases->links,
			(aliases->nr_links + 1) * sizeof(*links));
	if (!links)
		return -ENOMEM;
	aliases->links = links;
	link = &links[aliases->nr_links];
	link->name = strdup(name);
	link->target = strdup(target);
	if (!link->name || !link->target) {
		free(link->name);
		free(link->target);
		return -ENOMEM;
	}
	aliases->nr_links++;
	return 0;
}

static int by_target(const void *a, const void *b)
{
	const struct alias_link *x = a, *y = b;
	int order = strcmp(x->target, y->target);

	return order ? order : strcmp(x->name, y->name);
}

/**
 * aliases_read() - read all links
 * @aliases: filled, to be freed in any case
 * @directory: ALIAS_DIRECTORY
 *
 * Return: 0 or a negative errno.
 */
int aliases_read(struct aliases *aliases, const char *directory)
{
	struct dirent *entry;
	DIR *dir;
	int err = 0;

	*aliases = (struct aliases){ 0 };
	dir = opendir(directory);
	if (!dir)
		return -errno;
	while (!err && (entry = readdir(dir))) {
		char target[PATH_MAX];
		ssize_t length;

		length = readlinkat(dirfd(dir), entry->d_name, target,
				    sizeof(target) - 1);
		if (length < 0)
			continue;	/* a directory, or just gone */
		target[length] = '\0';
		err = link_add(aliases, entry->d_name, target);
	}
	closedir(dir);
	qsort(aliases->links, aliases->nr_links, sizeof(*aliases->links),
	      by_target);
	return err;
}

static const char *target_of(const struct aliases *aliases, const char *cache)
{
	for (size_t i = 0; i < aliases->nr_links; i++)
		if (!strcmp(aliases->links[i].name, cache))
			return aliases->links[i].target;
	return NULL;
}

/**
 * alias_names() - a cache's further names
 * @cache: its first
 *
 * Return: a list that ends with NULL and lives as long as @aliases, or NULL
 * when there are none or without memory.
 */
const char *const *alias_names(struct aliases *aliases, const char *cache)
{
	const char *target = target_of(aliases, cache);
	const char ***lists, **list;
	size_t nr = 0;

	if (!target)
		return NULL;
	list = calloc(aliases->nr_links + 1, sizeof(*list));
	lists = realloc(aliases->lists,
			(aliases->nr_lists + 1) * sizeof(*lists));
	if (lists)
		aliases->lists = lists;
	if (!list || !lists) {
		free(list);
		return NULL;
	}
	lists[aliases->nr_lists++] = list;
	for (size_t i = 0; i < aliases->nr_links; i++)
		if (!strcmp(aliases->links[i].target, target) &&
		    strcmp(aliases->links[i].name, cache))
			list[nr++] = aliases->links[i].name;
	return list;
}

void aliases_free(struct aliases *aliases)
{
	for (size_t i = 0; i < aliases->nr_links; i++) {
		free(aliases->links[i].name);
		free(aliases->links[i].target);
	}
	free(aliases->links);
	while (aliases->nr_lists)
		free(aliases->lists[--aliases->nr_lists]);
	free(aliases->lists);
	*aliases = (struct aliases){ 0 };
}
