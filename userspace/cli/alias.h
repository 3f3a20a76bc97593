/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of the caches that SLUB merged, from sysfs. */
#ifndef ALIAS_H
#define ALIAS_H

#include <stddef.h>

#define ALIAS_DIRECTORY "/sys/kernel/slab"

/**
 * struct alias_link - a symbolic link of that directory
 * @target: the directory it leads to
 */
struct alias_link {
	char *name;
	char *target;
};

/**
 * struct aliases - all of them
 * @lists: what alias_names() gave, each ending with NULL
 */
struct aliases {
	size_t nr_links;
	struct alias_link *links;
	size_t nr_lists;
	const char ***lists;
};

int aliases_read(struct aliases *aliases, const char *directory);
const char *const *alias_names(struct aliases *aliases, const char *cache);
void aliases_free(struct aliases *aliases);

#endif /* ALIAS_H */
