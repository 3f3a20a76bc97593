// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family, and the end of sockets that hold sources or have
 * triggers.
 *
 * Policies and the table of operations are generated from memtel.yaml; the
 * operations are in netlink_*.c, attributes are written by fill.c. Operations
 * run in parallel (parallel_ops).
 */
#include <linux/netlink.h>
#include <linux/notifier.h>
#include <linux/wait.h>
#include <net/net_namespace.h>

#include "generated/netlink.h"
#include "netlink.h"
#include "source.h"
#include "trigger.h"

/*
 * Called in the context of the close, for every netlink socket there is. Its port
 * is free by then, and may be another's.
 */
static int on_socket_release(struct notifier_block *nb, unsigned long action,
			     void *data)
{
	struct netlink_notify *notify = data;

	if (action == NETLINK_URELEASE &&
	    notify->protocol == NETLINK_GENERIC &&
	    net_eq(notify->net, &init_net) &&
	    memtel_socket_may_own(notify->portid)) {
		memtel_triggers_release_dead();
		memtel_sources_release_dead();
	}
	return NOTIFY_DONE;
}

static struct notifier_block socket_notifier = {
	.notifier_call = on_socket_release,
};

/*
 * What the generator does not give: who may join. As for those that change
 * something, it takes CAP_NET_ADMIN.
 */
static const struct genl_multicast_group groups[] = {
	[MEMTEL_NLGRP_EVENTS] = {
		.name = MEMTEL_MCGRP_EVENTS,
		.flags = GENL_MCAST_CAP_NET_ADMIN,
	},
};

/*
 * Who may join is asked of those who join while the group is there. It may get a
 * number that was nobody's, which anyone could have joined. Those who did are put
 * out with the family: it comes and goes until it has a number that nobody
 * listens to. So long requests wait, or are told to come again. Who is back each
 * time hears nothing all the same: no event is sent then, but the family stays. A
 * module whose load fails is freed, whoever has a reference to it, and anybody may
 * have the controller look into a family that is there.
 */
#define TRIES	100

static enum {
	FAMILY_NEW,
	FAMILY_GOING,
	FAMILY_OPEN,
} state;

/* Others are in the group; constant once requests are served. */
static bool has_strangers;

static DECLARE_WAIT_QUEUE_HEAD(decided);

static void decide(int is)
{
	/* Pairs with memtel_netlink_is_open(). */
	smp_store_release(&state, is);
	wake_up_all(&decided);
}

/*
 * Whether requests are served. May sleep, for as long as registering takes. Each
 * is asked for before it is begun, so nothing is left of those to a family that
 * goes.
 */
bool memtel_netlink_is_open(void)
{
	/* Pairs with decide(). */
	wait_event(decided, smp_load_acquire(&state) != FAMILY_NEW);
	return READ_ONCE(state) == FAMILY_OPEN;
}

/* Why no event is sent, or NULL. */
const char *memtel_netlink_cannot_tell(void)
{
	return has_strangers ?
	       "who may not hear them is in their group: load the module anew" :
	       NULL;
}

/* Register the family, if it can be with a group that nobody is in. */
static int __init register_alone(void)
{
	int i, err;

	for (i = 1;; i++) {
		WRITE_ONCE(state, FAMILY_NEW);
		err = genl_register_family(&memtel_nl_family);
		if (err) {
			decide(FAMILY_GOING);
			return err;
		}
		has_strangers = genl_has_listeners(&memtel_nl_family, &init_net,
						   MEMTEL_NLGRP_EVENTS);
		if (!has_strangers || i == TRIES)
			break;
		/* What waits must not keep it from going. */
		decide(FAMILY_GOING);
		genl_unregister_family(&memtel_nl_family);
	}
	if (has_strangers)
		pr_warn("no events: somebody joins all multicast groups of generic netlink that are nobody's, over and over: see /proc/net/netlink\n");
	decide(FAMILY_OPEN);
	return 0;
}

/**
 * memtel_netlink_init() - let requests in
 *
 * Return: 0 or a negative errno.
 */
int __init memtel_netlink_init(void)
{
	int err;

	/* Host-wide numbers are for the host's own network namespace. */
	memtel_nl_family.netnsok = false;
	memtel_nl_family.mcgrps = groups;
	memtel_nl_family.n_mcgrps = ARRAY_SIZE(groups);

	err = netlink_register_notifier(&socket_notifier);
	if (err)
		return err;
	err = register_alone();
	if (err)
		netlink_unregister_notifier(&socket_notifier);
	return err;
}

/* When it returns no request runs or comes. */
void memtel_netlink_exit(void)
{
	genl_unregister_family(&memtel_nl_family);
	netlink_unregister_notifier(&socket_notifier);
}
