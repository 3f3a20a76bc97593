/* SPDX-License-Identifier: GPL-2.0 */
/*
 * 5.14 moved what a CPU counts of a zone's NUMA events from the zone's pageset
 * to a struct of its own, and made it wide. Before, it is 16 bits wide and
 * added to the zone's every second or so.
 *
 * A zone whose memory is unplugged gives these words back, and nothing that a
 * module may take keeps it from that: the kernel's own vmstat runs the same
 * risk. So the address is read once, with preemption off, from a zone that has
 * memory. The words of a CPU stay mapped while others of the same chunk are in
 * use.
 */
#ifndef _MEMTEL_COMPAT_LINUX_VMSTAT_H
#define _MEMTEL_COMPAT_LINUX_VMSTAT_H

#include <linux/version.h>
#include <linux/mm.h>
#include_next <linux/vmstat.h>

#ifdef CONFIG_NUMA
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 14, 0)
static inline u16 __percpu *memtel_numa_event_word(struct zone *zone,
						   enum numa_stat_item item)
{
	return &READ_ONCE(zone->pageset)->vm_numa_stat_diff[item];
}

static inline unsigned long zone_numa_event_state(struct zone *zone,
						  enum numa_stat_item item)
{
	return atomic_long_read(&zone->vm_numa_stat[item]);
}
#else
static inline unsigned long __percpu *
memtel_numa_event_word(struct zone *zone, enum numa_stat_item item)
{
	return &READ_ONCE(zone->per_cpu_zonestats)->vm_numa_event[item];
}
#endif
#endif /* CONFIG_NUMA */

#endif /* _MEMTEL_COMPAT_LINUX_VMSTAT_H */
