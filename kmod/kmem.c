// SPDX-License-Identifier: GPL-2.0
/*
 * The probes of kmem's tracepoints.
 *
 * The slab source and the site source look at the same allocations. Were each to
 * have its own probe the kernel would call both from a list, at nearly the cost
 * of both. So a tracepoint has one probe, which stands in the tables of both
 * sources (probe.c) and hands an event to those that are on: static keys, which
 * source.c switches when all probes of a source are there.
 *
 * Four tracepoints (six before 6.1) tell of each object that comes or goes;
 * compat/trace/events/kmem.h has what differs. A free is told of before it
 * happens, so that the object still is the cache's whose page it lies on. Where
 * the kernel tells of it after (5.10) the entry of the function is hooked
 * instead of the tracepoint. Of large kmallocs that fire twice one event is
 * handed on (large.c).
 */
#include <linux/slab.h>
#include <trace/events/kmem.h>

#include "kmem.h"
#include "large.h"
#include "site.h"
#include "slab_event.h"

DEFINE_STATIC_KEY_FALSE(memtel_slab_on);
DEFINE_STATIC_KEY_FALSE(memtel_site_on);

/* An allocation to look closer at: to be timed, or a sample of the site source. */
static noinline notrace void kmem_look(const struct kmem_cache *cache,
				       unsigned long call_site,
				       const void *object,
				       size_t bytes_requested,
				       size_t bytes_allocated)
{
	if (static_branch_likely(&memtel_site_on))
		memtel_site_event(object, call_site, bytes_allocated);
	if (static_branch_likely(&memtel_slab_on))
		slab_event((struct slab_event) {
			.object = object,
			.cache = cache,
			.bytes_requested = bytes_requested,
			.bytes_allocated = bytes_allocated,
			.cache_is_told = cache,
		});
}

static __always_inline void kmem_alloc(unsigned long call_site,
				       struct slab_event event)
{
	if (unlikely(memtel_cost_has_page(event.object)))
		goto look;
	if (static_branch_unlikely(&memtel_site_on)) {
		if (unlikely(memtel_site_is_due()))
			goto look;
		memtel_site_pass();
	}
	if (static_branch_likely(&memtel_slab_on))
		slab_count(event);
	return;

look:
	kmem_look(event.cache, call_site, event.object, event.bytes_requested,
		  event.bytes_allocated);
}

/* An allocation of which the page tells the cache. */
static __always_inline void kmem_kmalloc(unsigned long call_site,
					 const void *object,
					 size_t bytes_requested,
					 size_t bytes_allocated)
{
	kmem_alloc(call_site, (struct slab_event) {
		.object = object,
		.bytes_requested = bytes_requested,
		.bytes_allocated = bytes_allocated,
	});
}

/* kmem:kmalloc, any context */
static notrace void kmem_on_kmalloc(MEMTEL_ARGS_KMALLOC)
{
	kmem_kmalloc(call_site, ptr, bytes_req, bytes_alloc);
}

/* The same where some are fired twice; see large.c. */
static notrace void kmem_on_kmalloc_twice(MEMTEL_ARGS_KMALLOC)
{
	if (unlikely(bytes_req > KMALLOC_MAX_CACHE_SIZE) &&
	    memtel_large_is_inner(call_site))
		return;
	kmem_kmalloc(call_site, ptr, bytes_req, bytes_alloc);
}

/* kmem:kmalloc_node and kmem:kmem_cache_alloc_node, any context */
static notrace void kmem_on_alloc_node(MEMTEL_ARGS_KMALLOC_NODE)
{
	kmem_kmalloc(call_site, ptr, bytes_req, bytes_alloc);
}

/* kmem:kmem_cache_alloc, any context */
static notrace void kmem_on_cache_alloc(MEMTEL_ARGS_CACHE_ALLOC)
{
	kmem_alloc(call_site, (struct slab_event) {
		.object = ptr,
		.bytes_requested = MEMTEL_CACHE_BYTES_REQ,
		MEMTEL_CACHE_TOLD,
	});
}

/* kmem:kfree, any context, before the object is freed */
static notrace void kmem_on_kfree(void *data, unsigned long call_site,
				  const void *ptr)
{
	slab_event((struct slab_event) { .object = ptr, .what = SLAB_KFREE });
}

/* kmem:kmem_cache_free, any context, before the object is freed */
static notrace void kmem_on_cache_free(MEMTEL_ARGS_CACHE_FREE)
{
	slab_event((struct slab_event) {
		.object = MEMTEL_CACHE_FREE_PTR,
		.what = SLAB_CACHE_FREE,
		MEMTEL_CACHE_TOLD,
	});
}

struct memtel_probe memtel_kmem_probes[MEMTEL_KMEM_PROBES] = {
	[MEMTEL_KMEM_CACHE_FREE] = MEMTEL_PROBE_CACHE_FREE(kmem_on_cache_free),
	[MEMTEL_KMEM_KFREE] = MEMTEL_PROBE(kfree, kmem_on_kfree),
	[MEMTEL_KMEM_KMALLOC] = MEMTEL_PROBE(kmalloc, kmem_on_kmalloc),
	[MEMTEL_KMEM_CACHE_ALLOC] =
		MEMTEL_PROBE(kmem_cache_alloc, kmem_on_cache_alloc),
	[MEMTEL_KMEM_KMALLOC_NODE] =
		MEMTEL_PROBE_IF_ANY(kmalloc_node, kmem_on_alloc_node),
	[MEMTEL_KMEM_CACHE_ALLOC_NODE] =
		MEMTEL_PROBE_IF_ANY(kmem_cache_alloc_node, kmem_on_alloc_node),
};

/* After memtel_large_init(), before any source is attached. */
void __init memtel_kmem_init(void)
{
	/* It has the type of the one in the table. */
	if (memtel_large_is_twice())
		memtel_kmem_probes[MEMTEL_KMEM_KMALLOC].func =
			kmem_on_kmalloc_twice;
}
