/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The benchmark's own network: a namespace without a name, which ends with the process however
 * that ends, and veth pairs in it. All functions work in the calling thread's namespace and
 * return 0 or -errno unless they say otherwise.
 */
#ifndef PKTPATH_BENCH_NET_H
#define PKTPATH_BENCH_NET_H

#include <stdbool.h>
#include <stdint.h>

/* Leaves the caller's namespace for a new one; call it before there are threads. */
int net_private(void);
/* A veth pair with `queues` receive and transmit queues on both sides, down, without IPv6. */
int net_veth(const char *name, const char *peer, unsigned int queues);
int net_up(const char *name);
/* Adds or removes; `addr` in dotted form. */
int net_addr(const char *name, const char *addr, int prefix, bool add);
int net_blackhole(const char *addr, int prefix, bool add);
/* The device's own address. */
int net_mac(const char *name, uint8_t mac[6]);

#endif /* PKTPATH_BENCH_NET_H */
