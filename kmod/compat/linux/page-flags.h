/* SPDX-License-Identifier: GPL-2.0 */
/*
 * 6.10 made being a slab a type of a page instead of a flag. 6.18 put a page's
 * flags into a struct of their own.
 */
#ifndef _MEMTEL_COMPAT_LINUX_PAGE_FLAGS_H
#define _MEMTEL_COMPAT_LINUX_PAGE_FLAGS_H

#include <linux/version.h>
#include_next <linux/page-flags.h>

/* One load of a page's flags, for memtel_is_slab() and memtel_page_nid(). */
static __always_inline unsigned long memtel_page_flags(const struct page *page)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
	return READ_ONCE(page->flags);
#else
	return READ_ONCE(page->flags.f);
#endif
}

/*
 * Whether a page with these flags is the head of a slab; neither a slab's other
 * pages are nor those of a large kmalloc.
 */
static __always_inline bool memtel_is_slab(const struct page *page,
					   unsigned long flags)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
	return flags & BIT(PG_slab);
#else
	return folio_test_slab((const struct folio *)page);
#endif
}

#endif /* _MEMTEL_COMPAT_LINUX_PAGE_FLAGS_H */
