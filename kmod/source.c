// SPDX-License-Identifier: GPL-2.0
/*
 * Sources and their holders.
 *
 * A source has its probes registered exactly while somebody holds it: a
 * netlink socket, until it closes, a trigger, until it is deleted, or the
 * administrator; unless it is shed, for memtel costs too much (restraint.c).
 * With nobody there memtel costs the kernel nothing.
 *
 * Locks. memtel_source_lock protects every source's holders and state and
 * serialises attach, detach, reset and snapshots; it is a mutex, taken from
 * netlink requests, from the release of a netlink socket and at exit. Under it
 * come slab_mutex and the tracepoints' own locks. No probe takes it. Who reads
 * allocates nothing under it: the memory cgroup of a reader may let the reader
 * wait for long, and with it all that needs the lock, the brake among them.
 */
#include <linux/cred.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "owner.h"
#include "probe.h"
#include "restraint.h"
#include "source.h"

/* Protects all sources and their holds; see above. */
DEFINE_MUTEX(memtel_source_lock);

unsigned int memtel_source_generation;

struct memtel_source *const memtel_sources[] = {
	&memtel_slab_source,
	&memtel_site_source,
	&memtel_reclaim_source,
	&memtel_shrinker_source,
	&memtel_zonelock_source,
	&memtel_fallback_source,
};

const unsigned int memtel_nr_sources = ARRAY_SIZE(memtel_sources);

static u32 next_hold_id = 1;

/* A bit that stands for a source in a mask of sources. */
unsigned int memtel_source_bit(const struct memtel_source *source)
{
	unsigned int i = 0;

	while (memtel_sources[i] != source)
		i++;
	return BIT(i);
}

bool memtel_source_is_attached(const struct memtel_source *source)
{
	return source->nr_holds && !source->is_shed;
}

/* Why this kernel cannot have the source, or NULL. */
const char *memtel_source_cannot(const struct memtel_source *source)
{
	const char *why = source->cannot ? source->cannot() : NULL;

	return why || !*source->lacks ? why : source->lacks;
}

struct memtel_source *memtel_source_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < memtel_nr_sources; i++)
		if (!strcmp(memtel_sources[i]->name, name))
			return memtel_sources[i];
	return NULL;
}

/**
 * memtel_source_attach() - register a source's probes
 * @source: the source, not attached
 * @extack: told why not
 *
 * Context: Process context under memtel_source_lock.
 * Return: 0, -EOPNOTSUPP, -ENOMEM, or what registering a probe returned.
 */
int memtel_source_attach(struct memtel_source *source,
			 struct netlink_ext_ack *extack)
{
	int err;

	lockdep_assert_held(&memtel_source_lock);
	if (memtel_source_cannot(source)) {
		NL_SET_ERR_MSG(extack,
			       "this kernel cannot have the source: see status");
		return -EOPNOTSUPP;
	}
	err = source->prepare();
	if (err) {
		NL_SET_ERR_MSG(extack, "no memory for the source's counters");
		return err;
	}
	err = memtel_probes_attach(source->probes, source->nr_probes);
	if (err) {
		NL_SET_ERR_MSG(extack, "cannot register the source's probes");
		source->cleanup();
		return err;
	}
	if (source->on)
		static_branch_enable(source->on);
	source->since_ns = ktime_get_boottime_ns();
	if (source->started)
		source->started();
	memtel_restraint_watch(source);
	return 0;
}

/* Unregister them; its counts are gone. */
void memtel_source_detach(struct memtel_source *source)
{
	lockdep_assert_held(&memtel_source_lock);
	/* Before: what waits for probes waits for events handed over, too. */
	if (source->on)
		static_branch_disable(source->on);
	memtel_probes_detach(source->probes, source->nr_probes);
	source->cleanup();
}

static struct memtel_hold *find_hold(struct memtel_source *source,
				     struct memtel_holder holder)
{
	struct memtel_hold *hold;

	list_for_each_entry(hold, &source->holds, list)
		if (hold->holder.kind == holder.kind &&
		    hold->holder.socket == holder.socket &&
		    hold->holder.trigger == holder.trigger)
			return hold;
	return NULL;
}

/**
 * memtel_source_hold() - hold a source, attaching it for the first holder
 * @source: the source
 * @holder: who holds it
 * @extack: told why not
 *
 * Holding again what one holds is a success and changes nothing. A source that
 * is shed stays so until its time is over, however it is held.
 *
 * Context: Process context under memtel_source_lock; current is who asks.
 * Return: 0, -EDQUOT, -EOPNOTSUPP, -ENOMEM, or what registering a probe returned.
 */
int memtel_source_hold(struct memtel_source *source,
		       struct memtel_holder holder,
		       struct netlink_ext_ack *extack)
{
	struct memtel_hold *hold;
	int err;

	lockdep_assert_held(&memtel_source_lock);
	if (find_hold(source, holder))
		return 0;
	hold = kzalloc(sizeof(*hold), GFP_KERNEL);
	if (!hold)
		return -ENOMEM;
	if (holder.socket) {
		err = memtel_owner_get(holder.socket, holder.portid, extack);
		if (err)
			goto err_free;
	}
	if (!source->nr_holds && !memtel_restraint_keeps_away(source)) {
		err = memtel_source_attach(source, extack);
		if (err)
			goto err_owner;
	}
	hold->source = source;
	hold->id = next_hold_id++;
	hold->holder = holder;
	hold->uid = current_uid();
	hold->pid = task_tgid_nr(current);
	get_task_comm(hold->comm, current);
	list_add_tail(&hold->list, &source->holds);
	source->nr_holds++;
	memtel_source_generation++;
	return 0;

err_owner:
	if (holder.socket)
		memtel_owner_put(holder.socket, holder.portid);
err_free:
	kfree(hold);
	return err;
}

static void drop(struct memtel_hold *hold)
{
	struct memtel_source *source = hold->source;

	list_del(&hold->list);
	memtel_source_generation++;
	source->nr_holds--;
	/* One that is shed stays marked: to hold it anew is no way around that. */
	if (!source->nr_holds && !source->is_shed)
		memtel_source_detach(source);
	/* Last: when nothing is left of a socket its close waits for nobody. */
	if (hold->holder.socket)
		memtel_owner_put(hold->holder.socket, hold->holder.portid);
	kfree(hold);
}

/**
 * memtel_source_release() - give up a hold, detaching after the last one
 * @source: the source
 * @holder: who held it
 *
 * Context: Process context under memtel_source_lock.
 * Return: 0, or -ENOENT when there was no such hold.
 */
int memtel_source_release(struct memtel_source *source,
			  struct memtel_holder holder)
{
	struct memtel_hold *hold = find_hold(source, holder);

	lockdep_assert_held(&memtel_source_lock);
	if (!hold)
		return -ENOENT;
	drop(hold);
	return 0;
}

/**
 * memtel_source_reset() - set a source's counts to zero
 * @source: the source
 *
 * Context: Process context under memtel_source_lock.
 * Return: 0, or -ENODATA when it is not attached.
 */
int memtel_source_reset(struct memtel_source *source)
{
	lockdep_assert_held(&memtel_source_lock);
	if (!memtel_source_is_attached(source))
		return -ENODATA;
	source->reset();
	/* Last: who sees the new time sees no number from before. */
	smp_store_release(&source->since_ns, ktime_get_boottime_ns());
	memtel_source_generation++;
	return 0;
}

/* Drop the holds of sockets that are being closed, or all there are. */
static void drop_holds(bool dead_only)
{
	struct memtel_hold *hold, *next;
	unsigned int i;

	mutex_lock(&memtel_source_lock);
	for (i = 0; i < memtel_nr_sources; i++)
		list_for_each_entry_safe(hold, next, &memtel_sources[i]->holds,
					 list)
			if (!dead_only || memtel_socket_is_dead(hold->holder.socket))
				drop(hold);
	mutex_unlock(&memtel_source_lock);
}

/**
 * memtel_sources_release_dead() - a netlink socket closed: drop its holds
 *
 * When the close returns, the probes are gone if it was the last holder.
 * Context: Process context.
 */
void memtel_sources_release_dead(void)
{
	drop_holds(true);
}

void __init memtel_sources_init(void)
{
	unsigned int i;

	for (i = 0; i < memtel_nr_sources; i++) {
		struct memtel_source *source = memtel_sources[i];
		const char *missing;

		INIT_LIST_HEAD(&source->holds);
		memtel_probes_find(source->probes, source->nr_probes);
		missing = memtel_probes_missing(source->probes,
						source->nr_probes);
		if (missing)
			snprintf(source->lacks, sizeof(source->lacks),
				 "the kernel lacks the tracepoint %s", missing);
	}
}

/* No request can come any more; whoever still holds loses its hold. */
void memtel_sources_exit(void)
{
	drop_holds(false);
}
