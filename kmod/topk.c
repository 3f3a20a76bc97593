// SPDX-License-Identifier: GPL-2.0
/*
 * The keys that have most of something, in bounded memory.
 *
 * Model. Each CPU has a table of its own, divided into sets of a few entries; a
 * key belongs to one set. A key that has no entry takes an empty one, or else
 * the one of least rank, whose rank it goes on from ("space saving"): so a rank
 * is never too low, and too high by at most what was taken over, which is kept
 * as the error. A key with more than that of its set's sum surely has an entry.
 * What is evicted is counted.
 *
 * A view adds up the tables of all CPUs by key. A key that has no entry on some
 * CPU may have had a little there: that is in the evicted sum.
 *
 * Cost: for a key that is there, a hash, up to WAYS comparisons and three
 * additions, twice, with interrupts off. Each row is there twice, and one of the
 * two is whole at any moment: a reader never holds up a writer, nor does a CPU
 * that is stopped in the middle of a write, as a virtual one may be, hide a row.
 */
#include <linux/bits.h>
#include <linux/cpu.h>
#include <linux/hash.h>
#include <linux/irqflags.h>
#include <linux/kcsan-checks.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/topology.h>

#include "counter.h"
#include "topk.h"

/* Entries in a set. */
#define WAYS	8

/*
 * No view is larger than this. It adds up rows of the same key, and no kernel has
 * so many call sites, nor are so many tasks kept.
 */
#define TOPK_ROWS_MAX	BIT(20)

/* After so many tries a reader accepts a row that changes under every look. */
#define TRIES	8

/* Zeroed with interrupts off: some 100 instructions a row. */
#define ZERO_ROWS	64U

/* Also of what was made but in part. */
void memtel_topk_exit(struct memtel_topk *topk)
{
	int cpu;

	if (topk->cpus)
		for_each_possible_cpu(cpu)
			kvfree(topk->cpus[cpu]);
	kfree(topk->cpus);
	free_percpu(topk->evicted);
	*topk = (struct memtel_topk) {};
}

/**
 * memtel_topk_init() - make empty tables
 * @topk: filled
 * @nr: rows each CPU is to have at least
 *
 * Return: 0 or -ENOMEM.
 */
int memtel_topk_init(struct memtel_topk *topk, unsigned int nr)
{
	unsigned int i;
	int cpu;

	topk->nr = roundup_pow_of_two(max(nr, 2U * WAYS));
	topk->evicted = alloc_percpu(u64);
	topk->cpus = kcalloc(nr_cpu_ids, sizeof(*topk->cpus), GFP_KERNEL);
	if (!topk->evicted || !topk->cpus)
		goto err_exit;
	for_each_possible_cpu(cpu) {
		topk->cpus[cpu] = kvzalloc_node(array_size(topk->nr,
							   sizeof(**topk->cpus)),
						GFP_KERNEL, cpu_to_node(cpu));
		if (!topk->cpus[cpu])
			goto err_exit;
		for (i = 0; i < topk->nr; i++)
			seqcount_latch_init(&topk->cpus[cpu][i].latch);
	}
	return 0;

err_exit:
	memtel_topk_exit(topk);
	return -ENOMEM;
}

/* At most so many keys have the tables of the CPUs that may have counted. */
unsigned int memtel_topk_max_rows(unsigned int nr)
{
	return min_t(u64, (u64)roundup_pow_of_two(max(nr, 2U * WAYS)) *
			  memtel_nr_cpus(), TOPK_ROWS_MAX);
}

/* Memory they take, over all CPUs. */
u64 memtel_topk_bytes(const struct memtel_topk *topk)
{
	return (u64)num_possible_cpus() * topk->nr * sizeof(**topk->cpus);
}

/* Sum of what had to make room. */
u64 memtel_topk_evicted(const struct memtel_topk *topk)
{
	return memtel_counter_sum(topk->evicted);
}

static void write_row(struct memtel_topk_entry *entry,
		      const struct memtel_topk_row *row)
{
	/* Readers see by the latch which of the two is whole. */
	kcsan_nestable_atomic_begin();
	raw_write_seqcount_latch(&entry->latch);
	entry->rows[0] = *row;
	raw_write_seqcount_latch(&entry->latch);
	entry->rows[1] = *row;
	kcsan_nestable_atomic_end();
}

struct topk_piece {
	struct memtel_topk *topk;
	unsigned int from;
	unsigned int to;
};

static void topk_zero_cpu(const struct topk_piece *piece, int cpu)
{
	static const struct memtel_topk_row none;
	unsigned int i;

	for (i = piece->from; i < piece->to; i++)
		if (piece->topk->cpus[cpu][i].rows[0].rank)
			write_row(&piece->topk->cpus[cpu][i], &none);
	*per_cpu_ptr(piece->topk->evicted, cpu) = 0;
}

static void topk_zero_this_cpu(void *piece)
{
	topk_zero_cpu(piece, smp_processor_id());
}

/* As memtel_counters_zero(): some rows at a time. */
void memtel_topk_reset(struct memtel_topk *topk)
{
	struct topk_piece piece = { .topk = topk };
	const unsigned int *cpu;

	for (; piece.from < topk->nr; piece.from = piece.to) {
		piece.to = min(piece.from + ZERO_ROWS, topk->nr);
		cpus_read_lock();
		on_each_cpu(topk_zero_this_cpu, &piece, 1);
		for (cpu = memtel_cpus.ids; cpu < memtel_cpus_end(); cpu++)
			if (!cpu_online(*cpu))
				topk_zero_cpu(&piece, *cpu);
		cpus_read_unlock();
		cond_resched();
	}
}

static u32 hash_of(u64 a, u64 b, unsigned int entries)
{
	return hash_64(a * 31 + b, ilog2(entries));
}

static bool is_of(const struct memtel_topk_entry *entry,
		  const struct memtel_topk_key *key)
{
	const struct memtel_topk_row *row = &entry->rows[0];

	return row->rank && row->a == key->a && row->b == key->b;
}

/* The key's entry in its set, or the one that is to make room for it. */
static struct memtel_topk_entry *find_entry(struct memtel_topk_entry *set,
					    const struct memtel_topk_key *key)
{
	struct memtel_topk_entry *least = set, *entry;

	for (entry = set; entry < set + WAYS; entry++) {
		if (is_of(entry, key))
			return entry;
		if (entry->rows[0].rank < least->rows[0].rank)
			least = entry;
	}
	return least;
}

static void replace(struct memtel_topk *topk, struct memtel_topk_entry *entry,
		    const struct memtel_topk_key *key, u64 rank, u64 extra)
{
	const struct memtel_topk_row *old = &entry->rows[0];
	struct memtel_topk_row row = {
		.a = key->a,
		.b = key->b,
		.rank = old->rank + rank,
		.error = old->rank,
		.extra = extra,
	};

	strscpy(row.name, key->name, sizeof(row.name));
	this_cpu_add(*topk->evicted, old->rank - old->error);
	write_row(entry, &row);
}

/**
 * memtel_topk_add() - add to a key
 * @topk: the tables
 * @key: to what
 * @rank: how much, not 0
 * @extra: to the second sum
 *
 * Context: Any but NMI.
 */
void memtel_topk_add(struct memtel_topk *topk,
		     const struct memtel_topk_key *key, u64 rank, u64 extra)
{
	struct memtel_topk_entry *entry, *set;
	unsigned long flags;

	/* An interrupt's own addition must not come in the middle. */
	local_irq_save(flags);
	set = topk->cpus[raw_smp_processor_id()] +
	      hash_of(key->a, key->b, topk->nr / WAYS) * WAYS;
	entry = find_entry(set, key);
	if (is_of(entry, key)) {
		kcsan_nestable_atomic_begin();
		raw_write_seqcount_latch(&entry->latch);
		entry->rows[0].rank += rank;
		entry->rows[0].extra += extra;
		raw_write_seqcount_latch(&entry->latch);
		entry->rows[1].rank += rank;
		entry->rows[1].extra += extra;
		kcsan_nestable_atomic_end();
	} else {
		replace(topk, entry, key, rank, extra);
	}
	local_irq_restore(flags);
}

void memtel_topk_view_exit(struct memtel_topk_view *view)
{
	kvfree(view->rows);
	kvfree(view->index);
	*view = (struct memtel_topk_view) {};
}

/**
 * memtel_topk_view_init() - make room for a view
 * @view: filled
 * @max: rows it can hold, at least what all CPUs' tables together can
 * @gfp: how to allocate
 *
 * Return: 0 or -ENOMEM.
 */
int memtel_topk_view_init(struct memtel_topk_view *view, unsigned int max,
			  gfp_t gfp)
{
	view->nr = 0;
	view->max = roundup_pow_of_two(max(max, 2U));
	view->rows = kvmalloc_array(view->max, sizeof(*view->rows), gfp);
	view->index = kvmalloc_array(view->max, 2 * sizeof(*view->index), gfp);
	if (view->rows && view->index)
		return 0;
	memtel_topk_view_exit(view);
	return -ENOMEM;
}

/* The row of a key, made if there is room, or NULL. */
static struct memtel_topk_row *row_of(struct memtel_topk_view *view,
				      const struct memtel_topk_row *like)
{
	unsigned int entries = 2 * view->max;
	u32 i = hash_of(like->a, like->b, entries);
	struct memtel_topk_row *row;

	for (; view->index[i]; i = (i + 1) & (entries - 1)) {
		row = &view->rows[view->index[i] - 1];
		if (row->a == like->a && row->b == like->b)
			return row;
	}
	if (view->nr == view->max)
		return NULL;
	row = &view->rows[view->nr++];
	view->index[i] = view->nr;
	*row = *like;
	row->rank = 0;
	row->error = 0;
	row->extra = 0;
	return row;
}

static bool read_row(const struct memtel_topk_entry *entry,
		     struct memtel_topk_row *row)
{
	unsigned int seq, tries;

	kcsan_nestable_atomic_begin();
	for (tries = 0; tries < TRIES; tries++) {
		seq = raw_read_seqcount_latch(&entry->latch);
		*row = entry->rows[seq & 1];
		if (!read_seqcount_latch_retry(&entry->latch, seq))
			break;
	}
	kcsan_nestable_atomic_end();
	return row->rank;
}

/**
 * memtel_topk_view_take() - add up all CPUs' tables
 * @view: filled
 * @topk: the tables
 */
void memtel_topk_view_take(struct memtel_topk_view *view,
			   const struct memtel_topk *topk)
{
	struct memtel_topk_row one, *sum;
	const unsigned int *end = memtel_cpus_end(), *cpu;
	unsigned int i;

	view->nr = 0;
	memset(view->index, 0, 2 * view->max * sizeof(*view->index));
	for (cpu = memtel_cpus.ids; cpu < end; cpu++) {
		cond_resched();
		for (i = 0; i < topk->nr; i++) {
			if (!read_row(&topk->cpus[*cpu][i], &one))
				continue;
			/* Full by the rows of a CPU that came since. */
			sum = row_of(view, &one);
			if (!sum)
				continue;
			sum->rank += one.rank;
			sum->error += one.error;
			sum->extra += one.extra;
		}
	}
}

/* Add to a key of a view, where there is room for it. */
void memtel_topk_view_add(struct memtel_topk_view *view,
			  const struct memtel_topk_key *key, u64 rank)
{
	struct memtel_topk_row like = { .a = key->a, .b = key->b };
	struct memtel_topk_row *row;

	strscpy(like.name, key->name, sizeof(like.name));
	row = row_of(view, &like);
	if (row)
		row->rank += rank;
}
