// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The module's table of caches, compiled as it is on stubs of what it uses of
 * the kernel: how far from its home a cache may be found, for addresses as the
 * kernel gives them to kmem_caches.
 */
#include <inttypes.h>

#include "slab_stubs.h"
#include "tap.h"

#include "../../kmod/slab_table.c"

#define PAGE		UINT64_C(4096)
#define DIRECT_MAP	UINT64_C(0xffff888000000000)
/* What an event may cost whose cache is not at its home; 12 instructions each. */
#define STEPS_MAX	24

static uint64_t random_state;

static uint64_t random_number(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* Where the kernel has the pages of the cache of kmem_caches. */
struct pattern {
	const char *name;
	unsigned int order;	/* of its slabs */
	uint64_t span;		/* pages in a node */
	unsigned int nodes;
	uint64_t node_pages;	/* from one node to the next */
	bool is_contiguous;
	bool is_same;		/* the same pages on each node */
};

static const struct pattern patterns[] = {
	{ "pages at random", 0, 1 << 22, 1, 0, false, false },
	{ "pages one after another", 0, 1 << 22, 1, 0, true, false },
	{ "pages at random on two nodes", 0, 1 << 20, 2, 1 << 24, false, false },
	{ "the same pages on two nodes", 0, 1 << 20, 2, 1 << 24, true, true },
	{ "pages at random on eight nodes", 0, 1 << 24, 8, 1 << 25, false, false },
	{ "slabs of two pages at random", 1, 1 << 21, 2, 1 << 22, false, false },
	{ "slabs of eight pages at random", 3, 1 << 19, 2, 1 << 22, false, false },
	{ "slabs of eight pages, one after another", 3, 1 << 22, 1, 0, true, false },
};

/* Makes addresses of kmem_caches, slab after slab. */
struct addresses {
	const struct pattern *pattern;
	unsigned int object_bytes;
	uint64_t slab;		/* number of the next slab, where in order */
	uint64_t base;		/* of this slab */
	unsigned int next;	/* object of it */
	unsigned int per_slab;
};

static void addresses_begin(struct addresses *a, const struct pattern *pattern,
			    unsigned int object_bytes)
{
	*a = (struct addresses) {
		.pattern = pattern,
		.object_bytes = object_bytes,
		.slab = random_number() % (pattern->span >> pattern->order),
		.per_slab = (PAGE << pattern->order) / object_bytes,
	};
	a->next = a->per_slab;
}

static const struct kmem_cache *next_address(struct addresses *a)
{
	const struct pattern *p = a->pattern;
	uint64_t slab, node;

	if (a->next == a->per_slab) {
		uint64_t slabs = p->span >> p->order;

		node = p->is_same ? a->slab % p->nodes :
				    random_number() % p->nodes;
		slab = a->slab++ / (p->is_same ? p->nodes : 1);
		if (!p->is_contiguous)
			slab = random_number();
		a->base = DIRECT_MAP + (node * p->node_pages +
			  (slab % slabs << p->order)) * PAGE;
		a->next = 0;
	}
	return (const void *)(uintptr_t)(a->base + a->next++ * a->object_bytes);
}

/* Steps from a cache's home to it. */
static unsigned int steps_to(const struct kmem_cache *cache)
{
	const struct slab_entry *entry = slab_table_home(cache);
	unsigned int steps = 0;

	for (; entry->cache != cache; entry++, steps++)
		if (!entry->cache)
			return UINT_MAX;
	return steps;
}

struct result {
	unsigned int worst;
	unsigned int unplaced;
	uint64_t steps;
	uint64_t caches;
};

/* One table with so many caches. */
static void fill_table(const struct pattern *pattern, unsigned int object_bytes,
		       unsigned int caches, struct result *result)
{
	const struct kmem_cache **all = calloc(caches, sizeof(*all));
	struct addresses a;
	unsigned int i;

	/* A slot for each, and for the cache of caches. */
	if (!all || slab_table_init(caches + 1))
		abort();
	addresses_begin(&a, pattern, object_bytes);
	for (i = 0; i < caches; i++) {
		all[i] = next_address(&a);
		result->unplaced += !slab_table_place(all[i], NULL,
						      SLAB_UNPLACED_ALLOCS);
	}
	for (i = 0; i < caches; i++) {
		unsigned int steps = steps_to(all[i]);

		result->worst = max(result->worst, steps);
		result->steps += steps;
	}
	result->caches += caches;
	slab_table_exit();
	free(all);
}

static void test_steps(unsigned int caches, unsigned int tables)
{
	static const unsigned int object_bytes[] = { 256, 448 };
	struct result all = {};
	unsigned int i, o, p;

	for (p = 0; p < ARRAY_SIZE(patterns); p++) {
		struct result result = {};

		for (o = 0; o < ARRAY_SIZE(object_bytes); o++)
			for (i = 0; i < tables; i++)
				fill_table(&patterns[p], object_bytes[o], caches,
					   &result);
		printf("# %u caches, %s: %u steps at worst, %.2f on average\n",
		       caches, patterns[p].name, result.worst,
		       (double)result.steps / result.caches);
		all.worst = max(all.worst, result.worst);
		all.unplaced += result.unplaced;
	}
	ok(!all.unplaced, "%u caches in as many slots: all have a place",
	   caches);
	ok(all.worst <= STEPS_MAX, "of which the farthest is %u steps away",
	   all.worst);
}

/* Caches come and go, at other addresses. */
static void test_churn(void)
{
	static const struct kmem_cache *all[1000];
	unsigned int i, round, worst = 0, unplaced = 0;
	struct addresses a;

	if (slab_table_init(ARRAY_SIZE(all) + 1))
		abort();
	addresses_begin(&a, &patterns[0], 256);
	for (round = 0; round < 400; round++) {
		for (i = 0; i < ARRAY_SIZE(all); i++) {
			if (all[i] && random_number() % 2)
				continue;
			if (all[i])
				slab_table_place(boot_cache, all[i],
						 SLAB_UNPLACED_FREES);
			all[i] = NULL;
		}
		slab_table_reset();
		for (i = 0; i < ARRAY_SIZE(all); i++) {
			if (all[i])
				continue;
			all[i] = next_address(&a);
			unplaced += !slab_table_place(all[i], NULL,
						      SLAB_UNPLACED_ALLOCS);
		}
		for (i = 0; i < ARRAY_SIZE(all); i++)
			worst = max(worst, steps_to(all[i]));
	}
	slab_table_exit();
	ok(!unplaced && worst <= STEPS_MAX,
	   "the same where 200,000 come and go: %u steps", worst);
}

static void test_full(void)
{
	const struct kmem_cache *caches[20];
	struct addresses a;
	unsigned int i;

	if (slab_table_init(16))
		abort();
	addresses_begin(&a, &patterns[0], 256);
	for (i = 0; i < ARRAY_SIZE(caches); i++) {
		caches[i] = next_address(&a);
		slab_table_place(caches[i], NULL, SLAB_UNPLACED_ALLOCS);
	}
	ok(slab_table_used() == 16, "a table has as many as it has slots");
	ok(*slab_hot.lost == 5, "what finds none is counted");
	locks_taken = 0;
	for (i = 0; i < 1000; i++)
		slab_table_place(caches[19], NULL, SLAB_UNPLACED_ALLOCS);
	ok(!locks_taken && *slab_hot.lost == 1005,
	   "each time, and without the lock");
	slab_table_exit();
}

/* So many allocations of a cache, where it has a place. */
static bool count(const struct kmem_cache *cache, unsigned int allocs)
{
	u64 *words = slab_table_place(cache, NULL, SLAB_LOST_WORDS);

	if (words)
		words[SLAB_ALLOCS] += allocs;
	return words;
}

static void end(const struct kmem_cache *cache)
{
	slab_table_place(boot_cache, cache, SLAB_UNPLACED_FREES);
}

static const struct slab_slot *slot_of(const struct kmem_cache *cache)
{
	unsigned int i;

	return slab_table_lookup(cache, &i);
}

static void test_recycled(void)
{
	static const struct kmem_cache *caches[300];
	const struct slab_slot *kept;
	struct addresses a;
	unsigned int i;

	if (slab_table_init(200))
		abort();
	addresses_begin(&a, &patterns[0], 256);
	for (i = 0; i < ARRAY_SIZE(caches); i++)
		caches[i] = next_address(&a);
	for (i = 0; i < 198; i++)
		count(caches[i], 1000 + i);
	for (i = 0; i < 100; i++)
		end(caches[i]);
	slab_table_recycle();
	ok(slab_table_used() == 199 && !slab_hot.lost[SLAB_UNPLACED_ALLOCS],
	   "while a slot is free caches that are gone keep theirs");

	count(caches[198], 1);
	ok(!count(caches[199], 1), "a full table has no place");
	slab_table_recycle();
	ok(slab_table_used() == 200 - RECYCLE_SLOTS,
	   "then some of those that are gone give theirs back");
	ok(slab_hot.lost[SLAB_UNPLACED_ALLOCS] ==
	   64 * 1000 + 63 * 64 / 2, "the first that went; what they counted is lost");
	for (i = 200; i < 200 + RECYCLE_SLOTS; i++)
		if (!count(caches[i], 7) ||
		    slot_of(caches[i])->counts[SLAB_ALLOCS] != 7)
			break;
	ok(i == 200 + RECYCLE_SLOTS, "new caches begin at 0 in their slots");
	kept = slot_of(caches[150]);
	ok(kept && kept->counts[SLAB_ALLOCS] == 1150,
	   "caches that live keep theirs");

	slab_table_recycle();
	ok(slab_table_used() == 200 - 36 &&
	   slab_hot.lost[SLAB_UNPLACED_ALLOCS] == 100 * 1000 + 99 * 100 / 2,
	   "the next time the rest of them");
	for (i = 264; i < 300; i++)
		count(caches[i], 1);
	slab_table_recycle();
	ok(slab_table_used() == 200, "and then there is none left");
	end(caches[150]);
	slab_table_reset();
	ok(slab_table_used() == 199 && !slab_hot.lost[SLAB_UNPLACED_ALLOCS],
	   "a reset frees what is gone, and nothing is lost");
	slab_table_exit();
}

int main(void)
{
	random_state = 88172645463325252;
	test_steps(1000, 1000);
	test_steps(4000, 200);
	test_steps(8000, 100);
	test_steps(16000, 50);
	test_churn();
	test_full();
	test_recycled();
	return tap_done();
}
