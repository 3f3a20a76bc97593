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
	VERB_SITES = 1 << 11,
	VERB_STALLS = 1 << 12,
	VERB_TRIGGERS = 1 << 13,
	VERB_WATCH = 1 << 14,
};

/* How often an option may be given that may be more than once. */
#define OPTION_TIMES_MAX 64

/**
 * struct options - what was asked for
 * @interval_ns: 0 without --interval
 * @for_ns: 0 without --for
 * @top, @count, @events: 0 without
 * @triggers: as they were given, @nr_triggers of them
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
	bool all;
	bool has_node;
	uint32_t node;
	uint32_t top;
	uint32_t count;
	uint32_t events;
	uint64_t interval_ns;
	uint64_t for_ns;
	const char *sort;
	const char *columns;
	const char *name;
	const char *glob;
	const char *kind;
	const char *triggers[OPTION_TIMES_MAX];
	int nr_triggers;
	char **args;
	int nr_args;
};

int options_parse(int argc, char **argv, struct options *options,
		  const char **verb, uint32_t *given);
int options_check(const char *verb, unsigned int verb_bit, uint32_t given);
void options_help(FILE *out, unsigned int verb_bit);
void options_words(FILE *out, unsigned int verb_bit);

#endif /* OPTIONS_H */
