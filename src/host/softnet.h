/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The softirq's own account of what it could not do: /proc/net/softnet_stat, of the whole host. */
#ifndef PKTPATH_HOST_SOFTNET_H
#define PKTPATH_HOST_SOFTNET_H

#include <stdint.h>
#include <stdio.h>

struct softnet {
	uint64_t dropped;	/* packets that found a CPU's backlog full */
	uint64_t time_squeeze;	/* runs of NET_RX that ended with work left */
};

/* Sums over the online CPUs. 0, or -errno if there is no such file or it reads otherwise. */
int softnet_read(struct softnet *sum);

/* The same of an open file. */
int softnet_parse(FILE *f, struct softnet *sum);

/* What was added between two readings; a CPU that went offline took its part with it: 0 then. */
struct softnet softnet_since(const struct softnet *then, const struct softnet *now);

#endif /* PKTPATH_HOST_SOFTNET_H */
