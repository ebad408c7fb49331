/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* pktpath bench MODE: one program, its rate, its cost and where the packets went. */
#ifndef PKTPATH_BENCH_RUN_H
#define PKTPATH_BENCH_RUN_H

#include <stdint.h>
#include "base/quantiles.h"
#include "bench/bench.h"
#include "bench/books.h"
#include "host/cpu_use.h"
#include "bench/stats.h"

struct run_result {
	const struct bench *b;
	struct books books;
	const char *no_rate;		/* why there is none, or NULL */
	double seconds;			/* over which the rate was taken */
	struct estimate pps;		/* delivered */
	struct estimate ns;		/* of CPU per delivered packet, and its parts: */
	struct estimate gen, driver, prog;
	size_t nr_latencies;
	double latency[QUANTILE_NR];	/* ns; NAN where there are too few samples for it */
	int nr_use;
	struct cpu_use use[CPU_MAX];	/* ticks of the measured time */
};

/* Measures specs[0] and shows it. 0 or -errno, with the `why` of `b` filled in. */
int bench_run(struct bench *b);

#endif /* PKTPATH_BENCH_RUN_H */
