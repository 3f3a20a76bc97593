// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "matrix.h"

#define CELL_WIDTH 14

static struct field_matrix_row *cell_find(const struct matrix *matrix,
					  uint32_t cpu_node_id,
					  uint32_t node_id)
{
	for (size_t i = 0; i < matrix->nr; i++)
		if (matrix->cells[i].cpu_node_id == cpu_node_id &&
		    matrix->cells[i].node_id == node_id)
			return &matrix->cells[i];
	return NULL;
}

static struct field_matrix_row *cell_get(struct matrix *matrix,
					 uint32_t cpu_node_id,
					 uint32_t node_id)
{
	struct field_matrix_row *cell, *cells;

	cell = cell_find(matrix, cpu_node_id, node_id);
	if (cell)
		return cell;
	cells = realloc(matrix->cells, (matrix->nr + 1) * sizeof(*cells));
	if (!cells)
		return NULL;
	matrix->cells = cells;
	cell = &cells[matrix->nr++];
	*cell = (struct field_matrix_row){ cpu_node_id, node_id, 0, 0 };
	return cell;
}

/**
 * matrix_add() - add a cache's counts
 * Return: 0 or -ENOMEM.
 */
int matrix_add(struct matrix *matrix, const struct memtel_cache *cache)
{
	for (size_t n = 0; n < cache->nr_nodes; n++) {
		const struct memtel_cache_node *node = cache->nodes[n];

		for (size_t c = 0; c < node->nr_cpu_nodes; c++) {
			const struct memtel_cpu_node *cpu = node->cpu_nodes[c];
			struct field_matrix_row *cell;

			cell = cell_get(matrix, cpu->node_id, node->node_id);
			if (!cell)
				return -ENOMEM;
			cell->allocs += cpu->allocs;
			cell->frees += cpu->frees;
		}
	}
	return 0;
}

static int by_ids(const void *a, const void *b)
{
	const struct field_matrix_row *x = a, *y = b;

	if (x->cpu_node_id != y->cpu_node_id)
		return x->cpu_node_id < y->cpu_node_id ? -1 : 1;
	return (x->node_id > y->node_id) - (x->node_id < y->node_id);
}

/**
 * matrix_sort() - bring the cells into the order of their nodes
 */
void matrix_sort(struct matrix *matrix)
{
	if (matrix->nr)
		qsort(matrix->cells, matrix->nr, sizeof(*matrix->cells),
		      by_ids);
}

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static size_t unique(uint32_t *ids, size_t nr)
{
	size_t kept = 0;

	qsort(ids, nr, sizeof(*ids), by_number);
	for (size_t i = 0; i < nr; i++)
		if (!kept || ids[kept - 1] != ids[i])
			ids[kept++] = ids[i];
	return kept;
}

/* The ids of one side that occur. */
static uint32_t *ids_of(const struct matrix *matrix, bool is_cpu, size_t *nr)
{
	uint32_t *ids = calloc(matrix->nr + 1, sizeof(*ids));

	if (!ids)
		return NULL;
	for (size_t i = 0; i < matrix->nr; i++)
		ids[i] = is_cpu ? matrix->cells[i].cpu_node_id :
			 matrix->cells[i].node_id;
	*nr = unique(ids, matrix->nr);
	return ids;
}

static void grid_print(FILE *out, const struct matrix *matrix,
		       const char *title, bool is_frees,
		       const uint32_t *cpus, size_t nr_cpus,
		       const uint32_t *nodes, size_t nr_nodes)
{
	fprintf(out, "%-*s", CELL_WIDTH, title);
	for (size_t n = 0; n < nr_nodes; n++)
		fprintf(out, " %*s%4" PRIu32, CELL_WIDTH - 4, "node", nodes[n]);
	fputc('\n', out);
	for (size_t c = 0; c < nr_cpus; c++) {
		fprintf(out, "cpu node %-*" PRIu32, CELL_WIDTH - 9, cpus[c]);
		for (size_t n = 0; n < nr_nodes; n++) {
			const struct field_matrix_row *cell =
				cell_find(matrix, cpus[c], nodes[n]);
			uint64_t count = 0;

			if (cell)
				count = is_frees ? cell->frees : cell->allocs;
			fprintf(out, " %*" PRIu64, CELL_WIDTH, count);
		}
		fputc('\n', out);
	}
}

/**
 * matrix_print() - print two grids: CPUs' nodes down, objects' nodes across
 * Return: 0 or -ENOMEM.
 */
int matrix_print(FILE *out, const struct matrix *matrix)
{
	size_t nr_cpus = 0, nr_nodes = 0;
	uint32_t *cpus = ids_of(matrix, true, &nr_cpus);
	uint32_t *nodes = ids_of(matrix, false, &nr_nodes);

	if (cpus && nodes) {
		grid_print(out, matrix, "ALLOCS", false, cpus, nr_cpus, nodes,
			   nr_nodes);
		fputc('\n', out);
		grid_print(out, matrix, "FREES", true, cpus, nr_cpus, nodes,
			   nr_nodes);
	}
	free(nodes);
	free(cpus);
	return cpus && nodes ? 0 : -ENOMEM;
}

void matrix_free(struct matrix *matrix)
{
	free(matrix->cells);
	*matrix = (struct matrix){ 0 };
}
