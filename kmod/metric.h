/* SPDX-License-Identifier: GPL-2.0 */
/* The numbers that triggers watch. See metric.c. */
#ifndef _MEMTEL_METRIC_H
#define _MEMTEL_METRIC_H

#include <linux/memtel.h>
#include <linux/types.h>

#include "scope.h"

struct memtel_source;
struct netlink_ext_ack;

/* Which parts of a metric can be asked for. */
#define METRIC_BY_NODE		BIT(0)
#define METRIC_BY_ZONE		BIT(1)
#define METRIC_BY_CGROUP	BIT(2)
#define METRIC_BY_CACHE		BIT(3)
#define METRIC_BY_SHRINKER	BIT(4)

/* Where its numbers come from. */
enum memtel_metric_from {
	METRIC_HINTED,		/* counted by probes, which give hints */
	METRIC_POLLED,		/* counted by probes too frequent for that */
	METRIC_COLLECTED,	/* from the collector's last reading */
};

/**
 * struct memtel_metric_ops - a number
 * @source: counts it; NULL for none
 * @by: METRIC_BY_...
 * @from: how one learns that it grew
 * @total: sum of it in a scope; grows, but for a gauge
 * @open: adds what is under way and not in the total; NULL for nothing
 * @watch: see to it that the total of a scope can be read and never falls; NULL
 *         where it can; or return an error, said in extack
 * @unwatch: the end of that
 * @is_gone: was what the scope names removed? NULL where that is not known
 * @is_gauge: the total may fall
 * @is_time: the unit is ns
 *
 * total, open and is_gone are called in process context while the source is
 * attached, without memtel_source_lock: they read per-CPU counters, which need
 * none. The other two: in process context under it, while the source is held.
 */
struct memtel_metric_ops {
	struct memtel_source *source;
	unsigned int by;
	enum memtel_metric_from from;
	u64 (*total)(const struct memtel_scope *scope);
	void (*open)(const struct memtel_scope *scope, u64 now,
		     struct memtel_open *open);
	int (*watch)(const struct memtel_scope *scope,
		     struct netlink_ext_ack *extack);
	void (*unwatch)(const struct memtel_scope *scope);
	bool (*is_gone)(const struct memtel_scope *scope);
	bool is_gauge;
	bool is_time;
};

/* By enum memtel_metric. */
extern const struct memtel_metric_ops memtel_metrics[];

#endif /* _MEMTEL_METRIC_H */
