/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which cache is allocated from most on each node? Watches for a second.
 * Build: cc hottest.c $(pkg-config --cflags --libs libmemtel)
 */
#include <memtel/memtel.h>
#include <stdio.h>
#include <unistd.h>

static struct top { const char *name; double allocs_per_s; } top[MEMTEL_NODE_MAX + 1];

static int compare(const struct memtel_cache *cache, const struct memtel_rate *total,
		   const struct memtel_rate *const *rates, void *arg)
{
	for (size_t i = 0; i < cache->nr_nodes; i++)
		if (rates[i]->allocs_per_s > top[cache->nodes[i]->node_id].allocs_per_s)
			top[cache->nodes[i]->node_id] = (struct top){ cache->name, rates[i]->allocs_per_s };
	return (void)total, (void)arg, 0;
}

int main(void)
{
	struct memtel_snapshot *before, *after;
	struct memtel *m;

	if (memtel_open(&m) || memtel_source_hold(m, "slab") ||
	    memtel_snapshot_take(m, NULL, &before) || sleep(1) ||
	    memtel_snapshot_take(m, NULL, &after) || memtel_rates(before, after, compare, NULL))
		return fprintf(stderr, "%s\n", memtel_error(m)), 1;
	for (int i = 0; i <= MEMTEL_NODE_MAX; i++)
		if (top[i].name)
			printf("node %d: %s, %.0f allocs/s\n", i, top[i].name, top[i].allocs_per_s);
}
