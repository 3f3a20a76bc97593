/* SPDX-License-Identifier: GPL-2.0 */
/*
 * No kernel has a decrement of a per-CPU number that tells by a flag of the CPU
 * whether the number is negative then: this_cpu_dec_return() takes three
 * instructions more. Kernels that give per-CPU numbers an address space of the
 * compiler's (6.8) want them read by __my_cpu_var().
 */
#ifndef _MEMTEL_COMPAT_ASM_PERCPU_H
#define _MEMTEL_COMPAT_ASM_PERCPU_H

#include <linux/percpu.h>

#ifdef CONFIG_X86_64
#include <asm/rmwcc.h>

#ifndef __my_cpu_var
#define __my_cpu_var(var)	(var)
#endif

#define this_cpu_dec_is_negative(word)					\
	GEN_UNARY_RMWcc("decl", __my_cpu_var(word), s, __percpu_arg([var]))
#else
#define this_cpu_dec_is_negative(word)	(this_cpu_dec_return(word) < 0)
#endif

#endif /* _MEMTEL_COMPAT_ASM_PERCPU_H */
