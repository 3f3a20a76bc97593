/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that goes all at once. */
#ifndef MEMTELD_ARENA_H
#define MEMTELD_ARENA_H

#include <stddef.h>

struct arena_chunk;

/**
 * struct arena - what was given out since the last arena_free()
 * @chunks: the newest first
 * @used: bytes of the newest
 * @total: bytes of all
 * @limit: no more than this
 *
 * All zero but @limit to begin with.
 */
struct arena {
	struct arena_chunk *chunks;
	size_t used;
	size_t total;
	size_t limit;
};

void *arena_alloc(struct arena *arena, size_t nr, size_t size);
void arena_free(struct arena *arena);

#endif /* MEMTELD_ARENA_H */
