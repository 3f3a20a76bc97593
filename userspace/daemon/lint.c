// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is right by its form and yet hardly meant: names that nothing has, and
 * expressions that always or never hold. None of it is an error, as the module may
 * be newer than memteld, and a metric that does not exist has no series.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "collect.h"
#include "expr.h"
#include "lint.h"
#include "suggest.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const char *const sources[] = {
	"fallback", "reclaim", "shrinker", "site", "slab", "zonelock",
};

static const char *const severities[] = { "critical", "warning", "info" };

/* What there is to say, and to whom. */
struct lint {
	int64_t interval_ms;
	lint_fn tell;
	void *arg;
};

__attribute__((format(printf, 3, 4)))
static void tell(const struct lint *lint, const struct expr *expr,
		 const char *format, ...)
{
	char text[LINT_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	lint->tell(expr->offset, text, lint->arg);
}

/* The metric of a name, from all collectors' tables; @near may be NULL. */
static bool find_metric(const char *name, struct known_metric *found,
			struct suggestion *near)
{
	bool (*const known[])(size_t i, struct known_metric *metric) = {
		collect_module_known, collect_host_known,
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		for (size_t j = 0; known[i](j, found); j++) {
			if (!strcmp(found->name, name))
				return true;
			if (near)
				suggest_try(near, found->name);
		}
	}
	return false;
}

static bool has_label(const struct known_metric *metric, const char *name,
		      struct suggestion *near)
{
	for (size_t i = 0; i < ARRAY_SIZE(metric->labels) && metric->labels[i];
	     i++) {
		if (!strcmp(metric->labels[i], name))
			return true;
		suggest_try(near, metric->labels[i]);
	}
	return false;
}

static void lint_selector(const struct lint *lint, const struct expr *expr)
{
	struct suggestion near = { .word = expr->metric };
	struct known_metric metric;

	if (!find_metric(expr->metric, &metric, &near)) {
		tell(lint, expr, near.name ?
		     "memteld has no metric '%s': did you mean '%s'?" :
		     "memteld has no metric '%s'", expr->metric, near.name);
		return;
	}
	for (unsigned int i = 0; i < expr->matchers.nr; i++) {
		const char *label = expr->matchers.items[i].name;

		near = (struct suggestion){ .word = label };
		if (!has_label(&metric, label, &near))
			tell(lint, expr, near.name ?
			     "%s has no label '%s': did you mean '%s'?" :
			     "%s has no label '%s'", expr->metric, label,
			     near.name);
	}
	if (expr->range_ms && expr->range_ms < 2 * lint->interval_ms)
		tell(lint, expr, "a time of %gs is too short for two samples, which are %gs apart",
		     (double)expr->range_ms / 1000,
		     (double)lint->interval_ms / 1000);
}

/* May some series below have the label? All is possible of what is unknown. */
static bool may_have_label(const struct expr *expr, const char *name,
			   struct suggestion *near)
{
	struct known_metric metric;

	if (expr->node == EXPR_SELECTOR)
		return !find_metric(expr->metric, &metric, NULL) ||
		       has_label(&metric, name, near);
	for (unsigned int i = 0; i < expr->nr_args; i++)
		if (may_have_label(expr->args[i], name, near))
			return true;
	return false;
}

static void lint_node(const struct lint *lint, const struct expr *expr)
{
	if (expr->node == EXPR_SELECTOR)
		lint_selector(lint, expr);
	for (unsigned int i = 0; i < expr->nr_names; i++) {
		struct suggestion near = { .word = expr->names[i] };

		if (!may_have_label(expr, expr->names[i], &near))
			tell(lint, expr, near.name ?
			     "nothing here has a label '%s': did you mean '%s'?" :
			     "nothing here has a label '%s'", expr->names[i],
			     near.name);
	}
	for (unsigned int i = 0; i < expr->nr_args; i++)
		lint_node(lint, expr->args[i]);
}

/* Is there something that says when a rule holds, and when it does not? */
static bool is_condition(const struct expr *expr)
{
	if (expr->node == EXPR_OPERATION && expr->operator->is_comparison)
		return true;
	/* What is there, or is not, is a condition. */
	if (expr->node == EXPR_OPERATION && !expr->operator->apply &&
	    !expr->operator->set_adds_right)
		return true;
	if (expr->node == EXPR_CALL && expr->function->is_of_absence)
		return true;
	for (unsigned int i = 0; i < expr->nr_args; i++)
		if (is_condition(expr->args[i]))
			return true;
	return false;
}

/* 0 or 1 for each series is a series all the same. */
static bool is_always_there(const struct expr *expr)
{
	return expr->kind == EXPR_VECTOR && expr->node == EXPR_OPERATION &&
	       expr->has_bool;
}

/**
 * lint_expr() - say what is hardly meant in a rule's expression
 * @interval_ms: between two rounds
 */
void lint_expr(const struct expr *expr, int64_t interval_ms, lint_fn fn,
	       void *arg)
{
	const struct lint lint = { interval_ms, fn, arg };

	lint_node(&lint, expr);
	if (!is_condition(expr))
		tell(&lint, expr, "without a comparison the rule fires for every series there is");
	else if (is_always_there(expr))
		tell(&lint, expr, "with bool the rule fires for every series, also where the comparison gives 0");
}

static bool is_in(const char *const *names, size_t nr, const char *name,
		  struct suggestion *near)
{
	*near = (struct suggestion){ .word = name };
	for (size_t i = 0; i < nr; i++) {
		if (!strcmp(names[i], name))
			return true;
		suggest_try(near, names[i]);
	}
	return false;
}

/** lint_source() - is a source one of those that memteld knows? Else set text */
bool lint_source(const char *name, char text[LINT_TEXT_MAX])
{
	struct suggestion near;

	if (is_in(sources, ARRAY_SIZE(sources), name, &near))
		return true;
	snprintf(text, LINT_TEXT_MAX, near.name ?
		 "memteld knows no source '%.64s': did you mean '%s'?" :
		 "memteld knows no source '%.64s'", name, near.name);
	return false;
}

/** lint_severity() - is a severity one that makes a level? Else set text */
bool lint_severity(const char *name, char text[LINT_TEXT_MAX])
{
	struct suggestion near;

	if (is_in(severities, ARRAY_SIZE(severities), name, &near))
		return true;
	snprintf(text, LINT_TEXT_MAX, near.name ?
		 "a severity of '%.64s' is taken as warning: did you mean '%s'?" :
		 "a severity of '%.64s' is taken as warning: expected critical, warning or info",
		 name, near.name);
	return false;
}
