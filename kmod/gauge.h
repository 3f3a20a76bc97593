/* SPDX-License-Identifier: GPL-2.0 */
/* Gauges: numbers the kernel keeps anyway, read when asked. */
#ifndef _MEMTEL_GAUGE_H
#define _MEMTEL_GAUGE_H

#include <linux/mmzone.h>
#include <linux/types.h>

/**
 * struct memtel_zone - a zone's gauges; meanings in memtel.yaml
 * @idx: its index in its node
 */
struct memtel_zone {
	const char *name;
	unsigned int idx;
	u64 managed_bytes;
	u64 present_bytes;
	u64 spanned_bytes;
	u64 free_bytes;
	u64 watermark_min_bytes;
	u64 watermark_low_bytes;
	u64 watermark_high_bytes;
	u64 free_blocks[NR_PAGE_ORDERS];
};

/**
 * struct memtel_node - a node's gauges; meanings in memtel.yaml
 */
struct memtel_node {
	u64 managed_bytes;
	u64 free_bytes;
	u64 slab_reclaimable_bytes;
	u64 slab_unreclaimable_bytes;
	u64 numa_hit;
	u64 numa_miss;
	u64 numa_foreign;
	u64 numa_interleave;
	u64 numa_local;
	u64 numa_other;
};

bool memtel_zone_read(int nid, unsigned int idx, struct memtel_zone *zone);
bool memtel_node_read(int nid, struct memtel_node *node);

#endif /* _MEMTEL_GAUGE_H */
