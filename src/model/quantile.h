/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What a histogram's row (PP_H_BUCKETS counts, include/hist.h) comes to: quantiles, sum, extremes.
 * Between the tracer, which counts, and what shows the counts. Pure: no state, no allocation.
 */
#ifndef PKTPATH_MODEL_QUANTILE_H
#define PKTPATH_MODEL_QUANTILE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/quantiles.h"
#include "hist.h"

/* A duration is known as its bucket's middle: at most this far away from it, in percent. */
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

/* Fills in all of `q`. */
void quantile_row(const uint64_t *row, struct quantiles *q);

/* "p50" … "p99.99"; `i` is below QUANTILE_NR. */
const char *quantile_label(unsigned int i);

#endif /* PKTPATH_MODEL_QUANTILE_H */
