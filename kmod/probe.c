// SPDX-License-Identifier: GPL-2.0
/*
 * Tracepoint probes.
 *
 * A table's probes are attached in its order and detached in the reverse one,
 * and this file alone knows that order. Tracepoints are looked up by name,
 * once, at load: built-in ones never go away, and most that memtel needs are
 * not exported as symbols.
 */
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

/**
 * memtel_probes_find() - find a table's tracepoints in this kernel
 * @probes: the table
 * @nr: its rows
 */
void memtel_probes_find(struct memtel_probe *probes, unsigned int nr)
{
	struct find find = { probes, nr };

	for_each_kernel_tracepoint(find_one, &find);
}

/**
 * memtel_probes_missing() - what the kernel lacks of a table
 * @probes: the table
 * @nr: its rows
 *
 * Return: name of the first tracepoint not found, or NULL.
 */
const char *memtel_probes_missing(const struct memtel_probe *probes,
				  unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (!probes[i].tp)
			return probes[i].name;
	return NULL;
}

/**
 * memtel_probes_attach() - register all probes of a table, or none
 * @probes: the table
 * @nr: its rows
 *
 * Context: Process context, source lock held. Sleeps (text patching).
 * Return: 0 or the first registration's errno; then nothing is attached and
 * no probe runs any more.
 */
int memtel_probes_attach(struct memtel_probe *probes, unsigned int nr)
{
	unsigned int i;
	int err;

	for (i = 0; i < nr; i++) {
		err = tracepoint_probe_register(probes[i].tp, probes[i].func,
						NULL);
		if (err) {
			memtel_probes_detach(probes, nr);
			return err;
		}
		probes[i].attached = true;
	}
	return 0;
}

/**
 * memtel_probes_detach() - unregister a table's probes and wait for them
 * @probes: the table
 * @nr: its rows
 *
 * When it returns none of them runs or will, so that what they use may go.
 * Context: Process context, source lock held. Sleeps.
 */
void memtel_probes_detach(struct memtel_probe *probes, unsigned int nr)
{
	while (nr--) {
		if (!probes[nr].attached)
			continue;
		tracepoint_probe_unregister(probes[nr].tp, probes[nr].func,
					    NULL);
		probes[nr].attached = false;
	}
	tracepoint_synchronize_unregister();
}
