// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * derive.c, against numbers worked out by hand.
 */
#include <stdlib.h>

#include "internal.h"
#include "tap.h"

#define ORDERS 11

/* A zone of these free blocks, by order. */
struct zone_spec {
	const char *name;
	uint64_t blocks[ORDERS];
	uint32_t order;
	int fragmentation;
	int unusable;
};

static const struct zone_spec zones[] = {
	/* No block: index 0 by definition, and all of nothing is unusable. */
	{ "nothing free", { 0 }, 0, 0, 1000 },
	{ "nothing free, high order", { 0 }, 10, 0, 1000 },
	/* One page serves order 0. */
	{ "one page, order 0", { 1 }, 0, -1000, 0 },
	/* 1 - (1 + 1/2) / 1 = -0.5: a lack of memory beyond doubt. */
	{ "one page, order 1", { 1 }, 1, -500, 1000 },
	/* 1 - (1 + 1000/512) / 1000: 1000000 / 512 = 1953; 2953 / 1000 = 2. */
	{ "1000 pages apart, order 9", { 1000 }, 9, 998, 1000 },
	/* 2 blocks of 256: 1 - (1 + 1) / 2 = 0. */
	{ "two halves, order 9", { [8] = 2 }, 9, 0, 1000 },
	/* Fits at the wanted order: 512 of 1512 pages usable; 1000/1512. */
	{ "one fits among pieces", { 1000, [9] = 1 }, 9, -1000, 661 },
	/* Fits above: one of 1024 pages, 24 loose: 24 / 1048 = 22.9. */
	{ "one of twice the size", { 24, [10] = 1 }, 9, -1000, 22 },
	/* 3 + 2*2 = 7 pages, 5 blocks, order 3: 7000/8 = 875; 1875/5 = 375. */
	{ "five pieces, order 3", { 3, 2 }, 3, 625, 1000 },
	/* Order 0 uses every page. */
	{ "order 0 of a mixture", { 3, 2, 1 }, 0, -1000, 0 },
	/* Order 1: 3 of 11 pages are loose: 272.7. */
	{ "order 1 of a mixture", { 3, 2, 1 }, 1, -1000, 272 },
};

static void test_zones(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(zones); i++) {
		struct memtel_free_blocks areas[ORDERS];
		const struct memtel_free_blocks *list[ORDERS];
		struct memtel_zone zone = {
			.nr_free_blocks = ORDERS, .free_blocks = list,
		};
		int index = 12345;

		for (uint32_t order = 0; order < ORDERS; order++) {
			areas[order] = (struct memtel_free_blocks){
				.present = 1 << MEMTEL_A_FREE_BLOCKS_ORDER |
					   1 << MEMTEL_A_FREE_BLOCKS_BLOCKS,
				.order = order,
				.blocks = zones[i].blocks[order],
			};
			list[order] = &areas[order];
		}
		ok(memtel_zone_fragmentation_index(&zone, zones[i].order,
						   &index) &&
		   index == zones[i].fragmentation,
		   "fragmentation index: %s", zones[i].name);
		ok(memtel_zone_unusable_index(&zone, zones[i].order, &index) &&
		   index == zones[i].unusable,
		   "unusable index: %s", zones[i].name);
		areas[4].present = 1 << MEMTEL_A_FREE_BLOCKS_ORDER;
		index = 12345;
		ok(!memtel_zone_fragmentation_index(&zone, 0, &index) &&
		   index == 12345, "an absent number gives none");
	}
}

static void test_zone_edges(void)
{
	struct memtel_zone zone = { 0 };
	int index;

	ok(!memtel_zone_fragmentation_index(&zone, 0, &index) &&
	   !memtel_zone_unusable_index(&zone, 0, &index),
	   "a zone without orders has no index");
	zone.nr_free_blocks = 1;
	ok(!memtel_zone_fragmentation_index(&zone, 32, &index),
	   "nor has an order beyond sense");
}

#define NODE_BIT(attr) (UINT64_C(1) << MEMTEL_A_CACHE_NODE_##attr)

static void test_cache(void)
{
	struct memtel_cache cache = {
		.present = 1 << MEMTEL_A_CACHE_SIZE_BYTES, .size_bytes = 64,
	};
	struct memtel_cache_node node = {
		.present = NODE_BIT(OBJECTS_IN_USE) | NODE_BIT(SLAB_BYTES) |
			   NODE_BIT(ALLOCS) | NODE_BIT(REMOTE_ALLOCS) |
			   NODE_BIT(BYTES_REQUESTED) | NODE_BIT(BYTES_ALLOCATED),
		.objects_in_use = 16, .slab_bytes = 4096,
		.allocs = 200, .remote_allocs = 50,
		.bytes_requested = 100, .bytes_allocated = 128,
	};
	double percent = -1;
	uint64_t bytes;

	ok(memtel_cache_fragmentation(&cache, &node, &percent) && percent == 75,
	   "16 objects of 64 in 4096 bytes: 75 %% fragmentation");
	node.objects_in_use = 65;
	ok(memtel_cache_fragmentation(&cache, &node, &percent) && percent == 0,
	   "more objects than fit: 0, not negative");
	node.slab_bytes = 0;
	ok(!memtel_cache_fragmentation(&cache, &node, &percent),
	   "no slabs: no fragmentation");
	node.slab_bytes = 4096;
	cache.present = 0;
	ok(!memtel_cache_fragmentation(&cache, &node, &percent),
	   "size unknown: no fragmentation");
	ok(memtel_cache_waste(&node, &bytes) && bytes == 28, "waste");
	node.bytes_requested = 129;
	ok(memtel_cache_waste(&node, &bytes) && bytes == 0,
	   "waste does not wrap");
	ok(memtel_cache_remote(&node, &percent) && percent == 25, "remote");
	node.allocs = 0;
	ok(!memtel_cache_remote(&node, &percent), "nothing allocated, no share");
	node.present = 0;
	ok(!memtel_cache_waste(&node, &bytes), "absent counts, no waste");
}

#define BIT(attr) (UINT64_C(1) << MEMTEL_A_NODE_##attr)

static void test_node(void)
{
	const struct memtel_node a = {
		.present = BIT(ID) | BIT(MANAGED_BYTES) |
			   BIT(SLAB_RECLAIMABLE_BYTES) |
			   BIT(SLAB_UNRECLAIMABLE_BYTES) | BIT(NUMA_HIT) |
			   BIT(NUMA_MISS),
		.id = 1, .managed_bytes = 1000, .slab_reclaimable_bytes = 100,
		.slab_unreclaimable_bytes = 50, .numa_hit = 54, .numa_miss = 46,
	};
	const struct memtel_node b = {
		.present = BIT(ID) | BIT(MANAGED_BYTES) |
			   BIT(SLAB_RECLAIMABLE_BYTES) |
			   BIT(SLAB_UNRECLAIMABLE_BYTES),
		.id = 2, .managed_bytes = 3000, .slab_reclaimable_bytes = 50,
	};
	struct memtel_node *total = NULL;
	double percent;
	uint64_t bytes;

	ok(memtel_node_slab_bytes(&a, &bytes) && bytes == 150, "slab bytes");
	ok(memtel_node_slab_share(&a, &percent) && percent == 15, "slab share");
	ok(memtel_node_hit_share(&a, &percent) && percent == 54, "hit share");
	ok(!memtel_node_hit_share(&b, &percent), "none without numa counts");
	ok(!memtel_node_add(&total, &a) && !memtel_node_add(&total, &b) &&
	   total->managed_bytes == 4000 && total->numa_hit == 54,
	   "nodes add up");
	ok(memtel_node_slab_share(total, &percent) && percent == 5,
	   "the sum's share is that of all memory");
	ok(!memtel_has(total, MEMTEL_A_NODE_ID), "a sum has no id");
	memtel_node_free(total);
}

int main(void)
{
	test_zones();
	test_zone_edges();
	test_cache();
	test_node();
	return tap_done();
}
