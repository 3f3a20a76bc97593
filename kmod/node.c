// SPDX-License-Identifier: GPL-2.0
/*
 * Node gauges: what nodeN/numastat and nodeN/meminfo show.
 *
 * The NUMA events are kept per zone and CPU and folded into the zone now and
 * then; both parts are summed here. A fold between the two reads can make a
 * number step back by what is being folded; at rest it is exact.
 */
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/vmstat.h>

#include "gauge.h"

/* See compat/linux/vmstat.h for why preemption is off. */
static u64 zone_numa_events(struct zone *zone, enum numa_stat_item item)
{
	u64 sum = zone_numa_event_state(zone, item);
	int cpu;

	preempt_disable();
	if (populated_zone(zone)) {
		typeof(memtel_numa_event_word(zone, item)) word =
			memtel_numa_event_word(zone, item);

		for_each_online_cpu(cpu)
			sum += READ_ONCE(*per_cpu_ptr(word, cpu));
	}
	preempt_enable();
	return sum;
}

static u64 numa_events(pg_data_t *pgdat, enum numa_stat_item item)
{
	u64 sum = 0;
	int i;

	for (i = 0; i < MAX_NR_ZONES; i++)
		if (populated_zone(&pgdat->node_zones[i]))
			sum += zone_numa_events(&pgdat->node_zones[i], item);
	return sum;
}

/* Kept in pages, also the items whose name says bytes. */
static u64 node_bytes(pg_data_t *pgdat, enum node_stat_item item)
{
	long pages = atomic_long_read(&pgdat->vm_stat[item]);

	/* CPUs hold differences back, so a small number may be below zero. */
	return (u64)max(pages, 0L) << PAGE_SHIFT;
}

/**
 * memtel_node_read() - read a node's gauges
 * @nid: the node
 * @node: filled
 *
 * Return: false when there is no such node online.
 */
bool memtel_node_read(int nid, struct memtel_node *node)
{
	pg_data_t *pgdat;
	int i;

	if (nid < 0 || nid >= nr_node_ids || !node_online(nid))
		return false;
	pgdat = NODE_DATA(nid);

	node->managed_bytes = 0;
	node->free_bytes = 0;
	for (i = 0; i < MAX_NR_ZONES; i++) {
		struct zone *zone = &pgdat->node_zones[i];

		if (!populated_zone(zone))
			continue;
		node->managed_bytes += (u64)zone_managed_pages(zone)
				       << PAGE_SHIFT;
		node->free_bytes += (u64)zone_page_state(zone, NR_FREE_PAGES)
				    << PAGE_SHIFT;
	}
	node->slab_reclaimable_bytes =
		node_bytes(pgdat, NR_SLAB_RECLAIMABLE_B);
	node->slab_unreclaimable_bytes =
		node_bytes(pgdat, NR_SLAB_UNRECLAIMABLE_B);
	node->numa_hit = numa_events(pgdat, NUMA_HIT);
	node->numa_miss = numa_events(pgdat, NUMA_MISS);
	node->numa_foreign = numa_events(pgdat, NUMA_FOREIGN);
	node->numa_interleave = numa_events(pgdat, NUMA_INTERLEAVE_HIT);
	node->numa_local = numa_events(pgdat, NUMA_LOCAL);
	node->numa_other = numa_events(pgdat, NUMA_OTHER);
	return true;
}
