/* SPDX-License-Identifier: GPL-2.0 */
/* The zonelock source's counts, for readers. See zonelock.c. */
#ifndef _MEMTEL_ZONELOCK_H
#define _MEMTEL_ZONELOCK_H

#include <linux/types.h>

#include "scope.h"
#include "timing.h"

u64 memtel_zonelock_total_ns(const struct memtel_scope *scope);
bool memtel_zonelock_time(int nid, int zid, struct memtel_timing *timing);

#endif /* _MEMTEL_ZONELOCK_H */
