// SPDX-License-Identifier: GPL-2.0-or-later
#include <memtel/memtel.h>

#include "collect.h"

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
