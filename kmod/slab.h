/* SPDX-License-Identifier: GPL-2.0 */
/* The slab source's counts, for readers. See slab.c. */
#ifndef _MEMTEL_SLAB_H
#define _MEMTEL_SLAB_H

#include <linux/types.h>

struct slab_slot;

/* allocs and frees by CPUs of one node */
struct memtel_cpu_node_counts {
	u64 allocs;
	u64 frees;
};

/**
 * struct memtel_slab_counts - a cache's counts for objects of one node
 * @allocs: objects allocated
 * @frees: objects freed
 * @bytes_requested: bytes asked for by allocs
 * @bytes_allocated: bytes given by allocs
 * @remote_allocs: those of allocs by a CPU of another node
 * @remote_frees: those of frees by a CPU of another node
 */
struct memtel_slab_counts {
	u64 allocs;
	u64 frees;
	u64 bytes_requested;
	u64 bytes_allocated;
	u64 remote_allocs;
	u64 remote_frees;
};

void memtel_slab_read(const struct slab_slot *slot, int nid,
		      struct memtel_slab_counts *counts,
		      struct memtel_cpu_node_counts *by_cpu_node);

#endif /* _MEMTEL_SLAB_H */
