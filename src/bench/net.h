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
#include <stdio.h>

/* Leaves the caller's namespace for a new one; call it before there are threads. */
int net_private(void);
/* A veth pair with `queues` receive and transmit queues on both sides, down, without IPv6. */
int net_veth(const char *name, const char *peer, unsigned int queues);
int net_up(const char *name);
/* Generic receive offload; on veth it is what makes a device without an XDP program poll. */
int net_set_gro(const char *name, bool on);
/* 1 = on, 0 = off, or -errno. */
int net_get_gro(const char *name);
/* Adds or removes; `addr` in dotted form. */
int net_addr(const char *name, const char *addr, int prefix, bool add);
int net_blackhole(const char *addr, int prefix, bool add);
/* Writes `value` to /proc/sys/net/`name` of this namespace. */
int net_sysctl(const char *name, const char *value);
/* The device's own address. */
int net_mac(const char *name, uint8_t mac[6]);
/* The driver's name ("veth", "igb"); "" if it does not say. */
void net_driver(const char *name, char driver[32]);

/* What veth and the kernel count on one device, since it exists. */
struct net_counts {
	uint64_t xdp_packets;	/* taken from the ring by NAPI */
	uint64_t rx_drops;	/* no memory for it, or its redirect was refused */
	uint64_t xdp_redirect, xdp_drops, xdp_tx, xdp_tx_errors;
	uint64_t xmit, xmit_errors;	/* towards the peer, by other devices' redirects */
	uint64_t rx_packets, rx_dropped, rx_missed, tx_dropped;	/* as `ip -s link` has them */
};

struct net_stats;

/* Finds the driver's counters by name. Counters that it lacks read as 0. */
int net_stats_open(struct net_stats **out, const char *name);
/* The driver's own ones, xdp_packets to xmit_errors: cheap enough for every few milliseconds. */
int net_stats_driver(struct net_stats *s, struct net_counts *c);
/* All of them. */
int net_stats_all(struct net_stats *s, struct net_counts *c);
void net_stats_free(struct net_stats *s);

/* Counters of the IPv4 stack of this namespace (/proc/net/snmp, /proc/net/netstat). */
struct net_snmp {
	uint64_t in_receives, in_hdr_errors, in_addr_errors, forwarded, in_unknown, in_discards,
		in_delivers, in_no_routes;
	uint64_t udp_in, udp_no_ports, udp_in_errors, udp_rcvbuf_errors;
};

int net_snmp(struct net_snmp *s);
/* A file of that form on top of what is in `s`: lines of names, each followed by its values. */
void net_snmp_parse(FILE *f, struct net_snmp *s);

#endif /* PKTPATH_BENCH_NET_H */
