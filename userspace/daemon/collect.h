/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Samples from the module, PSI and cgroups. */
#ifndef MEMTELD_COLLECT_H
#define MEMTELD_COLLECT_H

#include "config.h"
#include "history.h"

struct memtel;

/**
 * struct collect - where samples come from, and go to
 * @history: takes them; what it does not want is not read
 * @config: what else is to be read
 * @m: the module, NULL while it is not there
 * @is_unheld: a source is not held that may be later
 * @failing: bits of what was told of the module; see collect_module.c
 * @missing: bits of what is not on this host, told once; see collect_host.c
 */
struct collect {
	struct history *history;
	const struct config *config;
	struct memtel *m;
	bool is_unheld;
	unsigned int failing;
	unsigned int missing;
};

/** struct known_metric - a metric that there may be, and its labels */
struct known_metric {
	const char *name;
	const char *labels[LABELS_MAX];
};

/* collect.c, above the two that follow */
void collect_configure(struct collect *collect, const struct config *config);
void collect_run(struct collect *collect);

/* collect_module.c */
int collect_module_open(struct collect *collect);
void collect_module(struct collect *collect);
void collect_close(struct collect *collect);
bool collect_module_known(size_t i, struct known_metric *metric);

/* collect_host.c */
void collect_host(struct collect *collect);
bool collect_host_known(size_t i, struct known_metric *metric);

/** collect_wants() - does any rule look at the metric? */
static inline bool collect_wants(const struct collect *collect,
				 const char *metric)
{
	return history_find(collect->history, metric);
}

/** collect_put() - a sample of this round; labels sorted by name */
static inline void collect_put(struct collect *collect, const char *metric,
			       const struct label *labels, unsigned int nr,
			       double value)
{
	const struct sample sample = { metric, labels, nr, value };

	history_add(collect->history, &sample);
}

/** collect_fail() - samples of a metric are missing, and why */
static inline void collect_fail(struct collect *collect, const char *metric,
				const char *why)
{
	history_fail(collect->history, metric, why);
}

#endif /* MEMTELD_COLLECT_H */
