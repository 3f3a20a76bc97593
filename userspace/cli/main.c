// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * memtel: shows what the memtel kernel module counts.
 */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "log.h"
#include "options.h"

static const struct verb verbs[] = {
	{ "status", VERB_STATUS, NULL, NULL, status_run,
	  "what is loaded, what counts, who holds it, what was lost" },
	{ "caches", VERB_CACHES, NULL, &field_cache_set, caches_run,
	  "slab caches: objects, memory, allocations" },
	{ "nodes", VERB_NODES, NULL, &field_node_set, nodes_run,
	  "NUMA nodes: memory, slabs, where allocations went" },
	{ "zones", VERB_ZONES, NULL, &field_zone_set, zones_run,
	  "memory zones: watermarks, free blocks, fragmentation" },
	{ "reclaim", VERB_RECLAIM, NULL, &field_reclaim_set, reclaim_run,
	  "reclaim, compaction, throttling: how long, where, of whom" },
	{ "shrinkers", VERB_SHRINKERS, NULL, &field_shrinker_set, shrinkers_run,
	  "shrinkers: how long they took, what they freed" },
	{ "locks", VERB_LOCKS, NULL, &field_lock_set, locks_run,
	  "zone locks: how long CPUs waited for them" },
	{ "fallback", VERB_FALLBACK, NULL, &field_fallback_set, fallback_run,
	  "page allocations by node and zone wanted, and got" },
	{ "sites", VERB_SITES, NULL, &field_site_set, sites_run,
	  "call sites that allocate most, by cache" },
	{ "stalls", VERB_STALLS, NULL, &field_stall_set, stalls_run,
	  "tasks and cgroups that lost most time to reclaim and compaction" },
	{ "watch", VERB_WATCH, NULL, NULL, watch_run,
	  "pressure events as they happen, and who caused them" },
	{ "triggers", VERB_TRIGGERS, NULL, &field_trigger_set, triggers_run,
	  "what is watched for, by whom" },
	{ "enable", VERB_ENABLE, "SOURCE...", NULL, enable_run,
	  "count with these sources until they are disabled" },
	{ "disable", VERB_DISABLE, "SOURCE...", NULL, disable_run,
	  "end what enable began" },
	{ "reset", VERB_RESET, "[SOURCE...]", NULL, reset_run,
	  "set counts to zero, of all sources that count if none is named" },
	{ 0 },
};

int main(int argc, char **argv)
{
	const struct verb *verb = NULL;
	struct options options;
	const char *name;
	uint32_t given;
	int code;

	if (argc > 1 && !strcmp(argv[1], "--complete-words"))
		return words_print(verbs, argc - 2, argv + 2);
	code = options_parse(argc, argv, &options, &name, &given);
	if (code)
		goto usage;
	if (name) {
		verb = verb_find(verbs, name);
		if (!verb) {
			log_error("there is no verb '%s'", name);
			goto usage;
		}
	}
	if (options.help) {
		help_print(verbs, verb);
		return flush_output();
	}
	if (options.version) {
		printf("memtel " MEMTEL_VERSION "\n");
		return flush_output();
	}
	if (!verb) {
		log_error("what to do? name a verb");
		goto usage;
	}
	if (options_check(name, verb->bit, given))
		goto usage;
	if (options.nr_args && !verb->argument) {
		log_error("%s takes no argument, but got '%s'", name,
			  options.args[0]);
		goto usage;
	}
	if (!options.nr_args && verb->argument && verb->argument[0] != '[') {
		log_error("%s needs the name of a source, such as slab", name);
		goto usage;
	}
	return verb->run(&options);
usage:
	fprintf(stderr, "Try 'memtel --help'.\n");
	return EXIT_USAGE;
}
