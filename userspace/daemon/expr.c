// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a rule's text to an expression.
 *
 * The language is a part of PromQL, and what is in it means the same:
 *
 *	metric{label="value",other=~"regex"}[5m]	= != =~ !~
 *	1.5  1e9  0x10  Inf  NaN  -x  (x)
 *	* / %   + -   == != > < >= <=   and unless   or
 *	left op on(labels) right, ignoring(labels), comparison op bool
 *	sum by(labels) (x), sum without(labels) (x); or the labels after it
 *	function(x), see eval.c
 *
 * Regexes are PCRE2's and match the whole value. Kinds are checked here, so that
 * an evaluation fails by what the series are alone. An error says what was
 * expected and points at the character.
 */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expr.h"

#define LIST_MAX 32

/* Where the parser is. */
struct parser {
	const char *text;
	const char *at;
	unsigned int depth;
	unsigned int nr_nodes;
	struct expr_error *error;
	bool has_failed;
};

static struct expr *parse_level(struct parser *p, unsigned int level);

__attribute__((format(printf, 3, 4)))
static void *fail_at(struct parser *p, const char *where, const char *format,
		     ...)
{
	va_list args;

	if (p->has_failed)
		return NULL;
	p->has_failed = true;
	p->error->offset = where - p->text;
	va_start(args, format);
	vsnprintf(p->error->text, sizeof(p->error->text), format, args);
	va_end(args);
	return NULL;
}

static void skip_space(struct parser *p)
{
	while (isspace((unsigned char)*p->at))
		p->at++;
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == ':';
}

/* The length of the word here, 0 for none. */
static size_t word_length(struct parser *p)
{
	size_t length = 0;

	skip_space(p);
	if (isdigit((unsigned char)*p->at))
		return 0;
	while (is_name(p->at[length]))
		length++;
	return length;
}

static bool take(struct parser *p, char c)
{
	skip_space(p);
	if (*p->at != c)
		return false;
	p->at++;
	return true;
}

static bool expect(struct parser *p, char c, const char *where)
{
	if (take(p, c))
		return true;
	fail_at(p, p->at, "expected '%c' %s", c, where);
	return false;
}

static bool take_word(struct parser *p, const char *word)
{
	size_t length = word_length(p);

	if (length != strlen(word) || memcmp(p->at, word, length))
		return false;
	p->at += length;
	return true;
}

/** expr_free() - an expression and those in it; or NULL */
void expr_free(struct expr *expr)
{
	if (!expr)
		return;
	for (unsigned int i = 0; i < expr->nr_args; i++)
		expr_free(expr->args[i]);
	matchers_free(&expr->matchers);
	for (unsigned int i = 0; i < expr->nr_names; i++)
		free(expr->names[i]);
	free(expr->names);
	free(expr->metric);
	free(expr);
}

static struct expr *expr_new(struct parser *p, enum expr_node node,
			     enum expr_kind kind, const char *where)
{
	struct expr *expr;

	if (p->nr_nodes++ == EXPR_NODES)
		return fail_at(p, where, "more than %d parts", EXPR_NODES);
	expr = calloc(1, sizeof(*expr));
	if (!expr)
		return fail_at(p, where, "out of memory");
	expr->node = node;
	expr->kind = kind;
	expr->offset = where - p->text;
	return expr;
}

/* An expression that is not finished goes. */
static struct expr *drop(struct expr *expr)
{
	expr_free(expr);
	return NULL;
}

static const struct {
	const char *unit;
	int64_t ms;
} units[] = {
	{ "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 },
	{ "d", 86400000 }, { "w", 604800000 }, { "y", 31536000000 },
};

/**
 * duration_parse() - a time such as 90s, 1h30m or 7d
 * @text: it, at its begin
 * @end: set to what is after it
 *
 * Return: ms, or -1 when there is none, or one of more than a hundred years.
 */
int64_t duration_parse(const char *text, const char **end)
{
	static const int64_t limit_ms = INT64_C(100) * 31536000000;
	int64_t sum = 0;
	size_t i;

	*end = text;
	do {
		int64_t number = 0, ms = 0;
		size_t length = 0;

		if (!isdigit((unsigned char)*text))
			return -1;
		while (isdigit((unsigned char)*text)) {
			number = number * 10 + (*text++ - '0');
			if (number > limit_ms)
				return -1;
		}
		while (isalpha((unsigned char)text[length]))
			length++;
		for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
			if (strlen(units[i].unit) == length &&
			    !memcmp(units[i].unit, text, length))
				ms = units[i].ms;
		if (!ms || number > limit_ms / ms)
			return -1;
		sum += number * ms;
		if (sum > limit_ms)
			return -1;
		text += length;
	} while (isdigit((unsigned char)*text));
	*end = text;
	return sum;
}

/* What a backslash and the character here stand for; '\0' after an error. */
static char parse_escape(struct parser *p, char quote)
{
	static const char escapes[][2] = {
		{ 'a', '\a' }, { 'b', '\b' }, { 'f', '\f' }, { 'n', '\n' },
		{ 'r', '\r' }, { 't', '\t' }, { 'v', '\v' }, { '\\', '\\' },
	};
	char c = *p->at++;

	if (c == quote)
		return c;
	for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++)
		if (escapes[i][0] == c)
			return escapes[i][1];
	fail_at(p, p->at - 2, "a backslash is \\\\ in a text; with this character it means nothing");
	return '\0';
}

/* A text in quotes. */
static char *parse_string(struct parser *p)
{
	const char *begin;
	char quote, *text, *out;

	skip_space(p);
	begin = p->at;
	quote = *p->at;
	if (quote != '"' && quote != '\'')
		return fail_at(p, p->at, "expected a text in quotes");
	p->at++;
	out = text = malloc(strlen(p->at) + 1);
	if (!text)
		return fail_at(p, begin, "out of memory");
	while (*p->at && *p->at != quote) {
		char c = *p->at++;

		if (c == '\\' && *p->at)
			c = parse_escape(p, quote);
		*out++ = c;
	}
	*out = '\0';
	if (!take(p, quote))
		fail_at(p, begin, "the text has no closing quote");
	if (!p->has_failed)
		return text;
	free(text);
	return NULL;
}

static bool parse_match_op(struct parser *p, struct matcher *matcher)
{
	static const struct {
		const char *text;
		enum match_op op;
	} ops[] = {
		{ "=~", MATCH_REGEX }, { "!~", MATCH_NOT_REGEX },
		{ "!=", MATCH_NOT_EQUAL }, { "=", MATCH_EQUAL },
	};

	skip_space(p);
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		if (strncmp(p->at, ops[i].text, strlen(ops[i].text)))
			continue;
		p->at += strlen(ops[i].text);
		matcher->op = ops[i].op;
		return true;
	}
	fail_at(p, p->at, "expected = != =~ or !~ after a label");
	return false;
}

/* Compile the regex of a matcher that has one; its text is at @where. */
static bool compile(struct parser *p, struct matcher *matcher, const char *where)
{
	char why[MATCHER_WHY_MAX];

	if (matcher_compile(matcher, why))
		return true;
	fail_at(p, where, "no regular expression: %s", why);
	return false;
}

/* One condition; added only when it is whole. */
static bool parse_matcher(struct parser *p, struct expr *expr)
{
	size_t length = word_length(p);
	struct matcher matcher = { 0 };
	const char *where;

	if (!length) {
		fail_at(p, p->at, "expected the name of a label");
		return false;
	}
	if (expr->matchers.nr == LIST_MAX) {
		fail_at(p, p->at, "more than %d conditions", LIST_MAX);
		return false;
	}
	/* absent() makes a label of it. */
	if (length > LABEL_NAME_MAX) {
		fail_at(p, p->at, "the name of a label has at most %d characters",
			LABEL_NAME_MAX);
		return false;
	}
	matcher.name = strndup(p->at, length);
	if (!matcher.name)
		return false;
	p->at += length;
	if (!parse_match_op(p, &matcher))
		goto out_free;
	skip_space(p);
	where = p->at;
	matcher.value = parse_string(p);
	if (!matcher.value)
		goto out_free;
	if (!compile(p, &matcher, where))
		goto out_free;
	expr->matchers.items[expr->matchers.nr++] = matcher;
	return true;
out_free:
	free(matcher.name);
	free(matcher.value);
	return false;
}

static bool parse_range(struct parser *p, struct expr *expr)
{
	const char *end;

	skip_space(p);
	expr->range_ms = duration_parse(p->at, &end);
	if (expr->range_ms <= 0) {
		fail_at(p, p->at, "expected a time such as 5m");
		return false;
	}
	p->at = end;
	expr->kind = EXPR_RANGE;
	return expect(p, ']', "after the time");
}

static struct expr *parse_selector(struct parser *p, size_t length)
{
	struct expr *expr = expr_new(p, EXPR_SELECTOR, EXPR_VECTOR, p->at);

	if (!expr)
		return NULL;
	expr->metric = strndup(p->at, length);
	if (!expr->metric)
		return drop(expr);
	p->at += length;
	if (take(p, '{')) {
		expr->matchers.items = calloc(LIST_MAX, sizeof(struct matcher));
		if (!expr->matchers.items)
			return drop(expr);
		while (!take(p, '}')) {
			if (!parse_matcher(p, expr))
				return drop(expr);
			if (!take(p, ',')) {
				if (!expect(p, '}', "or ',' after a condition"))
					return drop(expr);
				break;
			}
		}
	}
	if (take(p, '[') && !parse_range(p, expr))
		return drop(expr);
	return expr;
}

/* Labels in parentheses. */
static bool parse_names(struct parser *p, struct expr *expr)
{
	size_t length;

	if (!expect(p, '(', "before labels"))
		return false;
	expr->names = calloc(LIST_MAX, sizeof(*expr->names));
	if (!expr->names) {
		fail_at(p, p->at, "out of memory");
		return false;
	}
	while (!take(p, ')')) {
		length = word_length(p);
		if (!length || expr->nr_names == LIST_MAX) {
			fail_at(p, p->at, "expected the name of a label");
			return false;
		}
		expr->names[expr->nr_names] = strndup(p->at, length);
		if (!expr->names[expr->nr_names]) {
			fail_at(p, p->at, "out of memory");
			return false;
		}
		expr->nr_names++;
		p->at += length;
		if (!take(p, ',')) {
			if (!expect(p, ')', "or ',' after a label"))
				return false;
			break;
		}
	}
	return true;
}

/* by or without, before or after the argument. */
static bool parse_grouping(struct parser *p, struct expr *expr)
{
	bool is_by = take_word(p, "by");

	if (!is_by && !take_word(p, "without"))
		return true;
	if (expr->names) {
		fail_at(p, p->at, "labels are there already");
		return false;
	}
	expr->is_kept = is_by;
	return parse_names(p, expr);
}

static const char *kind_name(enum expr_kind kind)
{
	static const char *const names[] = {
		[EXPR_SCALAR] = "a number",
		[EXPR_VECTOR] = "series",
		[EXPR_RANGE] = "series over a time, such as x[5m]",
	};

	return names[kind];
}

static bool check_kind(struct parser *p, const struct expr *expr,
		       enum expr_kind kind, const char *who)
{
	if (expr->kind == kind)
		return true;
	fail_at(p, p->text + expr->offset, "%s takes %s, and this is %s", who,
		kind_name(kind), kind_name(expr->kind));
	return false;
}

static bool parse_argument(struct parser *p, struct expr *expr,
			   enum expr_kind kind, const char *who)
{
	struct expr *arg = parse_level(p, 1);

	if (!arg)
		return false;
	expr->args[expr->nr_args++] = arg;
	return check_kind(p, arg, kind, who);
}

static struct expr *parse_aggregation(struct parser *p, size_t length,
				      const struct aggregation *aggregation)
{
	struct expr *expr = expr_new(p, EXPR_AGGREGATION, EXPR_VECTOR, p->at);

	if (!expr)
		return NULL;
	expr->aggregation = aggregation;
	/* Without labels all series are one. */
	expr->is_kept = true;
	p->at += length;
	if (!parse_grouping(p, expr) ||
	    !expect(p, '(', "after an aggregation") ||
	    !parse_argument(p, expr, EXPR_VECTOR, aggregation->name) ||
	    !expect(p, ')', "after the argument") || !parse_grouping(p, expr))
		return drop(expr);
	return expr;
}

static struct expr *parse_call(struct parser *p, size_t length)
{
	const struct function *function = function_find(p->at, length);
	struct expr *expr;

	if (!function)
		return fail_at(p, p->at, "there is no function '%.*s'",
			       (int)length, p->at);
	expr = expr_new(p, EXPR_CALL, function->result, p->at);
	if (!expr)
		return NULL;
	expr->function = function;
	p->at += length;
	take(p, '(');
	for (unsigned int i = 0; i < function->nr_args; i++) {
		if ((i && !expect(p, ',', "and another argument")) ||
		    !parse_argument(p, expr, function->args[i],
				    function->name))
			return drop(expr);
	}
	if (!expect(p, ')', "after the last argument"))
		return drop(expr);
	return expr;
}

static struct expr *parse_number(struct parser *p)
{
	struct expr *expr = expr_new(p, EXPR_NUMBER, EXPR_SCALAR, p->at);
	char *end;

	if (!expr)
		return NULL;
	expr->number = strtod(p->at, &end);
	if (is_name(*end) || *end == '.') {
		fail_at(p, end, "expected a number to end here");
		return drop(expr);
	}
	p->at = end;
	return expr;
}

/* Inf and NaN, in letters of any case. */
static bool is_special(const char *word, size_t length)
{
	return length == 3 &&
	       (!strncasecmp(word, "inf", 3) || !strncasecmp(word, "nan", 3));
}

static struct expr *parse_special(struct parser *p, size_t length)
{
	struct expr *expr = expr_new(p, EXPR_NUMBER, EXPR_SCALAR, p->at);

	if (expr)
		expr->number = tolower((unsigned char)*p->at) == 'i' ?
			       INFINITY : NAN;
	p->at += length;
	return expr;
}

static struct expr *parse_word(struct parser *p)
{
	size_t length = word_length(p);
	const struct aggregation *aggregation;
	const char *after;

	if (is_special(p->at, length))
		return parse_special(p, length);
	aggregation = aggregation_find(p->at, length);
	if (aggregation)
		return parse_aggregation(p, length, aggregation);
	after = p->at + length;
	while (isspace((unsigned char)*after))
		after++;
	return *after == '(' ? parse_call(p, length) :
			       parse_selector(p, length);
}

static struct expr *parse_negation(struct parser *p)
{
	struct expr *expr = expr_new(p, EXPR_NEGATION, EXPR_SCALAR, p->at - 1);

	if (!expr)
		return NULL;
	/* Tighter than any operator. */
	expr->args[0] = parse_level(p, UINT32_MAX);
	if (!expr->args[0])
		return drop(expr);
	expr->nr_args = 1;
	expr->kind = expr->args[0]->kind;
	if (expr->kind == EXPR_RANGE) {
		check_kind(p, expr->args[0], EXPR_VECTOR, "-");
		return drop(expr);
	}
	return expr;
}

static struct expr *parse_operand(struct parser *p)
{
	struct expr *expr;

	skip_space(p);
	if (isdigit((unsigned char)*p->at) || *p->at == '.')
		return parse_number(p);
	if (word_length(p))
		return parse_word(p);
	if (take(p, '-'))
		return parse_negation(p);
	if (take(p, '(')) {
		expr = parse_level(p, 1);
		if (expr && !expect(p, ')', "to close the parenthesis"))
			return drop(expr);
		return expr;
	}
	return fail_at(p, p->at, *p->at ? "expected a metric, function or number"
			: "the expression ends where a metric, function or number was expected");
}

/* The operator here, if it binds at least as tight as @level. */
static const struct operator *peek_operator(struct parser *p,
					    unsigned int level, size_t *length)
{
	const struct operator *operator;

	*length = word_length(p);
	if (!*length)
		*length = strspn(p->at, "=!<>+*/%");
	if (!*length && *p->at == '-')
		*length = 1;
	operator = operator_find(p->at, *length);
	return operator && operator->level >= level ? operator : NULL;
}

/* bool, on and ignoring. */
static bool parse_modifiers(struct parser *p, struct expr *expr)
{
	const struct operator *operator = expr->operator;
	const char *where;

	skip_space(p);
	where = p->at;
	if (take_word(p, "bool")) {
		expr->has_bool = true;
		if (!operator->is_comparison) {
			fail_at(p, where, "only a comparison takes bool");
			return false;
		}
	}
	if (take_word(p, "on"))
		expr->is_kept = true;
	else if (!take_word(p, "ignoring"))
		return true;
	return parse_names(p, expr);
}

static bool check_operation(struct parser *p, struct expr *expr,
			    const char *where)
{
	const struct expr *left = expr->args[0], *right = expr->args[1];
	const struct operator *operator = expr->operator;
	bool are_numbers = left->kind == EXPR_SCALAR &&
			   right->kind == EXPR_SCALAR;

	for (unsigned int i = 0; i < 2; i++)
		if (expr->args[i]->kind == EXPR_RANGE ||
		    (!operator->apply && expr->args[i]->kind == EXPR_SCALAR))
			return check_kind(p, expr->args[i], EXPR_VECTOR,
					  operator->text);
	if (expr->names && (left->kind == EXPR_SCALAR ||
			    right->kind == EXPR_SCALAR)) {
		fail_at(p, where, "labels are matched between series only");
		return false;
	}
	if (are_numbers && operator->is_comparison && !expr->has_bool) {
		fail_at(p, where, "a comparison of two numbers needs bool");
		return false;
	}
	expr->kind = are_numbers ? EXPR_SCALAR : EXPR_VECTOR;
	return true;
}

static struct expr *parse_operations(struct parser *p, unsigned int level)
{
	struct expr *left = parse_operand(p), *expr;
	const struct operator *operator;
	const char *where;
	size_t length;

	while (left && (operator = peek_operator(p, level, &length))) {
		where = p->at;
		expr = expr_new(p, EXPR_OPERATION, EXPR_VECTOR, where);
		if (!expr)
			return drop(left);
		expr->operator = operator;
		expr->args[expr->nr_args++] = left;
		p->at += length;
		if (!parse_modifiers(p, expr))
			return drop(expr);
		expr->args[1] = parse_level(p, operator->level + 1);
		if (!expr->args[1])
			return drop(expr);
		expr->nr_args = 2;
		if (!check_operation(p, expr, where))
			return drop(expr);
		left = expr;
	}
	return left;
}

/* An expression of operators that bind at least as tight as @level. */
static struct expr *parse_level(struct parser *p, unsigned int level)
{
	struct expr *expr;

	if (p->depth == EXPR_DEPTH)
		return fail_at(p, p->at, "nested more than %d deep", EXPR_DEPTH);
	p->depth++;
	expr = parse_operations(p, level);
	p->depth--;
	return expr;
}

/**
 * expr_parse() - an expression from its text
 * @text: it
 * @error: set when there is none
 *
 * Return: for expr_free(), or NULL.
 */
struct expr *expr_parse(const char *text, struct expr_error *error)
{
	struct parser p = { .text = text, .at = text, .error = error };
	struct expr *expr = parse_level(&p, 1);

	if (!expr) {
		fail_at(&p, p.at, "out of memory");
		return NULL;
	}
	skip_space(&p);
	if (*p.at) {
		fail_at(&p, p.at, "expected an operator or the end");
		return drop(expr);
	}
	if (expr->kind == EXPR_RANGE) {
		fail_at(&p, p.text, "series over a time are no value: use a function such as rate()");
		return drop(expr);
	}
	return expr;
}

/**
 * expr_want() - have a history keep what an expression looks at
 * @expr: to live as long as the history keeps what the expression wants
 *
 * Return: 0 or -ENOMEM.
 */
int expr_want(const struct expr *expr, struct history *history)
{
	int err = 0;

	if (expr->node == EXPR_SELECTOR)
		err = history_want(history, expr->metric, expr->range_ms,
				   &expr->matchers);
	for (unsigned int i = 0; i < expr->nr_args && !err; i++)
		err = expr_want(expr->args[i], history);
	return err;
}
