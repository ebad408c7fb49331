// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* hist_rows.c: when the slowest example tells a row's maximum, which its bucket only bounds. */
#include <stdlib.h>
#include "unit.h"
#include "output/hist_rows.h"

/* Two of one bucket, from 18,874,368 to 19,398,655 ns: the example is the faster one. */
#define SLOWEST	19300000
#define EXAMPLE	18900000

static struct hist_row row_of(bool wire, uint32_t stage, uint64_t slowest)
{
	struct hist_opts o = { .worst = 3, .wire = wire };
	struct pp_rec rec = { .id = 1, .verdict = PP_V_DELIVERED };
	struct histogram *h = histogram_new(0);
	struct hist_span span = { .h = h, .final = true };
	struct hist_rows v;
	struct hist_row r;

	assert_non_null(h);
	assert_int_equal(hist_rows_new(&v, &o), 0);
	rec.ts[stage] = 1000;
	rec.end_ns = 1000 + EXAMPLE;
	hist_rows_record(&v, &o, &rec);
	assert_int_equal(pp_hist_bucket(EXAMPLE), pp_hist_bucket(slowest));
	h->count[stage * PP_H_BUCKETS + pp_hist_bucket(EXAMPLE)]++;
	h->count[stage * PP_H_BUCKETS + pp_hist_bucket(slowest)]++;
	assert_true(hist_rows_get(&r, &v, &span, ALL_GROUPS, stage, 0));
	hist_rows_free(&v);
	free(h);
	return r;
}

static void check_near(const struct quantiles *q, double true_ns)
{
	for (int i = 0; i < QUANTILE_NR; i++) {
		double off = (double)q->at_ns[i] / true_ns - 1;

		assert_true(off < 0.016 && off > -0.016);
	}
}

/* The other one may have been merged, and is no example then. */
static void test_merged_frames_are_no_examples(void **state)
{
	struct hist_row r = row_of(true, PP_ST_POLL, SLOWEST);

	(void)state;
	check_near(&r.q, SLOWEST);
	assert_true(r.q.max_ns > EXAMPLE);
}

static void test_the_slowest_example_is_the_maximum(void **state)
{
	struct hist_row r = row_of(true, PP_ST_SOCK, EXAMPLE);

	(void)state;
	assert_int_equal(r.q.max_ns, EXAMPLE);
	check_near(&r.q, EXAMPLE);
	r = row_of(false, PP_ST_POLL, EXAMPLE);
	assert_int_equal(r.q.max_ns, EXAMPLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merged_frames_are_no_examples),
		cmocka_unit_test(test_the_slowest_example_is_the_maximum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
