/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The language of rules: a part of PromQL. See expr.c and eval.c. */
#ifndef MEMTELD_EXPR_H
#define MEMTELD_EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "history.h"

/* No expression is nested deeper, nor has more parts: it is walked by calls. */
#define EXPR_DEPTH 64
#define EXPR_NODES 1000

/* Series that one step of an evaluation may have: some of each cgroup. */
#define EXPR_SERIES (8 * CGROUPS_MAX)

#define EXPR_ERROR_MAX 160

/** enum expr_kind - what an expression's value is */
enum expr_kind {
	EXPR_SCALAR,	/* a number */
	EXPR_VECTOR,	/* a number for each of some series */
	EXPR_RANGE,	/* the past of some series */
};

/** enum expr_node - what an expression is made of */
enum expr_node {
	EXPR_NUMBER,
	EXPR_SELECTOR,
	EXPR_NEGATION,
	EXPR_OPERATION,
	EXPR_AGGREGATION,
	EXPR_CALL,
};

struct aggregation;
struct function;
struct operator;

/**
 * struct expr - an expression, and those in it
 * @node: which
 * @kind: of its value
 * @offset: where it begins in the text
 * @args: its arguments or operands; an aggregation has one
 * @nr_args: how many
 * @number: of a number
 * @metric: of a selector, its name
 * @matchers: of a selector
 * @range_ms: of a range selector
 * @operator: of an operation
 * @aggregation: of an aggregation
 * @function: of a call
 * @names: labels after on, ignoring, by or without
 * @nr_names: how many
 * @is_kept: these labels count (on, by), not all others (ignoring, without)
 * @has_bool: a comparison gives 0 or 1 and does not filter
 */
struct expr {
	enum expr_node node;
	enum expr_kind kind;
	size_t offset;
	struct expr *args[2];
	unsigned int nr_args;

	double number;
	char *metric;
	struct matchers matchers;
	int64_t range_ms;
	const struct operator *operator;
	const struct aggregation *aggregation;
	const struct function *function;
	char **names;
	unsigned int nr_names;
	bool is_kept;
	bool has_bool;
};

/**
 * struct expr_error - why a text is no expression, or has no value
 * @text: a sentence
 * @offset: of the character at fault in the text
 */
struct expr_error {
	char text[EXPR_ERROR_MAX];
	size_t offset;
};

struct expr *expr_parse(const char *text, struct expr_error *error);
void expr_free(struct expr *expr);
int expr_want(const struct expr *expr, struct history *history);
int64_t duration_parse(const char *text, const char **end);

/** struct element - a series' value; labels sorted, metric NULL if dropped */
struct element {
	const char *metric;
	const struct label *labels;
	unsigned int nr_labels;
	double value;
};

/**
 * struct value - what an expression is now
 * @kind: scalar or vector
 * @scalar: of a scalar
 * @elements: of a vector
 * @nr: how many
 */
struct value {
	enum expr_kind kind;
	double scalar;
	struct element *elements;
	size_t nr;
};

/**
 * struct eval - an evaluation
 * @history: of what
 * @now_ms: when
 * @arena: where the result lives; its owner frees it
 * @error: set by who fails
 */
struct eval {
	const struct history *history;
	int64_t now_ms;
	struct arena *arena;
	struct expr_error error;
};

int expr_eval(struct eval *eval, const struct expr *expr, struct value *value);

/**
 * struct operator - a row of the table of operators
 * @text: as written
 * @level: binds tighter the greater it is
 * @is_comparison: filters, or gives 0 or 1
 * @apply: of two numbers; NULL of a set operator
 * @set_is_in: of a set operator, whether what is looked up must be there
 * @set_adds_right: the right side is looked up in the left, which is kept; else
 *                  the left in the right
 */
struct operator {
	const char *text;
	unsigned int level;
	bool is_comparison;
	double (*apply)(double left, double right);
	bool set_is_in;
	bool set_adds_right;
};

/** struct aggregation - one number of many */
struct aggregation {
	const char *name;
	void (*add)(struct element *sum, double value, size_t nr_before);
	double (*end)(double sum, size_t nr);
};

/**
 * struct function - a row of the table of functions
 * @name: as written
 * @result: kind of its value
 * @nr_args: how many arguments
 * @args: their kinds
 * @of_span: of a range, for each series; true when there is a value
 * @keeps_name: of these, the result is a value of the metric
 * @of_value: of a vector's number, and of a second, scalar argument
 * @call: of all else
 * @is_of_absence: there is a value where there is no series
 */
struct function {
	const char *name;
	enum expr_kind result;
	unsigned int nr_args;
	enum expr_kind args[2];
	bool (*of_span)(const struct span *span, double *value);
	bool keeps_name;
	double (*of_value)(double value, double argument);
	int (*call)(struct eval *eval, const struct expr *expr,
		    const struct value *args, struct value *result);
	bool is_of_absence;
};

const struct operator *operator_find(const char *text, size_t length);
const struct aggregation *aggregation_find(const char *text, size_t length);
const struct function *function_find(const char *text, size_t length);

#endif /* MEMTELD_EXPR_H */
