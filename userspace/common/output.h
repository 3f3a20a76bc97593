/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables and values as text for people. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdio.h>

#include "table.h"

/* The longest formatted value but for text, which is cut no shorter. */
#define OUTPUT_VALUE_MAX 1024

/**
 * struct output - how to show tables
 * @columns: keys separated by commas, or NULL for those shown by default
 * @has_colour: may use escape sequences
 * @has_rates, @has_nodes, @has_aliases: see enum field_shown
 * @rows_max: cut after so many and say so, 0 for all
 */
struct output {
	const char *columns;
	bool has_colour;
	bool has_rates;
	bool has_nodes;
	bool has_aliases;
	size_t rows_max;
};

bool output_may_colour(FILE *out);
const char *output_bad_column(const struct field_set *set, const char *columns);
void output_format(const struct field *field, const struct field_value *value,
		   char *text, size_t size);
int output_table(FILE *out, const struct table *table,
		 const struct output *how);
void output_vertical(FILE *out, const struct field_set *set, const void *row,
		     const char *indent);

#endif /* OUTPUT_H */
