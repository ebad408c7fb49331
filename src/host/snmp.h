/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Counters of the IPv4 stack (/proc/net/snmp, /proc/net/netstat). */
#ifndef PKTPATH_HOST_SNMP_H
#define PKTPATH_HOST_SNMP_H

#include <stdint.h>
#include <stdio.h>

/* Counters of the IPv4 stack of this namespace (/proc/net/snmp, /proc/net/netstat). */
struct snmp {
	uint64_t in_receives, in_hdr_errors, in_addr_errors, forwarded, in_unknown, in_discards,
		in_delivers, in_no_routes;
	uint64_t udp_in, udp_no_ports, udp_in_errors, udp_rcvbuf_errors;
};

int snmp_read(struct snmp *s);
/* A file of that form on top of what is in `s`: lines of names, each followed by its values. */
void snmp_parse(FILE *f, struct snmp *s);

#endif /* PKTPATH_HOST_SNMP_H */
