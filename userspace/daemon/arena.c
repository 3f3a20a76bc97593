// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>

#include "arena.h"

#define CHUNK 65536
#define ALIGN sizeof(max_align_t)

struct arena_chunk {
	struct arena_chunk *next;
	size_t size;
	max_align_t data[];
};

/**
 * arena_alloc() - room for so many of a size, not initialised
 * Return: the room, also for none; NULL at the limit or without memory.
 */
void *arena_alloc(struct arena *arena, size_t nr, size_t size)
{
	struct arena_chunk *chunk = arena->chunks;
	size_t bytes, room;

	if (__builtin_mul_overflow(nr, size, &bytes) || bytes > arena->limit)
		return NULL;
	bytes = (bytes + ALIGN) / ALIGN * ALIGN;
	if (!chunk || chunk->size - arena->used < bytes) {
		room = bytes > CHUNK ? bytes : CHUNK;
		if (arena->total + room > arena->limit)
			return NULL;
		chunk = malloc(sizeof(*chunk) + room);
		if (!chunk)
			return NULL;
		chunk->next = arena->chunks;
		chunk->size = room;
		arena->chunks = chunk;
		arena->total += room;
		arena->used = 0;
	}
	arena->used += bytes;
	return (char *)chunk->data + arena->used - bytes;
}

/** arena_free() - all of it goes */
void arena_free(struct arena *arena)
{
	struct arena_chunk *chunk;

	while ((chunk = arena->chunks)) {
		arena->chunks = chunk->next;
		free(chunk);
	}
	arena->used = 0;
	arena->total = 0;
}
