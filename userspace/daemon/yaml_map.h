/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strict reading of YAML by tables. See yaml_map.c. */
#ifndef MEMTELD_YAML_MAP_H
#define MEMTELD_YAML_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yaml.h>

/**
 * struct yaml_file - a file that is read
 * @path: its name, for messages
 * @document: what is in it
 * @errors: stream that errors go to, a line each
 * @nr_errors: how many
 * @nr_warnings: of what is no error and yet hardly meant
 */
struct yaml_file {
	const char *path;
	yaml_document_t document;
	FILE *errors;
	unsigned int nr_errors;
	unsigned int nr_warnings;
};

/**
 * struct yaml_place - where a text is in a file
 * @line: from 1
 * @column: from 1, of the text's first character
 * @is_line: the text is of that line, so that its characters have columns
 */
struct yaml_place {
	size_t line;
	size_t column;
	bool is_line;
};

/**
 * struct yaml_key - a key that a mapping may have
 * @name: the key
 * @is_needed: it is an error without
 * @read: takes its value; errors by yaml_fail()
 */
struct yaml_key {
	const char *name;
	bool is_needed;
	void (*read)(struct yaml_file *file, yaml_node_t *node, void *target);
};

int yaml_file_open(struct yaml_file *file, const char *path, FILE *errors);
void yaml_file_close(struct yaml_file *file);

void yaml_fail(struct yaml_file *file, const yaml_node_t *node, size_t column,
	       const char *format, ...) __attribute__((format(printf, 4, 5)));
void yaml_warn(struct yaml_file *file, const yaml_node_t *node,
	       const char *text);
struct yaml_place yaml_place(const yaml_node_t *node);

bool yaml_read_map(struct yaml_file *file, yaml_node_t *node,
		   const struct yaml_key *keys, size_t nr_keys, void *target);
bool yaml_is_map(struct yaml_file *file, yaml_node_t *node);
bool yaml_each_item(struct yaml_file *file, yaml_node_t *node,
		    void (*read)(struct yaml_file *file, yaml_node_t *node,
				 void *target),
		    void *target);
bool yaml_each_pair(struct yaml_file *file, yaml_node_t *node,
		    void (*read)(struct yaml_file *file, yaml_node_t *key,
				 yaml_node_t *value, void *target),
		    void *target);

const char *yaml_text(struct yaml_file *file, yaml_node_t *node);
bool yaml_bool(struct yaml_file *file, yaml_node_t *node, bool *value);
bool yaml_duration_ms(struct yaml_file *file, yaml_node_t *node, int64_t least,
		      int64_t most, int64_t *ms);

#endif /* MEMTELD_YAML_MAP_H */
