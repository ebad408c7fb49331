/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The load: one thread on one CPU sends a UDP datagram to itself over loopback and reads it, so
 * that the softirq runs within sendto() and nothing is left to the scheduler.
 */
#ifndef PKTPATH_RUN_LOOPBACK_LOAD_H
#define PKTPATH_RUN_LOOPBACK_LOAD_H

#include <stdint.h>

struct loopback {
	int fd;		/* -1: closed */
	int cpu;	/* the one that the process is pinned to */
};

/*
 * Pins the process to one CPU and moves it, for good, into a network namespace of its own, where
 * the kernel has any. 0 or -errno; then it is closed.
 */
int loopback_open(struct loopback *l);

/* Sends and reads n datagrams. How long that took in ns, or -errno (-EAGAIN: one got lost). */
int64_t loopback_run(const struct loopback *l, uint32_t n);
void loopback_close(struct loopback *l);

#endif /* PKTPATH_RUN_LOOPBACK_LOAD_H */
