// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Labels: arrays sorted by name.
 */
#include <stdlib.h>
#include <string.h>

#include "sample.h"

/** labels_compare() - an order of label sets; 0 when they are the same */
int labels_compare(const struct label *a, unsigned int nr_a,
		   const struct label *b, unsigned int nr_b)
{
	int order;

	for (unsigned int i = 0; i < nr_a && i < nr_b; i++) {
		order = strcmp(a[i].name, b[i].name);
		if (!order)
			order = strcmp(a[i].value, b[i].value);
		if (order)
			return order;
	}
	return (nr_a > nr_b) - (nr_a < nr_b);
}

/** labels_size() - bytes of a copy of labels */
size_t labels_size(const struct label *labels, unsigned int nr)
{
	size_t size = (nr + 1) * sizeof(*labels);

	for (unsigned int i = 0; i < nr; i++)
		size += strlen(labels[i].name) + strlen(labels[i].value) + 2;
	return size;
}

/**
 * labels_copy() - labels and their texts in one block
 * Return: what free() takes, also of no labels; NULL without memory.
 */
struct label *labels_copy(const struct label *labels, unsigned int nr)
{
	struct label *copy = malloc(labels_size(labels, nr));
	char *text;

	if (!copy)
		return NULL;
	text = (char *)(copy + nr + 1);
	for (unsigned int i = 0; i < nr; i++) {
		copy[i].name = text;
		text = stpcpy(text, labels[i].name) + 1;
		copy[i].value = text;
		text = stpcpy(text, labels[i].value) + 1;
	}
	return copy;
}

/** labels_get() - a label's value, "" when there is none of that name */
const char *labels_get(const struct label *labels, unsigned int nr,
		       const char *name)
{
	for (unsigned int i = 0; i < nr; i++)
		if (!strcmp(labels[i].name, name))
			return labels[i].value;
	return "";
}
