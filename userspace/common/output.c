// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output.h"
#include "text.h"

#define BOLD "\033[1m"
#define DIM "\033[2m"
#define PLAIN "\033[0m"

/**
 * output_may_colour() - is this a terminal whose user has not said no?
 *
 * https://no-color.org: NO_COLOR says no if it is set to anything not empty.
 */
bool output_may_colour(FILE *out)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return isatty(fileno(out)) && !(no_color && *no_color) &&
	       term && strcmp(term, "dumb");
}

static void format_names(const char *const *names, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; names[i] && used + 2 < size; i++) {
		if (i)
			text[used++] = ',';
		used += text_ascii(names[i], text + used, size - used);
	}
}

static void format_bytes(double bytes, const char *unit, char *text,
			 size_t size)
{
	static const char *const prefixes[] = {
		"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB",
	};
	size_t i = 0;

	while (bytes >= 1024 && i + 1 < sizeof(prefixes) / sizeof(prefixes[0])) {
		bytes /= 1024;
		i++;
	}
	snprintf(text, size, i ? "%.1f%s%s" : "%.0f%s%s", bytes, prefixes[i],
		 unit);
}

/* Three digits and more, of a unit that shows them. */
static void format_ns(uint64_t ns, char *text, size_t size)
{
	if (!ns || ns >= 1000000000)
		snprintf(text, size, "%.3fs", ns / 1e9);
	else if (ns >= 1000000)
		snprintf(text, size, "%.3fms", ns / 1e6);
	else
		snprintf(text, size, "%.3fus", ns / 1e3);
}

/**
 * output_format() - a value as text
 * @text: room for it, OUTPUT_VALUE_MAX is enough
 * @size: of the room
 *
 * "-" for an absent one, ~ before an estimate.
 */
void output_format(const struct field *field, const struct field_value *value,
		   char *text, size_t size)
{
	if (!value->is_present && field->kind != FIELD_FLAG) {
		snprintf(text, size, "-");
		return;
	}
	if (value->is_estimate) {
		*text++ = '~';
		size--;
	}
	switch (field->kind) {
	case FIELD_TEXT:
		text_ascii(value->text, text, size);
		break;
	case FIELD_NAMES:
		format_names(value->names, text, size);
		break;
	case FIELD_FLAG:
		snprintf(text, size, value->is_present && value->flag ?
			 "yes" : "no");
		break;
	case FIELD_BYTES:
		format_bytes(value->count, "", text, size);
		break;
	case FIELD_BYTE_RATE:
		format_bytes(value->number, "/s", text, size);
		break;
	case FIELD_NS:
		format_ns(value->count, text, size);
		break;
	case FIELD_PERCENT:
	case FIELD_RATE:
		snprintf(text, size, "%.1f", value->number);
		break;
	case FIELD_MILLI:
		snprintf(text, size, "%.3f", value->milli / 1e3);
		break;
	case FIELD_ENUM:
		if (value->count < field->nr_names &&
		    field->names[value->count]) {
			text_ascii(field->names[value->count], text, size);
			break;
		}
		/* fall through */
	default:
		snprintf(text, size, "%" PRIu64, value->count);
		break;
	}
	if (value->is_gone)
		strncat(text, " (gone)", size - strlen(text) - 1);
}

/**
 * output_bad_column() - the first key in a list that no column has
 * @columns: keys separated by commas
 * Return: where in @columns it begins, or NULL.
 */
const char *output_bad_column(const struct field_set *set, const char *columns)
{
	for (;;) {
		size_t length = strcspn(columns, ",");
		const struct field *field = field_find(set, columns, length);

		if (!field || field->kind == FIELD_NEST)
			return columns;
		columns += length;
		if (!*columns++)
			return NULL;
	}
}

/* Has any row of the table a value of the i-th field? */
static bool is_present(const struct table *table, size_t i)
{
	for (size_t row = 0; row < table->nr; row++)
		if (table->rows[row].values[i].is_present)
			return true;
	return false;
}

static bool is_shown(const struct table *table, size_t i,
		     const struct output *how)
{
	switch (table->set->fields[i].shown) {
	case FIELD_SHOWN:
		return true;
	case FIELD_SHOWN_RATE:
		return how->has_rates;
	case FIELD_SHOWN_NODE:
		return how->has_nodes;
	case FIELD_SHOWN_ALIAS:
		return how->has_aliases;
	case FIELD_SHOWN_PRESENT:
		return is_present(table, i);
	case FIELD_HIDDEN:
		break;
	}
	return false;
}

/* A column: its field, and its cells, the head first. */
struct column {
	const struct field *field;
	size_t width;
	char **cells;
};

static size_t columns_choose(const struct table *table,
			     const struct output *how, struct column *columns)
{
	const struct field_set *set = table->set;
	const char *keys = how->columns;
	size_t nr = 0;

	if (!keys) {
		for (size_t i = 0; i < set->nr; i++)
			if (is_shown(table, i, how))
				columns[nr++].field = &set->fields[i];
		return nr;
	}
	while (*keys) {
		size_t length = strcspn(keys, ",");

		columns[nr].field = field_find(set, keys, length);
		if (columns[nr].field)
			nr++;
		keys += length;
		keys += *keys == ',';
	}
	return nr;
}

/* The first field of a set tells rows apart, and a total has none. */
static char *cell_of(const struct table *table, const struct table_row *row,
		     const struct column *column)
{
	const struct field_value *value =
		&row->values[column->field - table->set->fields];
	char text[OUTPUT_VALUE_MAX];

	if (row->is_total && column->field == table->set->fields)
		return strdup("all");
	output_format(column->field, value, text, sizeof(text));
	return strdup(text);
}

static int column_fill(const struct table *table, size_t nr_rows,
		       struct column *column)
{
	column->cells = calloc(nr_rows + 1, sizeof(*column->cells));
	if (!column->cells)
		return -ENOMEM;
	for (size_t i = 0; i <= nr_rows; i++) {
		char *cell = i ? cell_of(table, &table->rows[i - 1], column) :
				 strdup(column->field->head);

		if (!cell)
			return -ENOMEM;
		column->cells[i] = cell;
		if (strlen(cell) > column->width)
			column->width = strlen(cell);
	}
	return 0;
}

static bool is_gone(const struct table *table, const struct table_row *row)
{
	for (size_t i = 0; i < table->set->nr; i++)
		if (row->values[i].is_gone)
			return true;
	return false;
}

static const char *row_colour(const struct table *table, size_t line,
			      const struct output *how)
{
	if (!how->has_colour)
		return "";
	if (!line || table->rows[line - 1].is_total)
		return BOLD;
	return is_gone(table, &table->rows[line - 1]) ? DIM : "";
}

static void line_print(FILE *out, const struct column *columns, size_t nr,
		       size_t line, const char *colour)
{
	fputs(colour, out);
	for (size_t i = 0; i < nr; i++) {
		const struct column *column = &columns[i];
		bool is_left = field_is_left(column->field);

		if (i)
			fputs("  ", out);
		/* No spaces at a line's end. */
		if (is_left && i + 1 == nr)
			fputs(column->cells[line], out);
		else
			fprintf(out, "%*s", is_left ? -(int)column->width :
				(int)column->width, column->cells[line]);
	}
	fputs(*colour ? PLAIN "\n" : "\n", out);
}

/**
 * output_table() - print a table in aligned columns, under a line of heads
 * Return: 0 or -ENOMEM. Whether it could be written, the stream knows.
 */
int output_table(FILE *out, const struct table *table,
		 const struct output *how)
{
	size_t nr_rows = table->nr, nr, room = table->set->nr;
	struct column *columns;
	int err = 0;

	if (how->rows_max && nr_rows > how->rows_max)
		nr_rows = how->rows_max;
	/* A key may be asked for more than once. */
	for (const char *c = how->columns; c && *c; c++)
		room += *c == ',';
	columns = calloc(room + 1, sizeof(*columns));
	if (!columns)
		return -ENOMEM;
	nr = columns_choose(table, how, columns);
	for (size_t i = 0; i < nr && !err; i++)
		err = column_fill(table, nr_rows, &columns[i]);
	for (size_t line = 0; line <= nr_rows && !err; line++)
		line_print(out, columns, nr, line,
			   row_colour(table, line, how));
	if (!err && nr_rows < table->nr)
		fprintf(out, "... %zu more\n", table->nr - nr_rows);
	for (size_t i = 0; i < nr; i++) {
		for (size_t line = 0; columns[i].cells && line <= nr_rows; line++)
			free(columns[i].cells[line]);
		free(columns[i].cells);
	}
	free(columns);
	return err;
}

/**
 * output_vertical() - print one row, a field a line
 * @indent: before each line
 */
void output_vertical(FILE *out, const struct field_set *set, const void *row,
		     const char *indent)
{
	for (size_t i = 0; i < set->nr; i++) {
		const struct field *field = &set->fields[i];
		struct field_value value;
		char text[OUTPUT_VALUE_MAX];

		if (field->shown == FIELD_HIDDEN)
			continue;
		value = field_read(field, row);
		if (field->shown == FIELD_SHOWN_PRESENT && !value.is_present)
			continue;
		output_format(field, &value, text, sizeof(text));
		fprintf(out, "%s%-16s %s\n", indent, field->key, text);
	}
}
