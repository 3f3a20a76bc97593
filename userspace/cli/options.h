/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Which verbs take an option, as bits. */
enum verb_bit {
	VERB_STATUS = 1 << 0,
	VERB_CACHES = 1 << 1,
	VERB_NODES = 1 << 2,
	VERB_ZONES = 1 << 3,
	VERB_ENABLE = 1 << 4,
	VERB_DISABLE = 1 << 5,
	VERB_RESET = 1 << 6,
	VERB_RECLAIM = 1 << 7,
	VERB_SHRINKERS = 1 << 8,
	VERB_LOCKS = 1 << 9,
	VERB_FALLBACK = 1 << 10,
};

/**
 * struct options - what was asked for
 * @interval_ns: 0 without --interval
 * @top, @count: 0 without
 * @node: of any meaning only with @has_node
 * @args: what is left after the verb, @nr_args of them
 */
struct options {
	bool help;
	bool version;
	bool json;
	bool no_color;
	bool active;
	bool per_node;
	bool matrix;
	bool aliases;
	bool orders;
	bool has_node;
	uint32_t node;
	uint32_t top;
	uint32_t count;
	uint64_t interval_ns;
	const char *sort;
	const char *columns;
	const char *name;
	const char *glob;
	const char *kind;
	char **args;
	int nr_args;
};

int options_parse(int argc, char **argv, struct options *options,
		  const char **verb, uint32_t *given);
int options_check(const char *verb, unsigned int verb_bit, uint32_t given);
void options_help(FILE *out, unsigned int verb_bit);
void options_words(FILE *out, unsigned int verb_bit);

#endif /* OPTIONS_H */
