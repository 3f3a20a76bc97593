// SPDX-License-Identifier: GPL-2.0
/*
 * The looks at triggers: trigger.c, metric.c and collect.c as they are, with a
 * clock that the test turns, and sources that say what it wants.
 */
#include "kernel_stub.h"
#include "tap.h"

#include "collect.h"
#include "cost.h"
#include "event.h"
#include "evidence.h"
#include "fallback.h"
#include "hint.h"
#include "metric.h"
#include "reclaim.h"
#include "shrinker.h"
#include "snapshot.h"
#include "source.h"
#include "trigger.h"
#include "work_stub.h"
#include "zonelock.h"

#define MB	1000000ULL
#define MS	1000000ULL
#define SECOND	((u64)NSEC_PER_SEC)

unsigned int stub_alloc_fail;
unsigned int nr_node_ids = 2;
pg_data_t stub_nodes[STUB_NODES];
u64 stub_now_ns = 1000 * SECOND;
struct delayed_work *stub_queued;
struct workqueue_struct stub_wq;
struct hrtimer *stub_timer;

/* The host: what a cache holds and reclaim has lost at a time. */
static u64 (*cache_bytes)(u64 now);
static u64 (*lost_ns)(u64 now);
static u64 reading_took_ns, read_took_ns;
static unsigned int reads, looks;

static u64 none(u64 now)
{
	return now ? 0 : 0;
}

struct memtel_snapshot *
memtel_snapshot_take(const struct memtel_cache_filter *filter,
		     struct memtel_snapshot_format *format, const void *arg,
		     struct memtel_snapshot_room *first)
{
	size_t bytes = format->bytes_max();
	struct memtel_snapshot *snap = calloc(1, sizeof(*snap) + bytes);
	struct memtel_cache_node_row nodes[STUB_NODES] = {};
	struct memtel_cache_row row = {
		.kind = MEMTEL_CACHE_KIND_SLAB, .address = 1, .id = 1,
		.name = "kmalloc-192", .nodes = nodes,
	};

	(void)filter;
	(void)first;
	stub_now_ns += reading_took_ns;
	nodes[1].has_occupancy = true;
	nodes[1].has_counts = true;
	nodes[1].occ.slab_bytes = cache_bytes(stub_now_ns);
	nodes[1].counts.allocs = nodes[1].occ.slab_bytes;
	format->write(snap->bytes, bytes, &row, arg);
	snap->nr = 1;
	return snap;
}

void memtel_snapshot_free(struct memtel_snapshot *snap)
{
	free(snap);
}

#define SOURCE(name) struct memtel_source memtel_##name##_source = { #name }

struct memtel_source memtel_slab_source, memtel_reclaim_source;
struct memtel_source memtel_shrinker_source, memtel_zonelock_source;
struct memtel_source memtel_fallback_source;
struct memtel_source *const memtel_sources[] = {
	&memtel_slab_source, &memtel_reclaim_source,
};
const unsigned int memtel_nr_sources = ARRAY_SIZE(memtel_sources);
DEFINE_MUTEX(memtel_source_lock);

static const struct memtel_source *no_memory_for;
static unsigned int refusals;

const char *memtel_source_cannot(const struct memtel_source *source)
{
	return source ? NULL : "";
}

int memtel_source_hold(struct memtel_source *source,
		       struct memtel_holder holder,
		       struct netlink_ext_ack *extack)
{
	(void)holder;
	if (source == no_memory_for) {
		refusals += extack ? 1 : 0;
		return -ENOMEM;
	}
	source->nr_holds++;
	return 0;
}

int memtel_source_release(struct memtel_source *source,
			  struct memtel_holder holder)
{
	(void)holder;
	source->nr_holds--;
	return 0;
}

bool sock_flag(const struct sock *sk, int flag)
{
	return sk && flag;
}

int memtel_owner_get(struct sock *socket, u32 portid,
		     struct netlink_ext_ack *extack)
{
	(void)socket;
	(void)portid;
	(void)extack;
	return 0;
}

void memtel_owner_put(struct sock *socket, u32 portid)
{
	(void)socket;
	(void)portid;
}

static void expire(void)
{
	struct hrtimer *timer = stub_timer;

	stub_now_ns = max(stub_now_ns, timer->at_ns);
	stub_timer = NULL;
	timer->fn(timer);
}

u64 memtel_cache_cookie(u64 address, const char *name)
{
	return name ? address : 0;
}

int memtel_reclaim_watch(const struct memtel_scope *scope,
			 struct netlink_ext_ack *extack)
{
	(void)scope;
	(void)extack;
	return 0;
}

void memtel_reclaim_unwatch(const struct memtel_scope *scope)
{
	(void)scope;
}

bool memtel_reclaim_is_gone(const struct memtel_scope *scope)
{
	(void)scope;
	return false;
}

int memtel_shrinker_watch(const struct memtel_scope *scope,
			  struct netlink_ext_ack *extack)
{
	(void)scope;
	(void)extack;
	return 0;
}

void memtel_shrinker_unwatch(const struct memtel_scope *scope)
{
	(void)scope;
}

u64 memtel_reclaim_total_ns(enum memtel_reclaim_kind kind,
			    const struct memtel_scope *scope)
{
	(void)scope;
	if (kind != MEMTEL_RECLAIM_KIND_DIRECT)
		return 0;
	reads++;
	stub_now_ns += read_took_ns;
	/* Probes and the timer do not wait for the look. */
	if (read_took_ns)
		memtel_hint_give();
	if (stub_timer && stub_timer->at_ns <= stub_now_ns)
		expire();
	return lost_ns(stub_now_ns);
}

void memtel_reclaim_open(enum memtel_reclaim_kind kind,
			 const struct memtel_scope *scope, u64 now,
			 struct memtel_open *open)
{
	(void)kind;
	(void)scope;
	(void)now;
	(void)open;
}

u64 memtel_reclaim_compaction_failures(const struct memtel_scope *scope)
{
	return scope->zid ? 0 : 0;
}

u64 memtel_shrinker_total_ns(const struct memtel_scope *scope)
{
	return scope->zid ? 0 : 0;
}

void memtel_shrinker_open(const struct memtel_scope *scope, u64 now,
			  struct memtel_open *open)
{
	(void)scope;
	(void)now;
	(void)open;
}

u64 memtel_zonelock_total_ns(const struct memtel_scope *scope)
{
	return scope->zid ? 0 : 0;
}

u64 memtel_fallback_total(const struct memtel_scope *scope)
{
	return scope->zid ? 0 : 0;
}

/* The events that came. */
static struct {
	unsigned int raised;
	unsigned int cleared;
	u64 value;
	u64 interval_ns;
	u64 raised_ns;
	u64 first_ns;
} seen;
static unsigned int takes;
static int rooms;

bool memtel_event_is_heard(void)
{
	return true;
}

void memtel_event_raised(struct memtel_trigger *trigger,
			 const struct memtel_evidence *evidence)
{
	(void)evidence;
	if (!seen.raised++)
		seen.first_ns = stub_now_ns;
	seen.value = max(seen.value, trigger->value);
	seen.interval_ns = trigger->interval_ns;
}

void memtel_event_cleared(struct memtel_trigger *trigger, u64 raised_ns)
{
	(void)trigger;
	seen.cleared++;
	seen.raised_ns = raised_ns;
}

/* At the end of each look. */
void memtel_events_send(void)
{
	looks++;
}

struct memtel_evidence_room *memtel_evidence_room_alloc(void)
{
	rooms++;
	return malloc(1);
}

void memtel_evidence_room_free(struct memtel_evidence_room *old)
{
	rooms -= old ? 1 : 0;
	free(old);
}

static struct memtel_evidence_room *evidence_room;

void memtel_evidence_start(struct memtel_evidence_room *new)
{
	evidence_room = new;
}

struct memtel_evidence_room *memtel_evidence_stop(void)
{
	return evidence_room;
}

void memtel_evidence_mark(u64 now_ns, unsigned int held)
{
	(void)now_ns;
	(void)held;
}

void memtel_evidence_take(struct memtel_evidence *evidence,
			  const struct memtel_evidence_ask *ask)
{
	(void)evidence;
	(void)ask;
	takes++;
}

void memtel_cause_find(struct memtel_evidence *evidence,
		       enum memtel_metric metric)
{
	evidence->has_cause = metric ? false : false;
}

static void work(void)
{
	while (stub_wq.queued) {
		struct work_struct *queued = stub_wq.queued;

		stub_wq.queued = NULL;
		queued->fn(queued);
	}
}

static void read_caches(void)
{
	struct delayed_work *reading = stub_queued;

	stub_queued = NULL;
	if (reading)
		reading->work.fn(&reading->work);
	work();
}

/* Time passes; the caches are read every so often. */
static void run(u64 seconds, u64 every_ns)
{
	u64 end_ns = stub_now_ns + seconds * SECOND;
	u64 reading_ns = stub_now_ns + every_ns;

	work();
	while (stub_now_ns < end_ns) {
		u64 next_ns = min(reading_ns, end_ns);

		if (stub_timer && stub_timer->at_ns < next_ns) {
			expire();
			work();
			continue;
		}
		stub_now_ns = max(stub_now_ns, next_ns);
		if (next_ns == reading_ns) {
			read_caches();
			reading_ns += every_ns;
		}
	}
}

static u32 add(enum memtel_metric metric, u64 threshold, u64 window_ns)
{
	struct memtel_trigger wish = {
		.has_evidence = true,
		.metric = metric,
		.scope = { .nid = NUMA_NO_NODE, .zid = MEMTEL_NO_ZONE },
		.window_ns = window_ns,
		.level = { .threshold = threshold, .clear = threshold },
	};
	u32 id = 0;

	if (memtel_trigger_add(&wish, &id, NULL))
		abort();
	return id;
}

static void begin(void)
{
	memset(&seen, 0, sizeof(seen));
	cache_bytes = none;
	lost_ns = none;
	reading_took_ns = 0;
	read_took_ns = 0;
	reads = 0;
	looks = 0;
	takes = 0;
	if (memtel_triggers_init())
		abort();
}

/* As a module does that is unloaded, whose next begins with all unset. */
static void end(void)
{
	memtel_triggers_stop();
	/* The timer may end last of all, its look is the last then. */
	if (stub_timer)
		expire();
	work();
	ok(!stub_timer, "after the end no look is to come");
	memtel_triggers_exit();
	ok(!rooms, "all memory of evidence is freed");
}

static u64 ten_mb_a_second(u64 now)
{
	return now / 100;
}

/* Steady growth, read seldom. */
static void test_steady_growth(u64 every_s)
{
	begin();
	cache_bytes = ten_mb_a_second;
	add(MEMTEL_METRIC_SLAB_GROWTH, 10 * MB * 11 / 10, SECOND);
	add(MEMTEL_METRIC_SLAB_ALLOCS, 10 * MB * 11 / 10, SECOND);
	run(200, every_s * SECOND);
	ok(!seen.raised, "read every %llu s, 10 MB/s is no more than 10 MB in 1 s",
	   every_s);
	add(MEMTEL_METRIC_SLAB_GROWTH, 10 * MB * 9 / 10, SECOND);
	run(200, every_s * SECOND);
	ok(seen.raised == 1 && seen.value <= 10 * MB &&
	   seen.value >= 10 * MB * 99 / 100 && seen.interval_ns == SECOND,
	   "and no less: %llu in %llu ns", seen.value, seen.interval_ns);
	end();
}

/* The same, each reading being long: it waits for a lock. */
static void test_long_readings(void)
{
	begin();
	cache_bytes = ten_mb_a_second;
	reading_took_ns = 7 * SECOND;
	add(MEMTEL_METRIC_SLAB_GROWTH, 10 * MB * 11 / 10, SECOND);
	run(300, SECOND);
	ok(!seen.raised, "readings of 7 s change nothing");
	end();
}

/* What grew before the trigger was there is not its matter. */
static void test_growth_before(void)
{
	begin();
	cache_bytes = ten_mb_a_second;
	add(MEMTEL_METRIC_SLAB_GROWTH, 1000 * MB, SECOND);
	run(100, 8 * SECOND);
	cache_bytes = none;
	stub_now_ns += 7 * SECOND;
	add(MEMTEL_METRIC_SLAB_GROWTH, 1, 10 * SECOND);
	read_caches();
	run(100, 8 * SECOND);
	ok(!seen.raised, "growth from before it was added does not count");
	end();
}

static u64 burst_at;

static u64 burst(u64 now)
{
	return now >= burst_at ? 50 * MB : 0;
}

/* A peak in one reading is over at the next. */
static void test_hold(void)
{
	struct memtel_trigger *trigger;

	begin();
	burst_at = stub_now_ns + 50 * SECOND;
	cache_bytes = burst;
	add(MEMTEL_METRIC_SLAB_GROWTH, MB, SECOND);
	trigger = list_entry(memtel_triggers.next, struct memtel_trigger, list);
	trigger->level.hold_ns = 4 * SECOND;
	run(100, 8 * SECOND);
	ok(!seen.raised, "over at one reading is not over for the hold time");
	end();
}

static u64 reset_at;

static u64 since_reset(u64 now)
{
	return (now - reset_at) / 100;
}

/* Counts that were reset grew from nothing, since then. */
static void test_reset(void)
{
	begin();
	cache_bytes = since_reset;
	reset_at = stub_now_ns - 1000 * SECOND;
	add(MEMTEL_METRIC_SLAB_ALLOCS, 105 * MB, 10 * SECOND);
	run(40, 8 * SECOND);
	reset_at = stub_now_ns;
	memtel_slab_source.since_ns = reset_at;
	stub_now_ns += 3 * SECOND;
	add(MEMTEL_METRIC_SLAB_ALLOCS, 20 * MB, 10 * SECOND);
	read_caches();
	ok(!seen.raised, "a reset is no growth");
	stub_now_ns += 2 * SECOND;
	read_caches();
	ok(!seen.raised, "nor of what was counted since");
	run(40, 8 * SECOND);
	ok(seen.raised == 1 && seen.value <= 100 * MB &&
	   seen.interval_ns <= 10 * SECOND, "%llu in %llu ns", seen.value,
	   seen.interval_ns);
	end();
}

static u64 a_fifth(u64 now)
{
	return now / 5;
}

/* Something gives hints all the time. */
static void run_hinted(u64 ns)
{
	u64 end_ns = stub_now_ns + ns;

	while (stub_now_ns < end_ns) {
		memtel_hint_give();
		if (stub_timer && stub_timer->at_ns <= stub_now_ns + MS) {
			expire();
			work();
		} else {
			stub_now_ns += MS;
		}
	}
}

/* Many triggers of one number read it once. */
static void test_one_sample(void)
{
	unsigned int adding;

	begin();
	lost_ns = a_fifth;
	for (unsigned int i = 0; i < 1024; i++)
		add(i % 2 ? MEMTEL_METRIC_STALL_TIME :
		    MEMTEL_METRIC_DIRECT_RECLAIM_TIME, 10 * SECOND, SECOND);
	adding = reads;
	ok(adding <= 1024 + 2, "1024 triggers are added with %u readings",
	   adding);
	looks = 0;
	run_hinted(10 * SECOND);
	ok(looks > 100 && reads - adding == 2 * looks,
	   "%u looks read two numbers each, %u in all", looks, reads - adding);
	end();
}

/* However long a look takes, all looks take a twentieth. */
static void test_share(u64 took_ns)
{
	u64 begin_ns;

	begin();
	lost_ns = a_fifth;
	add(MEMTEL_METRIC_DIRECT_RECLAIM_TIME, 1000 * SECOND, SECOND);
	read_took_ns = took_ns;
	reads = 0;
	begin_ns = stub_now_ns;
	run_hinted(600 * SECOND);
	ok(reads * took_ns * 20 <= stub_now_ns - begin_ns + 20 * took_ns,
	   "%u readings of %llu ms in %llu s", reads, took_ns / MS,
	   (stub_now_ns - begin_ns) / SECOND);
	end();
}

/* A look that comes late does not take what came before its window for new. */
static void test_late(void)
{
	begin();
	lost_ns = a_fifth;
	add(MEMTEL_METRIC_DIRECT_RECLAIM_TIME, 25 * MS, 100 * MS);
	read_took_ns = 50 * MS;
	run_hinted(60 * SECOND);
	ok(!seen.raised, "20 ms in 100 ms are no more when looks are 1 s apart");
	add(MEMTEL_METRIC_DIRECT_RECLAIM_TIME, 15 * MS, 100 * MS);
	run_hinted(60 * SECOND);
	ok(seen.raised == 1 && seen.value <= 21 * MS, "nor less: %llu",
	   seen.value);
	end();
}

static u64 jump(u64 now)
{
	return now >= burst_at ? 30 * MS : 0;
}

/* After a pause a jump is new. */
static void test_idle(void)
{
	begin();
	burst_at = stub_now_ns + 100 * SECOND;
	lost_ns = jump;
	add(MEMTEL_METRIC_DIRECT_RECLAIM_TIME, 25 * MS, 100 * MS);
	read_took_ns = MS;
	run(101, 1000 * SECOND);
	run_hinted(SECOND);
	ok(seen.raised == 1 && seen.value == 30 * MS,
	   "after a pause all of a jump counts");
	end();
}

/* What is asked for alike is gathered once a look. */
static void test_evidence_once(void)
{
	begin();
	burst_at = stub_now_ns + 10 * SECOND;
	lost_ns = jump;
	for (unsigned int i = 0; i < 100; i++)
		add(i % 4 ? MEMTEL_METRIC_DIRECT_RECLAIM_TIME :
		    MEMTEL_METRIC_STALL_TIME, 25 * MS,
		    i % 2 ? SECOND : 2 * SECOND);
	run(11, 1000 * SECOND);
	run_hinted(SECOND);
	ok(seen.raised == 100 && takes == 2,
	   "100 triggers of two windows have %u evidences", takes);
	end();
}

/* Only the source that the metric needs can refuse it. */
static void test_no_memory(void)
{
	struct memtel_trigger wish = {
		.has_evidence = true,
		.metric = MEMTEL_METRIC_DIRECT_RECLAIM_TIME,
		.scope = { .nid = NUMA_NO_NODE, .zid = MEMTEL_NO_ZONE },
		.window_ns = SECOND,
		.level = { .threshold = 1 },
	};
	struct memtel_trigger *trigger;
	u32 id;

	begin();
	no_memory_for = &memtel_slab_source;
	ok(!memtel_trigger_add(&wish, &id, (void *)&wish) && !refusals,
	   "a source for evidence that has no memory refuses no trigger");
	trigger = list_entry(memtel_triggers.next, struct memtel_trigger, list);
	ok(trigger->held == BIT(1) && memtel_reclaim_source.nr_holds == 1 &&
	   !memtel_slab_source.nr_holds, "the others are held");
	no_memory_for = &memtel_reclaim_source;
	ok(memtel_trigger_add(&wish, &id, (void *)&wish) == -ENOMEM &&
	   refusals == 1 && memtel_reclaim_source.nr_holds == 1 &&
	   !memtel_slab_source.nr_holds, "the one it needs does, in words");
	no_memory_for = NULL;
	for (unsigned int i = 1; i <= 2; i++) {
		stub_alloc_fail = i;
		ok(memtel_trigger_add(&wish, &id, NULL) ==
		   (i == 1 ? -ENOMEM : 0), "allocation %u", i);
		stub_alloc_fail = 0;
	}
	end();
	ok(!memtel_reclaim_source.nr_holds && !memtel_slab_source.nr_holds,
	   "and all is given back");
}

int main(void)
{
	test_no_memory();
	static const u64 every_s[] = { 1, 2, 8, 32 };

	for (unsigned int i = 0; i < ARRAY_SIZE(every_s); i++)
		test_steady_growth(every_s[i]);
	test_long_readings();
	test_growth_before();
	test_hold();
	test_reset();
	test_one_sample();
	test_share(MS / 10);
	test_share(50 * MS);
	test_share(5 * SECOND);
	test_late();
	test_idle();
	test_evidence_once();
	return tap_done();
}
