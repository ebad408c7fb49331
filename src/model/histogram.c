// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <stdlib.h>
#include <string.h>
#include "model/histogram.h"

static size_t counts_of(uint32_t groups)
{
	return (size_t)(groups + 1) * PP_H_ROWS * PP_H_BUCKETS;
}

struct histogram *histogram_new(uint32_t groups)
{
	struct histogram *h = calloc(1, sizeof(*h) + counts_of(groups) * sizeof(h->count[0]));

	if (h)
		h->groups = groups;
	return h;
}

void histogram_since(struct histogram *to, const struct histogram *newer,
		     const struct histogram *older)
{
	size_t i, n = counts_of(newer->groups);

	memcpy(to->key, newer->key, sizeof(to->key));
	for (i = 0; i < n; i++)
		to->count[i] = newer->count[i] - older->count[i];
}

void histogram_sum(const struct histogram *h, uint32_t row, uint64_t *sum)
{
	uint32_t group, i;

	memset(sum, 0, PP_H_BUCKETS * sizeof(*sum));
	for (group = 0; group <= h->groups; group++)
		for (i = 0; i < PP_H_BUCKETS; i++)
			sum[i] += histogram_row(h, group, row)[i];
}
