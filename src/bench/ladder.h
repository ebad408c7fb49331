/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What the ladder found. */
#ifndef PKTPATH_BENCH_LADDER_H
#define PKTPATH_BENCH_LADDER_H

#include "bench/bench.h"
#include "host/machine.h"
#include "bench/stats.h"

#define ROUNDS_MAX 512
#define WHY_LEN	   192

struct step {
	const char *name, *counter;
	double ns[ROUNDS_MAX];		/* of CPU per dropped packet, in each round; 0 = none */
	uint64_t generated, dropped, lost;
	char why[WHY_LEN];		/* there is no figure; "" = there is */
	struct estimate cost, ratio;	/* ns per packet; of XDP native's in the same round */
};

struct ladder {
	const struct bench_opts *o;
	struct machine env;
	struct step *steps;
	int nr_steps, rounds;
	double seconds;
};

/* Both return 0 or -errno of standard output. */
int ladder_text(const struct ladder *l);
int ladder_json(const struct ladder *l);

#endif /* PKTPATH_BENCH_LADDER_H */
