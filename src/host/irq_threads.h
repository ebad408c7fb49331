/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Whether this host runs the handlers of interrupts in threads. */
#ifndef PKTPATH_HOST_IRQ_THREADS_H
#define PKTPATH_HOST_IRQ_THREADS_H

#include <stdbool.h>

/*
 * Are drivers' interrupt handlers run in threads: by `threadirqs' on the kernel's command line, or
 * because it is a PREEMPT_RT kernel?
 */
bool irqs_are_threaded(void);

#endif /* PKTPATH_HOST_IRQ_THREADS_H */
