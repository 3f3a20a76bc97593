// SPDX-License-Identifier: GPL-2.0
/*
 * The site source: which call sites allocate, by cache.
 *
 * Model. One allocation of site_sampling on each CPU is looked at; how many are
 * let pass until the next is drawn anew each time, evenly from none to twice
 * that less two, so that no pattern of allocations hides from it. What is
 * looked at is counted by call site and cache among those that have most
 * (topk.c). Numbers are samples times the sampling: an estimate whose
 * relative error is about one by the square root of the samples.
 *
 * The probes are kmem.c's. The call site is that of the tracepoint, the caller
 * of kmalloc() or kmem_cache_alloc(). The cache is read from the object's slab
 * page, as in slab_event.h, and named at the first sample, when the object keeps
 * it alive; it is never looked into later. One made at the address of another,
 * by the same site, goes on under the old name until it has to make room.
 *
 * What is not sampled costs a decrement and two branches; the samples taken tell
 * how many that were. Addresses never leave the module: an id is a keyed hash of
 * the site and its cache, and a symbol is only for who may see symbols.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/percpu.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/slab.h>

#include "cost.h"
#include "counter.h"
#include "kmem.h"
#include "large.h"
#include "private.h"
#include "site.h"
#include "source.h"
#include "topk.h"

#define SAMPLING_MIN	1
#define SAMPLING_MAX	1000000
#define SLOTS_MIN	16
#define SLOTS_MAX	16384

static unsigned int site_sampling = 64;
static unsigned int site_slots = 256;

static int sampling_set(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, SAMPLING_MIN, SAMPLING_MAX);
}

static const struct kernel_param_ops sampling_ops = {
	.set = sampling_set,
	.get = param_get_uint,
};

module_param_cb(site_sampling, &sampling_ops, &site_sampling, 0644);
MODULE_PARM_DESC(site_sampling,
		 "The site source looks at one of about so many allocations on each CPU (1 to 1000000, default 64); read when it is attached");

static int slots_set(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, SLOTS_MIN, SLOTS_MAX);
}

static const struct kernel_param_ops slots_ops = {
	.set = slots_set,
	.get = param_get_uint,
};

module_param_cb(site_slots, &slots_ops, &site_slots, 0444);
MODULE_PARM_DESC(site_slots,
		 "Call sites that the site source can count on each CPU (16 to 16384, default 256, rounded up to a power of two); each takes 216 bytes while it is attached");

DEFINE_PER_CPU(struct memtel_site_draw, memtel_site_draw);
static DEFINE_PER_CPU(struct memtel_cost, site_cost);

/* Set up and taken down under the source lock while no probe runs. */
static struct memtel_topk sites;
static unsigned int sampling;

/* Makes ids. Set when first attached, constant after. */
static siphash_key_t id_key __read_mostly;

/* A step of xorshift32. */
static u32 next_random(void)
{
	u32 x = this_cpu_read(memtel_site_draw.random);

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	this_cpu_write(memtel_site_draw.random, x);
	return x;
}

static void site_sample(const void *object, unsigned long call_site,
			size_t bytes_allocated)
{
	struct memtel_topk_key key = {
		.a = call_site,
		.name = MEMTEL_LARGE_KMALLOC_NAME,
	};
	struct kmem_cache *cache;
	struct page *page;

	this_cpu_write(memtel_site_draw.left,
		       next_random() % (2 * sampling - 1));
	this_cpu_inc(memtel_site_draw.taken);
	if (!memtel_is_object(object))
		return;
	page = memtel_object_page(object);
	if (memtel_is_slab(page, memtel_page_flags(page))) {
		cache = memtel_slab_cache(page);
		key.b = (unsigned long)cache;
		key.name = memtel_cache_name(cache);
		bytes_allocated = memtel_cache_size(cache);
	}
	memtel_topk_add(&sites, &key, 1, bytes_allocated);
}

static void site_look(const void *object, unsigned long call_site,
		      size_t bytes_allocated)
{
	if (memtel_site_is_due())
		site_sample(object, call_site, bytes_allocated);
	else
		memtel_site_pass();
}

/* An event that may be one to time. */
static noinline notrace void site_look_costed(const void *object,
					      unsigned long call_site,
					      size_t bytes_allocated)
{
	MEMTEL_COST_OF(&site_cost, MEMTEL_COST_PAGES_EVERY);

	site_look(object, call_site, bytes_allocated);
}

/**
 * memtel_site_event() - an allocation that may be one to sample
 * @object: what was allocated, or NULL
 * @call_site: by whom
 * @bytes_allocated: of a large kmalloc; else the cache tells
 *
 * Context: A probe of an allocation, any context, source attached.
 */
notrace void memtel_site_event(const void *object, unsigned long call_site,
			       size_t bytes_allocated)
{
	if (memtel_cost_has_page(object))
		site_look_costed(object, call_site, bytes_allocated);
	else
		site_look(object, call_site, bytes_allocated);
}

static int site_prepare(void)
{
	int cpu;

	if (!id_key.key[0])
		get_random_bytes(&id_key, sizeof(id_key));
	sampling = READ_ONCE(site_sampling);
	for_each_possible_cpu(cpu)
		per_cpu(memtel_site_draw, cpu) = (struct memtel_site_draw) {
			.left = get_random_u32() % sampling,
			.random = get_random_u32() | 1,
		};
	return memtel_topk_init(&sites, site_slots);
}

static void site_cleanup(void)
{
	memtel_topk_exit(&sites);
}

static void site_reset(void)
{
	memtel_topk_reset(&sites);
}

/* What is estimated from samples. Source attached. */
static u64 scale(u64 samples)
{
	return samples * sampling;
}

static void site_stats(struct memtel_source_stats *stats)
{
	stats->memory_bytes = memtel_topk_bytes(&sites);
	memtel_stat_add(stats, MEMTEL_A_SOURCE_SLOTS_TOTAL, sites.nr);
	memtel_stat_add(stats, MEMTEL_A_SOURCE_UNPLACED_ALLOCS,
			scale(memtel_topk_evicted(&sites)));
	memtel_stat_add(stats, MEMTEL_A_SOURCE_SAMPLING, sampling);
}

/* By the samples, how many allocations there were. Source attached. */
static u64 site_events(void)
{
	return scale(memtel_counter_sum(&memtel_site_draw.taken));
}

/* Room that a view needs. */
unsigned int memtel_site_max_rows(void)
{
	return memtel_topk_max_rows(site_slots);
}

int memtel_site_view_init(struct memtel_topk_view *view)
{
	return memtel_topk_view_init(view, memtel_site_max_rows(),
				     GFP_KERNEL_ACCOUNT);
}

/* Estimates: the next to attach may sample otherwise. Source attached. */
void memtel_site_view_take(struct memtel_topk_view *view)
{
	struct memtel_topk_row *row;

	memtel_topk_view_take(view, &sites);
	for (row = view->rows; row < view->rows + view->nr; row++) {
		row->rank = scale(row->rank);
		row->extra = scale(row->extra);
		row->error = scale(row->error);
	}
}

/* What stands for a site and its cache outside the module. */
u64 memtel_site_id(const struct memtel_topk_row *row)
{
	return siphash_2u64(row->a, row->b, &id_key);
}

/* function+offset/size [module], or "unknown" when it has gone. */
void memtel_site_symbol(const struct memtel_topk_row *row, char *text,
			size_t size)
{
	snprintf(text, size, "%pS", (void *)(unsigned long)row->a);
	/* What is no symbol would be an address. */
	if (text[0] == '0')
		strscpy(text, "unknown", size);
}

struct memtel_source memtel_site_source = {
	.name = "site",
	.capability = "sites",
	.probes = &memtel_kmem_probes[MEMTEL_KMEM_ALLOCS],
	.nr_probes = MEMTEL_KMEM_PROBES - MEMTEL_KMEM_ALLOCS,
	.on = &memtel_site_on,
	.cannot = memtel_private_cannot_count,
	.prepare = site_prepare,
	.cleanup = site_cleanup,
	.reset = site_reset,
	.stats = site_stats,
	.cost = &site_cost,
	.events = site_events,
};
