/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Histograms as user space sees them: a copy of what all CPUs have counted so far. Between
 * the tracer, which fills them in, and what shows them. include/hist.h has the buckets.
 */
#ifndef PKTPATH_MODEL_HISTOGRAM_H
#define PKTPATH_MODEL_HISTOGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include "hist.h"

struct histogram {
	uint32_t groups;		/* not counting the one of all others; 0 without --by */
	uint64_t key[PP_GROUPS_MAX];	/* include/by_keys.h; 0 = not used */
	uint64_t count[];		/* [group][row][bucket]; group `groups`: all others */
};

/* Durations counted in a span of time: an interval, or the run so far. */
struct hist_span {
	const struct histogram *h;
	uint32_t nr;			/* of the interval, from 1; 0 = the whole run */
	uint64_t begin_ns, ns;		/* CLOCK_MONOTONIC */
	bool final;			/* nothing is counted any more */
	bool live;			/* on a terminal: the next one takes its place */
};

/* All zero; NULL: no memory. Give back with free(). */
struct histogram *histogram_new(uint32_t groups);

/* The buckets of one row (enum pp_stage or PP_H_TOTAL) of one group. */
static inline const uint64_t *histogram_row(const struct histogram *h, uint32_t group, uint32_t row)
{
	return &h->count[((uint64_t)group * PP_H_ROWS + row) * PP_H_BUCKETS];
}

/* A row of all groups together, into sum[PP_H_BUCKETS]. */
void histogram_sum(const struct histogram *h, uint32_t row, uint64_t *sum);

/* to = newer - older: what came in between. All three have the same number of groups. */
void histogram_since(struct histogram *to, const struct histogram *newer,
		     const struct histogram *older);

#endif /* PKTPATH_MODEL_HISTOGRAM_H */
