/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What memteld is told to do: its configuration. See config.c. */
#ifndef MEMTELD_CONFIG_H
#define MEMTELD_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "yaml_map.h"

struct expr;

/* The longest time between two savings that can be asked for. */
#define SAVE_MAX_MS	(24 * 3600 * INT64_C(1000))

/** struct strings - a list of texts */
struct strings {
	char **items;
	size_t nr;
};

/** struct annotation - a name and a template, see template.c */
struct annotation {
	char *name;
	char *text;
};

/** struct annotations - a list of them, sorted by name */
struct annotations {
	struct annotation *items;
	size_t nr;
};

/**
 * struct rule - when to say what
 * @alert: its name
 * @text: the expression's
 * @expr: the expression
 * @path: of the file
 * @place: of the expression in it
 * @for_ms: how long a series must be in its result before the rule fires
 * @keep_ms: how long it goes on after the series is no more
 * @labels: added to the series'
 * @annotations: said beside
 * @identity: that of two readings of a configuration that are the same rule;
 *            all of the above but the annotations
 */
struct rule {
	char *alert;
	char *text;
	struct expr *expr;
	char *path;
	struct yaml_place place;
	int64_t for_ms;
	int64_t keep_ms;
	struct annotations labels;
	struct annotations annotations;
	char *identity;
};

/** enum sink_kind - where notices go */
enum sink_kind {
	SINK_JOURNAL,
	SINK_FILE,
	SINK_STDOUT,
	SINK_SOCKET,
};

/**
 * struct sink_spec - a sink
 * @kind: which
 * @path: of a file or socket
 * @mode: of a socket or a file that is made
 */
struct sink_spec {
	enum sink_kind kind;
	char *path;
	mode_t mode;
};

/**
 * struct config - all of it
 * @interval_ms: between two evaluations of the rules
 * @state: file that keeps the past over a restart
 * @save_ms: between two savings of it, at least
 * @triggers: expressions of memtel watch --trigger
 * @has_triggers: whether they were given; else the usual ones
 * @sources: held beside those that rules need
 * @cgroups: patterns of paths, from the root of the hierarchy
 * @cgroup_root: where that is mounted
 * @pressure: the host's PSI of memory
 * @has_builtin_rules: whether those that memtel ships are used
 * @rule_files: patterns of files with more rules
 * @sinks: where notices go
 * @nr_sinks: how many
 * @rules: of the file itself, of rule_files, and those that memtel ships
 * @nr_rules: how many
 * @nr_warnings: of what is no error and yet hardly meant
 */
struct config {
	int64_t interval_ms;
	char *state;
	int64_t save_ms;
	struct strings triggers;
	bool has_triggers;
	struct strings sources;
	struct strings cgroups;
	char *cgroup_root;
	char *pressure;
	bool has_builtin_rules;
	struct strings rule_files;
	struct sink_spec *sinks;
	size_t nr_sinks;
	struct rule **rules;
	size_t nr_rules;
	unsigned int nr_warnings;
};

struct config *config_load(const char *path, const char *builtin_rules,
			   FILE *errors);
void config_free(struct config *config);

#endif /* MEMTELD_CONFIG_H */
