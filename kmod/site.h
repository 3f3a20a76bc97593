/* SPDX-License-Identifier: GPL-2.0 */
/* The site source's counts, for readers. See site.c. */
#ifndef _MEMTEL_SITE_H
#define _MEMTEL_SITE_H

#include <linux/types.h>

struct memtel_topk_row;
struct memtel_topk_view;

/* What an estimate of allocations or bytes is from: a row's rank or extra. */
u64 memtel_site_scale(u64 samples);

unsigned int memtel_site_max_rows(void);
int memtel_site_view_init(struct memtel_topk_view *view);
void memtel_site_view_take(struct memtel_topk_view *view);
u64 memtel_site_id(const struct memtel_topk_row *row);
void memtel_site_symbol(const struct memtel_topk_row *row, char *text,
			size_t size);

#endif /* _MEMTEL_SITE_H */
