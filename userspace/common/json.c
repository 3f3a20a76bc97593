// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * JSON by json-c, the library that is exact for 64-bit numbers. An absent
 * number is an absent key. JSON is UTF-8, the kernel's names are bytes: what
 * is not UTF-8 becomes U+FFFD.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "table.h"

#define REPLACEMENT "\xef\xbf\xbd"

/* Bytes of the UTF-8 character at @s, 0 if it is none. */
static size_t utf8_length(const unsigned char *s)
{
	static const struct {
		unsigned char first, last;	/* of the leading byte */
		unsigned char low, high;	/* of the second */
		size_t length;
	} forms[] = {
		{ 0x01, 0x7f, 0x00, 0xff, 1 },
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },	/* no longer than needed */
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },	/* no surrogates */
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (s[0] < forms[i].first || s[0] > forms[i].last)
			continue;
		if (forms[i].length > 1 &&
		    (s[1] < forms[i].low || s[1] > forms[i].high))
			return 0;
		for (size_t n = 2; n < forms[i].length; n++)
			if ((s[n] & 0xc0) != 0x80)
				return 0;
		return forms[i].length;
	}
	return 0;
}

/** json_text() - a text; what is not UTF-8 in it is replaced */
struct json_object *json_text(const char *text)
{
	const unsigned char *from = (const unsigned char *)text;
	struct json_object *object;
	char *clean, *to;

	clean = to = malloc(strlen(text) * strlen(REPLACEMENT) + 1);
	if (!clean)
		return NULL;
	while (*from) {
		size_t length = utf8_length(from);

		if (length) {
			to = mempcpy(to, from, length);
			from += length;
		} else {
			to = mempcpy(to, REPLACEMENT, strlen(REPLACEMENT));
			from++;
		}
	}
	*to = '\0';
	object = json_object_new_string(clean);
	free(clean);
	return object;
}

static struct json_object *json_of_names(const char *const *names)
{
	struct json_object *array = json_object_new_array();

	for (; array && *names; names++)
		json_object_array_add(array, json_text(*names));
	return array;
}

static struct json_object *json_of_nest(const struct field *field,
					const void *row)
{
	const struct field_nest *nest = field->nest;
	const struct field_set *set = field->nest_set;
	union field_inner_row room;
	struct json_object *array;

	if (nest->is_one)
		return json_of_row(set, nest->at(row, 0, &room));
	array = json_object_new_array();
	for (size_t i = 0; array && i < nest->count(row); i++)
		json_object_array_add(array,
				      json_of_row(set,
						  nest->at(row, i, &room)));
	return array;
}

/* A number as readers want it, not with all the digits of a double. */
static struct json_object *json_of_number(double number)
{
	char text[64];

	snprintf(text, sizeof(text), "%.3f", number);
	return json_object_new_double_s(number, text);
}

static struct json_object *json_of_value(const struct field *field,
					 const struct field_value *value,
					 const void *row)
{
	switch (field->kind) {
	case FIELD_TEXT:
		return json_text(value->text);
	case FIELD_NAMES:
		return json_of_names(value->names);
	case FIELD_FLAG:
		return json_object_new_boolean(value->flag);
	case FIELD_PERCENT:
	case FIELD_RATE:
	case FIELD_BYTE_RATE:
		return json_of_number(value->number);
	case FIELD_MILLI:
		return json_object_new_int64(value->milli);
	case FIELD_NEST:
		return json_of_nest(field, row);
	case FIELD_ENUM:
		if (value->count < field->nr_names &&
		    field->names[value->count])
			return json_text(field->names[value->count]);
		break;
	default:
		break;
	}
	return json_object_new_uint64(value->count);
}

/**
 * json_of_row() - an object of a row's fields, and the rows in it
 * Return: an object to be put, or NULL without memory.
 */
struct json_object *json_of_row(const struct field_set *set, const void *row)
{
	struct json_object *object = json_object_new_object();

	for (size_t i = 0; object && i < set->nr; i++) {
		const struct field *field = &set->fields[i];
		struct field_value value;

		if (!field_is_used(set, field))
			continue;
		value = field_read(field, row);
		if (value.is_present)
			json_object_object_add(object, field->key,
					       json_of_value(field, &value,
							     row));
	}
	return object;
}

/**
 * json_of_table() - an array of the table's rows
 * Return: an array to be put, or NULL without memory.
 */
struct json_object *json_of_table(struct table *table)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < table->nr; i++)
		json_object_array_add(array,
				      json_object_get(table->rows[i].json));
	return array;
}

static const char *json_line(struct json_object *object)
{
	return json_object_to_json_string_ext(object,
					      JSON_C_TO_STRING_PLAIN |
					      JSON_C_TO_STRING_NOSLASHESCAPE);
}

/**
 * json_print() - an object in one line
 * Return: 0, -ENOMEM, or the negative errno of what could not be written.
 */
int json_print(FILE *out, struct json_object *object)
{
	const char *line = object ? json_line(object) : NULL;

	if (!line)
		return -ENOMEM;
	return fprintf(out, "%s\n", line) < 0 ? -errno : 0;
}

/**
 * json_print_table() - one array, each row in a line of its own
 */
void json_print_table(FILE *out, const struct table *table)
{
	fputc('[', out);
	for (size_t i = 0; i < table->nr; i++)
		fprintf(out, "%s\n%s", i ? "," : "",
			json_line(table->rows[i].json));
	fprintf(out, "\n]\n");
}
