// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The configuration, from YAML: one table of keys for each mapping in it, and
 * no key that is not in a table. See memteld(8) for what they mean.
 */
#include <errno.h>
#include <glob.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <memtel/memtel.h>

#include "cgroups.h"
#include "config.h"
#include "expr.h"
#include "lint.h"
#include "template.h"
#include "yaml_map.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define SECOND_MS	INT64_C(1000)
#define HOUR_MS		(3600 * SECOND_MS)
#define RULES_MAX	1000
#define SINKS_MAX	16
/* A longer look back would need more than a bucket's resolution. */
#define RANGE_MAX_MS	(366 * 24 * HOUR_MS)

static void *no_memory(struct yaml_file *file, const yaml_node_t *node)
{
	yaml_fail(file, node, 0, "out of memory");
	return NULL;
}

/* Room for one more; the list is left as it is when there is none. */
static bool grow(struct yaml_file *file, const yaml_node_t *node, void *list,
		 size_t nr, size_t size)
{
	void **items = list;
	void *more = realloc(*items, (nr + 1) * size);

	if (!more)
		return no_memory(file, node);
	*items = more;
	return true;
}

static void strings_add(struct yaml_file *file, yaml_node_t *node, void *target)
{
	struct strings *strings = target;
	const char *text = yaml_text(file, node);

	if (!text || !grow(file, node, &strings->items, strings->nr,
			   sizeof(*strings->items)))
		return;
	strings->items[strings->nr] = strdup(text);
	if (strings->items[strings->nr])
		strings->nr++;
	else
		no_memory(file, node);
}

static void strings_free(struct strings *strings)
{
	for (size_t i = 0; i < strings->nr; i++)
		free(strings->items[i]);
	free(strings->items);
	*strings = (struct strings){ 0 };
}

static void set_text(struct yaml_file *file, yaml_node_t *node, char **target)
{
	const char *text = yaml_text(file, node);

	if (!text)
		return;
	free(*target);
	*target = strdup(text);
	if (!*target)
		no_memory(file, node);
}

static void set_path(struct yaml_file *file, yaml_node_t *node, char **target)
{
	const char *text = yaml_text(file, node);

	if (!text)
		return;
	if (*text != '/')
		yaml_fail(file, node, 0, "expected a path from the root, '/...'");
	else
		set_text(file, node, target);
}

/* A name of a label or metric. */
static bool is_name(const char *text)
{
	size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");

	return length && !text[length] && (*text < '0' || *text > '9');
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct annotation *)a)->name,
		      ((const struct annotation *)b)->name);
}

static void annotation_add(struct yaml_file *file, yaml_node_t *key,
			   yaml_node_t *value, void *target)
{
	const char *name = (const char *)key->data.scalar.value;
	const char *text = yaml_text(file, value);
	struct annotations *all = target;
	struct expr_error error;
	struct annotation *one;

	if (!text)
		return;
	if (!is_name(name)) {
		yaml_fail(file, key, 0, "expected a name of letters, digits and '_'");
		return;
	}
	if (all->nr == LABELS_MAX) {
		yaml_fail(file, key, 0, "more than %d names", LABELS_MAX);
		return;
	}
	if (!template_check(text, &error)) {
		yaml_fail(file, value, error.offset, "%s", error.text);
		return;
	}
	if (!grow(file, key, &all->items, all->nr, sizeof(*all->items)))
		return;
	one = &all->items[all->nr];
	one->name = strdup(name);
	one->text = strdup(text);
	if (one->name && one->text) {
		all->nr++;
		qsort(all->items, all->nr, sizeof(*one), by_name);
		return;
	}
	free(one->name);
	free(one->text);
	no_memory(file, key);
}

static void label_add(struct yaml_file *file, yaml_node_t *key,
		      yaml_node_t *value, void *target)
{
	const char *name = (const char *)key->data.scalar.value;
	const char *text = (const char *)value->data.scalar.value;
	char warning[LINT_TEXT_MAX];

	if (key->data.scalar.length > LABEL_NAME_MAX) {
		yaml_fail(file, key, 0, "the name of a label has at most %d characters",
			  LABEL_NAME_MAX);
		return;
	}
	annotation_add(file, key, value, target);
	/* What a template makes of it is not known yet. */
	if (!strcmp(name, "severity") && value->type == YAML_SCALAR_NODE &&
	    !strstr(text, "{{") && !lint_severity(text, warning))
		yaml_warn(file, value, warning);
}

static void annotations_free(struct annotations *all)
{
	for (size_t i = 0; i < all->nr; i++) {
		free(all->items[i].name);
		free(all->items[i].text);
	}
	free(all->items);
}

static void rule_free(struct rule *rule)
{
	if (!rule)
		return;
	expr_free(rule->expr);
	annotations_free(&rule->labels);
	annotations_free(&rule->annotations);
	free(rule->alert);
	free(rule->text);
	free(rule->path);
	free(rule->identity);
	free(rule);
}

static void rule_alert(struct yaml_file *file, yaml_node_t *node, void *target)
{
	struct rule *rule = target;
	const char *text = yaml_text(file, node);

	if (text && !is_name(text))
		yaml_fail(file, node, 0, "expected a name of letters, digits and '_'");
	else if (text)
		set_text(file, node, &rule->alert);
}

static bool check_ranges(const struct expr *expr, struct expr_error *error)
{
	if (expr->range_ms > RANGE_MAX_MS) {
		snprintf(error->text, sizeof(error->text),
			 "nothing is kept for more than 366 days");
		error->offset = expr->offset;
		return false;
	}
	for (unsigned int i = 0; i < expr->nr_args; i++)
		if (!check_ranges(expr->args[i], error))
			return false;
	return true;
}

static void rule_expr(struct yaml_file *file, yaml_node_t *node, void *target)
{
	struct rule *rule = target;
	const char *text = yaml_text(file, node);
	struct expr_error error;

	if (!text)
		return;
	rule->expr = expr_parse(text, &error);
	if (!rule->expr || !check_ranges(rule->expr, &error)) {
		yaml_fail(file, node, error.offset, "%s", error.text);
		return;
	}
	set_text(file, node, &rule->text);
	rule->place = yaml_place(node);
	rule->path = strdup(file->path);
	if (!rule->path)
		no_memory(file, node);
}

static void rule_for(struct yaml_file *file, yaml_node_t *node, void *target)
{
	struct rule *rule = target;

	yaml_duration_ms(file, node, 0, RANGE_MAX_MS, &rule->for_ms);
}

static void rule_keep(struct yaml_file *file, yaml_node_t *node, void *target)
{
	struct rule *rule = target;

	yaml_duration_ms(file, node, 0, RANGE_MAX_MS, &rule->keep_ms);
}

static void rule_labels(struct yaml_file *file, yaml_node_t *node, void *target)
{
	yaml_each_pair(file, node, label_add,
		       &((struct rule *)target)->labels);
}

static void rule_annotations(struct yaml_file *file, yaml_node_t *node,
			     void *target)
{
	yaml_each_pair(file, node, annotation_add,
		       &((struct rule *)target)->annotations);
}

static const struct yaml_key rule_keys[] = {
	{ "alert", true, rule_alert },
	{ "expr", true, rule_expr },
	{ "for", false, rule_for },
	{ "keep_firing_for", false, rule_keep },
	{ "labels", false, rule_labels },
	{ "annotations", false, rule_annotations },
};

static char *identity_of(const struct rule *rule)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "%s\n%s\n%lld\n%lld\n", rule->alert, rule->text,
		(long long)rule->for_ms, (long long)rule->keep_ms);
	for (size_t i = 0; i < rule->labels.nr; i++)
		fprintf(out, "%s=%s\n", rule->labels.items[i].name,
			rule->labels.items[i].text);
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

static const struct rule *find_rule(const struct config *config,
				    const char *identity)
{
	for (size_t i = 0; i < config->nr_rules; i++)
		if (!strcmp(config->rules[i]->identity, identity))
			return config->rules[i];
	return NULL;
}

static void rule_add(struct yaml_file *file, yaml_node_t *node, void *target)
{
	struct config *config = target;
	unsigned int nr_errors = file->nr_errors;
	struct rule *rule = calloc(1, sizeof(*rule));

	if (!rule) {
		no_memory(file, node);
		return;
	}
	yaml_read_map(file, node, rule_keys, ARRAY_SIZE(rule_keys), rule);
	if (file->nr_errors != nr_errors)
		goto out_free;
	rule->identity = identity_of(rule);
	if (!rule->identity) {
		no_memory(file, node);
		goto out_free;
	}
	if (find_rule(config, rule->identity)) {
		yaml_fail(file, node, 0, "the rule is there already");
		goto out_free;
	}
	if (config->nr_rules == RULES_MAX) {
		yaml_fail(file, node, 0, "more than %d rules", RULES_MAX);
		goto out_free;
	}
	if (!grow(file, node, &config->rules, config->nr_rules,
		  sizeof(*config->rules)))
		goto out_free;
	config->rules[config->nr_rules++] = rule;
	return;
out_free:
	rule_free(rule);
}

static void config_rules(struct yaml_file *file, yaml_node_t *node,
			 void *target)
{
	yaml_each_item(file, node, rule_add, target);
}

static void sink_path(struct yaml_file *file, yaml_node_t *node, void *target)
{
	set_path(file, node, &((struct sink_spec *)target)->path);
}

static void sink_mode(struct yaml_file *file, yaml_node_t *node, void *target)
{
	const char *text = yaml_text(file, node);
	struct sink_spec *spec = target;
	char *end;
	long mode;

	if (!text)
		return;
	mode = strtol(text, &end, 8);
	if (!*text || *end || mode < 0 || mode > 0777)
		yaml_fail(file, node, 0, "expected permissions such as \"0640\"");
	else
		spec->mode = (mode_t)mode;
}

static const struct yaml_key path_keys[] = {
	{ "path", true, sink_path },
	{ "mode", false, sink_mode },
};

static const struct sink_kind_row {
	const char *name;
	enum sink_kind kind;
	const struct yaml_key *keys;
	size_t nr_keys;
	mode_t mode;
} sink_kinds[] = {
	{ "journal", SINK_JOURNAL, NULL, 0, 0 },
	{ "file", SINK_FILE, path_keys, ARRAY_SIZE(path_keys), 0640 },
	{ "stdout", SINK_STDOUT, NULL, 0, 0 },
	{ "socket", SINK_SOCKET, path_keys, ARRAY_SIZE(path_keys), 0660 },
};

static bool is_same_sink(const struct sink_spec *a, const struct sink_spec *b)
{
	return a->kind == b->kind &&
	       (a->path && b->path ? !strcmp(a->path, b->path) :
				     a->path == b->path);
}

static void sink_put(struct yaml_file *file, yaml_node_t *key,
		     struct config *config, struct sink_spec *spec)
{
	for (size_t i = 0; i < config->nr_sinks; i++) {
		if (!is_same_sink(&config->sinks[i], spec))
			continue;
		yaml_fail(file, key, 0, "the sink is there already");
		goto out_free;
	}
	if (config->nr_sinks == SINKS_MAX) {
		yaml_fail(file, key, 0, "more than %d sinks", SINKS_MAX);
		goto out_free;
	}
	if (!grow(file, key, &config->sinks, config->nr_sinks,
		  sizeof(*config->sinks)))
		goto out_free;
	config->sinks[config->nr_sinks++] = *spec;
	return;
out_free:
	free(spec->path);
}

static void sink_read(struct yaml_file *file, yaml_node_t *key,
		      yaml_node_t *value, void *target)
{
	const char *name = (const char *)key->data.scalar.value;

	for (size_t i = 0; i < ARRAY_SIZE(sink_kinds); i++) {
		const struct sink_kind_row *row = &sink_kinds[i];
		unsigned int nr_errors = file->nr_errors;
		struct sink_spec spec = { row->kind, NULL, row->mode };

		if (strcmp(row->name, name))
			continue;
		yaml_read_map(file, value, row->keys, row->nr_keys, &spec);
		if (file->nr_errors == nr_errors)
			sink_put(file, key, target, &spec);
		else
			free(spec.path);
		return;
	}
	yaml_fail(file, key, 0, "expected journal, file, stdout or socket");
}

static void sink_item(struct yaml_file *file, yaml_node_t *node, void *target)
{
	if (yaml_is_map(file, node) &&
	    node->data.mapping.pairs.top - node->data.mapping.pairs.start != 1)
		yaml_fail(file, node, 0, "expected one sink, such as 'journal: {}'");
	else if (node->type == YAML_MAPPING_NODE)
		yaml_each_pair(file, node, sink_read, target);
}

static void config_sinks(struct yaml_file *file, yaml_node_t *node,
			 void *target)
{
	if (node->type == YAML_SEQUENCE_NODE &&
	    node->data.sequence.items.start == node->data.sequence.items.top)
		yaml_fail(file, node, 0, "expected a sink, such as 'journal: {}'");
	yaml_each_item(file, node, sink_item, target);
}

static void config_interval(struct yaml_file *file, yaml_node_t *node,
			    void *target)
{
	yaml_duration_ms(file, node, SECOND_MS, HOUR_MS,
			 &((struct config *)target)->interval_ms);
}

static void config_state(struct yaml_file *file, yaml_node_t *node,
			 void *target)
{
	set_path(file, node, &((struct config *)target)->state);
}

static void config_save(struct yaml_file *file, yaml_node_t *node, void *target)
{
	yaml_duration_ms(file, node, SECOND_MS, SAVE_MAX_MS,
			 &((struct config *)target)->save_ms);
}

static void trigger_add(struct yaml_file *file, yaml_node_t *node, void *target)
{
	const char *text = yaml_text(file, node);
	struct memtel_trigger_error error;
	struct memtel_trigger_spec spec;

	if (!text)
		return;
	if (memtel_trigger_parse(text, &spec, &error))
		yaml_fail(file, node, error.offset, "%s", error.text);
	else
		strings_add(file, node, target);
}

static void config_triggers(struct yaml_file *file, yaml_node_t *node,
			    void *target)
{
	struct config *config = target;

	config->has_triggers = true;
	yaml_each_item(file, node, trigger_add, &config->triggers);
}

static void source_add(struct yaml_file *file, yaml_node_t *node, void *target)
{
	char warning[LINT_TEXT_MAX];

	if (node->type == YAML_SCALAR_NODE &&
	    !lint_source((const char *)node->data.scalar.value, warning))
		yaml_warn(file, node, warning);
	strings_add(file, node, target);
}

static void config_sources(struct yaml_file *file, yaml_node_t *node,
			   void *target)
{
	yaml_each_item(file, node, source_add,
		       &((struct config *)target)->sources);
}

/* Is there a ".." between slashes? */
static bool goes_up(const char *path)
{
	const char *at = path;

	while ((at = strstr(at, "/.."))) {
		at += strlen("/..");
		if (!*at || *at == '/')
			return true;
	}
	return false;
}

static void cgroup_add(struct yaml_file *file, yaml_node_t *node, void *target)
{
	const char *text = yaml_text(file, node);

	if (text && (*text != '/' || goes_up(text)))
		yaml_fail(file, node, 0, "expected a path from the root of the hierarchy, '/...'");
	else if (text && !cgroups_check(text))
		yaml_fail(file, node, 0, "more than %d parts between slashes",
			  CGROUPS_DEPTH);
	else
		strings_add(file, node, target);
}

static void config_cgroups(struct yaml_file *file, yaml_node_t *node,
			   void *target)
{
	struct config *config = target;

	strings_free(&config->cgroups);
	yaml_each_item(file, node, cgroup_add, &config->cgroups);
}

static void config_cgroup_root(struct yaml_file *file, yaml_node_t *node,
			       void *target)
{
	set_path(file, node, &((struct config *)target)->cgroup_root);
}

static void config_pressure(struct yaml_file *file, yaml_node_t *node,
			    void *target)
{
	set_path(file, node, &((struct config *)target)->pressure);
}

static void config_builtin(struct yaml_file *file, yaml_node_t *node,
			   void *target)
{
	yaml_bool(file, node, &((struct config *)target)->has_builtin_rules);
}

static void rule_file_add(struct yaml_file *file, yaml_node_t *node,
			  void *target)
{
	const char *text = yaml_text(file, node);

	if (text && *text != '/')
		yaml_fail(file, node, 0, "expected a path from the root, '/...'");
	else
		strings_add(file, node, target);
}

static void config_rule_files(struct yaml_file *file, yaml_node_t *node,
			      void *target)
{
	yaml_each_item(file, node, rule_file_add,
		       &((struct config *)target)->rule_files);
}

static const struct yaml_key config_keys[] = {
	{ "interval", false, config_interval },
	{ "state", false, config_state },
	{ "save_interval", false, config_save },
	{ "triggers", false, config_triggers },
	{ "sources", false, config_sources },
	{ "cgroups", false, config_cgroups },
	{ "cgroup_root", false, config_cgroup_root },
	{ "pressure", false, config_pressure },
	{ "sinks", false, config_sinks },
	{ "rules", false, config_rules },
	{ "rule_files", false, config_rule_files },
	{ "builtin_rules", false, config_builtin },
};

static const struct yaml_key rules_keys[] = {
	{ "rules", true, config_rules },
};

/* Returns how many errors it had. */
static unsigned int read_file(const char *path, const struct yaml_key *keys,
			      size_t nr_keys, struct config *config,
			      FILE *errors)
{
	struct yaml_file file;

	if (yaml_file_open(&file, path, errors))
		return 1;
	yaml_read_map(&file, yaml_document_get_root_node(&file.document), keys,
		      nr_keys, config);
	yaml_file_close(&file);
	config->nr_warnings += file.nr_warnings;
	return file.nr_errors;
}

/* A directory that is not there has no files; one that cannot be read may. */
static int on_glob_error(const char *path, int err)
{
	(void)path;
	return err != ENOENT;
}

/* More rules: those of files, and those that memtel ships. */
static unsigned int read_rules(struct config *config, const char *builtin_rules,
			       FILE *errors)
{
	unsigned int nr_errors = 0;
	glob_t found = { 0 };

	for (size_t i = 0; i < config->rule_files.nr; i++) {
		const char *pattern = config->rule_files.items[i];
		int err = glob(pattern, GLOB_NOMAGIC, on_glob_error, &found);

		if (err == GLOB_NOMATCH)
			continue;
		if (err) {
			fprintf(errors, "%s: %s\n", pattern,
				err == GLOB_NOSPACE ? "out of memory" :
				"a directory cannot be read");
			nr_errors++;
		}
		for (size_t j = 0; j < found.gl_pathc; j++)
			nr_errors += read_file(found.gl_pathv[j], rules_keys,
					       ARRAY_SIZE(rules_keys), config,
					       errors);
		globfree(&found);
	}
	if (config->has_builtin_rules)
		nr_errors += read_file(builtin_rules, rules_keys,
				       ARRAY_SIZE(rules_keys), config, errors);
	return nr_errors;
}

static bool set_default(char **target, const char *text)
{
	if (!*target)
		*target = strdup(text);
	return *target;
}

static bool set_defaults(struct config *config)
{
	/* Two levels, and what a Kubernetes node has below its own slice. */
	static const char *const cgroups[] = {
		"/", "/*", "/*/*", "/kubepods*/**", "/kubelet*/**",
	};

	config->interval_ms = 10 * SECOND_MS;
	config->save_ms = 300 * SECOND_MS;
	config->has_builtin_rules = true;
	config->cgroups.items = calloc(ARRAY_SIZE(cgroups), sizeof(char *));
	for (size_t i = 0; config->cgroups.items && i < ARRAY_SIZE(cgroups);
	     i++) {
		config->cgroups.items[i] = strdup(cgroups[i]);
		if (!config->cgroups.items[i])
			return false;
		config->cgroups.nr++;
	}
	return config->cgroups.items &&
	       set_default(&config->state, "/var/lib/memtel/history") &&
	       set_default(&config->cgroup_root, "/sys/fs/cgroup") &&
	       set_default(&config->pressure, "/proc/pressure/memory");
}

static bool set_default_sink(struct config *config)
{
	if (config->nr_sinks)
		return true;
	config->sinks = calloc(1, sizeof(*config->sinks));
	if (!config->sinks)
		return false;
	config->sinks[config->nr_sinks++].kind = SINK_JOURNAL;
	return true;
}

/* A rule of which something is to be said. */
struct linted {
	struct config *config;
	const struct rule *rule;
	FILE *errors;
};

static void on_lint(size_t offset, const char *text, void *arg)
{
	const struct linted *linted = arg;
	const struct yaml_place *place = &linted->rule->place;

	linted->config->nr_warnings++;
	fprintf(linted->errors, "%s:%zu:%zu: warning: %s\n",
		linted->rule->path, place->line,
		place->column + (place->is_line ? offset : 0), text);
}

/* All is read, also what may stand after a rule, as the interval. */
static void lint_rules(struct config *config, FILE *errors)
{
	struct linted linted = { .config = config, .errors = errors };

	for (size_t i = 0; i < config->nr_rules; i++) {
		linted.rule = config->rules[i];
		lint_expr(linted.rule->expr, config->interval_ms, on_lint,
			  &linted);
	}
}

/**
 * config_load() - read a configuration
 * @path: its file
 * @builtin_rules: the file of rules that memtel ships
 * @errors: all that is wrong is told here, as file:line:column: what; what is
 *          hardly meant, too, as a warning
 *
 * Return: for config_free(), or NULL when anything is wrong.
 */
struct config *config_load(const char *path, const char *builtin_rules,
			   FILE *errors)
{
	struct config *config = calloc(1, sizeof(*config));
	unsigned int nr_errors;

	if (!config || !set_defaults(config)) {
		fprintf(errors, "%s: out of memory\n", path);
		config_free(config);
		return NULL;
	}
	nr_errors = read_file(path, config_keys, ARRAY_SIZE(config_keys),
			      config, errors);
	nr_errors += read_rules(config, builtin_rules, errors);
	if (!set_default_sink(config)) {
		fprintf(errors, "%s: out of memory\n", path);
		nr_errors++;
	}
	if (!nr_errors) {
		lint_rules(config, errors);
		return config;
	}
	config_free(config);
	return NULL;
}

/** config_free() - or NULL */
void config_free(struct config *config)
{
	if (!config)
		return;
	strings_free(&config->triggers);
	strings_free(&config->sources);
	strings_free(&config->cgroups);
	strings_free(&config->rule_files);
	for (size_t i = 0; i < config->nr_sinks; i++)
		free(config->sinks[i].path);
	for (size_t i = 0; i < config->nr_rules; i++)
		rule_free(config->rules[i]);
	free(config->sinks);
	free(config->rules);
	free(config->state);
	free(config->cgroup_root);
	free(config->pressure);
	free(config);
}
