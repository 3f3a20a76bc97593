// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Conditions on labels.
 *
 * Regexes are POSIX extended ones and match the whole value.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "matcher.h"

/* Characters of a regex, also when its repetitions are written out. */
#define REGEX_MAX 1000

static bool is_regex(const struct matcher *matcher)
{
	return matcher->op == MATCH_REGEX || matcher->op == MATCH_NOT_REGEX;
}

/* What is in brackets, which may begin with a closing one; set after it. */
static const char *skip_brackets(const char *at)
{
	at += *at == '^';
	at += *at == ']';
	while (*at && *at != ']') {
		char kind = *at++ == '[' ? *at : '\0';

		if (kind != ':' && kind != '.' && kind != '=')
			continue;
		for (at++; *at && !(at[0] == kind && at[1] == ']'); at++)
			;
		at += *at ? 2 : 0;
	}
	return at + (*at == ']');
}

/* The larger bound of {2}, {2,} or {2,5}, or 1; at most one over the limit. */
static size_t repetition(const char *at)
{
	size_t most = 1, number = 0;

	for (; *at && *at != '}'; at++) {
		number = isdigit((unsigned char)*at) ?
			 number * 10 + (size_t)(*at - '0') : 0;
		if (number > REGEX_MAX)
			return REGEX_MAX + 1;
		most = number > most ? number : most;
	}
	return most;
}

/*
 * The length of a regex, up to a parenthesis that it did not open, with what
 * repetitions copy: regcomp() makes as much of it, and takes the time.
 */
static size_t regex_size(const char **at)
{
	size_t sum = 0, last = 0, times;

	while (**at && **at != ')' && sum <= REGEX_MAX) {
		char c = *(*at)++;

		if (strchr("*?+{", c)) {
			times = c == '+' ? 2 : c == '{' ? repetition(*at) : 1;
			sum += last * (times - 1);
			last *= times;
			continue;
		}
		last = 1;
		if (c == '[') {
			*at = skip_brackets(*at);
		} else if (c == '\\') {
			*at += **at != '\0';
		} else if (c == '(') {
			last += regex_size(at);
			*at += **at == ')';
		}
		sum += last;
	}
	return sum;
}

/* Is there a \1 in it? It would take any time to match. */
static bool refers_back(const char *at)
{
	while ((at = strchr(at, '\\')) && *++at) {
		if (*at >= '1' && *at <= '9')
			return true;
		at++;
	}
	return false;
}

/* What regcomp() does not refuse; it calls itself for each parenthesis. */
static const char *regex_fault(const char *text)
{
	const char *at = text;

	if (strlen(text) > REGEX_MAX || regex_size(&at) > REGEX_MAX)
		return "it is too large, with its repetitions";
	if (*at == ')')
		return "Unmatched ) or \\)";
	if (refers_back(text))
		return "it refers back";
	return NULL;
}

/**
 * matcher_compile() - make a matcher ready, of which the rest is set
 * @why: set to what is wrong with the regex
 *
 * Return: whether the matcher has a good regex, or needs none.
 */
bool matcher_compile(struct matcher *matcher, char why[MATCHER_WHY_MAX])
{
	const char *fault;
	char *whole;
	int err;

	if (!is_regex(matcher))
		return true;
	fault = regex_fault(matcher->value);
	if (!fault && asprintf(&whole, "^(%s)$", matcher->value) < 0)
		fault = "out of memory";
	if (fault) {
		snprintf(why, MATCHER_WHY_MAX, "%s", fault);
		return false;
	}
	err = regcomp(&matcher->regex, whole, REG_EXTENDED | REG_NOSUB);
	free(whole);
	if (err)
		regerror(err, &matcher->regex, why, MATCHER_WHY_MAX);
	return !err;
}

static bool matches(const struct matcher *matcher, const char *value)
{
	bool is_same = is_regex(matcher) ?
		       !regexec(&matcher->regex, value, 0, NULL, 0) :
		       !strcmp(value, matcher->value);

	return is_same == (matcher->op == MATCH_EQUAL ||
			   matcher->op == MATCH_REGEX);
}

/**
 * matchers_match() - do all conditions hold?
 * A label that is not there is empty.
 */
bool matchers_match(const struct matchers *matchers, const struct label *labels,
		    unsigned int nr_labels)
{
	for (unsigned int i = 0; i < matchers->nr; i++) {
		const struct matcher *matcher = &matchers->items[i];

		if (!matches(matcher, labels_get(labels, nr_labels,
						 matcher->name)))
			return false;
	}
	return true;
}

/** matchers_free() - all of them; none are left */
void matchers_free(struct matchers *matchers)
{
	for (unsigned int i = 0; i < matchers->nr; i++) {
		struct matcher *matcher = &matchers->items[i];

		if (is_regex(matcher))
			regfree(&matcher->regex);
		free(matcher->name);
		free(matcher->value);
	}
	free(matchers->items);
	*matchers = (struct matchers){ 0 };
}
