/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* pktpath bench ladder: the same traffic dropped at one place after the other. */
#ifndef PKTPATH_BENCH_LADDER_H
#define PKTPATH_BENCH_LADDER_H

#include "bench/bench.h"
#include "bench/stats.h"

#define ROUNDS_MAX 512
#define WHY_LEN	   512

struct step {
	const char *name, *counter;
	double ns[ROUNDS_MAX];		/* of CPU per dropped packet, in each round; 0 = none */
	uint64_t generated, dropped, lost;
	char why[WHY_LEN];		/* there is no figure; "" = there is */
	struct estimate cost, ratio;	/* ns per packet; of XDP native's in the same round */
};

struct ladder {
	const struct bench *b;
	struct step *steps;
	int nr_steps, rounds;
	double seconds;
};

/* Measures and shows it. 0 or -errno, with the `why` of `b` filled in. */
int bench_ladder(struct bench *b);

#endif /* PKTPATH_BENCH_LADDER_H */
