/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Conservation: every generated packet was received or is in one counter of loss. Pure. */
#ifndef PKTPATH_BENCH_BOOKS_H
#define PKTPATH_BENCH_BOOKS_H

#include <stdbool.h>
#include <stdint.h>
#include "host/net_counters.h"
#include "host/snmp.h"
#include "xdpbench.h"

#define BOOK_LINES 8

enum bed_dev { DEV_GEN, DEV_DUT, DEV_OUT0, DEV_SINK0, DEV_OUT1, DEV_SINK1, NR_DEVS };

/* All that is counted at one moment; only differences mean anything. */
struct tally {
	uint64_t sent;		/* by the generator */
	uint64_t counted;	/* by the program under test, if it counts */
	uint64_t cpumap_drops;
	uint64_t xsk_received, xsk_no_buffer, xsk_ring_full;
	struct net_counts dev[NR_DEVS];
	struct snmp snmp;
};

struct book_line {
	const char *what;
	uint64_t packets;
};

struct books {
	uint64_t generated;	/* with redirect-multi, every copy */
	uint64_t received;
	const char *where;	/* it was received */
	int nr_lost;
	struct book_line lost[BOOK_LINES];
};

/* The books of what happened between two tallies. `generic`: XDP in the stack. */
void books_make(struct books *b, enum xb_mode mode, bool generic, const struct tally *before,
		const struct tally *after);
uint64_t books_lost(const struct books *b);
/* Generated less received less lost: 0 where every packet is accounted for. */
int64_t books_unexplained(const struct books *b);

/* What has arrived by now where packets of this mode end. */
uint64_t tally_received(enum xb_mode mode, bool generic, const struct tally *t);

#endif /* PKTPATH_BENCH_BOOKS_H */
