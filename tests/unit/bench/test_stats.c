// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The benchmark's statistics: bootstrap intervals, paired differences, verdicts. */
#include <math.h>
#include <stdlib.h>
#include "bench/stats.h"
#include "unit.h"

#define NEAR 1e-9

/* Uniform in [0, 1), the same in each run. */
static double noise(void)
{
	static uint64_t state = 12345;

	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (double)(state >> 11) / 9007199254740992.0;
}

static void test_median_of_the_same(void **state)
{
	double v[20];
	struct estimate e;
	int i;

	for (i = 0; i < 20; i++)
		v[i] = 42;
	e = bootstrap_median(v, 20, 0.95);
	assert_float_equal(42, e.value, NEAR);
	assert_float_equal(42, e.lo, NEAR);
	assert_float_equal(42, e.hi, NEAR);
	assert_int_equal(20, e.n);
}

/* An interval of 95 % holds the truth in about 95 of 100 draws, and one of 99 % is wider. */
static void test_median_covers(void **state)
{
	int i, j, held = 0, narrower = 0;
	struct estimate e, wide;
	double v[100];

	for (i = 0; i < 200; i++) {
		for (j = 0; j < 100; j++)
			v[j] = noise() - 0.5;
		e = bootstrap_median(v, 100, 0.95);
		wide = bootstrap_median(v, 100, 0.99);
		held += e.lo <= 0 && e.hi >= 0;
		narrower += e.hi - e.lo < wide.hi - wide.lo;
		assert_true(e.lo <= e.value && e.value <= e.hi);
	}
	assert_in_range(held, 180, 199);
	assert_in_range(narrower, 195, 200);
}

/* Some that are far off move the middle little. */
static void test_outliers(void **state)
{
	double v[41];
	struct estimate e;
	int i;

	for (i = 0; i < 41; i++)
		v[i] = i < 4 ? 1e6 : 10 + i % 3;
	e = bootstrap_median(v, 41, 0.95);
	assert_true(e.lo >= 10 && e.hi <= 12);
	e = signed_rank(v, 41, 0.95);
	assert_true(e.lo >= 10 && e.hi <= 12);
}

/* By hand: the means of the pairs of 1, 2, 4 are 1, 1.5, 2, 2.5, 3, 4. */
static void test_ranks_by_hand(void **state)
{
	double v[] = { 4, 1, 2, 30, 9, 7, 12, 10 };
	struct estimate e = signed_rank(v, 3, 0.95);

	assert_float_equal(2.25, e.value, NEAR);
	assert_true(isinf(e.lo) && isinf(e.hi));
	assert_int_equal(3, e.n);
	/* Of the signs of eight values, 1 way in 256 has a sum of 0, and 1 has one of 1. */
	e = signed_rank(v, 8, 0.99);
	assert_float_equal(1, e.lo, NEAR);
	assert_float_equal(30, e.hi, NEAR);
	/* At 95 % sums up to 3 are left out (5 ways of 256), so the 4th is the bound. */
	e = signed_rank(v, 8, 0.95);
	assert_float_equal(2.5, e.lo, NEAR);
	assert_float_equal(19.5, e.hi, NEAR);
	e = signed_rank(v, 0, 0.95);
	assert_int_equal(0, e.n);
}

/* As often as it says, also with few values, and when neighbours are averaged. */
static void test_ranks_cover(void **state)
{
	static const size_t sizes[] = { 8, 20, 64, 500 };
	size_t i, j, k;
	double v[500];

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		int held = 0, held99 = 0;
		struct estimate e;

		for (j = 0; j < 1000; j++) {
			for (k = 0; k < sizes[i]; k++)
				v[k] = noise() + noise() - 1;
			e = signed_rank(v, sizes[i], 0.95);
			held += e.lo <= 0 && e.hi >= 0;
			e = signed_rank(v, sizes[i], 0.99);
			held99 += e.lo <= 0 && e.hi >= 0;
			assert_true(e.lo <= e.value && e.value <= e.hi);
		}
		assert_in_range(held, 930, 975);
		assert_in_range(held99, 980, 999);
	}
}

static void test_too_few(void **state)
{
	double v[] = { 1, 2, 3, 4, 5 };
	struct estimate e = bootstrap_median(v, 5, 0.95);

	assert_float_equal(3, e.value, NEAR);
	assert_true(isinf(e.lo) && isinf(e.hi));
	assert_int_equal(FIND_TOO_FEW, judge(&e));
	e = bootstrap_median(v, 0, 0.95);
	assert_int_equal(0, e.n);
}

static void test_ratio(void **state)
{
	struct slice s[300];
	struct estimate e;
	int i;

	for (i = 0; i < 300; i++)
		s[i] = (struct slice){ .ns = 1000.0 * (i % 7 + 1), .packets = 10.0 * (i % 7 + 1) };
	e = bootstrap_ratio(s, 300, 0.95);
	assert_float_equal(100, e.value, 1e-6);
	assert_float_equal(100, e.lo, 1e-6);
	assert_float_equal(100, e.hi, 1e-6);
	/* Time in which nothing came counts. */
	for (i = 0; i < 300; i += 2)
		s[i] = (struct slice){ .ns = 1000 };
	e = bootstrap_ratio(s, 300, 0.95);
	assert_true(e.value > 100 && e.lo < e.value && e.value < e.hi);
}

static void test_ratio_of_nothing(void **state)
{
	struct slice s[10] = {};
	struct estimate e;
	int i;

	for (i = 0; i < 10; i++)
		s[i].ns = 5;
	e = bootstrap_ratio(s, 10, 0.95);
	assert_int_equal(0, e.n);
	assert_true(isinf(e.value));
}

/* A drift that is linear in time is the same for A and B in the order ABBA. */
static void test_abba_and_drift(void **state)
{
	static const int side[] = { 0, 1, 1, 0 };
	struct slice s[40];
	double d[10];
	size_t i, n;

	for (i = 0; i < 40; i++)
		s[i] = (struct slice){ .ns = 1000.0 * (100 + (double)i + side[i % 4] * 3.0),
				       .packets = 1000 };
	n = abba_differences(s, 40, d);
	assert_int_equal(10, n);
	for (i = 0; i < n; i++)
		assert_float_equal(3, d[i], 1e-6);
}

static void test_abba_leaves_out(void **state)
{
	struct slice s[14];
	double d[3];
	int i;

	for (i = 0; i < 14; i++)
		s[i] = (struct slice){ .ns = 100000, .packets = 1000 };
	assert_int_equal(3, abba_differences(s, 14, d));	/* the last two are no group */
	s[5].packets = 100;					/* less than an eighth */
	assert_int_equal(2, abba_differences(s, 14, d));
	s[0].packets = 0;
	assert_int_equal(1, abba_differences(s, 14, d));
	assert_int_equal(0, abba_differences(s, 3, d));
}

/* One side may be so slow that it has far fewer packets than the other in all slices. */
static void test_abba_of_unequal(void **state)
{
	struct slice s[16];
	double d[4];
	int i;

	for (i = 0; i < 16; i++)
		s[i] = (struct slice){ .ns = 100000,
				       .packets = i % 4 == 1 || i % 4 == 2 ? 10 : 1000 };
	assert_int_equal(4, abba_differences(s, 16, d));
	assert_float_equal(9900, d[0], 1e-6);
}

static void test_verdicts(void **state)
{
	assert_int_equal(FIND_NONE, judge(&(struct estimate){ 0.1, -0.3, 0.5, 100 }));
	assert_int_equal(FIND_SLOWER, judge(&(struct estimate){ 1, 0.3, 1.5, 100 }));
	assert_int_equal(FIND_FASTER, judge(&(struct estimate){ -1, -1.3, -0.5, 100 }));
	assert_int_equal(FIND_TOO_FEW, judge(&(struct estimate){ -1, -1.3, -0.5, 5 }));
}

/* Runs of the same against the same are called different hardly ever, a nanosecond is found. */
static void test_power(void **state)
{
	int i, j, false_calls = 0, found = 0;
	double same[20], other[20];
	struct estimate e;

	for (i = 0; i < 200; i++) {
		for (j = 0; j < 20; j++) {
			same[j] = 3 * (noise() - 0.5);
			other[j] = 1 + 3 * (noise() - 0.5);
		}
		e = signed_rank(same, 20, 0.99);
		false_calls += judge(&e) != FIND_NONE;
		e = signed_rank(other, 20, 0.99);
		found += judge(&e) == FIND_SLOWER;
	}
	assert_in_range(false_calls, 0, 8);
	assert_true(found >= 160);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_median_of_the_same),
		cmocka_unit_test(test_median_covers),
		cmocka_unit_test(test_outliers),
		cmocka_unit_test(test_ranks_by_hand),
		cmocka_unit_test(test_ranks_cover),
		cmocka_unit_test(test_too_few),
		cmocka_unit_test(test_ratio),
		cmocka_unit_test(test_ratio_of_nothing),
		cmocka_unit_test(test_abba_and_drift),
		cmocka_unit_test(test_abba_leaves_out),
		cmocka_unit_test(test_abba_of_unequal),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_power),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
