/* SPDX-License-Identifier: GPL-2.0 */
/* Large kmallocs that fire their event twice. See large.c. */
#ifndef _MEMTEL_LARGE_H
#define _MEMTEL_LARGE_H

#include <linux/types.h>

void memtel_large_init(void);
bool memtel_large_is_inner(unsigned long call_site);
bool memtel_large_is_twice(void);

#endif /* _MEMTEL_LARGE_H */
