/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * While a program is at work on a CPU, the kernel skips it there for everybody else: for a softirq
 * that came over the process in which it runs, and, since v6.13 or so preempts nearly anywhere, for
 * other processes until that one goes on. Where BPF may keep interrupts away, the programs that
 * run in processes do so for their few hundred instructions; what is left is the way in and out.
 */
#ifndef PKTPATH_BPF_CORE_IRQS_OFF_BPF_H
#define PKTPATH_BPF_CORE_IRQS_OFF_BPF_H

#include "core/kernel.bpf.h"

#ifndef PP_NO_KSYMS
extern void bpf_local_irq_save(unsigned long *flags) __ksym __weak;	/* v6.14 on */
extern void bpf_local_irq_restore(unsigned long *flags) __ksym __weak;
extern int LINUX_KERNEL_VERSION __kconfig;

/* The first that lets a program call its global functions meanwhile; v6.14 refuses to load it. */
#define QUIET_VERSION KERNEL_VERSION(6, 16, 0)

static __always_inline int can_be_quiet(void)
{
	return LINUX_KERNEL_VERSION >= QUIET_VERSION && bpf_local_irq_save && bpf_local_irq_restore;
}

/* `context`: that of the hook's row in PP_HOOKS. */
#define QUIETLY(context, call)                                                                     \
	do {                                                                                       \
		int quiet = PP_IN_##context == PP_IN_PROCESS && can_be_quiet();                    \
		unsigned long irq_flags;                                                           \
                                                                                                   \
		if (quiet)                                                                         \
			bpf_local_irq_save(&irq_flags);                                            \
		call;                                                                              \
		if (quiet)                                                                         \
			bpf_local_irq_restore(&irq_flags);                                         \
	} while (0)

#else
#define QUIETLY(context, call) call
#endif /* PP_NO_KSYMS */

#endif /* PKTPATH_BPF_CORE_IRQS_OFF_BPF_H */
