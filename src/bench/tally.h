/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The devices of the test bed, and all that is counted in it at one moment. */
#ifndef PKTPATH_BENCH_TALLY_H
#define PKTPATH_BENCH_TALLY_H

#include <stdint.h>
#include "host/net_counters.h"
#include "host/snmp.h"

enum bed_dev { DEV_GEN, DEV_DUT, DEV_OUT0, DEV_SINK0, DEV_OUT1, DEV_SINK1, NR_DEVS };

/* Only differences mean anything. */
struct tally {
	uint64_t sent;		/* by the generator */
	uint64_t counted;	/* by the program under test, if it counts */
	uint64_t cpumap_drops;
	uint64_t xsk_received, xsk_no_buffer, xsk_ring_full;
	struct net_counts dev[NR_DEVS];
	struct snmp snmp;
};

#endif /* PKTPATH_BENCH_TALLY_H */
