/* SPDX-License-Identifier: GPL-2.0 */
/* The probes of kmem's tracepoints, for all who look at objects. See kmem.c. */
#ifndef _MEMTEL_KMEM_H
#define _MEMTEL_KMEM_H

#include <linux/jump_label.h>

#include "probe.h"

/* Frees come first: what sees caches come sees them go. */
enum memtel_kmem_probe {
	MEMTEL_KMEM_CACHE_FREE,
	MEMTEL_KMEM_KFREE,
	MEMTEL_KMEM_KMALLOC,
	MEMTEL_KMEM_CACHE_ALLOC,
	MEMTEL_KMEM_KMALLOC_NODE,
	MEMTEL_KMEM_CACHE_ALLOC_NODE,
	MEMTEL_KMEM_PROBES,

	MEMTEL_KMEM_ALLOCS = MEMTEL_KMEM_KMALLOC,
};

extern struct memtel_probe memtel_kmem_probes[MEMTEL_KMEM_PROBES];

/* Who gets events of allocations; see struct memtel_source. */
DECLARE_STATIC_KEY_FALSE(memtel_slab_on);
DECLARE_STATIC_KEY_FALSE(memtel_site_on);

void memtel_kmem_init(void);

#endif /* _MEMTEL_KMEM_H */
