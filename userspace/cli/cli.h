/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What memtel's verbs share. */
#ifndef CLI_H
#define CLI_H

#include "field.h"

struct options;

/* Exit codes. 0 is good. */
enum {
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,		/* wrong usage */
	EXIT_NO_MODULE = 3,	/* not loaded, or family not found */
	EXIT_NOT_PERMITTED = 4,
};

/**
 * struct verb - what memtel can do
 * @bit: enum verb_bit
 * @argument: what --help calls further words; NULL if there must be none
 * @set: fields of its table, or NULL
 * @run: do it; returns an exit code
 */
struct verb {
	const char *name;
	unsigned int bit;
	const char *argument;
	const struct field_set *set;
	int (*run)(const struct options *options);
	const char *help;
};

int status_run(const struct options *options);
int caches_run(const struct options *options);
int nodes_run(const struct options *options);
int zones_run(const struct options *options);
int reclaim_run(const struct options *options);
int shrinkers_run(const struct options *options);
int locks_run(const struct options *options);
int fallback_run(const struct options *options);
int sites_run(const struct options *options);
int stalls_run(const struct options *options);
int triggers_run(const struct options *options);
int watch_run(const struct options *options);
int enable_run(const struct options *options);
int disable_run(const struct options *options);
int reset_run(const struct options *options);

/* hold.c */
int hold_while_watching(struct memtel *m, const struct options *options,
			const char *source);

/* exit.c */
int exit_code_of(int err);
int fail(const struct memtel *m, int err);
int end_stopped(void);
int flush_output(void);

/* help.c; the table of verbs ends with a name of NULL */
const struct verb *verb_find(const struct verb *verbs, const char *name);
void help_print(const struct verb *verbs, const struct verb *verb);
int words_print(const struct verb *verbs, int argc, char **argv);

#endif /* CLI_H */
