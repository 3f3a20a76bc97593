// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From an expression and the past to a value.
 *
 * Everything lives in the evaluation's arena; labels of series are shared with
 * the history. Series are matched by a key: those of their labels that count.
 * Keys are sorted, so that an operation on n and m series takes (n+m) log m
 * comparisons. Between series only one may match one; what would match several
 * is an error that names the labels, as it would be in Prometheus.
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expr.h"

__attribute__((format(printf, 3, 4)))
static int fail(struct eval *eval, const struct expr *expr, const char *format,
		...)
{
	va_list args;

	eval->error.offset = expr->offset;
	va_start(args, format);
	vsnprintf(eval->error.text, sizeof(eval->error.text), format, args);
	va_end(args);
	return -EINVAL;
}

/* Room for a result's elements. */
static int reserve(struct eval *eval, const struct expr *expr,
		   struct value *value, size_t nr)
{
	value->elements = NULL;
	value->nr = 0;
	if (nr <= EXPR_SERIES)
		value->elements = arena_alloc(eval->arena, nr,
					      sizeof(*value->elements));
	return value->elements ? 0 :
	       fail(eval, expr, "more than %d series, or no memory for them",
		    EXPR_SERIES);
}

static void put(struct value *value, const char *metric,
		const struct label *labels, unsigned int nr_labels,
		double number)
{
	value->elements[value->nr++] = (struct element){
		metric, labels, nr_labels, number
	};
}

/* Is there all that an expression looks at? What is not there is not guessed. */
static int check_samples(struct eval *eval, const struct expr *expr,
			 const struct metric *metric)
{
	/* Of a value now, those of this round. */
	int64_t since_ms = eval->now_ms - (expr->range_ms ? expr->range_ms : 1);

	if (*metric->why)
		return fail(eval, expr, "%s cannot be read: %s", metric->name,
			    metric->why);
	if (metric->lost_why && metric->lost_ms > since_ms)
		return fail(eval, expr, "samples of %s were lost: %s",
			    metric->name, metric->lost_why);
	return 0;
}

/* @function: of a time; NULL for the value now. */
static int eval_selector(struct eval *eval, const struct expr *expr,
			 const struct function *function, struct value *value)
{
	const struct metric *metric = history_find(eval->history, expr->metric);
	size_t nr = metric ? metric->nr : 0;
	int err = metric ? check_samples(eval, expr, metric) : 0;

	if (!err)
		err = reserve(eval, expr, value, nr);
	for (size_t i = 0; i < nr && !err; i++) {
		const struct series *series = metric->series[i];
		int match = matchers_match(&expr->matchers, series->labels,
					   series->nr_labels);
		struct span span;
		double number;

		if (match < 0)
			return fail(eval, expr, "a regular expression takes too many steps to match");
		if (!match)
			continue;
		if (!function) {
			if (series_is_fresh(eval->history, series))
				put(value, expr->metric, series->labels,
				    series->nr_labels,
				    series->buckets[series->nr - 1].last);
			continue;
		}
		series_span(series, eval->now_ms - expr->range_ms, eval->now_ms,
			    &span);
		if (span.sum.count && function->of_span(&span, &number))
			put(value, function->keeps_name ? expr->metric : NULL,
			    series->labels, series->nr_labels, number);
	}
	return err;
}

/* The labels of an element that count, as @expr says. */
static int key_of(struct eval *eval, const struct expr *expr,
		  const struct element *element, struct element *key)
{
	struct label *labels = arena_alloc(eval->arena, element->nr_labels,
					   sizeof(*labels));
	unsigned int nr = 0;

	if (!labels)
		return fail(eval, expr, "no memory for labels");
	for (unsigned int i = 0; i < element->nr_labels; i++) {
		bool is_named = false;

		for (unsigned int j = 0; j < expr->nr_names && !is_named; j++)
			is_named = !strcmp(expr->names[j],
					   element->labels[i].name);
		if (is_named == expr->is_kept)
			labels[nr++] = element->labels[i];
	}
	*key = (struct element){ .labels = labels, .nr_labels = nr };
	return 0;
}

/* An element of a vector, and its key. */
struct keyed {
	struct element key;
	const struct element *element;
	bool is_taken;
};

static int by_key(const void *a, const void *b)
{
	const struct element *left = &((const struct keyed *)a)->key;
	const struct element *right = &((const struct keyed *)b)->key;

	return labels_compare(left->labels, left->nr_labels, right->labels,
			      right->nr_labels);
}

/* A vector's elements with their keys, sorted by these; NULL after fail(). */
static struct keyed *sort_by_key(struct eval *eval, const struct expr *expr,
				 const struct value *value)
{
	struct keyed *keyed = arena_alloc(eval->arena, value->nr,
					  sizeof(*keyed));

	if (!keyed) {
		fail(eval, expr, "no memory for %zu series", value->nr);
		return NULL;
	}
	for (size_t i = 0; i < value->nr; i++) {
		keyed[i].element = &value->elements[i];
		keyed[i].is_taken = false;
		if (key_of(eval, expr, &value->elements[i], &keyed[i].key))
			return NULL;
	}
	qsort(keyed, value->nr, sizeof(*keyed), by_key);
	return keyed;
}

static int fail_labels(struct eval *eval, const struct expr *expr,
		       const char *side, const struct element *key)
{
	char text[EXPR_ERROR_MAX / 2] = "";
	size_t length = 0;

	for (unsigned int i = 0; i < key->nr_labels; i++) {
		int added = snprintf(text + length, sizeof(text) - length,
				     "%s%s=\"%s\"", i ? "," : "",
				     key->labels[i].name,
				     key->labels[i].value);

		if (added < 0 || length + added >= sizeof(text))
			break;
		length += added;
	}
	return fail(eval, expr, "several series on the %s have {%s}: say on() or ignoring() which labels to match",
		    side, text);
}

static int eval_aggregation(struct eval *eval, const struct expr *expr,
			    const struct value *arg, struct value *value)
{
	const struct aggregation *aggregation = expr->aggregation;
	struct keyed *keyed = sort_by_key(eval, expr, arg);
	int err = keyed ? reserve(eval, expr, value, arg->nr) : -EINVAL;
	size_t nr = 0;

	if (err)
		return err;
	for (size_t i = 0; i < arg->nr; i++, nr++) {
		if (!i || by_key(&keyed[i - 1], &keyed[i])) {
			if (i)
				value->elements[value->nr - 1].value =
					aggregation->end(
					  value->elements[value->nr - 1].value,
					  nr);
			put(value, NULL, keyed[i].key.labels,
			    keyed[i].key.nr_labels, 0);
			nr = 0;
		}
		aggregation->add(&value->elements[value->nr - 1],
				 keyed[i].element->value, nr);
	}
	if (nr)
		value->elements[value->nr - 1].value =
			aggregation->end(value->elements[value->nr - 1].value,
					 nr);
	return 0;
}

/* One pair of numbers. @kept: the element that a comparison keeps. */
static void operate(const struct expr *expr, const struct element *kept,
		    double left, double right, struct value *value)
{
	const struct operator *operator = expr->operator;
	double number = operator->apply(left, right);

	if (operator->is_comparison && !expr->has_bool) {
		if (number)
			put(value, kept->metric, kept->labels, kept->nr_labels,
			    kept->value);
		return;
	}
	put(value, NULL, kept->labels, kept->nr_labels, number);
}

static int eval_with_number(struct eval *eval, const struct expr *expr,
			    const struct value *left, const struct value *right,
			    struct value *value)
{
	bool is_left = left->kind == EXPR_VECTOR;
	const struct value *vector = is_left ? left : right;
	int err = reserve(eval, expr, value, vector->nr);

	for (size_t i = 0; i < vector->nr && !err; i++) {
		const struct element *e = &vector->elements[i];

		operate(expr, e, is_left ? e->value : left->scalar,
			is_left ? right->scalar : e->value, value);
	}
	return err;
}

static int eval_one_to_one(struct eval *eval, const struct expr *expr,
			   const struct value *left, struct keyed *right,
			   size_t nr_right, struct value *value)
{
	struct element kept;
	struct keyed wanted, *found;
	size_t before;
	int err = reserve(eval, expr, value, left->nr);

	/* Where nothing can match, nothing is ambiguous. */
	if (err || !left->nr)
		return err;
	for (size_t i = 1; i < nr_right && !err; i++)
		if (!by_key(&right[i - 1], &right[i]))
			err = fail_labels(eval, expr, "right", &right[i].key);
	for (size_t i = 0; i < left->nr && !err; i++) {
		err = key_of(eval, expr, &left->elements[i], &wanted.key);
		if (err)
			break;
		found = bsearch(&wanted, right, nr_right, sizeof(*right),
				by_key);
		if (!found)
			continue;
		/* What comes of it has the labels that were matched. */
		kept = left->elements[i];
		kept.labels = wanted.key.labels;
		kept.nr_labels = wanted.key.nr_labels;
		if (expr->is_kept)
			kept.metric = NULL;
		before = value->nr;
		operate(expr, &kept, left->elements[i].value,
			found->element->value, value);
		if (value->nr == before)
			continue;
		if (found->is_taken)
			return fail_labels(eval, expr, "left", &wanted.key);
		found->is_taken = true;
	}
	return err;
}

static void put_element(struct value *value, const struct element *element)
{
	value->elements[value->nr++] = *element;
}

/* and, or, unless: by keys alone. */
static int eval_set(struct eval *eval, const struct expr *expr,
		    const struct value *left, const struct value *right,
		    struct value *value)
{
	const struct operator *operator = expr->operator;
	const struct value *looked_up = operator->set_adds_right ? left : right;
	const struct value *passed = operator->set_adds_right ? right : left;
	struct keyed *keyed = sort_by_key(eval, expr, looked_up), wanted;
	int err = keyed ? reserve(eval, expr, value, left->nr + right->nr) :
			  -EINVAL;

	if (err)
		return err;
	if (operator->set_adds_right)
		for (size_t i = 0; i < left->nr; i++)
			put_element(value, &left->elements[i]);
	for (size_t i = 0; i < passed->nr && !err; i++) {
		err = key_of(eval, expr, &passed->elements[i], &wanted.key);
		if (err)
			break;
		if (!!bsearch(&wanted, keyed, looked_up->nr, sizeof(*keyed),
			      by_key) == operator->set_is_in)
			put_element(value, &passed->elements[i]);
	}
	return err;
}

static int eval_operation(struct eval *eval, const struct expr *expr,
			  const struct value *args, struct value *value)
{
	struct keyed *right;

	if (expr->kind == EXPR_SCALAR) {
		value->scalar = expr->operator->apply(args[0].scalar,
						      args[1].scalar);
		return 0;
	}
	if (!expr->operator->apply)
		return eval_set(eval, expr, &args[0], &args[1], value);
	if (args[0].kind != args[1].kind)
		return eval_with_number(eval, expr, &args[0], &args[1], value);
	right = sort_by_key(eval, expr, &args[1]);
	return right ? eval_one_to_one(eval, expr, &args[0], right, args[1].nr,
				       value) : -EINVAL;
}

static int eval_each(struct eval *eval, const struct expr *expr,
		     const struct value *args, struct value *value)
{
	int err = reserve(eval, expr, value, args[0].nr);

	for (size_t i = 0; i < args[0].nr && !err; i++) {
		const struct element *e = &args[0].elements[i];

		put(value, NULL, e->labels, e->nr_labels,
		    expr->node == EXPR_NEGATION ? -e->value :
		    expr->function->of_value(e->value, args[1].scalar));
	}
	return err;
}

static int eval_call(struct eval *eval, const struct expr *expr,
		     const struct value *args, struct value *value)
{
	if (expr->function->of_value)
		return eval_each(eval, expr, args, value);
	if (expr->function->call(eval, expr, args, value))
		return fail(eval, expr, "no memory");
	return 0;
}

static int eval_negation(struct eval *eval, const struct expr *expr,
			 const struct value *args, struct value *value)
{
	if (expr->kind == EXPR_VECTOR)
		return eval_each(eval, expr, args, value);
	value->scalar = -args[0].scalar;
	return 0;
}

/**
 * expr_eval() - what an expression is now
 * @eval: history, time and arena; error is set when it fails
 * @expr: the expression
 * @value: set
 *
 * Return: 0 or a negative errno.
 */
int expr_eval(struct eval *eval, const struct expr *expr, struct value *value)
{
	struct value args[2] = { 0 };
	int err = 0;

	*value = (struct value){ .kind = expr->kind, .scalar = expr->number };
	if (expr->node == EXPR_NUMBER)
		return 0;
	if (expr->node == EXPR_SELECTOR)
		return eval_selector(eval, expr, NULL, value);
	if (expr->node == EXPR_CALL && expr->function->of_span)
		return eval_selector(eval, expr->args[0],
				     expr->function, value);
	for (unsigned int i = 0; i < expr->nr_args && !err; i++)
		err = expr_eval(eval, expr->args[i], &args[i]);
	if (err)
		return err;
	switch (expr->node) {
	case EXPR_NEGATION:
		return eval_negation(eval, expr, args, value);
	case EXPR_OPERATION:
		return eval_operation(eval, expr, args, value);
	case EXPR_AGGREGATION:
		return eval_aggregation(eval, expr, &args[0], value);
	default:
		return eval_call(eval, expr, args, value);
	}
}
