// SPDX-License-Identifier: GPL-2.0
/*
 * Zone gauges: what /proc/zoneinfo and /proc/buddyinfo show, without their
 * text. Nothing is locked: each number is one word, read once, and several may
 * be of instants a few hundred nanoseconds apart.
 */
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/vmstat.h>

#include "gauge.h"

static u64 pages_to_bytes(u64 pages)
{
	return pages << PAGE_SHIFT;
}

/**
 * memtel_zone_read() - read a zone's gauges
 * @nid: its node
 * @idx: its index there, below MAX_NR_ZONES
 * @zone: filled
 *
 * Return: false when there is no such zone or it has no memory.
 */
bool memtel_zone_read(int nid, unsigned int idx, struct memtel_zone *zone)
{
	struct zone *z;
	int order;

	if (nid < 0 || nid >= nr_node_ids || !node_online(nid))
		return false;
	z = &NODE_DATA(nid)->node_zones[idx];
	if (!populated_zone(z))
		return false;

	zone->name = z->name;
	zone->idx = idx;
	zone->managed_bytes = pages_to_bytes(zone_managed_pages(z));
	zone->present_bytes = pages_to_bytes(READ_ONCE(z->present_pages));
	zone->spanned_bytes = pages_to_bytes(READ_ONCE(z->spanned_pages));
	zone->free_bytes = pages_to_bytes(zone_page_state(z, NR_FREE_PAGES));
	zone->watermark_min_bytes = pages_to_bytes(min_wmark_pages(z));
	zone->watermark_low_bytes = pages_to_bytes(low_wmark_pages(z));
	zone->watermark_high_bytes = pages_to_bytes(high_wmark_pages(z));
	for (order = 0; order < NR_PAGE_ORDERS; order++)
		zone->free_blocks[order] =
			READ_ONCE(z->free_area[order].nr_free);
	return true;
}
