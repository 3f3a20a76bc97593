/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Injected before every source file (see Kbuild). Each header under compat/
 * mends the kernel header of the same name for kernels that lack something;
 * the sources are written as for the newest kernel. LINUX_VERSION_CODE stands
 * nowhere else.
 */
#ifndef _MEMTEL_COMPAT_H
#define _MEMTEL_COMPAT_H

#if !defined(CONFIG_MEMCG)
#error "memtel tells who loses time by memory cgroup: it needs CONFIG_MEMCG"
#endif
#if !defined(CONFIG_COMPACTION)
#error "memtel times compaction: it needs CONFIG_COMPACTION"
#endif

#include "asm/paravirt-spinlock.h"
#include "linux/cgroup.h"
#include "linux/hrtimer.h"
#include "linux/mmzone.h"
#include "linux/page-flags.h"
#include "linux/shrinker.h"
#include "linux/vmstat.h"
#include "linux/workqueue.h"
#include "net/genetlink.h"
#include "net/netlink.h"
#include "trace/events/compaction.h"
#include "trace/events/kmem.h"
#include "trace/events/lock.h"
#include "trace/events/vmscan.h"

#endif /* _MEMTEL_COMPAT_H */
