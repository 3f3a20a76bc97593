// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Conditions on labels.
 *
 * Regexes are PCRE2's, which has what the RE2 of Prometheus has, and match the
 * whole value. Who writes rules is trusted, but a mistake must not stop the
 * daemon: compiling is bounded by the pattern's length, matching by steps and
 * memory, and a match that needs more is an error of the rule. A value that is
 * not UTF-8, as a cgroup's name may be, matches as far as it is.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <errno.h>
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "matcher.h"

#define REGEX_LENGTH	1000

/* Steps, and KiB of memory, that one match may take. */
#define REGEX_STEPS	100000
#define REGEX_KIB	1024

/**
 * struct regex - a compiled one, and what a match takes
 * @code: compiled
 * @limits: of a match
 * @data: what a match leaves
 */
struct regex {
	pcre2_code *code;
	pcre2_match_context *limits;
	pcre2_match_data *data;
};

static bool is_regex(const struct matcher *matcher)
{
	return matcher->op == MATCH_REGEX || matcher->op == MATCH_NOT_REGEX;
}

static void regex_free(struct regex *regex)
{
	if (!regex)
		return;
	pcre2_match_data_free(regex->data);
	pcre2_match_context_free(regex->limits);
	pcre2_code_free(regex->code);
	free(regex);
}

/* Set to what is wrong, unless it is good. */
static pcre2_code *compile(const char *text, char why[MATCHER_WHY_MAX])
{
	pcre2_compile_context *limits = pcre2_compile_context_create(NULL);
	uint32_t back = 0;
	pcre2_code *code;
	PCRE2_SIZE at;
	int err;

	if (!limits) {
		snprintf(why, MATCHER_WHY_MAX, "out of memory");
		return NULL;
	}
	pcre2_set_max_pattern_length(limits, REGEX_LENGTH);
	code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
			     PCRE2_UTF | PCRE2_MATCH_INVALID_UTF |
			     PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOTALL |
			     PCRE2_DOLLAR_ENDONLY | PCRE2_NO_AUTO_CAPTURE |
			     PCRE2_NEVER_BACKSLASH_C, &err, &at, limits);
	pcre2_compile_context_free(limits);
	if (!code) {
		pcre2_get_error_message(err, (PCRE2_UCHAR *)why,
					MATCHER_WHY_MAX);
		return NULL;
	}
	pcre2_pattern_info(code, PCRE2_INFO_BACKREFMAX, &back);
	if (!back)
		return code;
	snprintf(why, MATCHER_WHY_MAX, "it refers back");
	pcre2_code_free(code);
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
	struct regex *regex;

	if (!is_regex(matcher))
		return true;
	regex = calloc(1, sizeof(*regex));
	snprintf(why, MATCHER_WHY_MAX, "out of memory");
	if (!regex)
		return false;
	regex->code = compile(matcher->value, why);
	if (regex->code) {
		regex->limits = pcre2_match_context_create(NULL);
		regex->data = pcre2_match_data_create(1, NULL);
	}
	if (!regex->limits || !regex->data) {
		regex_free(regex);
		return false;
	}
	pcre2_set_match_limit(regex->limits, REGEX_STEPS);
	pcre2_set_heap_limit(regex->limits, REGEX_KIB);
	matcher->regex = regex;
	return true;
}

/* 1 or 0, or a negative errno. */
static int regex_match(const struct regex *regex, const char *value)
{
	int err = pcre2_match(regex->code, (PCRE2_SPTR)value, strlen(value), 0,
			      0, regex->data, regex->limits);

	if (err == PCRE2_ERROR_NOMATCH)
		return 0;
	return err < 0 ? -E2BIG : 1;
}

static int matches(const struct matcher *matcher, const char *value)
{
	int is_same = is_regex(matcher) ? regex_match(matcher->regex, value) :
					  !strcmp(value, matcher->value);

	if (is_same < 0)
		return is_same;
	return is_same == (matcher->op == MATCH_EQUAL ||
			   matcher->op == MATCH_REGEX);
}

/**
 * matchers_match() - do all conditions hold?
 * A label that is not there is empty.
 *
 * Return: 1 or 0, or -E2BIG when a regex takes too many steps to say.
 */
int matchers_match(const struct matchers *matchers, const struct label *labels,
		   unsigned int nr_labels)
{
	int match = 1;

	for (unsigned int i = 0; i < matchers->nr && match == 1; i++) {
		const struct matcher *matcher = &matchers->items[i];

		match = matches(matcher, labels_get(labels, nr_labels,
						    matcher->name));
	}
	return match;
}

/** matchers_free() - all of them; none are left */
void matchers_free(struct matchers *matchers)
{
	for (unsigned int i = 0; i < matchers->nr; i++) {
		struct matcher *matcher = &matchers->items[i];

		regex_free(matcher->regex);
		free(matcher->name);
		free(matcher->value);
	}
	free(matchers->items);
	*matchers = (struct matchers){ 0 };
}
