// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Have a source count as long as we look.
 */
#include <errno.h>

#include "cli.h"
#include "log.h"
#include "options.h"

static int note_attached(const struct memtel_source *source, void *arg)
{
	*(bool *)arg = source->attached;
	return 0;
}

/**
 * hold_while_watching() - hold a source with --interval
 *
 * Who may read but not change still sees what counts because of somebody else.
 *
 * Return: 0 or a negative errno with memtel_error().
 */
int hold_while_watching(struct memtel *m, const struct options *options,
			const char *source)
{
	bool is_attached = false;
	int err;

	if (!options->interval_ns)
		return 0;
	err = memtel_source_hold(m, source);
	if (err != -EPERM && err != -EACCES)
		return err;
	if (memtel_source(m, source, note_attached, &is_attached) ||
	    !is_attached)
		return memtel_source_hold(m, source);	/* says why */
	log_error("watching without a hold of the %s source: counts end when its holders release it",
		  source);
	return 0;
}
