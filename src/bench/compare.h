/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* pktpath bench compare: which of two programs is faster, and by how much. */
#ifndef PKTPATH_BENCH_COMPARE_H
#define PKTPATH_BENCH_COMPARE_H

#include "bench/bench.h"
#include "bench/books.h"
#include "bench/stats.h"

struct compare_result {
	const struct bench *b;
	size_t nr_groups;		/* of four slices that told a difference */
	struct books books;
	const char *no_rate;		/* why there is no comparison, or NULL */
	double seconds;
	struct estimate side[2];	/* ns of CPU a packet */
	struct estimate diff, call;	/* B - A in ns, at 95 %; at the level of the verdict */
};

/* Measures specs[0] against specs[1] and shows it. 0 or -errno, with the `why` of `b` filled in. */
int bench_compare(struct bench *b);

#endif /* PKTPATH_BENCH_COMPARE_H */
