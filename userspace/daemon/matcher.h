/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conditions on labels: which series a rule selects. See matcher.c. */
#ifndef MEMTELD_MATCHER_H
#define MEMTELD_MATCHER_H

#include "sample.h"

#define MATCHER_WHY_MAX 128

struct regex;

/** enum match_op - how a label is matched */
enum match_op {
	MATCH_EQUAL,
	MATCH_NOT_EQUAL,
	MATCH_REGEX,
	MATCH_NOT_REGEX,
};

/**
 * struct matcher - a condition on a label
 * @name: of the label
 * @value: what is between the quotes, unescaped
 * @op: how
 * @regex: compiled @value, of the last two
 */
struct matcher {
	char *name;
	char *value;
	enum match_op op;
	struct regex *regex;
};

/**
 * struct matchers - all conditions of a selector
 * @items: them
 * @nr: how many; a selector without any selects every series of its metric
 */
struct matchers {
	struct matcher *items;
	unsigned int nr;
};

bool matcher_compile(struct matcher *matcher, char why[MATCHER_WHY_MAX]);
int matchers_match(const struct matchers *matchers, const struct label *labels,
		   unsigned int nr_labels);
void matchers_free(struct matchers *matchers);

#endif /* MEMTELD_MATCHER_H */
