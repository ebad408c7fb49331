/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* pktpath bench MODE -i IF: traffic from outside on a device that others use, too. */
#ifndef PKTPATH_BENCH_OUTSIDE_H
#define PKTPATH_BENCH_OUTSIDE_H

#include "bench/bench.h"
#include "bench/stats.h"
#include "host/cpu_use.h"
#include "host/net_counters.h"
#include "xdpbench.h"

struct outside_result {
	const struct bench *b;
	char driver[32];		/* "" = it does not say */
	uint64_t seen;			/* packets, by the program */
	bool sends;			/* it sends some on, and what becomes of them is known: */
	uint64_t sent;			/* taken by a driver */
	struct xb_sent lost;		/* the others */
	struct net_counts before, after;	/* of the device */
	double seconds;
	struct estimate seen_pps, sent_pps;
	struct estimate softirq;	/* ns a packet, of all CPUs */
	const char *no_rate;		/* why there is none, or NULL */
	int nr_use;
	struct cpu_use use[CPU_MAX];	/* ticks of the measured time */
};

/* Measures specs[0] and shows it. 0 or -errno, with the `why` of `b` filled in. */
int bench_outside(struct bench *b);

#endif /* PKTPATH_BENCH_OUTSIDE_H */
