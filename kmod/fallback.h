/* SPDX-License-Identifier: GPL-2.0 */
/* The fallback source's counts, for readers. See fallback.c. */
#ifndef _MEMTEL_FALLBACK_H
#define _MEMTEL_FALLBACK_H

#include <linux/types.h>

#include "scope.h"

/**
 * struct memtel_fallback_cell - a cell of the matrix
 * @wanted_nid: node wanted
 * @wanted_zone: zone wanted, by name
 * @nid: node got
 * @zone: zone got, by name
 * @samples: allocations looked at
 */
struct memtel_fallback_cell {
	int wanted_nid;
	const char *wanted_zone;
	int nid;
	const char *zone;
	u64 samples;
};

unsigned int memtel_fallback_cells(void);
void memtel_fallback_key(unsigned int i, struct memtel_fallback_cell *cell);
bool memtel_fallback_read(unsigned int i, struct memtel_fallback_cell *cell);
u64 memtel_fallback_total(const struct memtel_scope *scope);

#endif /* _MEMTEL_FALLBACK_H */
