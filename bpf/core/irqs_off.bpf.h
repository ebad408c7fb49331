/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * While a program runs on a CPU, the kernel skips it there for everybody else: for a softirq that
 * interrupts the process in which it runs and, since kernels preempt nearly anywhere (v6.13 or so),
 * for other processes until that one goes on. Where BPF can keep interrupts away, programs that run
 * in processes do so for their few hundred instructions; only the way in and out remains.
 */
#ifndef PKTPATH_BPF_CORE_IRQS_OFF_BPF_H
#define PKTPATH_BPF_CORE_IRQS_OFF_BPF_H

#include "core/kernel.bpf.h"

#ifndef PP_NO_KSYMS
extern void bpf_local_irq_save(unsigned long *flags) __ksym __weak;	/* v6.14 on */
extern void bpf_local_irq_restore(unsigned long *flags) __ksym __weak;
extern int LINUX_KERNEL_VERSION __kconfig;

/* The first to let a program call its global functions meanwhile; v6.14 refuses to load one. */
#define IRQS_OFF_VERSION KERNEL_VERSION(6, 16, 0)

static __always_inline int can_keep_irqs_off(void)
{
	return LINUX_KERNEL_VERSION >= IRQS_OFF_VERSION && bpf_local_irq_save &&
	       bpf_local_irq_restore;
}

/* Run a handler; `context` is the one in the hook's row of PP_HOOKS. */
#define RUN_IN(context, call)                                                                      \
	do {                                                                                       \
		int off = PP_IN_##context == PP_IN_PROCESS && can_keep_irqs_off();                 \
		unsigned long irq_flags;                                                           \
                                                                                                   \
		if (off)                                                                           \
			bpf_local_irq_save(&irq_flags);                                            \
		call;                                                                              \
		if (off)                                                                           \
			bpf_local_irq_restore(&irq_flags);                                         \
	} while (0)

#else
#define RUN_IN(context, call) call
#endif /* PP_NO_KSYMS */

#endif /* PKTPATH_BPF_CORE_IRQS_OFF_BPF_H */
