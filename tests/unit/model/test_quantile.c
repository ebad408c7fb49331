// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* hist.h and quantile.c: the buckets' arithmetic, and quantiles held against exact ones. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "unit.h"
#include "model/quantile.h"

#define N     20000
#define BOUND 0.016	/* what QUANTILE_ERROR says, as a part */

static uint64_t random_ns(unsigned int kind)
{
	uint64_t r = (uint64_t)random() << 31 | (uint64_t)random();

	switch (kind) {
	case 0:
		return r % 100;				/* hardly anything */
	case 1:
		return 500 + r % 5000;			/* all alike */
	case 2:
		return 1ull << (r % 35) | (r >> 8) % (1ull << (r % 35)); /* of every magnitude */
	default:
		return r % 1000 ? 1000 + r % 500 : 50000000 + r % 10000000; /* a few are slow */
	}
}

static void test_small_values_have_their_own_bucket(void **state)
{
	for (uint64_t ns = 0; ns < 64; ns++) {
		assert_int_equal(pp_hist_bucket(ns), ns);
		assert_int_equal(pp_hist_low((uint32_t)ns), ns);
		assert_int_equal(quantile_middle((uint32_t)ns), ns);
	}
	assert_int_equal(pp_hist_bucket(64), 64);
	assert_int_equal(pp_hist_bucket(65), 64);
	assert_int_equal(pp_hist_bucket(66), 65);
	assert_int_equal(pp_hist_low(65), 66);
}

static void test_low_and_bucket_are_inverse(void **state)
{
	for (uint32_t b = 0; b < PP_H_BUCKETS; b++) {
		assert_int_equal(pp_hist_bucket(pp_hist_low(b)), b);
		assert_int_equal(pp_hist_bucket(pp_hist_low(b + 1) - 1), b);
		assert_true(pp_hist_low(b) < pp_hist_low(b + 1));
	}
	assert_true(pp_hist_low(PP_H_BUCKETS) == PP_H_MAX_NS);
}

static void test_the_last_bucket_takes_what_is_longer(void **state)
{
	assert_int_equal(pp_hist_bucket(PP_H_MAX_NS - 1), PP_H_BUCKETS - 1);
	assert_int_equal(pp_hist_bucket(PP_H_MAX_NS), PP_H_BUCKETS - 1);
	assert_int_equal(pp_hist_bucket(UINT64_MAX), PP_H_BUCKETS - 1);
}

static void test_buckets_are_monotonic_and_narrow(void **state)
{
	uint64_t last = 0;

	/* Every power of two and its neighbours, and steps in between. */
	for (uint64_t ns = 1; ns < PP_H_MAX_NS; ns += ns / 200 + 1) {
		uint32_t b = pp_hist_bucket(ns);
		uint64_t low = pp_hist_low(b), width = pp_hist_low(b + 1) - low;

		assert_true(b >= last && b < PP_H_BUCKETS);
		assert_true(low <= ns && ns < low + width);
		assert_true(width == 1 || width * PP_H_SUB <= low);
		last = b;
	}
	for (unsigned int bit = 6; bit < 36; bit++)
		assert_int_equal(pp_hist_bucket((1ull << bit) - 1) + 1,
				 pp_hist_bucket(1ull << bit));
}

static void test_the_middle_is_near_all_of_its_bucket(void **state)
{
	for (uint32_t b = 1; b < PP_H_BUCKETS; b++) {
		double low = (double)pp_hist_low(b), high = (double)pp_hist_low(b + 1) - 1;
		double middle = (double)quantile_middle(b);

		assert_true(middle - low <= BOUND * low && high - middle <= BOUND * high);
	}
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void near(uint64_t got, uint64_t exact)
{
	double off = (double)got - (double)exact;

	assert_true(off <= BOUND * (double)exact && -off <= BOUND * (double)exact);
}

/* Nearest rank, computed from the values themselves. */
static void check_against_exact(unsigned int kind, uint64_t n)
{
	static const double parts[] = { 0.5, 0.9, 0.99, 0.999, 0.9999 };
	static uint64_t row[PP_H_BUCKETS], values[N];
	struct quantiles q;
	double sum = 0;

	memset(row, 0, sizeof(row));
	for (uint64_t i = 0; i < n; i++) {
		values[i] = random_ns(kind);
		row[pp_hist_bucket(values[i])]++;
		sum += (double)values[i];
	}
	qsort(values, n, sizeof(values[0]), by_size);
	quantile_row(row, &q);
	assert_int_equal(q.n, n);
	near(q.min_ns, values[0]);
	near(q.max_ns, values[n - 1]);
	assert_false(q.open);
	assert_true(q.sum_ns >= sum * (1 - BOUND) && q.sum_ns <= sum * (1 + BOUND));
	for (int i = 0; i < QUANTILE_NR; i++) {
		/* The smallest rank not below the part; the constant is for the binary fraction. */
		uint64_t rank = (uint64_t)(parts[i] * (double)n - 1e-6) + 1;

		near(q.at_ns[i], values[rank - 1]);
	}
}

static void test_quantiles_are_near_exact_ones(void **state)
{
	static const uint64_t sizes[] = { 1, 2, 3, 9, 10, 11, 99, 100, 101, 1000, 9999, 10000, N };

	srandom(42);
	for (unsigned int kind = 0; kind < 4; kind++)
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
			for (int round = 0; round < (sizes[i] < 1000 ? 50 : 2); round++)
				check_against_exact(kind, sizes[i]);
}

static void test_an_empty_row(void **state)
{
	uint64_t row[PP_H_BUCKETS] = { 0 };
	struct quantiles q;

	quantile_row(row, &q);
	assert_int_equal(q.n, 0);
	assert_int_equal(q.max_ns, 0);
	assert_int_equal(q.at_ns[QUANTILE_P9999], 0);
	assert_int_equal(quantile_at(row, 0, 500000), 0);
}

static void test_counts_beyond_any_run(void **state)
{
	uint64_t row[PP_H_BUCKETS] = { [10] = 1ull << 62, [PP_H_BUCKETS - 1] = 1ull << 62 };
	struct quantiles q;

	quantile_row(row, &q);
	assert_true(q.n == 1ull << 63);
	assert_int_equal(q.at_ns[QUANTILE_P50], 10);
	assert_int_equal(q.at_ns[QUANTILE_P90], quantile_middle(PP_H_BUCKETS - 1));
	assert_true(q.open);
}

static void test_labels(void **state)
{
	assert_string_equal(quantile_label(QUANTILE_P50), "p50");
	assert_string_equal(quantile_label(QUANTILE_P9999), "p99.99");
}

/* "p99.9" for people, "p999" in JSON, and 999,000 of a million. */
static void test_label_key_and_rank_agree(void **state)
{
	static const char *const keys[] = { QUANTILES(QUANTILE_KEY) };
	static const uint32_t ppm[] = { QUANTILES(QUANTILE_PPM) };

	for (unsigned int i = 0; i < QUANTILE_NR; i++) {
		char joined[16];
		double percent;
		int whole, rest, n;

		assert_int_equal(sscanf(quantile_label(i), "p%lf", &percent), 1);
		assert_int_equal((uint32_t)(percent * 10000 + 0.5), ppm[i]);
		n = sscanf(quantile_label(i), "p%d.%d", &whole, &rest);
		if (n == 2)
			snprintf(joined, sizeof(joined), "p%d%d", whole, rest);
		else
			snprintf(joined, sizeof(joined), "p%d", whole);
		assert_string_equal(keys[i], joined);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small_values_have_their_own_bucket),
		cmocka_unit_test(test_low_and_bucket_are_inverse),
		cmocka_unit_test(test_the_last_bucket_takes_what_is_longer),
		cmocka_unit_test(test_buckets_are_monotonic_and_narrow),
		cmocka_unit_test(test_the_middle_is_near_all_of_its_bucket),
		cmocka_unit_test(test_quantiles_are_near_exact_ones),
		cmocka_unit_test(test_an_empty_row),
		cmocka_unit_test(test_counts_beyond_any_run),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_label_key_and_rank_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
