/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows as JSON objects. */
#ifndef JSON_H
#define JSON_H

#include <stdio.h>

#include "field.h"

struct json_object;
struct table;

struct json_object *json_text(const char *text);
struct json_object *json_of_row(const struct field_set *set, const void *row);
struct json_object *json_of_table(struct table *table);
int json_print(FILE *out, struct json_object *object);
void json_print_table(FILE *out, const struct table *table);

#endif /* JSON_H */
