// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rules, evaluated.
 *
 * Model, as in Prometheus: each series in the result of a rule's expression is
 * an alert. It is pending for the rule's for, then fires, which is told once; it
 * goes on for keep_firing_for after the series is no more, then is resolved,
 * which is told. A pending one that ends is not worth a word.
 *
 * A rule that has no value (see eval.c) is told once, and again when it has one;
 * its alerts stay as they are meanwhile, and the other rules are not touched.
 *
 * Time is given. When it was set back, what began later began now.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "expr.h"
#include "template.h"
#include "text.h"

/* Memory of one evaluation. */
#define ARENA_LIMIT (64 << 20)

/* What a call tells, and to whom. */
struct telling {
	int64_t now_ms;
	notice_fn tell;
	void *arg;
};

static void alert_free(struct alert *alert)
{
	free(alert->labels);
}

static void rule_free(struct watched_rule *rule)
{
	for (size_t i = 0; i < rule->nr; i++)
		alert_free(&rule->alerts[i]);
	free(rule->alerts);
}

/** engine_find() - a rule by its identity, or NULL */
struct watched_rule *engine_find(struct engine *engine, const char *identity)
{
	for (size_t i = 0; i < engine->nr; i++)
		if (!strcmp(engine->rules[i].rule->identity, identity))
			return &engine->rules[i];
	return NULL;
}

/** engine_free() - all of it */
void engine_free(struct engine *engine)
{
	for (size_t i = 0; i < engine->nr; i++)
		rule_free(&engine->rules[i]);
	free(engine->rules);
	history_free(&engine->history);
	*engine = (struct engine){ 0 };
}

/**
 * alert_add() - one more alert of a rule
 * Return: the alert, or NULL when there are too many, or no memory.
 */
struct alert *alert_add(struct watched_rule *rule, const struct label *labels,
			unsigned int nr_labels)
{
	struct alert *alerts;
	struct label *copy;

	if (rule->nr == ALERTS_MAX)
		return NULL;
	copy = labels_copy(labels, nr_labels);
	alerts = realloc(rule->alerts, (rule->nr + 1) * sizeof(*alerts));
	if (alerts)
		rule->alerts = alerts;
	if (!copy || !alerts) {
		free(copy);
		return NULL;
	}
	alerts[rule->nr] = (struct alert){ .labels = copy,
					   .nr_labels = nr_labels };
	return &alerts[rule->nr++];
}

static struct alert *alert_find(struct watched_rule *rule,
				const struct label *labels,
				unsigned int nr_labels)
{
	for (size_t i = 0; i < rule->nr; i++)
		if (!labels_compare(rule->alerts[i].labels,
				    rule->alerts[i].nr_labels, labels,
				    nr_labels))
			return &rule->alerts[i];
	return NULL;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct label *)a)->name,
		      ((const struct label *)b)->name);
}

/* The series' labels, and over them the rule's. Texts of the rule's to free. */
static unsigned int merge_labels(const struct rule *rule,
				 const struct alert *alert,
				 struct label *labels, char **texts)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < alert->nr_labels; i++) {
		bool is_over = false;

		for (size_t j = 0; j < rule->labels.nr && !is_over; j++)
			is_over = !strcmp(rule->labels.items[j].name,
					  alert->labels[i].name);
		if (!is_over)
			labels[nr++] = alert->labels[i];
	}
	for (size_t i = 0; i < rule->labels.nr; i++) {
		texts[i] = template_expand(rule->labels.items[i].text,
					   alert->labels, alert->nr_labels,
					   alert->value);
		labels[nr++] = (struct label){ rule->labels.items[i].name,
					       texts[i] ? texts[i] : "" };
	}
	qsort(labels, nr, sizeof(*labels), by_name);
	return nr;
}

static unsigned int expand_annotations(const struct rule *rule,
				       const struct alert *alert,
				       struct label *annotations, char **texts)
{
	for (size_t i = 0; i < rule->annotations.nr; i++) {
		texts[i] = template_expand(rule->annotations.items[i].text,
					   alert->labels, alert->nr_labels,
					   alert->value);
		annotations[i] =
			(struct label){ rule->annotations.items[i].name,
					texts[i] ? texts[i] : "" };
	}
	return (unsigned int)rule->annotations.nr;
}

static enum notice_level level_of(enum notice_kind kind, const char *severity)
{
	if (kind != NOTICE_FIRING)
		return NOTICE_INFO;
	if (!strcmp(severity, "critical"))
		return NOTICE_ERROR;
	return strcmp(severity, "info") ? NOTICE_WARNING : NOTICE_INFO;
}

/* The rule's name, whose series, and what its summary says. */
static char *text_of(const struct notice *notice)
{
	const char *summary = labels_get(notice->annotations,
					 notice->nr_annotations, "summary");
	char *text = NULL, *plain = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "%s %s", notice->kind == NOTICE_FIRING ? "FIRING" :
		"resolved", notice->name);
	for (unsigned int i = 0; i < notice->nr_labels; i++)
		fprintf(out, "%s%s=\"%s\"", i ? "," : "{",
			notice->labels[i].name, notice->labels[i].value);
	fputs(notice->nr_labels ? "}" : "", out);
	if (*summary)
		fprintf(out, ": %s", summary);
	else if (isfinite(notice->value))
		fprintf(out, ": %.10g", notice->value);
	if (!fclose(out))
		plain = malloc(TEXT_PLAIN_MAX(size));
	if (plain)
		text_plain(text, plain, TEXT_PLAIN_MAX(size));
	free(text);
	return plain;
}

static void tell_alert(const struct watched_rule *watched,
		       const struct alert *alert, enum notice_kind kind,
		       const struct telling *telling)
{
	const struct rule *rule = watched->rule;
	struct label labels[2 * LABELS_MAX], annotations[LABELS_MAX];
	char *texts[2 * LABELS_MAX] = { 0 }, *text;
	struct notice notice = {
		.kind = kind,
		.time_ms = telling->now_ms,
		.name = rule->alert,
		.labels = labels,
		.annotations = annotations,
		.value = alert->value,
	};

	notice.nr_labels = merge_labels(rule, alert, labels, texts);
	notice.nr_annotations = expand_annotations(rule, alert, annotations,
						   texts + LABELS_MAX);
	notice.level = level_of(kind, labels_get(labels, notice.nr_labels,
						 "severity"));
	text = text_of(&notice);
	notice.text = text ? text : rule->alert;
	telling->tell(&notice, telling->arg);
	free(text);
	for (unsigned int i = 0; i < 2 * LABELS_MAX; i++)
		free(texts[i]);
}

/* The configuration has it no more; what was taken from it is not there. */
static void rule_end(struct watched_rule *rule, const struct telling *telling)
{
	for (size_t i = 0; i < rule->nr; i++)
		if (rule->alerts[i].is_firing)
			tell_alert(rule, &rule->alerts[i], NOTICE_RESOLVED,
				   telling);
	rule_free(rule);
}

/**
 * engine_configure() - have the rules of a configuration
 * @config: to live until the next call; the one before until this returned
 * @now_ms: the time
 * @tell: told that alerts are resolved because their rule is no more
 *
 * A rule that was there before, but for its annotations, goes on where it is; so
 * does the past that is still looked at.
 *
 * Return: 0, or -ENOMEM; then all is as it was.
 */
int engine_configure(struct engine *engine, const struct config *config,
		     int64_t now_ms, notice_fn tell, void *arg)
{
	const struct telling telling = { now_ms, tell, arg };
	struct watched_rule *rules = calloc(config->nr_rules + 1,
					    sizeof(*rules));
	int err = rules ? 0 : -ENOMEM;

	history_want_nothing(&engine->history);
	for (size_t i = 0; i < config->nr_rules && !err; i++)
		err = expr_want(config->rules[i]->expr, &engine->history);
	if (err) {
		/* None of the new rules is looked at any more. */
		history_want_nothing(&engine->history);
		for (size_t i = 0; i < engine->nr; i++)
			expr_want(engine->rules[i].rule->expr,
				  &engine->history);
		free(rules);
		return err;
	}
	history_wants_done(&engine->history);
	for (size_t i = 0; i < config->nr_rules; i++) {
		struct watched_rule *old =
			engine_find(engine, config->rules[i]->identity);

		if (old) {
			rules[i] = *old;
			old->alerts = NULL;
			old->nr = 0;
		}
		rules[i].rule = config->rules[i];
	}
	for (size_t i = 0; i < engine->nr; i++)
		rule_end(&engine->rules[i], &telling);
	free(engine->rules);
	engine->rules = rules;
	engine->nr = config->nr_rules;
	return 0;
}

static void tell_failure(struct watched_rule *watched, const char *why,
			 const struct telling *telling)
{
	struct notice notice = {
		.kind = why ? NOTICE_RULE_FAILED : NOTICE_RULE_RECOVERED,
		.level = why ? NOTICE_ERROR : NOTICE_INFO,
		.time_ms = telling->now_ms,
		.name = watched->rule->alert,
		.value = NAN,
	};
	char text[EXPR_ERROR_MAX + 128];

	if (watched->has_failed == !!why)
		return;
	watched->has_failed = why;
	if (why)
		snprintf(text, sizeof(text),
			 "rule %s cannot be evaluated: %s",
			 watched->rule->alert, why);
	else
		snprintf(text, sizeof(text), "rule %s can be evaluated again",
			 watched->rule->alert);
	notice.text = text;
	telling->tell(&notice, telling->arg);
}

/* The rule holds for a series now. */
static int hold(struct watched_rule *watched, const struct element *e,
		const struct telling *telling)
{
	struct alert *alert;

	if (e->nr_labels > LABELS_MAX)
		return -E2BIG;
	alert = alert_find(watched, e->labels, e->nr_labels);
	if (!alert) {
		alert = alert_add(watched, e->labels, e->nr_labels);
		if (!alert)
			return -ENOSPC;
		alert->active_ms = telling->now_ms;
	}
	if (alert->active_ms > telling->now_ms)
		alert->active_ms = telling->now_ms;
	alert->last_ms = telling->now_ms;
	alert->value = e->value;
	alert->is_seen = true;
	if (alert->is_firing ||
	    telling->now_ms - alert->active_ms < watched->rule->for_ms)
		return 0;
	alert->is_firing = true;
	tell_alert(watched, alert, NOTICE_FIRING, telling);
	return 0;
}

/* Those that do not hold any more go, unless they are kept. */
static void let_go(struct watched_rule *watched, const struct telling *telling)
{
	size_t left = 0;

	for (size_t i = 0; i < watched->nr; i++) {
		struct alert *alert = &watched->alerts[i];

		if (alert->last_ms > telling->now_ms)
			alert->last_ms = telling->now_ms;
		if (alert->is_seen ||
		    (alert->is_firing && telling->now_ms - alert->last_ms <
					 watched->rule->keep_ms)) {
			alert->is_seen = false;
			watched->alerts[left++] = *alert;
			continue;
		}
		if (alert->is_firing)
			tell_alert(watched, alert, NOTICE_RESOLVED, telling);
		alert_free(alert);
	}
	watched->nr = left;
}

static void evaluate(struct engine *engine, struct watched_rule *watched,
		     const struct telling *telling)
{
	struct arena arena = { .limit = ARENA_LIMIT };
	struct eval eval = {
		.history = &engine->history,
		.now_ms = telling->now_ms,
		.arena = &arena,
	};
	struct element number = { 0 };
	struct value value;
	int err = expr_eval(&eval, watched->rule->expr, &value);

	if (err) {
		tell_failure(watched, eval.error.text, telling);
		goto out_free;
	}
	/* A number that is not 0 holds, as it does not in Prometheus. */
	if (value.kind == EXPR_SCALAR) {
		number.value = value.scalar;
		value.elements = &number;
		value.nr = value.scalar != 0 && !isnan(value.scalar);
	}
	/* One alert too many does not end those there are. */
	for (size_t i = 0; i < value.nr; i++) {
		int refused = hold(watched, &value.elements[i], telling);

		if (!err)
			err = refused;
	}
	if (err)
		tell_failure(watched, err == -E2BIG ?
			     "a series has too many labels" :
			     "it holds for too many series", telling);
	else
		tell_failure(watched, NULL, telling);
	let_go(watched, telling);
out_free:
	arena_free(&arena);
}

/**
 * engine_evaluate() - evaluate all rules, after a round of samples
 * @now_ms: the round's time
 * @tell: told what changed
 */
void engine_evaluate(struct engine *engine, int64_t now_ms, notice_fn tell,
		     void *arg)
{
	const struct telling telling = { now_ms, tell, arg };

	for (size_t i = 0; i < engine->nr; i++)
		evaluate(engine, &engine->rules[i], &telling);
	history_expire(&engine->history);
}
