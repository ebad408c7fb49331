// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <math.h>
#include <stdlib.h>
#include "base/median.h"

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void sort_doubles(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), compare);
}

double quantile(const double *sorted, size_t n, double p)
{
	double at = p * (double)(n - 1);
	size_t i = (size_t)at;

	if (i + 1 >= n)
		return sorted[n - 1];
	if (sorted[i] == sorted[i + 1])
		return sorted[i];	/* not inf - inf */
	return sorted[i] + (sorted[i + 1] - sorted[i]) * (at - (double)i);
}

double median(double *v, size_t n)
{
	sort_doubles(v, n);
	return quantile(v, n, 0.5);
}

double median_deviation(double *v, size_t n, double middle)
{
	size_t i;

	for (i = 0; i < n; i++)
		v[i] = fabs(v[i] - middle);
	return median(v, n);
}
