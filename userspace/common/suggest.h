/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The name that somebody may have meant. See suggest.c. */
#ifndef SUGGEST_H
#define SUGGEST_H

#include <stddef.h>

/**
 * struct suggestion - the nearest name so far
 * @word: what was written
 * @name: what may have been meant; NULL while no name is near
 * @distance: of the two
 */
struct suggestion {
	const char *word;
	const char *name;
	size_t distance;
};

void suggest_try(struct suggestion *suggestion, const char *name);

#endif /* SUGGEST_H */
