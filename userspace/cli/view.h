/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the verbs that show a table have in common. */
#ifndef VIEW_H
#define VIEW_H

#include "output.h"

struct options;

/**
 * struct refresh - what one reading gave
 * @interval_ns: time its rates are over, 0 without
 */
struct refresh {
	struct table table;
	uint64_t interval_ns;
};

/**
 * struct view - a verb's table
 * @noun: what its rows are, for JSON
 * @set: their fields
 * @how: which columns are shown by default
 * @needs_baseline: the first of many readings has no rates and is not shown
 * @start: once before the first reading, or NULL
 * @fill: read the rows
 * @show: print them as text, or NULL for a plain table
 * @state: the verb's own
 *
 * Functions return 0 or a negative errno, with memtel_error() if it is of the
 * library.
 */
struct view {
	const char *noun;
	const struct field_set *set;
	struct output how;
	bool needs_baseline;
	int (*start)(struct memtel *m, const struct options *options,
		     void *state);
	int (*fill)(struct memtel *m, const struct options *options,
		    struct refresh *refresh, void *state);
	int (*show)(FILE *out, const struct refresh *refresh, void *state);
	void *state;
};

int view_run(const struct options *options, const struct view *view);

#endif /* VIEW_H */
