/* SPDX-License-Identifier: GPL-2.0 */
/* Sources, and who holds them. See source.c. */
#ifndef _MEMTEL_SOURCE_H
#define _MEMTEL_SOURCE_H

#include <linux/bits.h>
#include <linux/jump_label.h>
#include <linux/list.h>
#include <linux/memtel.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/uidgid.h>

#include "estimate.h"

struct memtel_cost;
struct memtel_probe;
struct netlink_ext_ack;
struct sock;

/**
 * struct memtel_source_stats - what a source says of itself while attached
 * @memory_bytes: memory its counters take, over all CPUs
 * @present: which of @values it has, a bit each
 * @values: by their attribute, MEMTEL_A_SOURCE_SLOTS_USED and on; meanings in
 *          memtel.yaml
 */
struct memtel_source_stats {
	u64 memory_bytes;
	u64 present;
	u64 values[MEMTEL_A_SOURCE_MAX + 1];
};

/* Add to one of them, which makes it present. */
static inline void memtel_stat_add(struct memtel_source_stats *stats,
				   unsigned int attr, u64 value)
{
	static_assert(MEMTEL_A_SOURCE_MAX < BITS_PER_LONG_LONG);

	stats->present |= BIT_ULL(attr);
	stats->values[attr] += value;
}

/**
 * struct memtel_source - one domain's probes
 * @name: what users call it
 * @capability: what status calls that which it counts
 * @probes: its table of probes
 * @nr_probes: rows of that
 * @on: of probes that are other sources', too: whether events are handed to
 *      this one, changed under memtel_source_lock; NULL where they are its own
 * @cannot: why this kernel cannot have it, or NULL; called at any time. NULL
 *          when having the tracepoints is enough
 * @warning: why it counts less here than it says, or NULL; may be NULL itself
 * @prepare: make storage, before probes are registered
 * @started: after they are; NULL for nothing to do
 * @cleanup: free storage, after no probe runs any more
 * @reset: zero while probes run
 * @stats: add to stats, all zero before; while attached
 * @tick: once a second while attached: give back the rows of what is gone;
 *        bounded work; NULL for nothing to do
 * @cost: where its probes' time goes, see cost.h
 * @events: how many calls its probes had, about; only grows while attached.
 *          NULL when @cost says
 * @lacks: the tracepoint it cannot be without, said as a reason; set at load
 * @holds: who holds it, struct memtel_hold
 * @nr_holds: how many; attached while not 0, unless shed
 * @since_ns: CLOCK_BOOTTIME when its counts were last zero
 * @estimate: what it costs, while attached
 * @is_shed: not attached when held, for it cost too much; see restraint.c
 * @sheds: how often it was shed
 * @back_at_ns: CLOCK_BOOTTIME when it is taken back, while shed
 * @backoff: how long that takes; kept for all holders there ever are
 *
 * All callbacks but the first two, and @holds to the end, under
 * memtel_source_lock; @is_shed is set, and cleared for those who have triggers,
 * under memtel_trigger_lock, too.
 */
struct memtel_source {
	const char *name;
	const char *capability;
	struct memtel_probe *probes;
	unsigned int nr_probes;
	struct static_key_false *on;
	const char *(*cannot)(void);
	const char *(*warning)(void);
	int (*prepare)(void);
	void (*started)(void);
	void (*cleanup)(void);
	void (*reset)(void);
	void (*stats)(struct memtel_source_stats *stats);
	void (*tick)(void);
	struct memtel_cost __percpu *cost;
	u64 (*events)(void);

	char lacks[MEMTEL_REASON_MAX + 1];
	struct list_head holds;
	unsigned int nr_holds;
	u64 since_ns;
	struct memtel_estimate estimate;
	bool is_shed;
	u64 sheds;
	u64 back_at_ns;
	struct memtel_backoff backoff;
};

/**
 * struct memtel_holder - who holds sources
 * @kind: what it is
 * @portid: the socket's that holds or has the trigger; 0 for the administrator
 * @socket: that holds, NULL for the other kinds; a hold has a reference
 * @trigger: the trigger's id, 0 for none
 *
 * A holder has one hold of a source at most. A socket is known by its address:
 * while it closes another may have its port already.
 */
struct memtel_holder {
	enum memtel_hold_kind kind;
	u32 portid;
	struct sock *socket;
	u32 trigger;
};

/**
 * struct memtel_hold - somebody's wish that a source be attached
 * @list: in the source's holds
 * @source: that source
 * @id: used again only after all others
 * @holder: who holds
 * @uid: of who asked
 * @pid: tgid of who asked
 * @comm: name of the task that asked
 */
struct memtel_hold {
	struct list_head list;
	struct memtel_source *source;
	u32 id;
	struct memtel_holder holder;
	kuid_t uid;
	pid_t pid;
	char comm[TASK_COMM_LEN];
};

extern struct mutex memtel_source_lock;
/* Changes with each hold and reset: so a dump sees that it is not of one piece. */
extern unsigned int memtel_source_generation;

extern struct memtel_source memtel_slab_source;
extern struct memtel_source memtel_site_source;
extern struct memtel_source memtel_reclaim_source;
extern struct memtel_source memtel_shrinker_source;
extern struct memtel_source memtel_zonelock_source;
extern struct memtel_source memtel_fallback_source;
extern struct memtel_source *const memtel_sources[];
extern const unsigned int memtel_nr_sources;

void memtel_sources_init(void);
void memtel_sources_exit(void);

struct memtel_source *memtel_source_find(const char *name);
unsigned int memtel_source_bit(const struct memtel_source *source);
bool memtel_source_is_attached(const struct memtel_source *source);
const char *memtel_source_cannot(const struct memtel_source *source);
int memtel_source_hold(struct memtel_source *source,
		       struct memtel_holder holder,
		       struct netlink_ext_ack *extack);
int memtel_source_release(struct memtel_source *source,
			  struct memtel_holder holder);
int memtel_source_reset(struct memtel_source *source);
int memtel_source_attach(struct memtel_source *source,
			 struct netlink_ext_ack *extack);
void memtel_source_detach(struct memtel_source *source);
void memtel_sources_release_dead(void);

#endif /* _MEMTEL_SOURCE_H */
