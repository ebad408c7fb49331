/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What a network device and its driver have counted. All functions return 0 or -errno. */
#ifndef PKTPATH_HOST_NET_COUNTERS_H
#define PKTPATH_HOST_NET_COUNTERS_H

#include <stdint.h>

/* What veth and the kernel count on one device, since it came into being. */
struct net_counts {
	uint64_t xdp_packets;	/* taken from the ring by NAPI */
	uint64_t rx_drops;	/* no memory for it, or its redirect was refused */
	uint64_t xdp_redirect, xdp_drops, xdp_tx, xdp_tx_errors;
	uint64_t xmit, xmit_errors;	/* towards the peer, by other devices' redirects */
	uint64_t rx_packets, rx_dropped, rx_missed, tx_dropped;	/* as `ip -s link` has them */
};

struct net_counters;

/* Finds the driver's counters by name. Counters that it lacks read as 0. */
int net_counters_open(struct net_counters **out, const char *name);
/* The driver's own ones, xdp_packets to xmit_errors: cheap enough for every few milliseconds. */
int net_counters_driver(struct net_counters *s, struct net_counts *c);
/* All of them. */
int net_counters_all(struct net_counters *s, struct net_counts *c);
void net_counters_free(struct net_counters *s);

#endif /* PKTPATH_HOST_NET_COUNTERS_H */
