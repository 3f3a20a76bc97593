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
	u64 value;
	u64 total;
};

/**
 * struct memtel_evidence - all there is at one moment
 * @interval_ns: over which it was measured
 * @reclaim_ns: time of reclaim on all nodes meanwhile
 * @consumed_bytes: by which anonymous memory, page cache and slab grew, each
 *                  where it did
 * @nr: of @suspects
 * @has_cause: @cause is there
 * @cause: the best single answer
 * @suspects: by kind and measure, descending
 */
struct memtel_evidence {
	u64 interval_ns;
	u64 reclaim_ns;
	u64 consumed_bytes;
	unsigned int nr;
	bool has_cause;
	struct memtel_suspect cause;
	struct memtel_suspect suspects[MEMTEL_SUSPECTS_MAX];
};

int memtel_evidence_start(void);
void memtel_evidence_stop(void);
void memtel_evidence_forget(void);
void memtel_evidence_mark(u64 now_ns, unsigned int held);
void memtel_evidence_take(struct memtel_evidence *evidence,
			  const struct memtel_scope *scope, u64 now_ns,
			  u64 window_ns, unsigned int held);

/* cause.c */
void memtel_cause_find(struct memtel_evidence *evidence,
		       enum memtel_metric metric);

#endif /* _MEMTEL_EVIDENCE_H */
