// SPDX-License-Identifier: GPL-2.0
/*
 * The reclaim source: who waits for memory to be freed, how long, and where.
 *
 * Model. Each kind of reclaim has a begin and an end event, which come in the
 * task that does it: a window (window.c). Its time is that from one to the
 * other, by ktime_get_mono_fast_ns(), sleeping included.
 *
 * Where. Node reclaim, kswapd and compaction tell their node or zone. Direct
 * reclaim does not: it may work on several nodes. Each sign of work inside (a
 * batch of the LRU shrunk, a shrinker begun or ended) has a node. The time
 * since the last sign, or since the beginning, is spent on the node of the next
 * sign, and what is left at the end on the node of the last. So no time is
 * counted twice or lost: the total of all rows is the time of all windows.
 * While a shrinker runs, the node of the time until the next sign is known:
 * that of the shrinker. Only then is time that has not been spent yet given to
 * a node. The window itself (count, longest, histogram, order, gfp class) is
 * counted once, where its first sign was. Without any sign it is the node of
 * the CPU it ended on. The zone is the highest populated one on that node which
 * the gfp mask allows; what is reclaimed may be of any zone below, too.
 *
 * kswapd has no event when it is done, only when it goes to sleep, which it
 * does a tenth of a second later. So its time ends with its last sign of work.
 * A round that was under way when the source was attached begins with its first
 * sign of work from then on.
 *
 * Memory cgroups reclaim in the task that is charged. Which cgroup's limit it
 * hit is not in the events; counted is the cgroup of the task, which is who
 * loses the time. A trigger on a cgroup gets the time of those below it, too
 * (reclaim_rows.c). A write to memory.reclaim has the same events: it counts as
 * reclaim of the cgroup of the task that writes, though the task chose to wait.
 *
 * Where an allocation landed that had tried node reclaim is told by the next
 * page the task gets: the node of that is compared. That takes a probe on every
 * page allocation of the host, though node reclaim is nearly always off. So
 * that probe is registered within a second after the first node reclaim, and
 * stays until the source is detached. Where allocations landed before is not
 * counted.
 *
 * What it does not see: time in a reclaim's call outside its two events, and
 * reclaim that fires none, such as that for a hibernation image. Pages freed by
 * shrinkers are not in pages_reclaimed. Node reclaim that is asked for by a
 * write to a node's reclaim file (7.3) has the events of one for an allocation:
 * the writer's next page is taken for what it waited for.
 */
#include <linux/compaction.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/sched.h>
#include <linux/shrinker.h>
#include <linux/string.h>
#include <linux/swap.h>
#include <linux/timekeeping.h>
#include <linux/topology.h>
#include <trace/events/cgroup.h>
#include <trace/events/kmem.h>
#include <trace/events/vmscan.h>

/* Private to mm/, and named in the header below. */
struct compact_control;

#include <trace/events/compaction.h>

#include "cost.h"
#include "hint.h"
#include "probe.h"
#include "reclaim_rows.h"
#include "scope.h"
#include "source.h"
#include "stall.h"
#include "window.h"

/*
 * Open windows: of reclaim, one within another at most; of compaction; and of
 * tasks that tried node reclaim and have no page yet. Set up and taken down
 * under the source lock while no probe runs.
 */
static DEFINE_PER_CPU(struct memtel_cost, reclaim_cost);
static struct memtel_windows reclaims;
static struct memtel_windows compactions;
static struct memtel_windows landings;

/* The probe that sees where allocations land: wanted, and registered. */
static bool is_landing_wanted;
static bool is_landing_seen;	/* under memtel_source_lock */

/* A unique cookie for each kind. */
static const void *what(enum memtel_reclaim_kind kind)
{
	static const char kinds[MEMTEL_RECLAIM_KIND_THROTTLE + 1];

	return &kinds[kind];
}

/* The highest zone with memory on a node that a request may use. */
static unsigned int highest_zone(int nid, gfp_t gfp)
{
	unsigned int zid = gfp_zone(gfp);

	while (zid && !populated_zone(&NODE_DATA(nid)->node_zones[zid]))
		zid--;
	return zid;
}

static unsigned int class_of(gfp_t gfp)
{
	if (!(gfp & __GFP_IO))
		return MEMTEL_GFP_CLASS_NOIO;
	if (!(gfp & __GFP_FS))
		return MEMTEL_GFP_CLASS_NOFS;
	if (gfp & __GFP_MOVABLE)
		return MEMTEL_GFP_CLASS_MOVABLE;
	if (gfp & __GFP_HARDWALL)
		return MEMTEL_GFP_CLASS_USER;
	return MEMTEL_GFP_CLASS_KERNEL;
}

static struct memtel_row plain_row(u32 nr)
{
	struct memtel_row row = { .nr = nr };

	return row;
}

/* Spend some of a direct reclaim's time on a node it works on. */
static void direct_spend(struct memtel_window *win, int nid, u64 ns)
{
	if (win->nid != nid) {
		u32 row = memtel_reclaim_row(MEMTEL_RECLAIM_KIND_DIRECT, nid,
					     highest_zone(nid, win->gfp));

		WRITE_ONCE(win->nid, nid);
		WRITE_ONCE(win->row, row);
		memtel_reclaim_count(memtel_reclaim_words(row), RECLAIM_VISITS,
				     1);
		if (win->home.nr == WINDOW_NO_ROW)
			memtel_window_set_home(win, plain_row(row));
	}
	memtel_timing_spend(memtel_reclaim_words(win->row), ns);
}

/* Begin a window of a kind whose row is known at the beginning. */
static struct memtel_window *simple_begin(enum memtel_reclaim_kind kind,
					  struct memtel_row row, int order)
{
	struct memtel_window *win = memtel_window_begin(&reclaims, what(kind));

	if (win) {
		memtel_window_set_home(win, row);
		WRITE_ONCE(win->row, row.nr);
		win->order = order;
		if (kind != MEMTEL_RECLAIM_KIND_KSWAPD)
			memtel_stall_begin(&win->loser);
		memtel_hint_growth();
	}
	return win;
}

static struct memtel_window *kswapd_begin(int nid, int order)
{
	u32 row = memtel_reclaim_row(MEMTEL_RECLAIM_KIND_KSWAPD, nid, 0);
	struct memtel_window *win =
		simple_begin(MEMTEL_RECLAIM_KIND_KSWAPD, plain_row(row), order);

	if (win)
		WRITE_ONCE(win->nid, nid);
	return win;
}

/* Is this the task that reclaims for the node in the background? */
static bool is_kswapd_of(int nid, const struct task_struct *task)
{
	return node_online(nid) && READ_ONCE(NODE_DATA(nid)->kswapd) == task;
}

/* A window for a round of kswapd whose beginning was not seen, or NULL. */
static noinline struct memtel_window *kswapd_begin_late(void)
{
	int nid;

	for_each_online_node(nid)
		if (is_kswapd_of(nid, current))
			return kswapd_begin(nid, -1);
	return NULL;
}

enum sign {
	SIGN_LRU,
	SIGN_SHRINKER_BEGINS,
	SIGN_SHRINKER_ENDS,
};

/* Where the pages of a window count. */
static u64 __percpu *window_words(const struct memtel_window *win)
{
	if (win->what == what(MEMTEL_RECLAIM_KIND_MEMCG))
		return memtel_reclaim_cgroup_words(win->home);
	return memtel_reclaim_words(win->row);
}

/*
 * A progress event: account the time since the last one to the node worked on
 * when that is known, which it is within a shrinker, else to @nid. Returns the
 * words that its pages count in, or NULL. Within rcu_read_lock().
 */
static u64 __percpu *sign_of_work(int nid, enum sign sign)
{
	struct memtel_window *win = memtel_window_find(&reclaims, NULL);
	bool is_direct, was_at_node;
	u64 ns;

	if (!win && current_is_kswapd())
		win = kswapd_begin_late();
	if (!win)
		return NULL;
	is_direct = win->what == what(MEMTEL_RECLAIM_KIND_DIRECT);
	was_at_node = win->is_at_node;
	ns = memtel_window_advance(&reclaims, win, ktime_get_mono_fast_ns());
	if (is_direct) {
		if (was_at_node || (sign == SIGN_SHRINKER_ENDS &&
				    win->nid != NUMA_NO_NODE))
			direct_spend(win, win->nid, ns);
		else
			direct_spend(win, nid, ns);
		/* A shrinker's end may name another node than its beginning. */
		if (sign != SIGN_SHRINKER_ENDS)
			direct_spend(win, nid, 0);
		if (sign == SIGN_SHRINKER_BEGINS)
			/* Pairs with window_copy(): after the row. */
			smp_store_release(&win->is_at_node, true);
	}
	return window_words(win);
}

/* vmscan:mm_vmscan_lru_shrink_inactive, the reclaiming task */
static void reclaim_on_lru_shrink(void *data, int nid, unsigned long nr_scanned,
				  unsigned long nr_reclaimed,
				  struct reclaim_stat *stat, int priority,
				  int file)
{
	MEMTEL_COST(&reclaim_cost);
	u64 __percpu *words;

	rcu_read_lock();
	words = sign_of_work(nid, SIGN_LRU);
	if (words) {
		memtel_reclaim_count(words, RECLAIM_PAGES_SCANNED, nr_scanned);
		memtel_reclaim_count(words, RECLAIM_PAGES_RECLAIMED,
				     nr_reclaimed);
	}
	rcu_read_unlock();
}

/* vmscan:mm_shrink_slab_start, the reclaiming task, or one that drops caches */
static void reclaim_on_shrink_start(MEMTEL_ARGS_SHRINK_START)
{
	MEMTEL_COST(&reclaim_cost);

	rcu_read_lock();
	sign_of_work(sc->nid, SIGN_SHRINKER_BEGINS);
	rcu_read_unlock();
}

/*
 * vmscan:mm_shrink_slab_end, as its start, whose node it is of. Of a shrinker
 * that knows no nodes 5.10 says node 0 at the end.
 */
static void reclaim_on_shrink_end(MEMTEL_ARGS_SHRINK_END)
{
	MEMTEL_COST(&reclaim_cost);

	rcu_read_lock();
	sign_of_work(nid, SIGN_SHRINKER_ENDS);
	rcu_read_unlock();
}

/* vmscan:mm_vmscan_direct_reclaim_begin, the reclaiming task */
static void reclaim_on_direct_begin(MEMTEL_ARGS_RECLAIM_BEGIN)
{
	MEMTEL_COST(&reclaim_cost);
	struct memtel_window *win =
		memtel_window_begin(&reclaims,
				    what(MEMTEL_RECLAIM_KIND_DIRECT));

	if (!win)
		return;
	win->order = order;
	win->gfp = gfp;
	memtel_stall_begin(&win->loser);
	memtel_hint_growth();
}

static bool is_failure(const struct memtel_window *win,
		       unsigned long nr_reclaimed)
{
	return nr_reclaimed < 1UL << clamp(win->order, 0, NR_PAGE_ORDERS);
}

/* vmscan:mm_vmscan_direct_reclaim_end, the reclaiming task */
static void reclaim_on_direct_end(MEMTEL_ARGS_RECLAIM_END)
{
	MEMTEL_COST(&reclaim_cost);
	u64 now = ktime_get_mono_fast_ns(), ns;
	struct memtel_window win;
	u64 __percpu *home;

	if (!memtel_window_end(&reclaims, what(MEMTEL_RECLAIM_KIND_DIRECT),
			       &win))
		return;
	ns = memtel_elapsed_ns(now, win.begin_ns);
	direct_spend(&win, win.nid == NUMA_NO_NODE ? numa_mem_id() : win.nid,
		     memtel_elapsed_ns(now, win.mark_ns));
	home = memtel_reclaim_words(win.home.nr);
	memtel_timing_count(home, ns);
	memtel_stall_lost(&win.loser, ns);
	memtel_reclaim_order(home, win.order);
	memtel_reclaim_class(home, class_of(win.gfp));
	if (is_failure(&win, nr_reclaimed))
		memtel_reclaim_count(home, RECLAIM_FAILURES, 1);
}

/* Its time, and whether it failed. Within rcu_read_lock(). */
static void simple_count(const struct memtel_window *win, u64 ns,
			 unsigned long nr_reclaimed)
{
	u64 __percpu *words = window_words(win);

	memtel_timing_end(words, ns);
	if (is_failure(win, nr_reclaimed))
		memtel_reclaim_count(words, RECLAIM_FAILURES, 1);
}

/* The end of a window of a kind whose row was known at the beginning. */
static bool simple_end(enum memtel_reclaim_kind kind,
		       unsigned long nr_reclaimed, struct memtel_window *win)
{
	u64 now = ktime_get_mono_fast_ns(), ns;

	if (!memtel_window_end(&reclaims, what(kind), win))
		return false;
	ns = memtel_elapsed_ns(now, win->begin_ns);
	rcu_read_lock();
	simple_count(win, ns, nr_reclaimed);
	if (kind == MEMTEL_RECLAIM_KIND_MEMCG)
		memtel_reclaim_cgroup_lost(win->home, ns);
	rcu_read_unlock();
	memtel_stall_lost(&win->loser, ns);
	return true;
}

/* vmscan:mm_vmscan_memcg_reclaim_begin, the reclaiming task */
static void reclaim_on_memcg_begin(MEMTEL_ARGS_RECLAIM_BEGIN)
{
	MEMTEL_COST(&reclaim_cost);

	rcu_read_lock();
	simple_begin(MEMTEL_RECLAIM_KIND_MEMCG, memtel_reclaim_cgroup_row(),
		     order);
	rcu_read_unlock();
}

/* vmscan:mm_vmscan_memcg_reclaim_end, the reclaiming task */
static void reclaim_on_memcg_end(MEMTEL_ARGS_RECLAIM_END)
{
	MEMTEL_COST(&reclaim_cost);
	struct memtel_window win;

	simple_end(MEMTEL_RECLAIM_KIND_MEMCG, nr_reclaimed, &win);
}

/* cgroup:cgroup_rmdir, the task that removes a cgroup */
static void reclaim_on_cgroup_rmdir(void *data, struct cgroup *cgroup,
				    const char *path)
{
	MEMTEL_COST(&reclaim_cost);

	memtel_reclaim_cgroup_gone(cgroup);
}

/* vmscan:mm_vmscan_node_reclaim_begin, the allocating task */
static void reclaim_on_node_begin(void *data, int nid, int order, gfp_t gfp)
{
	MEMTEL_COST(&reclaim_cost);
	u32 row = memtel_reclaim_row(MEMTEL_RECLAIM_KIND_NODE, nid, 0);
	struct memtel_window *win =
		simple_begin(MEMTEL_RECLAIM_KIND_NODE, plain_row(row), order);

	if (win)
		WRITE_ONCE(win->nid, nid);
}

/* The task's next page tells where its allocation landed. */
static void await_landing(const struct memtel_window *reclaim)
{
	struct memtel_window *win;

	if (!READ_ONCE(is_landing_seen)) {
		WRITE_ONCE(is_landing_wanted, true);
		return;
	}
	win = memtel_window_find(&landings, NULL);
	if (!win)
		win = memtel_window_begin(&landings, &landings);
	if (!win)
		return;
	/* An allocation that tries several nodes counts at the last. */
	win->row = reclaim->row;
	win->nid = reclaim->nid;
}

/* vmscan:mm_vmscan_node_reclaim_end, the allocating task */
static void reclaim_on_node_end(MEMTEL_ARGS_RECLAIM_END)
{
	MEMTEL_COST(&reclaim_cost);
	struct memtel_window win;

	if (simple_end(MEMTEL_RECLAIM_KIND_NODE, nr_reclaimed, &win))
		await_landing(&win);
}

/* kmem:mm_page_alloc, any context */
static void reclaim_on_page_alloc(void *data, struct page *page,
				  unsigned int order, gfp_t gfp_flags,
				  int migratetype)
{
	MEMTEL_COST(&reclaim_cost);
	enum reclaim_count where = RECLAIM_LANDED_NOWHERE;
	struct memtel_window *open, win;

	/* Pages for reclaim's own use are not what the task waits for. */
	if (!in_task() || current->flags & PF_MEMALLOC)
		return;
	open = memtel_window_find(&landings, NULL);
	if (!open)
		return;
	memtel_window_take(&landings, open, &win);
	if (page)
		where = page_to_nid(page) == win.nid ?
			RECLAIM_LANDED_HERE : RECLAIM_LANDED_ELSEWHERE;
	memtel_reclaim_count(memtel_reclaim_words(win.row), where, 1);
}

/* A round of kswapd ends where it was last seen at work. */
static void kswapd_end(const struct memtel_window *win)
{
	memtel_timing_end(memtel_reclaim_words(win->home.nr),
			  memtel_elapsed_ns(win->mark_ns, win->begin_ns));
}

/* vmscan:mm_vmscan_kswapd_wake, kswapd */
static void reclaim_on_kswapd_wake(void *data, int nid, int zid, int order)
{
	MEMTEL_COST(&reclaim_cost);
	struct memtel_window *open =
		memtel_window_find(&reclaims,
				   what(MEMTEL_RECLAIM_KIND_KSWAPD));
	struct memtel_window win;

	/*
	 * kswapd was woken again during its short (HZ/10) sleep, which fires no
	 * sleep event.
	 */
	if (open) {
		memtel_window_take(&reclaims, open, &win);
		kswapd_end(&win);
	}
	kswapd_begin(nid, order);
}

/* vmscan:mm_vmscan_kswapd_sleep, kswapd */
static void reclaim_on_kswapd_sleep(void *data, int nid)
{
	MEMTEL_COST(&reclaim_cost);
	struct memtel_window win;

	if (memtel_window_end(&reclaims, what(MEMTEL_RECLAIM_KIND_KSWAPD),
			      &win))
		kswapd_end(&win);
}

/* vmscan:mm_vmscan_wakeup_kswapd, any context */
static void reclaim_on_wakeup(void *data, int nid, int zid, int order,
			      gfp_t gfp_flags)
{
	MEMTEL_COST(&reclaim_cost);

	u32 row = memtel_reclaim_row(MEMTEL_RECLAIM_KIND_KSWAPD, nid, 0);

	memtel_reclaim_count(memtel_reclaim_words(row), RECLAIM_WAKEUPS, 1);
}

/*
 * The zone that begins at a page frame. Zones are not looked up by page: a
 * zone's first page frame may be in a hole.
 */
static struct zone *zone_from(unsigned long start_pfn)
{
	struct zone *zone;
	int nid, i;

	for_each_online_node(nid) {
		for (i = 0; i < MAX_NR_ZONES; i++) {
			zone = &NODE_DATA(nid)->node_zones[i];
			if (populated_zone(zone) &&
			    zone->zone_start_pfn == start_pfn)
				return zone;
		}
	}
	return NULL;
}

/* compaction:mm_compaction_begin, the compacting task */
static void reclaim_on_compaction_begin(MEMTEL_ARGS_COMPACTION_BEGIN)
{
	MEMTEL_COST(&reclaim_cost);
	enum memtel_reclaim_kind kind = current->flags & PF_KTHREAD ?
		MEMTEL_RECLAIM_KIND_BACKGROUND_COMPACTION :
		MEMTEL_RECLAIM_KIND_COMPACTION;
	struct memtel_window *win = memtel_window_begin(&compactions,
							&compactions);
	struct zone *zone = zone_from(zone_start);

	if (!win)
		return;
	win->order = -1;
	if (zone) {
		u32 row = memtel_reclaim_row(kind, zone_to_nid(zone),
					     zone_idx(zone));

		memtel_window_set_home(win, plain_row(row));
		WRITE_ONCE(win->row, row);
	}
	if (kind == MEMTEL_RECLAIM_KIND_COMPACTION)
		memtel_stall_begin(&win->loser);
	memtel_hint_growth();
}

/* compaction:mm_compaction_finished, the compacting task, now and then */
static void reclaim_on_compaction_finished(void *data, struct zone *zone,
					   int order, int ret)
{
	MEMTEL_COST(&reclaim_cost);
	struct memtel_window *win = memtel_window_find(&compactions, NULL);

	if (win)
		win->order = order;
}

static unsigned int outcome_of(int status)
{
	switch (status) {
	case COMPACT_SUCCESS:
		return MEMTEL_COMPACTION_OUTCOME_SUCCESS;
	case COMPACT_COMPLETE:
		return MEMTEL_COMPACTION_OUTCOME_COMPLETE;
	case COMPACT_PARTIAL_SKIPPED:
		return MEMTEL_COMPACTION_OUTCOME_PARTIAL_SKIPPED;
	case COMPACT_CONTENDED:
		return MEMTEL_COMPACTION_OUTCOME_CONTENDED;
	default:
		return MEMTEL_COMPACTION_OUTCOME_OTHER;
	}
}

/* compaction:mm_compaction_end, the compacting task */
static void reclaim_on_compaction_end(MEMTEL_ARGS_COMPACTION_END)
{
	MEMTEL_COST(&reclaim_cost);
	u64 now = ktime_get_mono_fast_ns(), ns;
	struct memtel_window win;
	u64 __percpu *words;

	if (!memtel_window_end(&compactions, &compactions, &win))
		return;
	ns = memtel_elapsed_ns(now, win.begin_ns);
	/* Memory that was unplugged in between has no row. */
	if (win.home.nr != WINDOW_NO_ROW) {
		words = memtel_reclaim_words(win.home.nr);
		memtel_timing_end(words, ns);
		memtel_reclaim_order(words, win.order);
		memtel_reclaim_class(words, outcome_of(status));
	}
	if (win.loser.pid)
		memtel_stall_lost(&win.loser, ns);
	/* Whether it failed is known only now. */
	memtel_hint_growth();
}

/* vmscan:mm_vmscan_throttled, the task that slept, after it */
static void reclaim_on_throttled(void *data, int nid, int usec_timeout,
				 int usec_delayed, int reason)
{
	MEMTEL_COST(&reclaim_cost);

	u32 row;

	if (reason < 0 || reason >= MEMTEL_THROTTLE_REASON_CONGESTED)
		return;
	row = memtel_reclaim_row(MEMTEL_RECLAIM_KIND_THROTTLE, nid, reason);
	memtel_timing_end(memtel_reclaim_words(row),
			  (u64)usec_delayed * NSEC_PER_USEC);
	memtel_hint_growth();
}

struct sum_open {
	enum memtel_reclaim_kind kind;
	const struct memtel_scope *scope;
	u64 now;
	struct memtel_open *open;
};

static bool window_is_in(const struct memtel_window *win,
			 const struct sum_open *sum)
{
	bool is_in;

	if (sum->kind != MEMTEL_RECLAIM_KIND_MEMCG)
		return memtel_reclaim_is_in(sum->kind, win->row, sum->scope);
	rcu_read_lock();
	is_in = memtel_reclaim_cgroup_is_in(win->home, sum->scope);
	rcu_read_unlock();
	return is_in;
}

static void add_open(const struct memtel_window *win, void *arg)
{
	const struct sum_open *sum = arg;
	bool is_direct = sum->kind == MEMTEL_RECLAIM_KIND_DIRECT;

	/*
	 * Direct reclaim's time is spent at every sign. For a node there is
	 * only time that will surely be spent there, so the number never falls.
	 * But it may work there next, and is one of those under way.
	 */
	if (is_direct && sum->scope->nid != NUMA_NO_NODE &&
	    !(win->is_at_node && window_is_in(win, sum))) {
		sum->open->nr++;
		return;
	}
	if (!window_is_in(win, sum))
		return;
	sum->open->nr++;
	if (sum->kind == MEMTEL_RECLAIM_KIND_KSWAPD)
		/* Its time ends with its last sign of work. */
		sum->open->ns += memtel_elapsed_ns(win->mark_ns, win->begin_ns);
	else
		sum->open->ns += memtel_elapsed_ns(sum->now, is_direct ?
						   win->mark_ns :
						   win->begin_ns);
}

/**
 * memtel_reclaim_open() - the time of what has begun and not ended
 * @kind: which, not throttle
 * @scope: of what
 * @now: the time, ktime_get_mono_fast_ns()
 * @open: added to
 *
 * What is in a total already is not in here. Read totals first: then a time
 * may be in neither for a moment, but not in both.
 *
 * Context: Process context, source attached.
 */
void memtel_reclaim_open(enum memtel_reclaim_kind kind,
			 const struct memtel_scope *scope, u64 now,
			 struct memtel_open *open)
{
	struct sum_open sum = { kind, scope, now, open };

	if (kind == MEMTEL_RECLAIM_KIND_COMPACTION)
		memtel_windows_each(&compactions, &compactions, add_open, &sum);
	else
		memtel_windows_each(&reclaims, what(kind), add_open, &sum);
}

struct add_losers {
	struct memtel_topk_view *view;
	enum memtel_suspect_kind kind;
	u64 now;
};

static void add_loser(const struct memtel_window *win, void *arg)
{
	const struct add_losers *add = arg;

	if (win->loser.pid)
		memtel_stall_view_add(add->view, add->kind, &win->loser,
				      memtel_elapsed_ns(add->now,
							win->begin_ns));
}

/**
 * memtel_reclaim_add_losers() - add those who lose time just now
 * @view: to it
 * @kind: tasks or cgroups
 *
 * Context: Process context, source attached.
 */
void memtel_reclaim_add_losers(struct memtel_topk_view *view,
			       enum memtel_suspect_kind kind)
{
	struct add_losers add = { view, kind, ktime_get_mono_fast_ns() };

	memtel_windows_each(&reclaims, NULL, add_loser, &add);
	memtel_windows_each(&compactions, NULL, add_loser, &add);
}

/* Ends before begins: see window.c. */
static struct memtel_probe reclaim_probes[] = {
	MEMTEL_PROBE(mm_vmscan_direct_reclaim_end, reclaim_on_direct_end),
	MEMTEL_PROBE(mm_vmscan_memcg_reclaim_end, reclaim_on_memcg_end),
	MEMTEL_PROBE(mm_vmscan_node_reclaim_end, reclaim_on_node_end),
	MEMTEL_PROBE(mm_vmscan_kswapd_sleep, reclaim_on_kswapd_sleep),
	MEMTEL_PROBE(mm_compaction_end, reclaim_on_compaction_end),
	MEMTEL_PROBE(mm_vmscan_lru_shrink_inactive, reclaim_on_lru_shrink),
	MEMTEL_PROBE(mm_shrink_slab_start, reclaim_on_shrink_start),
	MEMTEL_PROBE(mm_shrink_slab_end, reclaim_on_shrink_end),
	MEMTEL_PROBE(mm_compaction_finished, reclaim_on_compaction_finished),
	MEMTEL_PROBE(cgroup_rmdir, reclaim_on_cgroup_rmdir),
	MEMTEL_PROBE_IF_ANY(mm_vmscan_throttled, reclaim_on_throttled),
	MEMTEL_PROBE(mm_vmscan_wakeup_kswapd, reclaim_on_wakeup),
	MEMTEL_PROBE(mm_vmscan_direct_reclaim_begin, reclaim_on_direct_begin),
	MEMTEL_PROBE(mm_vmscan_memcg_reclaim_begin, reclaim_on_memcg_begin),
	MEMTEL_PROBE(mm_vmscan_node_reclaim_begin, reclaim_on_node_begin),
	MEMTEL_PROBE(mm_vmscan_kswapd_wake, reclaim_on_kswapd_wake),
	MEMTEL_PROBE(mm_compaction_begin, reclaim_on_compaction_begin),
};

/* Registered when node reclaim is used: see above. */
static struct memtel_probe landing_probes[] = {
	MEMTEL_PROBE(mm_page_alloc, reclaim_on_page_alloc),
};

/* Why this kernel tells nothing of throttling, or NULL. */
const char *memtel_reclaim_cannot_throttle(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(reclaim_probes); i++)
		if (reclaim_probes[i].is_optional &&
		    !reclaim_probes[i].is_there)
			return "the kernel lacks the tracepoint mm_vmscan_throttled";
	return NULL;
}

#define LRU_GEN_PATH	"/sys/kernel/mm/lru_gen/enabled"

/* As it was when the module was loaded. */
static bool lru_gen_was_on __ro_after_init;

static bool __init lru_gen_is_on(void)
{
	struct file *file = filp_open(LRU_GEN_PATH, O_RDONLY, 0);
	unsigned int enabled = 0;
	char text[16] = "";
	loff_t pos = 0;

	if (IS_ERR(file))
		return false;
	if (kernel_read(file, text, sizeof(text) - 1, &pos) <= 0 ||
	    kstrtouint(strim(text), 0, &enabled))
		enabled = 0;
	filp_close(file, NULL);
	return enabled & 1;
}

/*
 * The file is read once, by who loads the module: to look for a path may take for
 * ever in somebody's mount namespace, and nobody may wait so under a lock.
 */
void __init memtel_reclaim_init(void)
{
	lru_gen_was_on = memtel_lru_gen_is_silent() && lru_gen_is_on();
}

static const char *reclaim_warning(void)
{
	if (lru_gen_was_on)
		return "pages of the multi-generational LRU are not told by this kernel";
	return NULL;
}

static void landing_attach(void)
{
	lockdep_assert_held(&memtel_source_lock);
	if (is_landing_seen || !READ_ONCE(is_landing_wanted))
		return;
	memtel_probes_find(landing_probes, ARRAY_SIZE(landing_probes));
	/* Should there be no memory for it, it is tried again a second later. */
	if (!memtel_probes_attach(landing_probes, ARRAY_SIZE(landing_probes)))
		WRITE_ONCE(is_landing_seen, true);
}

/* The probes that make it wanted run no more. */
static void landing_detach(void)
{
	lockdep_assert_held(&memtel_source_lock);
	if (is_landing_seen)
		memtel_probes_detach(landing_probes,
				     ARRAY_SIZE(landing_probes));
	is_landing_seen = false;
	is_landing_wanted = false;
}

static bool kswapd_is_gone(const struct task_struct *task,
			   const struct memtel_window *win)
{
	/* A window that just began has no node yet. */
	return win->nid != NUMA_NO_NODE && !is_kswapd_of(win->nid, task);
}

/* Once a second. */
static void reclaim_tick(void)
{
	memtel_reclaim_rows_tick();
	landing_attach();
	/* Of a node that went offline: nothing ends these. */
	memtel_windows_drop(&reclaims, what(MEMTEL_RECLAIM_KIND_KSWAPD),
			    kswapd_is_gone, kswapd_end);
}

static void reclaim_cleanup(void)
{
	landing_detach();
	memtel_windows_exit(&landings);
	memtel_windows_exit(&compactions);
	memtel_windows_exit(&reclaims);
	memtel_stall_exit();
	memtel_reclaim_rows_exit();
}

static int reclaim_prepare(void)
{
	int err = memtel_reclaim_rows_init() ?:
		  memtel_stall_init() ?:
		  memtel_windows_init(&reclaims) ?:
		  memtel_windows_init(&compactions) ?:
		  memtel_windows_init(&landings);

	if (err)
		reclaim_cleanup();
	return err;
}

static void reclaim_reset(void)
{
	/* First: what ends from now on counts its time from now on. */
	memtel_windows_reset(&reclaims);
	memtel_windows_reset(&compactions);
	memtel_windows_reset(&landings);
	memtel_reclaim_rows_reset();
	memtel_stall_reset();
}

static void reclaim_stats(struct memtel_source_stats *stats)
{
	memtel_reclaim_rows_stats(stats);
	memtel_stall_stats(stats);
	memtel_windows_stats(&reclaims, stats);
	memtel_windows_stats(&compactions, stats);
	memtel_windows_stats(&landings, stats);
}

struct memtel_source memtel_reclaim_source = {
	.name = "reclaim",
	.capability = "reclaim",
	.probes = reclaim_probes,
	.nr_probes = ARRAY_SIZE(reclaim_probes),
	.warning = reclaim_warning,
	.prepare = reclaim_prepare,
	.cleanup = reclaim_cleanup,
	.reset = reclaim_reset,
	.stats = reclaim_stats,
	.tick = reclaim_tick,
	.cost = &reclaim_cost,
};
