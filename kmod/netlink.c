// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family, and the end of sockets that hold sources, have
 * triggers or are subscribed.
 *
 * Policies and the table of operations are generated from memtel.yaml; the
 * operations are in netlink_*.c, attributes are written by fill.c. Operations
 * run in parallel (parallel_ops).
 */
#include <linux/netlink.h>
#include <linux/notifier.h>
#include <net/net_namespace.h>

#include "generated/netlink.h"
#include "netlink.h"
#include "owner.h"
#include "source.h"
#include "subscriber.h"
#include "trigger.h"

/*
 * Called in the context of the close, for every netlink socket there is. The port
 * is free by then, and may be another socket's.
 */
static int on_socket_release(struct notifier_block *nb, unsigned long action,
			     void *data)
{
	struct netlink_notify *notify = data;

	if (action == NETLINK_URELEASE &&
	    notify->protocol == NETLINK_GENERIC &&
	    net_eq(notify->net, &init_net) &&
	    memtel_owner_closed(notify->portid)) {
		memtel_subscribers_release_dead();
		memtel_triggers_release_dead();
		memtel_sources_release_dead();
	}
	return NOTIFY_DONE;
}

static struct notifier_block socket_notifier = {
	.notifier_call = on_socket_release,
};

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

	err = netlink_register_notifier(&socket_notifier);
	if (err)
		return err;
	err = genl_register_family(&memtel_nl_family);
	if (err)
		netlink_unregister_notifier(&socket_notifier);
	return err;
}

/* When it returns no request runs or comes. No event is made any more. */
void memtel_netlink_exit(void)
{
	genl_unregister_family(&memtel_nl_family);
	netlink_unregister_notifier(&socket_notifier);
	memtel_subscribers_exit();
}
