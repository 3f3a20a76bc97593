/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts with values in them. See template.c. */
#ifndef MEMTELD_TEMPLATE_H
#define MEMTELD_TEMPLATE_H

#include "expr.h"
#include "sample.h"

bool template_check(const char *text, struct expr_error *error);
char *template_expand(const char *text, const struct label *labels,
		      unsigned int nr_labels, double value);

#endif /* MEMTELD_TEMPLATE_H */
