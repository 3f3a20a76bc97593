/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A measured value with its labels: what collectors give and rules take. */
#ifndef MEMTELD_SAMPLE_H
#define MEMTELD_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A series with more labels is refused. */
#define LABELS_MAX 16

/*
 * Cgroups that one round reads. How many series an evaluation may have, and how
 * much memory their past, follow from this.
 */
#define CGROUPS_MAX 12288

/* With MEMTEL_LABEL_ before it a field's name of the journal, of at most 64. */
#define LABEL_NAME_MAX 51

/** struct label - a dimension of a series, such as node="0" */
struct label {
	const char *name;
	const char *value;
};

/**
 * struct sample - one value of one series
 * @metric: its name, such as memtel_node_slab_bytes, in base units
 * @labels: sorted by name, no name twice
 * @nr_labels: how many
 * @value: the value now
 *
 * All memory is the giver's and lives for the call alone.
 */
struct sample {
	const char *metric;
	const struct label *labels;
	unsigned int nr_labels;
	double value;
};

/** sample_fn - takes a sample; copies what it keeps */
typedef void (*sample_fn)(const struct sample *sample, void *arg);

int labels_compare(const struct label *a, unsigned int nr_a,
		   const struct label *b, unsigned int nr_b);
size_t labels_size(const struct label *labels, unsigned int nr);
struct label *labels_copy(const struct label *labels, unsigned int nr);
const char *labels_get(const struct label *labels, unsigned int nr,
		       const char *name);

#endif /* MEMTELD_SAMPLE_H */
