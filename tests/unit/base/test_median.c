// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Quantiles of few values, and how far values lie from their middle. */
#include "base/median.h"
#include "unit.h"

#define NEAR 1e-9

static void test_quantiles(void **state)
{
	double v[] = { 5, 1, 4, 2, 3 };

	assert_float_equal(3, median(v, 5), NEAR);
	assert_float_equal(1, quantile(v, 5, 0), NEAR);
	assert_float_equal(5, quantile(v, 5, 1), NEAR);
	assert_float_equal(4.6, quantile(v, 5, 0.9), NEAR);	/* between 4 and 5 */
	assert_float_equal(7, quantile((double[]){ 7 }, 1, 0.99), NEAR);
	assert_float_equal(2.5, median((double[]){ 4, 1, 3, 2 }, 4), NEAR);
}

static void test_deviation(void **state)
{
	double v[] = { 10, 1, 3, 2, 4 };	/* 7, 2, 0, 1, 1 from 3 */

	assert_float_equal(1, median_deviation(v, 5, 3), NEAR);
	assert_float_equal(0, median_deviation((double[]){ 7 }, 1, 7), NEAR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quantiles),
		cmocka_unit_test(test_deviation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
