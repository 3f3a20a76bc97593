// SPDX-License-Identifier: GPL-2.0
/*
 * Tracepoint probes.
 *
 * A table's probes are attached in its order and detached in the reverse one,
 * and this file alone knows that order. A table may be part of another one; a
 * probe is registered while one is attached that it is in. Tracepoints are looked up by name,
 * once, at load: built-in ones never go away, and most that memtel needs are
 * not exported as symbols. Where a kernel's tracepoint comes too late to be of
 * use the entry of its function is hooked, by ftrace.
 */
#include <linux/ftrace.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "probe.h"

struct find {
	struct memtel_probe *probes;
	unsigned int nr;
};

static void find_one(struct tracepoint *tp, void *arg)
{
	struct find *find = arg;
	unsigned int i;

	for (i = 0; i < find->nr; i++)
		if (!strcmp(find->probes[i].name, tp->name))
			find->probes[i].tp = tp;
}

/* What ftrace may write to while it looks at it. */
#define FUNCTION_BYTES	64

/* The filter takes memory: it is there while the probe is, and no longer. */
static int set_filter(const struct memtel_probe *probe)
{
	char name[FUNCTION_BYTES];

	strscpy(name, probe->name, sizeof(name));
	return ftrace_set_filter(probe->entry, name, strlen(name), 1);
}

static void clear_filter(const struct memtel_probe *probe)
{
	ftrace_set_filter(probe->entry, NULL, 0, 1);
}

/**
 * memtel_probes_find() - find a table's tracepoints in this kernel
 * @probes: the table
 * @nr: its rows
 */
void memtel_probes_find(struct memtel_probe *probes, unsigned int nr)
{
	struct find find = { probes, nr };
	unsigned int i;

	for_each_kernel_tracepoint(find_one, &find);
	for (i = 0; i < nr; i++) {
		probes[i].is_there = probes[i].tp;
		if (!probes[i].entry)
			continue;
		probes[i].is_there = !set_filter(&probes[i]);
		clear_filter(&probes[i]);
	}
}

/* How many of a table's rows this kernel has. */
unsigned int memtel_probes_there(const struct memtel_probe *probes,
				 unsigned int nr)
{
	unsigned int there = 0;

	while (nr--)
		there += probes[nr].is_there;
	return there;
}

/**
 * memtel_probes_missing() - what the kernel lacks of a table
 * @probes: the table
 * @nr: its rows
 *
 * Return: name of the first tracepoint not found that is needed, or NULL.
 */
const char *memtel_probes_missing(const struct memtel_probe *probes,
				  unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (!probes[i].is_there && !probes[i].is_optional)
			return probes[i].name;
	return NULL;
}

static int attach_entry(const struct memtel_probe *probe)
{
	int err = set_filter(probe);

	if (!err)
		err = register_ftrace_function(probe->entry);
	if (err)
		clear_filter(probe);
	return err;
}

static int attach(const struct memtel_probe *probe)
{
	if (probe->entry)
		return attach_entry(probe);
	return tracepoint_probe_register(probe->tp, probe->func, NULL);
}

static void detach(const struct memtel_probe *probe)
{
	if (!probe->entry) {
		tracepoint_probe_unregister(probe->tp, probe->func, NULL);
		return;
	}
	/* Waits until it runs nowhere. */
	unregister_ftrace_function(probe->entry);
	clear_filter(probe);
}

/**
 * memtel_probes_attach() - register all probes of a table, or none
 * @probes: the table
 * @nr: its rows
 *
 * Context: Process context, source lock held. Sleeps (text patching).
 * Return: 0 or the first registration's errno; then what was registered for it
 * is no more, and does not run.
 */
int memtel_probes_attach(struct memtel_probe *probes, unsigned int nr)
{
	unsigned int i;
	int err;

	for (i = 0; i < nr; i++) {
		if (!probes[i].is_there || probes[i].users++)
			continue;
		err = attach(&probes[i]);
		if (err) {
			probes[i].users--;
			memtel_probes_detach(probes, i);
			return err;
		}
	}
	return 0;
}

/**
 * memtel_probes_detach() - unregister a table's probes and wait for them
 * @probes: the table
 * @nr: its rows
 *
 * When it returns none of them runs or will, so that what they use may go; but
 * those that are in another table, too: no event of theirs from before this
 * is still on its way.
 * Context: Process context, source lock held. Sleeps.
 */
void memtel_probes_detach(struct memtel_probe *probes, unsigned int nr)
{
	while (nr--) {
		if (probes[nr].is_there && !--probes[nr].users)
			detach(&probes[nr]);
	}
	tracepoint_synchronize_unregister();
}
