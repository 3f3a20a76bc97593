/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Allocations and frees by node of the CPU and node of the object. */
#ifndef MATRIX_H
#define MATRIX_H

#include "table.h"

#include <stdio.h>

/** struct matrix - the cells that are not empty, in no order */
struct matrix {
	size_t nr;
	struct field_matrix_row *cells;
};

int matrix_add(struct matrix *matrix, const struct memtel_cache *cache);
void matrix_sort(struct matrix *matrix);
int matrix_print(FILE *out, const struct matrix *matrix);
void matrix_free(struct matrix *matrix);

#endif /* MATRIX_H */
