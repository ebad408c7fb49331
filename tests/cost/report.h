/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The figures of a run, and how they are shown. */
#ifndef PKTPATH_BENCH_REPORT_H
#define PKTPATH_BENCH_REPORT_H

#include <stdint.h>

enum variant { V_OFF, V_EMPTY, V_CLOCK, V_SLOT, V_TRACE, V_NR };

struct result {
	double *ns[V_NR];	/* per packet, one a round */
	double *read_ns;	/* fetching a record from the ring, one a round */
	int rounds;		/* complete ones */
	uint32_t packets;	/* a round and variant */
	uint32_t batch;		/* packets timed at once: the fastest is the round's figure */
	double calls;		/* programs run a packet */
	int hooks;
	uint64_t records;	/* records fetched … */
	uint64_t lost;		/* … and packets without a full one, or not fetched */
	int cpu;
};

int report_text(const struct result *res);
int report_json(const struct result *res);

#endif /* PKTPATH_BENCH_REPORT_H */
