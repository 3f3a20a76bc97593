/* SPDX-License-Identifier: GPL-2.0 */
/* Triggers: thresholds of subscribers. See trigger.c. */
#ifndef _MEMTEL_TRIGGER_H
#define _MEMTEL_TRIGGER_H

#include <linux/list.h>
#include <linux/memtel.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/uidgid.h>

#include "level.h"
#include "scope.h"
#include "sliding.h"

struct netlink_ext_ack;
struct sock;

/**
 * struct memtel_sample - a number that triggers watch, one or more
 * @list: in no order
 * @nr_triggers: how many watch it
 * @metric: what it is
 * @scope: of what
 *
 * All above but @nr_triggers is constant. Protected by memtel_trigger_lock:
 * @is_new: the look that is under way has read it
 * @time_ns: when it was last read, ktime_get_mono_fast_ns(); of what the collector
 *           reads, when that reading was over
 * @begin_ns: of what the collector reads, CLOCK_BOOTTIME when it was begun
 * @since_ns: since when its source counted then
 * @number: the metric's total, with what was under way
 * @open: stalls that were under way
 */
struct memtel_sample {
	struct list_head list;
	unsigned int nr_triggers;
	enum memtel_metric metric;
	struct memtel_scope scope;

	bool is_new;
	u64 time_ns;
	u64 begin_ns;
	u64 since_ns;
	u64 number;
	struct memtel_open open;
};

/**
 * struct memtel_trigger - somebody's wish to be told
 * @list: in the order they were added
 * @id: from 1 on; again only after all others, when nobody has it
 * @metric: what is watched
 * @scope: of it
 * @zone: name of the scope's zone, NULL for none
 * @window_ns: over how long it may grow
 * @has_evidence: held for it are all sources there can be
 * @portid: port of the socket that added it
 * @socket: that socket, to which it has a reference
 * @uid: user that did
 * @pid: process, tgid
 * @comm: name of the task
 * @added_ns: CLOCK_BOOTTIME when that was
 * @held: sources held for it, bits
 *
 * All above is constant once added. What follows is where it is, under
 * memtel_trigger_lock.
 * @level: threshold and state
 * @sample: the number it watches
 * @sliding: what that was lately
 * @is_started: @sliding is begun
 * @change: what the look that is under way made of its level
 * @changed_ns: and for how long the level had been as it was
 * @time_ns: of when the last number is that it looked at
 * @since_ns: since when its source had counted then
 * @value: its growth
 * @interval_ns: over this time
 * @open: stalls under way
 * @events: made
 * @last_sequence: of the last of these, 0 before
 */
struct memtel_trigger {
	struct list_head list;
	u32 id;
	enum memtel_metric metric;
	struct memtel_scope scope;
	const char *zone;
	u64 window_ns;
	bool has_evidence;
	u32 portid;
	struct sock *socket;
	kuid_t uid;
	pid_t pid;
	char comm[TASK_COMM_LEN];
	u64 added_ns;
	unsigned int held;

	struct memtel_level level;
	struct memtel_sample *sample;
	struct memtel_sliding sliding;
	bool is_started;
	enum memtel_level_change change;
	u64 changed_ns;
	u64 time_ns;
	u64 since_ns;
	u64 value;
	u64 interval_ns;
	struct memtel_open open;
	u64 events;
	u64 last_sequence;
};

/* Protects the list of triggers and their states; see trigger.c. */
extern struct mutex memtel_trigger_lock;
extern struct list_head memtel_triggers;
/* Changes when one is added or deleted. */
extern unsigned int memtel_trigger_generation;

int memtel_triggers_init(void);
void memtel_triggers_stop(void);
void memtel_triggers_exit(void);

int memtel_trigger_add(const struct memtel_trigger *wish, u32 *id,
		       struct netlink_ext_ack *extack);
int memtel_trigger_delete(u32 id, const struct sock *socket);
void memtel_triggers_release_dead(void);
void memtel_triggers_sources_changed(void);
bool memtel_trigger_is_blind(const struct memtel_trigger *trigger);
bool memtel_trigger_is_gone(const struct memtel_trigger *trigger);

#endif /* _MEMTEL_TRIGGER_H */
