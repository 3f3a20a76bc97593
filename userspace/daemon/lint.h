/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is right by its form and yet hardly meant. See lint.c. */
#ifndef MEMTELD_LINT_H
#define MEMTELD_LINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct expr;

#define LINT_TEXT_MAX 192

/**
 * lint_fn - takes what was found
 * @offset: of the character in the expression
 * @text: a sentence
 */
typedef void (*lint_fn)(size_t offset, const char *text, void *arg);

void lint_expr(const struct expr *expr, int64_t interval_ms, lint_fn tell,
	       void *arg);
bool lint_source(const char *name, char text[LINT_TEXT_MAX]);
bool lint_severity(const char *name, char text[LINT_TEXT_MAX]);

#endif /* MEMTELD_LINT_H */
