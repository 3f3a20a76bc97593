/* SPDX-License-Identifier: GPL-2.0 */
/* For suites of what sums over CPUs: which these are. */
#include <kunit/test.h>

#include "counter.h"

static int cpus_init(struct kunit *test)
{
	return memtel_counters_init();
}

static void cpus_exit(struct kunit *test)
{
	memtel_counters_exit();
}
