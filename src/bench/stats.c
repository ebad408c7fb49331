// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "base/median.h"
#include "bench/stats.h"

#define DRAWS	   1000
#define VALUES_MIN 6	/* below, the extremes themselves cover less than 95 % */
#define RANKED_MAX 64
#define PAIRS_MAX  (RANKED_MAX * (RANKED_MAX + 1) / 2)

/* xorshift64*: good enough for draws, and the same everywhere. */
static uint64_t draw(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 2685821657736338717ull;
}

static size_t draw_below(uint64_t *state, size_t n)
{
	return (size_t)((draw(state) >> 32) * (uint64_t)n >> 32);
}

static struct estimate unbounded(double value, size_t n)
{
	return (struct estimate){ value, -INFINITY, INFINITY, n };
}

static struct estimate interval(double value, double *results, size_t n, double level)
{
	sort_doubles(results, DRAWS);
	return (struct estimate){ value, quantile(results, DRAWS, (1 - level) / 2),
				  quantile(results, DRAWS, (1 + level) / 2), n };
}

/*
 * The median of a draw from sorted values needs no sorting: count how often each rank is drawn
 * and walk to the middle.
 */
static double drawn_median(const double *sorted, unsigned int *hits, size_t n, uint64_t *state)
{
	size_t i, low = (n - 1) / 2, high = n / 2, seen = 0;
	double first = 0;

	memset(hits, 0, n * sizeof(*hits));
	for (i = 0; i < n; i++)
		hits[draw_below(state, n)]++;
	for (i = 0; i < n; i++) {
		if (seen <= low && low < seen + hits[i])
			first = sorted[i];
		if (seen <= high && high < seen + hits[i])
			return (first + sorted[i]) / 2;
		seen += hits[i];
	}
	return sorted[n - 1];
}

struct estimate bootstrap_median(const double *v, size_t n, double level)
{
	double *sorted, results[DRAWS], value;
	uint64_t state = 88172645463325252ull;
	unsigned int *hits;
	size_t i;

	if (!n)
		return unbounded(0, 0);
	sorted = malloc(n * sizeof(*sorted));
	hits = malloc(n * sizeof(*hits));
	if (!sorted || !hits) {
		free(sorted);
		free(hits);
		return unbounded(0, 0);
	}
	memcpy(sorted, v, n * sizeof(*v));
	value = median(sorted, n);
	for (i = 0; n >= VALUES_MIN && i < DRAWS; i++)
		results[i] = drawn_median(sorted, hits, n, &state);
	free(sorted);
	free(hits);
	return n < VALUES_MIN ? unbounded(value, n) : interval(value, results, n, level);
}

/*
 * How many of the means of pairs lie outside the interval at either end: the most for which a sum
 * of signed ranks so small has at most half of what `level` leaves. -1: not even the least one.
 */
static int ranks_outside(size_t n, double level)
{
	double ways[PAIRS_MAX + 1] = { 1 }, seen = 0;
	double allowed = (1 - level) / 2 * pow(2, (double)n);
	size_t sum = n * (n + 1) / 2, rank, i;

	for (rank = 1; rank <= n; rank++)
		for (i = sum; i >= rank; i--)
			ways[i] += ways[i - rank];
	for (i = 0; i <= sum && seen + ways[i] <= allowed; i++)
		seen += ways[i];
	return (int)i - 1;
}

/* At most RANKED_MAX values from `v`, neighbours averaged. Returns how many. */
static size_t thin(const double *v, size_t n, double *out)
{
	size_t step = (n + RANKED_MAX - 1) / RANKED_MAX, i, j;

	for (i = 0; i * step < n; i++) {
		out[i] = 0;
		for (j = i * step; j < n && j < (i + 1) * step; j++)
			out[i] += v[j];
		out[i] /= (double)(j - i * step);
	}
	return i;
}

struct estimate signed_rank(const double *v, size_t n, double level)
{
	double some[RANKED_MAX], means[PAIRS_MAX], value;
	size_t nr = thin(v, n, some), i, j, k = 0;
	int out = ranks_outside(nr, level);

	if (!nr)
		return unbounded(0, 0);
	for (i = 0; i < nr; i++)
		for (j = i; j < nr; j++)
			means[k++] = (some[i] + some[j]) / 2;
	value = median(means, k);
	return out < 0 ? unbounded(value, n) :
	       (struct estimate){ value, means[out], means[k - 1 - (size_t)out], n };
}

static double ratio(double ns, double packets)
{
	return packets > 0 ? ns / packets : INFINITY;
}

struct estimate bootstrap_ratio(const struct slice *s, size_t n, double level)
{
	double results[DRAWS], ns = 0, packets = 0, value;
	uint64_t state = 362436069362436069ull;
	size_t i, j, k, at, block = n >= 200 ? 10 : n >= 40 ? 4 : 1;

	for (i = 0; i < n; i++) {
		ns += s[i].ns;
		packets += s[i].packets;
	}
	value = ratio(ns, packets);
	if (n < VALUES_MIN || packets <= 0)
		return unbounded(value, packets > 0 ? n : 0);
	for (i = 0; i < DRAWS; i++) {
		ns = packets = 0;
		for (j = 0; j < n; j += block) {
			at = draw_below(&state, n);
			for (k = 0; k < block && j + k < n; k++) {
				ns += s[(at + k) % n].ns;
				packets += s[(at + k) % n].packets;
			}
		}
		results[i] = ratio(ns, packets);
	}
	return interval(value, results, n, level);
}

static bool is_b(size_t i)
{
	return i % 4 == 1 || i % 4 == 2;
}

static double usual_packets(const struct slice *s, size_t n, bool b)
{
	double *v = malloc((n + 1) * sizeof(*v)), usual = 0;
	size_t i, found = 0;

	for (i = 0; v && i < n; i++)
		if (is_b(i) == b)
			v[found++] = s[i].packets;
	if (found)
		usual = median(v, found);
	free(v);
	return usual;
}

size_t abba_differences(const struct slice *s, size_t n, double *out)
{
	const double least[2] = { usual_packets(s, n, false) / 8, usual_packets(s, n, true) / 8 };
	size_t i, j, found = 0;

	for (i = 0; i + 3 < n; i += 4) {
		for (j = 0; j < 4 && s[i + j].packets > least[is_b(j)]; j++)
			;
		if (j < 4)
			continue;
		out[found++] = (s[i + 1].ns / s[i + 1].packets + s[i + 2].ns / s[i + 2].packets -
				s[i].ns / s[i].packets - s[i + 3].ns / s[i + 3].packets) / 2;
	}
	return found;
}

enum finding judge(const struct estimate *diff)
{
	if (diff->n < VALUES_MIN)
		return FIND_TOO_FEW;
	if (diff->hi < 0)
		return FIND_FASTER;
	return diff->lo > 0 ? FIND_SLOWER : FIND_NONE;
}
