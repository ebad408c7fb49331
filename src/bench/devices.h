/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The pairs of veth devices of the test bed, in a network namespace of this process alone. */
#ifndef PKTPATH_BENCH_DEVICES_H
#define PKTPATH_BENCH_DEVICES_H

#include <stdbool.h>
#include "base/why.h"
#include "bench/tally.h"

struct devices {
	unsigned int ifindex[NR_DEVS];
	struct net_counters *counters[NR_DEVS];
};

extern const char *const dev_names[NR_DEVS];

/*
 * Leaves the caller's network namespace: call it before there are threads. `queues` a device;
 * `gro`: of the device under test. 0 or -errno with `why` filled in; devices_free() after both.
 */
int devices_make(struct devices *d, unsigned int queues, bool gro, struct why *why);
/* The devices themselves go with the process. */
void devices_free(struct devices *d);

#endif /* PKTPATH_BENCH_DEVICES_H */
