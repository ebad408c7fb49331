/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Statistics of the benchmark: pure functions on arrays. */
#ifndef PKTPATH_BENCH_STATS_H
#define PKTPATH_BENCH_STATS_H

#include <stddef.h>
#include <stdint.h>

/* An estimate with its confidence interval. n = how many values it rests on; 0 = none. */
struct estimate {
	double value, lo, hi;
	size_t n;
};

/* One measured piece of time: what this many packets cost. */
struct slice {
	double ns;	/* of CPU, or of wall clock */
	double packets;
};

/*
 * The median and its confidence interval at `level` (0.95) by bootstrap: percentiles of the
 * medians of `n` values drawn with replacement. The draws are the same in every run. With fewer
 * than 6 values the interval is without bounds (-inf, inf), as no 95 % interval exists.
 */
struct estimate bootstrap_median(const double *v, size_t n, double level);

/*
 * The middle of `n` values (Hodges and Lehmann: the median of the means of all pairs) and its
 * interval at `level` by Wilcoxon's signed ranks. It holds for few values as well, where a
 * bootstrap is too narrow, provided that they stray to both sides alike. No bounds where `n` values
 * cannot give them: 5 at 95 %, 7 at 99 %. Of more than 64 values, neighbours are averaged first.
 */
struct estimate signed_rank(const double *v, size_t n, double level);

/*
 * Sum of ns by sum of packets, its interval by a bootstrap of whole blocks of neighbours, since
 * slow phases of a machine last longer than one slice. Slices without packets count their time.
 */
struct estimate bootstrap_ratio(const struct slice *s, size_t n, double level);

/*
 * Differences B - A in ns per packet from slices in the order ABBA ABBA ..; one value for each
 * complete group of four. A group with a slice in which others had the CPU, so that it has less
 * than an eighth of the packets that are usual for A or B, is left out: what is counted at its
 * edges weighs too much. Returns how many; `out` holds n / 4.
 */
size_t abba_differences(const struct slice *s, size_t n, double *out);

enum finding { FIND_NONE, FIND_FASTER, FIND_SLOWER, FIND_TOO_FEW };

/* What an interval of B - A says of B: a cost below zero is faster. */
enum finding judge(const struct estimate *diff);

#endif /* PKTPATH_BENCH_STATS_H */
