/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The load: one thread on one CPU sends a UDP datagram to itself over loopback and reads it, so
 * that the softirq runs within sendto() and nothing is left to the scheduler.
 */
#ifndef PKTPATH_RUN_LOOPBACK_LOAD_H
#define PKTPATH_RUN_LOOPBACK_LOAD_H

#include <stdint.h>

/* Pins the process to one CPU, in a network namespace of its own where that is allowed. */
int wire_open(int *cpu);

/* Send and read n datagrams: how long that took in ns, or -errno (-EAGAIN: one got lost). */
int64_t wire_run(uint32_t n);
void wire_close(void);

#endif /* PKTPATH_RUN_LOOPBACK_LOAD_H */
