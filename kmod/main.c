// SPDX-License-Identifier: GPL-2.0
/*
 * memtel: memory telemetry over generic netlink. The ladder up and down.
 */
#include <linux/module.h>
#include <net/genetlink.h>

#include "cost.h"
#include "counter.h"
#include "kmem.h"
#include "large.h"
#include "netlink.h"
#include "private.h"
#include "reclaim.h"
#include "restraint.h"
#include "source.h"
#include "trigger.h"

static int __init memtel_init(void)
{
	int err;

	err = memtel_counters_init();
	if (err)
		return err;
	memtel_private_init();
	memtel_large_init();
	memtel_kmem_init();
	memtel_cost_init();
	memtel_reclaim_init();
	memtel_sources_init();
	err = memtel_triggers_init();
	if (err)
		goto err_private;
	err = memtel_netlink_init();
	if (err)
		goto err_triggers;
	return 0;

err_triggers:
	memtel_triggers_exit();
err_private:
	memtel_private_exit();
	memtel_counters_exit();
	return err;
}

static void __exit memtel_exit(void)
{
	memtel_triggers_stop();
	memtel_restraint_stop();
	memtel_netlink_exit();
	memtel_sources_exit();
	memtel_triggers_exit();
	memtel_private_exit();
	memtel_counters_exit();
}

module_init(memtel_init);
module_exit(memtel_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The memtel authors");
MODULE_DESCRIPTION("Memory telemetry: slab and reclaim, by cache, node and zone");
MODULE_VERSION(MEMTEL_VERSION);
