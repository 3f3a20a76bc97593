/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table: rows of one field set, read out of rows that live only as long as
 * a callback, so that they can be sorted and cut before they are shown.
 */
#ifndef TABLE_H
#define TABLE_H

#include "field.h"

struct json_object;

/**
 * struct table_row - one row
 * @values: one for each of the set's fields, in its order
 * @json: the row with all it nests, if the table was made for JSON
 * @is_total: stays last
 */
struct table_row {
	struct field_value *values;
	struct json_object *json;
	bool is_total;
};

struct table {
	const struct field_set *set;
	bool is_json;
	size_t nr;
	struct table_row *rows;
};

void table_init(struct table *table, const struct field_set *set, bool is_json);
void table_free(struct table *table);
int table_add(struct table *table, const void *row, bool is_total);
void table_sort(struct table *table, const struct field *by);
size_t table_cut(struct table *table, size_t nr);

#endif /* TABLE_H */
