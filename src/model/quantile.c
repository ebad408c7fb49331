// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <string.h>
#include "model/quantile.h"

#define MILLION 1000000u

static const char *const labels[] = { QUANTILES(QUANTILE_LABEL) };

static const uint32_t ppms[] = { QUANTILES(QUANTILE_PPM) };

const char *quantile_label(unsigned int i)
{
	return labels[i];
}

/* Values are whole nanoseconds: a bucket for a single value has that value as its middle. */
uint64_t quantile_middle(uint32_t bucket)
{
	uint64_t low = pp_hist_low(bucket);

	return low + (pp_hist_low(bucket + 1) - low - 1) / 2;
}

/* How many durations lie at or below the quantile: rounded up, without overflow. */
static uint64_t rank_of(uint64_t n, uint32_t ppm)
{
	return n / MILLION * ppm + (n % MILLION * ppm + MILLION - 1) / MILLION;
}

uint64_t quantile_at(const uint64_t *row, uint64_t n, uint32_t ppm)
{
	uint64_t rank = rank_of(n, ppm), sum = 0;
	uint32_t i;

	for (i = 0; n && i < PP_H_BUCKETS; i++) {
		sum += row[i];
		if (sum && sum >= rank)
			return quantile_middle(i);
	}
	return 0;
}

/* Count, sum and extremes, in one pass. */
static void add_up(const uint64_t *row, struct quantiles *q)
{
	uint32_t i;

	for (i = 0; i < PP_H_BUCKETS; i++) {
		if (!row[i])
			continue;
		if (!q->n)
			q->min_ns = quantile_middle(i);
		q->max_ns = quantile_middle(i);
		q->n += row[i];
		q->sum_ns += (double)row[i] * (double)quantile_middle(i);
	}
	q->open = row[PP_H_BUCKETS - 1] != 0;
}

void quantile_row(const uint64_t *row, struct quantiles *q)
{
	unsigned int i;

	memset(q, 0, sizeof(*q));
	add_up(row, q);
	for (i = 0; i < QUANTILE_NR; i++)
		q->at_ns[i] = quantile_at(row, q->n, ppms[i]);
}
