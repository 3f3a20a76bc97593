/* SPDX-License-Identifier: GPL-2.0 */
/* memtel's own cost, kept within a limit. See restraint.c. */
#ifndef _MEMTEL_RESTRAINT_H
#define _MEMTEL_RESTRAINT_H

#include <linux/types.h>

struct memtel_source;

bool memtel_restraint_is_away(const struct memtel_source *source);
bool memtel_restraint_keeps_away(struct memtel_source *source);
void memtel_restraint_watch(struct memtel_source *source);
void memtel_restraint_stop(void);

u32 memtel_restraint_limit_ppm(void);

#endif /* _MEMTEL_RESTRAINT_H */
