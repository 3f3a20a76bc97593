// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "table.h"

void table_init(struct table *table, const struct field_set *set, bool is_json)
{
	*table = (struct table){ .set = set, .is_json = is_json };
}

static void row_free(const struct field_set *set, struct table_row *row)
{
	for (size_t i = 0; row->values && i < set->nr; i++)
		if (set->fields[i].kind == FIELD_TEXT)
			free((char *)row->values[i].text);
	free(row->values);
	json_object_put(row->json);
}

void table_free(struct table *table)
{
	for (size_t i = 0; i < table->nr; i++)
		row_free(table->set, &table->rows[i]);
	free(table->rows);
	table->rows = NULL;
	table->nr = 0;
}

static int row_read(const struct field_set *set, const void *row,
		    struct table_row *to)
{
	int err = 0;

	to->values = calloc(set->nr, sizeof(*to->values));
	if (!to->values)
		return -ENOMEM;
	for (size_t i = 0; i < set->nr; i++) {
		struct field_value *value = &to->values[i];

		*value = field_read(&set->fields[i], row);
		if (set->fields[i].kind != FIELD_TEXT)
			continue;
		if (value->is_present)
			value->text = strdup(value->text);
		else
			value->text = NULL;
		if (value->is_present && !value->text)
			err = -ENOMEM;
	}
	return err;
}

/**
 * table_add() - read a row's fields
 * @row: of the table's set; what its names point to must outlive the table
 * @is_total: a sum of the others, not sorted with them
 *
 * Return: 0 or -ENOMEM.
 */
int table_add(struct table *table, const void *row, bool is_total)
{
	struct table_row new = { .is_total = is_total };
	struct table_row *rows;
	int err;

	/* Grows at each power of two. */
	if (!(table->nr & (table->nr - 1))) {
		rows = realloc(table->rows, (table->nr ? table->nr : 1) * 2 *
			       sizeof(*rows));
		if (!rows)
			return -ENOMEM;
		table->rows = rows;
	}
	err = row_read(table->set, row, &new);
	if (!err && table->is_json) {
		new.json = json_of_row(table->set, row);
		if (!new.json)
			err = -ENOMEM;
	}
	if (err) {
		row_free(table->set, &new);
		return err;
	}
	table->rows[table->nr++] = new;
	return 0;
}

static int compare_names(const char *const *a, const char *const *b)
{
	for (; *a && *b; a++, b++) {
		int order = strcmp(*a, *b);

		if (order)
			return order;
	}
	return !!*a - !!*b;
}

/* Numbers from the greatest, words from A, absent ones last. */
static int compare(const void *a, const void *b, void *arg)
{
	const struct table_row *x = a, *y = b;
	const struct field *by = ((void **)arg)[0];
	const struct field_set *set = ((void **)arg)[1];
	const struct field_value *v = &x->values[by - set->fields];
	const struct field_value *w = &y->values[by - set->fields];

	if (x->is_total != y->is_total)
		return x->is_total - y->is_total;
	if (v->is_present != w->is_present)
		return w->is_present - v->is_present;
	if (!v->is_present)
		return 0;
	switch (by->kind) {
	case FIELD_TEXT:
		return strcmp(v->text, w->text);
	case FIELD_NAMES:
		return compare_names(v->names, w->names);
	case FIELD_FLAG:
		return w->flag - v->flag;
	case FIELD_PERCENT:
	case FIELD_RATE:
	case FIELD_BYTE_RATE:
		return (w->number > v->number) - (w->number < v->number);
	case FIELD_MILLI:
		return (w->milli > v->milli) - (w->milli < v->milli);
	default:
		return (w->count > v->count) - (w->count < v->count);
	}
}

/* Insertion order breaks ties, and qsort_r() does not keep it: merge sort. */
static void merge_sort(struct table_row *rows, struct table_row *room,
		       size_t nr, void *arg)
{
	size_t half = nr / 2, i = 0, j = half, k = 0;

	if (nr < 2)
		return;
	merge_sort(rows, room, half, arg);
	merge_sort(rows + half, room, nr - half, arg);
	while (i < half && j < nr)
		room[k++] = compare(&rows[i], &rows[j], arg) <= 0 ?
			    rows[i++] : rows[j++];
	while (i < half)
		room[k++] = rows[i++];
	while (j < nr)
		room[k++] = rows[j++];
	memcpy(rows, room, nr * sizeof(*rows));
}

/**
 * table_sort() - order the rows by a field
 * @by: one of the set's; numbers go from the greatest, words from the first
 *
 * Rows that are equal keep their order; those without the field go last.
 */
void table_sort(struct table *table, const struct field *by)
{
	const void *arg[] = { by, table->set };
	struct table_row *room;

	if (!table->nr)
		return;
	room = malloc(table->nr * sizeof(*room));
	if (!room)
		return;	/* shown unsorted rather than not at all */
	merge_sort(table->rows, room, table->nr, arg);
	free(room);
}

/**
 * table_cut() - keep only the first rows, and totals
 * @nr: how many
 * Return: how many were dropped.
 */
size_t table_cut(struct table *table, size_t nr)
{
	size_t kept = 0, seen = 0, before = table->nr;

	for (size_t i = 0; i < table->nr; i++) {
		if (table->rows[i].is_total || seen++ < nr)
			table->rows[kept++] = table->rows[i];
		else
			row_free(table->set, &table->rows[i]);
	}
	table->nr = kept;
	return before - kept;
}
