// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Bytes to rows, by schema.c's tables. No I/O.
 *
 * What is not known is skipped, so that an old library reads a new module.
 * What is known must be as memtel.yaml says: a number of any other length, an
 * attribute that reaches past its parent or bytes that are no attribute make
 * the whole row malformed. libnl's nla_parse() would pass over the last two.
 *
 * A row is one list of blocks, freed together: the struct, its strings, its
 * lists and the structs in these.
 */
#include <netlink/attr.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

struct memtel_block {
	struct memtel_block *next;
	alignas(max_align_t) char data[];
};

/**
 * memtel_row_alloc() - zeroed memory that lives as long as the row
 */
void *memtel_row_alloc(struct memtel_row *row, size_t size)
{
	struct memtel_block *block = calloc(1, sizeof(*block) + size);

	if (!block)
		return NULL;
	block->next = row->blocks;
	row->blocks = block;
	return block->data;
}

/**
 * memtel_row_free() - free a row; one of zeros is none
 */
void memtel_row_free(struct memtel_row *row)
{
	while (row->blocks) {
		struct memtel_block *next = row->blocks->next;

		free(row->blocks);
		row->blocks = next;
	}
	row->data = NULL;
}

static const struct memtel_attr *attr_find(const struct memtel_set *set,
					   const struct nlattr *nla)
{
	unsigned int type = nla_type(nla);

	if (type >= set->nr_attrs || !set->attrs[type].name)
		return NULL;
	return &set->attrs[type];
}

static int malformed_is(struct memtel_malformed *malformed,
			const struct memtel_set *set,
			const struct memtel_attr *attr,
			size_t length, size_t expected)
{
	malformed->set = set->name;
	malformed->attr = attr ? attr->name : NULL;
	malformed->length = length;
	malformed->expected = expected;
	return -EBADMSG;
}

/* Nothing but whole attributes from @nla on? */
static int check_framing(const struct memtel_set *set, const struct nlattr *nla,
			 int left, struct memtel_malformed *malformed)
{
	while (nla_ok(nla, left))
		nla = nla_next(nla, &left);
	/* The last one's padding may be missing. */
	if (left > 0)
		return malformed_is(malformed, set, NULL, left, 0);
	return 0;
}

static int decode_set(const struct memtel_set *set, const struct nlattr *first,
		      int length, struct memtel_row *row, void **out,
		      struct memtel_malformed *malformed);

/* Append the nested row, in a list sized when its first entry is met. */
static int decode_nest(const struct memtel_attr *attr, const struct nlattr *nla,
		       int left, struct memtel_row *row, char *data,
		       struct memtel_malformed *malformed)
{
	size_t *nr = (size_t *)(data + attr->nr_offset);
	void ***list = (void ***)(data + attr->offset);
	void *inner;
	int err;

	if (!*list) {
		const struct nlattr *other;
		size_t count = 0;
		int rem;

		nla_for_each_attr(other, nla, left, rem)
			count += nla_type(other) == nla_type(nla);
		*list = memtel_row_alloc(row, count * sizeof(void *));
		if (!*list)
			return -ENOMEM;
	}
	err = decode_set(attr->nest, nla_data(nla), nla_len(nla), row, &inner,
			 malformed);
	if (!err)
		(*list)[(*nr)++] = inner;
	return err;
}

/* Once in a row; of several, which no module sends, the last counts. */
static int decode_struct(const struct memtel_attr *attr,
			 const struct nlattr *nla, struct memtel_row *row,
			 char *data, struct memtel_malformed *malformed)
{
	return decode_set(attr->nest, nla_data(nla), nla_len(nla), row,
			  (void **)(data + attr->offset), malformed);
}

static int decode_string(const struct nlattr *nla, struct memtel_row *row,
			 const char **string)
{
	size_t length = strnlen(nla_data(nla), nla_len(nla));
	char *copy = memtel_row_alloc(row, length + 1);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, nla_data(nla), length);
	*string = copy;
	return 0;
}

static int decode_attr(const struct memtel_set *set,
		       const struct memtel_attr *attr, const struct nlattr *nla,
		       int left, struct memtel_row *row, char *data,
		       struct memtel_malformed *malformed)
{
	static const size_t lengths[] = {
		[MEMTEL_ATTR_FLAG] = 0,
		[MEMTEL_ATTR_U32] = sizeof(uint32_t),
		[MEMTEL_ATTR_U64] = sizeof(uint64_t),
	};
	size_t length = nla_len(nla);

	switch (attr->kind) {
	case MEMTEL_ATTR_STRING:
		return decode_string(nla, row,
				     (const char **)(data + attr->offset));
	case MEMTEL_ATTR_NEST:
		return decode_nest(attr, nla, left, row, data, malformed);
	case MEMTEL_ATTR_STRUCT:
		return decode_struct(attr, nla, row, data, malformed);
	case MEMTEL_ATTR_FLAG:
	case MEMTEL_ATTR_U32:
	case MEMTEL_ATTR_U64:
		if (length != lengths[attr->kind])
			return malformed_is(malformed, set, attr, length,
					    lengths[attr->kind]);
		if (attr->kind == MEMTEL_ATTR_FLAG)
			*(bool *)(data + attr->offset) = true;
		else
			memcpy(data + attr->offset, nla_data(nla), length);
		return 0;
	case MEMTEL_ATTR_IGNORED:
		break;
	}
	return 0;
}

static int decode_set(const struct memtel_set *set, const struct nlattr *first,
		      int length, struct memtel_row *row, void **out,
		      struct memtel_malformed *malformed)
{
	const struct nlattr *nla;
	char *data;
	int err, left;

	err = check_framing(set, first, length, malformed);
	if (err)
		return err;
	data = memtel_row_alloc(row, set->size);
	if (!data)
		return -ENOMEM;
	for (unsigned int i = 0; i < set->nr_attrs; i++)
		if (set->attrs[i].kind == MEMTEL_ATTR_STRING)
			*(const char **)(data + set->attrs[i].offset) = "";

	nla_for_each_attr(nla, first, length, left) {
		const struct memtel_attr *attr = attr_find(set, nla);

		if (!attr || attr->kind == MEMTEL_ATTR_IGNORED)
			continue;
		err = decode_attr(set, attr, nla, left, row, data, malformed);
		if (err)
			return err;
		*(uint64_t *)data |= UINT64_C(1) << nla_type(nla);
	}
	*out = data;
	return 0;
}

/**
 * memtel_decode() - make a row of a message's attributes
 * @set: what the message is
 * @attrs: its attributes
 * @length: their bytes
 * @row: set to the row, which memtel_row_free() frees; to zeros on failure
 * @malformed: filled with -EBADMSG
 *
 * Return: 0, -EBADMSG or -ENOMEM.
 */
int memtel_decode(const struct memtel_set *set, const void *attrs, size_t length,
		  struct memtel_row *row, struct memtel_malformed *malformed)
{
	int err;

	*row = (struct memtel_row){ 0 };
	err = decode_set(set, attrs, length, row, &row->data, malformed);
	if (!err && set == &memtel_cache_set) {
		struct memtel_cache *cache = row->data;
		struct memtel_cache_node *total;

		total = memtel_row_alloc(row, sizeof(*total));
		if (total)
			memtel_cache_sum(cache, total);
		else
			err = -ENOMEM;
		cache->total = total;
	}
	if (err)
		memtel_row_free(row);
	return err;
}
