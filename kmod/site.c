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
 * The call site is that of the tracepoint, the caller of kmalloc() or
 * kmem_cache_alloc(). The cache is read from the object's slab page, as in
 * slab.c, and named at the first sample, when the object keeps it alive; it is
 * never looked into later. One made at the address of another, by the same
 * site, goes on under the old name until it has to make room.
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
#include <trace/events/kmem.h>

#include "cost.h"
#include "counter.h"
#include "large.h"
#include "private.h"
#include "probe.h"
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

/**
 * struct site_draw - when a CPU takes its next sample
 * @left: allocations to let pass
 * @random: state of the draw, never 0
 * @taken: samples taken
 *
 * Written by the CPU alone. An interrupt or a move to another CPU in between
 * makes a draw a little less random, nothing else.
 */
struct site_draw {
	u32 left;
	u32 random;
	u64 taken;
};

static DEFINE_PER_CPU(struct site_draw, draw);
static DEFINE_PER_CPU(struct memtel_cost, site_cost);

/* Set up and taken down under the source lock while no probe runs. */
static struct memtel_topk sites;
static unsigned int sampling;

/* Makes ids. Set when first attached, constant after. */
static siphash_key_t id_key __read_mostly;

/* A step of xorshift32. */
static u32 next_random(void)
{
	u32 x = this_cpu_read(draw.random);

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	this_cpu_write(draw.random, x);
	return x;
}

static noinline void site_sample(const void *object, unsigned long call_site,
				 size_t bytes_allocated)
{
	struct memtel_topk_key key = {
		.a = call_site,
		.name = MEMTEL_LARGE_KMALLOC_NAME,
	};
	struct kmem_cache *cache;
	struct page *page;

	this_cpu_write(draw.left, next_random() % (2 * sampling - 1));
	this_cpu_inc(draw.taken);
	if (!memtel_is_object(object))
		return;
	page = memtel_object_page(object);
	if (memtel_is_slab(page, memtel_page_flags(page))) {
		cache = memtel_slab_cache(page);
		key.b = (unsigned long)cache;
		key.name = memtel_cache_name(cache);
		bytes_allocated = memtel_cache_size(cache);
	} else if (memtel_large_is_inner(call_site)) {
		return;
	}
	memtel_topk_add(&sites, &key, 1, bytes_allocated);
}

static __always_inline void site_pass(const void *object,
				      unsigned long call_site,
				      size_t bytes_allocated)
{
	if (unlikely(!this_cpu_read(draw.left)))
		site_sample(object, call_site, bytes_allocated);
	else
		this_cpu_dec(draw.left);
}

/* An event that may be one to time; away from the path of the others. */
static noinline notrace void site_pass_costed(const void *object,
					      unsigned long call_site,
					      size_t bytes_allocated)
{
	MEMTEL_COST_OF(&site_cost, MEMTEL_COST_PAGES_EVERY);

	site_pass(object, call_site, bytes_allocated);
}

static __always_inline void site_event(const void *object,
				       unsigned long call_site,
				       size_t bytes_allocated)
{
	if (unlikely(memtel_cost_has_page(object)))
		site_pass_costed(object, call_site, bytes_allocated);
	else
		site_pass(object, call_site, bytes_allocated);
}

/* kmem:kmalloc, any context */
static notrace void site_on_kmalloc(MEMTEL_ARGS_KMALLOC)
{
	site_event(ptr, call_site, bytes_alloc);
}

/* kmem:kmalloc_node and kmem:kmem_cache_alloc_node, any context */
static notrace void site_on_alloc_node(MEMTEL_ARGS_KMALLOC_NODE)
{
	site_event(ptr, call_site, bytes_alloc);
}

/* kmem:kmem_cache_alloc, any context */
static notrace void site_on_cache_alloc(MEMTEL_ARGS_CACHE_ALLOC)
{
	site_event(ptr, call_site, 0);
}

static struct memtel_probe site_probes[] = {
	MEMTEL_PROBE(kmalloc, site_on_kmalloc),
	MEMTEL_PROBE(kmem_cache_alloc, site_on_cache_alloc),
	MEMTEL_PROBE_IF_ANY(kmalloc_node, site_on_alloc_node),
	MEMTEL_PROBE_IF_ANY(kmem_cache_alloc_node, site_on_alloc_node),
};

static int site_prepare(void)
{
	int cpu;

	if (!id_key.key[0])
		get_random_bytes(&id_key, sizeof(id_key));
	sampling = READ_ONCE(site_sampling);
	for_each_possible_cpu(cpu)
		per_cpu(draw, cpu) = (struct site_draw) {
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

static void site_stats(struct memtel_source_stats *stats)
{
	stats->memory_bytes = memtel_topk_bytes(&sites);
	memtel_stat_add(stats, MEMTEL_A_SOURCE_SLOTS_TOTAL, sites.nr);
	memtel_stat_add(stats, MEMTEL_A_SOURCE_UNPLACED_ALLOCS,
			memtel_site_scale(memtel_topk_evicted(&sites)));
	memtel_stat_add(stats, MEMTEL_A_SOURCE_SAMPLING, sampling);
}

/* By the samples, how many allocations there were. Source attached. */
static u64 site_events(void)
{
	return memtel_site_scale(memtel_counter_sum(&draw.taken));
}

/* Source attached. */
u64 memtel_site_scale(u64 samples)
{
	return samples * sampling;
}

/* Room that a view needs. */
unsigned int memtel_site_max_rows(void)
{
	return memtel_topk_max_rows(site_slots);
}

int memtel_site_view_init(struct memtel_topk_view *view)
{
	return memtel_topk_view_init(view, memtel_site_max_rows());
}

/* Source attached. */
void memtel_site_view_take(struct memtel_topk_view *view)
{
	memtel_topk_view_take(view, &sites);
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
	.probes = site_probes,
	.nr_probes = ARRAY_SIZE(site_probes),
	.cannot = memtel_private_cannot_count,
	.prepare = site_prepare,
	.cleanup = site_cleanup,
	.reset = site_reset,
	.stats = site_stats,
	.cost = &site_cost,
	.events = site_events,
};
