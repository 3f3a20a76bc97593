/* SPDX-License-Identifier: GPL-2.0 */
/* The caches, read now and then for the triggers. See collect.c. */
#ifndef _MEMTEL_COLLECT_H
#define _MEMTEL_COLLECT_H

#include <linux/types.h>

#include "scope.h"

struct memtel_snapshot;

void memtel_collect_init(void (*collected)(void));
void memtel_collect_exit(void);
void memtel_collect_every(u64 period_ns);
bool memtel_collect_is_there(void);
bool memtel_collect_is_since(u64 time_ns);

u64 memtel_collect_slab_bytes(const struct memtel_scope *scope);
u64 memtel_collect_slab_allocs(const struct memtel_scope *scope);

const struct memtel_snapshot *memtel_collect_get(void);
void memtel_collect_put(void);

#endif /* _MEMTEL_COLLECT_H */
