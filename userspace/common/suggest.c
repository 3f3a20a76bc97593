// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The name that somebody may have meant: the one that takes the fewest characters
 * to add, drop or replace, if these are at most a third of the word's.
 */
#include <string.h>

#include "suggest.h"

/* Longer words are nobody's mistake in typing. */
#define WORD_MAX 64

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Row by row of the table of distances of the words' beginnings. */
static size_t distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1], length = strlen(b);

	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (size_t i = 1; i <= strlen(a); i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= length; j++) {
			size_t replaced = corner + (a[i - 1] != b[j - 1]);

			corner = row[j];
			row[j] = least(replaced, least(row[j], row[j - 1]) + 1);
		}
	}
	return row[length];
}

/**
 * suggest_try() - take a name if it is nearer than what there is
 * @suggestion: of which only @word is set at first
 */
void suggest_try(struct suggestion *suggestion, const char *name)
{
	const char *word = suggestion->word;
	size_t found;

	if (strlen(word) > WORD_MAX || strlen(name) > WORD_MAX)
		return;
	found = distance(word, name);
	if (found > (strlen(word) + 2) / 3 ||
	    (suggestion->name && found >= suggestion->distance))
		return;
	suggestion->name = name;
	suggestion->distance = found;
}
