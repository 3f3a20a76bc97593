// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the language of rules can do with numbers: its operators, aggregations
 * and functions, a table of each. Meanings are PromQL's; of a time only what a
 * span sums up is known (history.h).
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "expr.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static double op_add(double a, double b) { return a + b; }
static double op_sub(double a, double b) { return a - b; }
static double op_mul(double a, double b) { return a * b; }
static double op_div(double a, double b) { return a / b; }
static double op_eq(double a, double b) { return a == b; }
static double op_ne(double a, double b) { return a != b; }
static double op_gt(double a, double b) { return a > b; }
static double op_lt(double a, double b) { return a < b; }
static double op_ge(double a, double b) { return a >= b; }
static double op_le(double a, double b) { return a <= b; }

static const struct operator operators[] = {
	{ "or", 1, false, NULL, false, true },
	{ "and", 2, false, NULL, true, false },
	{ "unless", 2, false, NULL, false, false },
	{ "==", 3, true, op_eq, false, false },
	{ "!=", 3, true, op_ne, false, false },
	{ ">=", 3, true, op_ge, false, false },
	{ "<=", 3, true, op_le, false, false },
	{ ">", 3, true, op_gt, false, false },
	{ "<", 3, true, op_lt, false, false },
	{ "+", 4, false, op_add, false, false },
	{ "-", 4, false, op_sub, false, false },
	{ "*", 5, false, op_mul, false, false },
	{ "/", 5, false, op_div, false, false },
	{ "%", 5, false, fmod, false, false },
};

static void add_sum(struct element *sum, double value, size_t nr)
{
	sum->value = nr ? sum->value + value : value;
}

static void add_min(struct element *sum, double value, size_t nr)
{
	sum->value = nr ? fmin(sum->value, value) : value;
}

static void add_max(struct element *sum, double value, size_t nr)
{
	sum->value = nr ? fmax(sum->value, value) : value;
}

static double end_same(double sum, size_t nr)
{
	(void)nr;
	return sum;
}

static double end_avg(double sum, size_t nr)
{
	return sum / (double)nr;
}

static double end_count(double sum, size_t nr)
{
	(void)sum;
	return (double)nr;
}

static const struct aggregation aggregations[] = {
	{ "sum", add_sum, end_same },
	{ "avg", add_sum, end_avg },
	{ "count", add_sum, end_count },
	{ "min", add_min, end_same },
	{ "max", add_max, end_same },
};

static bool span_avg(const struct span *span, double *value)
{
	*value = span->sum.sum / (double)span->sum.count;
	return true;
}

static bool span_sum(const struct span *span, double *value)
{
	*value = span->sum.sum;
	return true;
}

static bool span_count(const struct span *span, double *value)
{
	*value = (double)span->sum.count;
	return true;
}

static bool span_min(const struct span *span, double *value)
{
	*value = span->sum.min;
	return true;
}

static bool span_max(const struct span *span, double *value)
{
	*value = span->sum.max;
	return true;
}

static bool span_last(const struct span *span, double *value)
{
	*value = span->sum.last;
	return true;
}

/*
 * What grew between the first and the last sample is taken to have grown on to
 * the ends of the time, if samples come that near to them; else half of the
 * mean time between samples further. A counter is not taken to have been less
 * than zero. Given per so many seconds.
 */
static bool extrapolate(const struct span *span, double grown, bool is_counter,
			double seconds, double *value)
{
	const struct bucket *sum = &span->sum;
	double length = (double)(sum->last_ms - sum->first_ms);
	/* A first bucket may begin before the time does. */
	double to_begin = fmax((double)(sum->first_ms - span->begin_ms), 0);
	double to_end = (double)(span->end_ms - sum->last_ms);
	double mean, zero;

	if (sum->count < 2 || length <= 0)
		return false;
	mean = length / (double)(sum->count - 1);
	if (to_begin >= mean * 1.1)
		to_begin = mean / 2;
	if (is_counter && grown > 0 && sum->first >= 0) {
		zero = length * sum->first / grown;
		to_begin = fmin(to_begin, zero);
	}
	if (to_end >= mean * 1.1)
		to_end = mean / 2;
	*value = grown * ((length + to_begin + to_end) / length / seconds);
	return true;
}

static bool span_increase(const struct span *span, double *value)
{
	return extrapolate(span, span->sum.growth, true, 1, value);
}

static bool span_rate(const struct span *span, double *value)
{
	return extrapolate(span, span->sum.growth, true,
			   (double)(span->end_ms - span->begin_ms) / 1000,
			   value);
}

static bool span_delta(const struct span *span, double *value)
{
	return extrapolate(span, span->sum.last - span->sum.first, false, 1,
			   value);
}

static double value_abs(double value, double unused)
{
	(void)unused;
	return fabs(value);
}

/* NaN stays NaN, but where the other is the end of all numbers. */
static double value_clamp_min(double value, double least)
{
	return isunordered(value, least) && fmax(value, least) != INFINITY ?
	       NAN : fmax(value, least);
}

static double value_clamp_max(double value, double most)
{
	return isunordered(value, most) && fmin(value, most) != -INFINITY ?
	       NAN : fmin(value, most);
}

static int call_time(struct eval *eval, const struct expr *expr,
		     const struct value *args, struct value *result)
{
	(void)expr;
	(void)args;
	result->scalar = (double)eval->now_ms / 1000;
	return 0;
}

static int call_scalar(struct eval *eval, const struct expr *expr,
		       const struct value *args, struct value *result)
{
	(void)eval;
	(void)expr;
	result->scalar = args[0].nr == 1 ? args[0].elements[0].value : NAN;
	return 0;
}

static int one_element(struct eval *eval, struct value *result, double value)
{
	result->elements = arena_alloc(eval->arena, 1, sizeof(struct element));
	if (!result->elements)
		return -ENOMEM;
	result->elements[0] = (struct element){ .value = value };
	result->nr = 1;
	return 0;
}

static int call_vector(struct eval *eval, const struct expr *expr,
		       const struct value *args, struct value *result)
{
	(void)expr;
	return one_element(eval, result, args[0].scalar);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct label *)a)->name,
		      ((const struct label *)b)->name);
}

/* Does a condition give a label of what is absent? The first = on that label
 * does, if no other on it follows; so says Prometheus.
 */
static bool is_of_absent(const struct expr *arg, unsigned int at)
{
	const struct matcher *matcher = &arg->matchers.items[at];

	if (matcher->op != MATCH_EQUAL || !*matcher->value)
		return false;
	for (unsigned int i = 0; i < arg->matchers.nr; i++) {
		const struct matcher *other = &arg->matchers.items[i];

		if (i != at && !strcmp(other->name, matcher->name) &&
		    (i > at || other->op == MATCH_EQUAL))
			return false;
	}
	return true;
}

static int call_absent(struct eval *eval, const struct expr *expr,
		       const struct value *args, struct value *result)
{
	const struct expr *arg = expr->args[0];
	struct label *labels;
	unsigned int nr = 0;

	if (args[0].nr)
		return 0;
	labels = arena_alloc(eval->arena, LABELS_MAX, sizeof(*labels));
	if (!labels || one_element(eval, result, 1))
		return -ENOMEM;
	for (unsigned int i = 0; i < arg->matchers.nr && nr < LABELS_MAX; i++) {
		const struct matcher *matcher = &arg->matchers.items[i];

		if (is_of_absent(arg, i))
			labels[nr++] = (struct label){ matcher->name,
						       matcher->value };
	}
	qsort(labels, nr, sizeof(*labels), by_name);
	result->elements[0].labels = labels;
	result->elements[0].nr_labels = nr;
	return 0;
}

#define OF_SPAN(word, function) \
	{ .name = word, .result = EXPR_VECTOR, .nr_args = 1, \
	  .args = { EXPR_RANGE }, .of_span = function }
#define OF_VALUE(word, nr, function) \
	{ .name = word, .result = EXPR_VECTOR, .nr_args = nr, \
	  .args = { EXPR_VECTOR, EXPR_SCALAR }, .of_value = function }
#define CALL(word, kind, nr, arg, function) \
	{ .name = word, .result = kind, .nr_args = nr, .args = { arg }, \
	  .call = function }

static const struct function functions[] = {
	OF_SPAN("avg_over_time", span_avg),
	OF_SPAN("min_over_time", span_min),
	OF_SPAN("max_over_time", span_max),
	OF_SPAN("sum_over_time", span_sum),
	OF_SPAN("count_over_time", span_count),
	{ .name = "last_over_time", .result = EXPR_VECTOR, .nr_args = 1,
	  .args = { EXPR_RANGE }, .of_span = span_last, .keeps_name = true },
	OF_SPAN("increase", span_increase),
	OF_SPAN("rate", span_rate),
	OF_SPAN("delta", span_delta),
	OF_VALUE("abs", 1, value_abs),
	OF_VALUE("clamp_min", 2, value_clamp_min),
	OF_VALUE("clamp_max", 2, value_clamp_max),
	{ .name = "absent", .result = EXPR_VECTOR, .nr_args = 1,
	  .args = { EXPR_VECTOR }, .call = call_absent,
	  .is_of_absence = true },
	CALL("vector", EXPR_VECTOR, 1, EXPR_SCALAR, call_vector),
	CALL("scalar", EXPR_SCALAR, 1, EXPR_VECTOR, call_scalar),
	CALL("time", EXPR_SCALAR, 0, EXPR_SCALAR, call_time),
};

#define FIND(table, member, text, length) do { \
	for (size_t i_ = 0; i_ < ARRAY_SIZE(table); i_++) \
		if (strlen((table)[i_].member) == (length) && \
		    !memcmp((table)[i_].member, text, length)) \
			return &(table)[i_]; \
	return NULL; \
} while (0)

/** operator_find() - the operator of this text, or NULL */
const struct operator *operator_find(const char *text, size_t length)
{
	FIND(operators, text, text, length);
}

/** aggregation_find() - the aggregation of this name, or NULL */
const struct aggregation *aggregation_find(const char *text, size_t length)
{
	FIND(aggregations, name, text, length);
}

/** function_find() - the function of this name, or NULL */
const struct function *function_find(const char *text, size_t length)
{
	FIND(functions, name, text, length);
}
