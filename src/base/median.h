/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The middle of values, and how far they lie from it. */
#ifndef PKTPATH_BASE_MEDIAN_H
#define PKTPATH_BASE_MEDIAN_H

#include <stddef.h>

void sort_doubles(double *v, size_t n);

/* The p-quantile (0..1) of `n` > 0 values sorted upwards, between neighbours by proportion. */
double quantile(const double *sorted, size_t n, double p);

/* Of `n` > 0 values in any order, which it sorts. */
double median(double *v, size_t n);

/* The median distance from `middle` of `n` > 0 values, which it overwrites. */
double median_deviation(double *v, size_t n, double middle);

#endif /* PKTPATH_BASE_MEDIAN_H */
