/* SPDX-License-Identifier: GPL-2.0 */
/* The site source: for the probes of kmem.c, and for readers. See site.c. */
#ifndef _MEMTEL_SITE_H
#define _MEMTEL_SITE_H

#include <linux/percpu.h>
#include <linux/types.h>

struct memtel_topk_row;
struct memtel_topk_view;

/**
 * struct memtel_site_draw - when a CPU takes its next sample
 * @left: allocations to let pass; below 0 when some passed that had to be looked
 *        at
 * @random: state of the draw, never 0
 * @taken: samples taken
 *
 * Written by the CPU alone, but in steps: an interrupt, or a move to another
 * CPU, may come between the look at @left and the step of it, and let pass what
 * was left. So it may fall below 0, and is due then as well. Other than that a
 * draw becomes a little less random.
 */
struct memtel_site_draw {
	s32 left;
	u32 random;
	u64 taken;
};

DECLARE_PER_CPU(struct memtel_site_draw, memtel_site_draw);

/* Whether the CPU's next allocation is one to sample. */
static __always_inline bool memtel_site_is_due(void)
{
	return this_cpu_read(memtel_site_draw.left) <= 0;
}

/* Let an allocation pass that is none. */
static __always_inline void memtel_site_pass(void)
{
	this_cpu_dec(memtel_site_draw.left);
}

void memtel_site_event(const void *object, unsigned long call_site,
		       size_t bytes_allocated);

unsigned int memtel_site_max_rows(void);
int memtel_site_view_init(struct memtel_topk_view *view);
void memtel_site_view_take(struct memtel_topk_view *view);
u64 memtel_site_id(const struct memtel_topk_row *row);
void memtel_site_symbol(const struct memtel_topk_row *row, char *text,
			size_t size);

#endif /* _MEMTEL_SITE_H */
