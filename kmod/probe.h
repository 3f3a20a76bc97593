/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoint probes by table: found by name, attached and detached in order. */
#ifndef _MEMTEL_PROBE_H
#define _MEMTEL_PROBE_H

#include <linux/build_bug.h>
#include <linux/types.h>

struct ftrace_ops;
struct tracepoint;

/**
 * struct memtel_probe - one tracepoint and what is called from it
 * @name: the tracepoint's name
 * @func: the probe; its type is checked where the table is (MEMTEL_PROBE)
 * @entry: instead of @func, what is called at the entry of the function @name,
 *         where a kernel's tracepoint comes too late
 * @is_optional: the source does without it where the kernel lacks it
 * @tp: the tracepoint, NULL when this kernel lacks it; set at load
 * @is_there: what is hooked exists; set at load
 * @users: of tables that are attached, how many it is in; protected by the
 *         source lock
 */
struct memtel_probe {
	const char *name;
	void *func;
	struct ftrace_ops *entry;
	bool is_optional;
	struct tracepoint *tp;
	bool is_there;
	unsigned int users;
};

/*
 * A row of a table. Nothing checks a probe's prototype at run time, so the
 * kernel's own header must agree here or the build fails.
 */
#define MEMTEL_PROBE_FUNC(tracepoint, probe)				\
	((void *)(probe) +						\
	 BUILD_BUG_ON_ZERO(!__same_type(				\
			check_trace_callback_type_##tracepoint,		\
			void (typeof(probe) *))))

#define MEMTEL_PROBE(tracepoint, probe) {				\
	.name = #tracepoint,						\
	.func = MEMTEL_PROBE_FUNC(tracepoint, probe),			\
}

/* A row of a tracepoint that not every kernel has. */
#define MEMTEL_PROBE_IF_ANY(tracepoint, probe) {			\
	.name = #tracepoint,						\
	.func = MEMTEL_PROBE_FUNC(tracepoint, probe),			\
	.is_optional = true,						\
}

void memtel_probes_find(struct memtel_probe *probes, unsigned int nr);
unsigned int memtel_probes_there(const struct memtel_probe *probes,
				 unsigned int nr);
const char *memtel_probes_missing(const struct memtel_probe *probes,
				  unsigned int nr);
int memtel_probes_attach(struct memtel_probe *probes, unsigned int nr);
void memtel_probes_detach(struct memtel_probe *probes, unsigned int nr);

#endif /* _MEMTEL_PROBE_H */
