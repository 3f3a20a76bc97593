/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Injected before every source file (see Kbuild). Each header under compat/
 * mends the kernel header of the same name for kernels that lack something;
 * the sources are written as for the newest kernel. LINUX_VERSION_CODE stands
 * nowhere else.
 */
#ifndef _MEMTEL_COMPAT_H
#define _MEMTEL_COMPAT_H

#include "linux/mmzone.h"
#include "net/genetlink.h"

#endif /* _MEMTEL_COMPAT_H */
