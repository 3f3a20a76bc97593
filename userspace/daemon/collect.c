// SPDX-License-Identifier: GPL-2.0-or-later
#include <memtel/memtel.h>

#include "collect.h"

/** collect_wants() - does any rule look at the metric? */
bool collect_wants(const struct collect *collect, const char *metric)
{
	return history_find(collect->history, metric);
}

/** collect_put() - a sample of this round; labels sorted by name */
void collect_put(struct collect *collect, const char *metric,
		 const struct label *labels, unsigned int nr, double value)
{
	const struct sample sample = { metric, labels, nr, value };

	history_add(collect->history, &sample);
}

/** collect_fail() - samples of a metric are missing by an error, an errno */
void collect_fail(struct collect *collect, const char *metric, int err)
{
	history_fail(collect->history, metric, err);
}

/**
 * collect_configure() - from now on read what a configuration says
 *
 * Sources are held anew before the holds there are end, so that one that is
 * still wanted goes on counting.
 */
void collect_configure(struct collect *collect, const struct config *config)
{
	struct memtel *before = collect->m;

	collect->config = config;
	collect->missing = 0;
	collect->failing = 0;
	collect->m = NULL;
	/* What fails is told by the next round, which tries again. */
	if (before && collect_module_open(collect))
		collect_close(collect);
	memtel_close(before);
}

/** collect_run() - read all there is, once; a round has begun */
void collect_run(struct collect *collect)
{
	collect_module(collect);
	collect_host(collect);
}

/** collect_close() - give up the module, and what is held of it */
void collect_close(struct collect *collect)
{
	memtel_close(collect->m);
	collect->m = NULL;
}
