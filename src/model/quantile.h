/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What a histogram's row (PP_H_BUCKETS counts, include/hist.h) says: quantiles, sum, extremes.
 * Between the tracer, which counts, and what shows the counts. Pure: no state, no allocation.
 */
#ifndef PKTPATH_MODEL_QUANTILE_H
#define PKTPATH_MODEL_QUANTILE_H

#include <stdbool.h>
#include <stdint.h>
#include "hist.h"

/* X(ID, label, parts of a million that lie at or below it) */
#define QUANTILES(X)                                                                               \
	X(P50,   "p50",    500000)                                                                 \
	X(P90,   "p90",    900000)                                                                 \
	X(P99,   "p99",    990000)                                                                 \
	X(P999,  "p99.9",  999000)                                                                 \
	X(P9999, "p99.99", 999900)

#define QUANTILE_ENUM(id, ...) QUANTILE_##id,
enum { QUANTILES(QUANTILE_ENUM) QUANTILE_NR };

/* A duration is known as its bucket's middle: at most so far away from it, in percent. */
#define QUANTILE_ERROR "1.6"

struct quantiles {
	uint64_t n;		/* durations counted; if 0, all else is 0 */
	uint64_t at_ns[QUANTILE_NR];
	uint64_t min_ns, max_ns;
	double sum_ns;
	bool open;		/* max_ns is in the last bucket: it may be any time from there on */
};

/* The middle of a bucket, ns: at most 1.6 % away from any value in it. */
uint64_t quantile_middle(uint32_t bucket);

/*
 * The smallest duration that is not below `ppm` millionths of the row's durations (nearest rank);
 * `n` is how many there are. 0 if there are none.
 */
uint64_t quantile_at(const uint64_t *row, uint64_t n, uint32_t ppm);

/* All of it. */
void quantile_row(const uint64_t *row, struct quantiles *q);

/* "p50" … "p99.99"; `i` is below QUANTILE_NR. */
const char *quantile_label(unsigned int i);

#endif /* PKTPATH_MODEL_QUANTILE_H */
