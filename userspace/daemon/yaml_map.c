// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Strict reading of YAML.
 *
 * libyaml gives a tree of nodes with their places. Here it is read by tables of
 * keys: what is unknown, twice, missing or of a wrong kind is an error that
 * says file, line and column, and reading goes on, so that all errors are seen
 * at once. A text's kind is not guessed: who reads it says what it must be.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expr.h"
#include "suggest.h"
#include "yaml_map.h"

/* No more than these are told of a file. */
#define ERRORS_MAX 50

static void tell(struct yaml_file *file, size_t line, size_t column,
		 const char *format, va_list args)
{
	if (++file->nr_errors > ERRORS_MAX)
		return;
	fprintf(file->errors, "%s:%zu:%zu: ", file->path, line, column);
	vfprintf(file->errors, format, args);
	fputc('\n', file->errors);
}

/** yaml_place() - where a node's text begins: in a block that is not known */
struct yaml_place yaml_place(const yaml_node_t *node)
{
	yaml_scalar_style_t style = node->type == YAML_SCALAR_NODE ?
				    node->data.scalar.style :
				    YAML_PLAIN_SCALAR_STYLE;
	bool is_block = style == YAML_LITERAL_SCALAR_STYLE ||
			style == YAML_FOLDED_SCALAR_STYLE;
	bool is_quoted = !is_block && style != YAML_PLAIN_SCALAR_STYLE;

	return (struct yaml_place){
		.line = node->start_mark.line + 1,
		.column = node->start_mark.column + 1 + is_quoted,
		.is_line = !is_block,
	};
}

/**
 * yaml_fail() - tell an error
 * @node: where it is
 * @column: how many characters into the node's text
 */
void yaml_fail(struct yaml_file *file, const yaml_node_t *node, size_t column,
	       const char *format, ...)
{
	struct yaml_place place = yaml_place(node);
	va_list args;

	/* The node itself begins with its quote. */
	if (column && place.is_line)
		place.column += column;
	else
		place.column = node->start_mark.column + 1;
	va_start(args, format);
	tell(file, place.line, place.column, format, args);
	va_end(args);
}

/** yaml_warn() - tell what is no error and yet hardly meant */
void yaml_warn(struct yaml_file *file, const yaml_node_t *node,
	       const char *text)
{
	struct yaml_place place = yaml_place(node);

	file->nr_warnings++;
	fprintf(file->errors, "%s:%zu:%zu: warning: %s\n", file->path,
		place.line, place.column, text);
}

static void fail_mark(struct yaml_file *file, size_t line, size_t column,
		      const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell(file, line, column, format, args);
	va_end(args);
}

/* A second document would be passed over without a word. */
static int expect_end(struct yaml_file *file, yaml_parser_t *parser)
{
	yaml_document_t more;
	int err = 0;

	if (!yaml_parser_load(parser, &more)) {
		fail_mark(file, parser->problem_mark.line + 1,
			  parser->problem_mark.column + 1, "%s",
			  parser->problem ? parser->problem : "no YAML");
		err = -EINVAL;
	} else {
		if (yaml_document_get_root_node(&more)) {
			fail_mark(file, more.start_mark.line + 1,
				  more.start_mark.column + 1,
				  "expected one document");
			err = -EINVAL;
		}
		yaml_document_delete(&more);
	}
	if (err)
		yaml_document_delete(&file->document);
	return err;
}

/**
 * yaml_file_open() - read a file of one document
 * @file: set up; to be closed when this succeeded
 * @path: its name
 * @errors: where errors go
 *
 * Return: 0 or a negative errno, told.
 */
int yaml_file_open(struct yaml_file *file, const char *path, FILE *errors)
{
	FILE *in = fopen(path, "re");
	yaml_parser_t parser;
	int err = 0;

	*file = (struct yaml_file){ .path = path, .errors = errors };
	if (!in) {
		err = -errno;
		fprintf(errors, "%s: %s\n", path, strerror(errno));
		file->nr_errors++;
		return err;
	}
	if (!yaml_parser_initialize(&parser)) {
		fclose(in);
		return -ENOMEM;
	}
	yaml_parser_set_input_file(&parser, in);
	if (!yaml_parser_load(&parser, &file->document)) {
		fail_mark(file, parser.problem_mark.line + 1,
			  parser.problem_mark.column + 1, "%s",
			  parser.problem ? parser.problem : "no YAML");
		err = -EINVAL;
	} else if (!yaml_document_get_root_node(&file->document)) {
		fail_mark(file, 1, 1, "there is nothing in it");
		yaml_document_delete(&file->document);
		err = -EINVAL;
	} else {
		err = expect_end(file, &parser);
	}
	yaml_parser_delete(&parser);
	fclose(in);
	return err;
}

/** yaml_file_close() - give back what yaml_file_open() took */
void yaml_file_close(struct yaml_file *file)
{
	if (file->nr_errors > ERRORS_MAX)
		fprintf(file->errors, "%s: %u more errors\n", file->path,
			file->nr_errors - ERRORS_MAX);
	yaml_document_delete(&file->document);
}

/** yaml_text() - a node's text, NULL after an error */
const char *yaml_text(struct yaml_file *file, yaml_node_t *node)
{
	const char *text;

	if (node->type != YAML_SCALAR_NODE) {
		yaml_fail(file, node, 0, "expected a text");
		return NULL;
	}
	text = (const char *)node->data.scalar.value;
	if (strlen(text) != node->data.scalar.length) {
		yaml_fail(file, node, 0, "the text has a NUL");
		return NULL;
	}
	return text;
}

/** yaml_bool() - true or false; returns whether it was one */
bool yaml_bool(struct yaml_file *file, yaml_node_t *node, bool *value)
{
	const char *text = yaml_text(file, node);

	if (!text)
		return false;
	*value = !strcmp(text, "true");
	if (*value || !strcmp(text, "false"))
		return true;
	yaml_fail(file, node, 0, "expected true or false");
	return false;
}

/** yaml_duration_ms() - a time such as 5m, within bounds */
bool yaml_duration_ms(struct yaml_file *file, yaml_node_t *node, int64_t least,
		      int64_t most, int64_t *ms)
{
	const char *text = yaml_text(file, node), *end;
	int64_t read;

	if (!text)
		return false;
	read = duration_parse(text, &end);
	if (read < 0 || *end) {
		yaml_fail(file, node, end - text,
			  "expected a time such as 90s, 5m or 1h30m");
		return false;
	}
	if (read < least || read > most) {
		yaml_fail(file, node, 0, "must be %g to %g seconds",
			  (double)least / 1000, (double)most / 1000);
		return false;
	}
	*ms = read;
	return true;
}

/** yaml_is_map() - tell an error when it is none */
bool yaml_is_map(struct yaml_file *file, yaml_node_t *node)
{
	if (node->type == YAML_MAPPING_NODE)
		return true;
	yaml_fail(file, node, 0, "expected a mapping, 'key: value'");
	return false;
}

/** yaml_each_item() - read a sequence; false when it is none */
bool yaml_each_item(struct yaml_file *file, yaml_node_t *node,
		    void (*read)(struct yaml_file *file, yaml_node_t *node,
				 void *target),
		    void *target)
{
	if (node->type != YAML_SEQUENCE_NODE) {
		yaml_fail(file, node, 0, "expected a list, '- ...'");
		return false;
	}
	for (yaml_node_item_t *item = node->data.sequence.items.start;
	     item < node->data.sequence.items.top; item++)
		read(file, yaml_document_get_node(&file->document, *item),
		     target);
	return true;
}

static yaml_node_t *node_at(struct yaml_file *file, int id)
{
	return yaml_document_get_node(&file->document, id);
}

static bool is_same_text(const yaml_node_t *a, const yaml_node_t *b)
{
	return a->type == YAML_SCALAR_NODE && b->type == YAML_SCALAR_NODE &&
	       a->data.scalar.length == b->data.scalar.length &&
	       !memcmp(a->data.scalar.value, b->data.scalar.value,
		       a->data.scalar.length);
}

/** yaml_each_pair() - read a mapping of any keys, each once */
bool yaml_each_pair(struct yaml_file *file, yaml_node_t *node,
		    void (*read)(struct yaml_file *file, yaml_node_t *key,
				 yaml_node_t *value, void *target),
		    void *target)
{
	if (!yaml_is_map(file, node))
		return false;
	for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++) {
		yaml_node_t *key = node_at(file, pair->key);
		yaml_node_pair_t *before = node->data.mapping.pairs.start;

		while (before < pair &&
		       !is_same_text(key, node_at(file, before->key)))
			before++;
		if (before < pair)
			yaml_fail(file, key, 0, "'%s' is there twice",
				  key->data.scalar.value);
		else if (yaml_text(file, key))
			read(file, key, node_at(file, pair->value), target);
	}
	return true;
}

/* Reading one mapping by a table. */
struct map_reading {
	const struct yaml_key *keys;
	size_t nr_keys;
	uint64_t seen;
	void *target;
};

static void read_pair(struct yaml_file *file, yaml_node_t *key,
		      yaml_node_t *value, void *arg)
{
	struct map_reading *reading = arg;
	const char *name = (const char *)key->data.scalar.value;
	struct suggestion near = { .word = name };

	for (size_t i = 0; i < reading->nr_keys; i++) {
		suggest_try(&near, reading->keys[i].name);
		if (strcmp(reading->keys[i].name, name))
			continue;
		reading->seen |= UINT64_C(1) << i;
		reading->keys[i].read(file, value, reading->target);
		return;
	}
	yaml_fail(file, key, 0, near.name ?
		  "there is no key '%s' here: did you mean '%s'?" :
		  "there is no key '%s' here", name, near.name);
}

/**
 * yaml_read_map() - read a mapping by a table of at most 64 keys
 * Return: whether it was one and had what it needs; what is in it may have had
 * errors all the same.
 */
bool yaml_read_map(struct yaml_file *file, yaml_node_t *node,
		   const struct yaml_key *keys, size_t nr_keys, void *target)
{
	struct map_reading reading = { keys, nr_keys, 0, target };
	bool is_whole = true;

	if (!yaml_each_pair(file, node, read_pair, &reading))
		return false;
	for (size_t i = 0; i < nr_keys; i++) {
		if (!keys[i].is_needed || reading.seen & UINT64_C(1) << i)
			continue;
		yaml_fail(file, node, 0, "'%s' is missing", keys[i].name);
		is_whole = false;
	}
	return is_whole;
}
