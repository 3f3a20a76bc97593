/* SPDX-License-Identifier: GPL-2.0 */
/* Who had most of what, lately. See evidence.c. */
#ifndef _MEMTEL_EVIDENCE_H
#define _MEMTEL_EVIDENCE_H

#include <linux/memtel.h>
#include <linux/types.h>

#include "scope.h"

/* Of each kind and measure the first so many. */
#define MEMTEL_SUSPECTS_EACH	3

/* Kinds with their measures: groups[] of evidence.c. */
#define MEMTEL_SUSPECT_GROUPS	9

#define MEMTEL_SUSPECTS_MAX	(MEMTEL_SUSPECTS_EACH * MEMTEL_SUSPECT_GROUPS)

/**
 * struct memtel_suspect - one who may have caused it
 * @kind: what it is
 * @measure: what @value is
 * @nid: where, NUMA_NO_NODE for none
 * @id: of cache, site, shrinker, cgroup or task; 0 for none
 * @has_path: a cgroup whose path can be asked for
 * @name: of all but sites and cgroups
 * @cache: of a site
 * @cookie: of a cache, or of a site's, which tells it from others of its name; 0
 *          for those that have none
 * @value: its part
 * @total: what all of the kind have
 */
struct memtel_suspect {
	enum memtel_suspect_kind kind;
	enum memtel_measure measure;
	int nid;
	u64 id;
	bool has_path;
	char name[MEMTEL_NAME_MAX + 1];
	char cache[MEMTEL_NAME_MAX + 1];
	u64 cookie;
	u64 value;
	u64 total;
};

/**
 * struct memtel_evidence - all there is at one moment
 * @interval_ns: over which all but caches was measured
 * @caches_interval_ns: over which caches and memory were; it ended with the
 *                      collector's last reading; 0 when there was none before it
 * @reclaim_ns: time of reclaim on all nodes meanwhile
 * @consumed_bytes: by which anonymous memory, page cache and slab grew, each
 *                  where it did
 * @lacks: kinds of suspects of which some may have been left out, a bit each
 * @nr: of @suspects
 * @has_cause: @cause is there
 * @cause: the best single answer
 * @suspects: by kind and measure, descending
 */
struct memtel_evidence {
	u64 interval_ns;
	u64 caches_interval_ns;
	u64 reclaim_ns;
	u64 consumed_bytes;
	unsigned int lacks;
	unsigned int nr;
	bool has_cause;
	struct memtel_suspect cause;
	struct memtel_suspect suspects[MEMTEL_SUSPECTS_MAX];
};

/**
 * struct memtel_evidence_ask - for whom evidence is gathered
 * @scope: of the trigger: only its node and zone, and what it names
 * @is_by_cache: the scope's name is a cache's
 * @is_by_shrinker: it is a shrinker's
 * @by_allocs: the sites that matter are those of the cache that allocates most,
 *             and not of the one that grew most
 * @now_ns: the time
 * @window_ns: over how long, as far as there are numbers
 * @held: sources that are attached for sure
 */
struct memtel_evidence_ask {
	const struct memtel_scope *scope;
	bool is_by_cache;
	bool is_by_shrinker;
	bool by_allocs;
	u64 now_ns;
	u64 window_ns;
	unsigned int held;
};

struct memtel_evidence_room;

struct memtel_evidence_room *memtel_evidence_room_alloc(void);
void memtel_evidence_room_free(struct memtel_evidence_room *old);
void memtel_evidence_start(struct memtel_evidence_room *new);
struct memtel_evidence_room *memtel_evidence_stop(void);
void memtel_evidence_mark(u64 now_ns, unsigned int held);
void memtel_evidence_take(struct memtel_evidence *evidence,
			  const struct memtel_evidence_ask *ask);
void memtel_evidence_lacks(const struct memtel_evidence *evidence, char *text,
			   size_t size);

/* cause.c */
void memtel_cause_find(struct memtel_evidence *evidence,
		       enum memtel_metric metric);

#endif /* _MEMTEL_EVIDENCE_H */
