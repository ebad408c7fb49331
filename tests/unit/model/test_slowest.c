// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* worst.c: the slowest of each row, held against sorting all; and what a row's duration is. */
#include <stdlib.h>
#include <string.h>
#include "unit.h"
#include "model/timeline.h"
#include "model/slowest.h"

#define N 500

/* A packet that spent `sock_ns` in sock and 100 ns before it. */
static struct pp_rec record(uint64_t id, uint64_t sock_ns)
{
	struct pp_rec rec = { .id = id, .verdict = PP_V_DELIVERED };

	rec.ts[PP_ST_GRO] = id * 1000000;
	rec.ts[PP_ST_IP] = rec.ts[PP_ST_GRO] + 60;
	rec.ts[PP_ST_SOCK] = rec.ts[PP_ST_GRO] + 100;
	rec.ts[PP_ST_READ] = rec.end_ns = rec.ts[PP_ST_SOCK] + sock_ns;
	return rec;
}

static int slowest_first(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x < y) - (x > y);
}

static void check_heap(uint32_t k)
{
	const struct slowest_entry *list[PP_WORST_MAX];
	struct slowest *w = slowest_new(k);
	uint64_t ns[N];
	uint32_t n;

	assert_non_null(w);
	for (uint64_t i = 0; i < N; i++) {
		struct pp_rec rec = record(i + 1, ns[i] = (uint64_t)random() % 10000);

		slowest_add(w, &rec, ~0u);
		assert_int_equal(slowest_list(w, PP_ST_SOCK, list), i + 1 < k ? i + 1 : k);
	}
	qsort(ns, N, sizeof(ns[0]), slowest_first);
	n = slowest_list(w, PP_ST_SOCK, list);
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(list[i]->ns, ns[i]);
		assert_int_equal(list[i]->rec.end_ns - list[i]->rec.ts[PP_ST_SOCK], ns[i]);
	}
	n = slowest_list(w, PP_H_TOTAL, list);
	assert_int_equal(n, k);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(list[i]->ns, ns[i] + 100);
	assert_int_equal(slowest_list(w, PP_ST_HELD, list), 0);
	slowest_clear(w);
	assert_int_equal(slowest_list(w, PP_ST_SOCK, list), 0);
	slowest_free(w);
}

static void test_the_slowest_are_kept(void **state)
{
	srandom(1);
	for (uint32_t k = 1; k <= PP_WORST_MAX; k++)
		check_heap(k);
}

static void test_none_are_kept_if_none_are_asked_for(void **state)
{
	const struct slowest_entry *list[PP_WORST_MAX];
	struct pp_rec rec = record(1, 5);
	struct slowest *w = slowest_new(0);

	slowest_add(w, &rec, ~0u);
	assert_int_equal(slowest_list(w, PP_H_TOTAL, list), 0);
	slowest_free(w);
}

static void test_the_first_of_equals_stays(void **state)
{
	const struct slowest_entry *list[PP_WORST_MAX];
	struct slowest *w = slowest_new(2);

	for (uint64_t id = 1; id < 10; id++) {
		struct pp_rec rec = record(id, 700);

		slowest_add(w, &rec, ~0u);
	}
	assert_int_equal(slowest_list(w, PP_ST_SOCK, list), 2);
	assert_int_equal(list[0]->rec.id, 1);
	assert_int_equal(list[1]->rec.id, 2);
	slowest_free(w);
}

static void test_only_whole_journeys(void **state)
{
	static const uint8_t verdicts[] = { PP_V_MERGED, PP_V_UNTRACKED, PP_V_DROPPED,
					    PP_V_CONSUMED };
	const struct slowest_entry *list[PP_WORST_MAX];
	struct slowest *w = slowest_new(4);

	for (size_t i = 0; i < sizeof(verdicts); i++) {
		struct pp_rec rec = record(i + 1, 1000);

		rec.verdict = verdicts[i];
		slowest_add(w, &rec, ~0u);
	}
	assert_int_equal(slowest_list(w, PP_H_TOTAL, list), 2);
	slowest_free(w);
}

/* --stage: what is not measured belongs to the stage before it, the total stays. */
static void test_a_stage_lasts_until_the_next_measured(void **state)
{
	struct pp_rec rec = record(1, 1000);
	uint64_t ns[PP_H_ROWS] = { 0 };
	struct timeline tl;

	timeline_build(&rec, &tl);
	assert_int_equal(timeline_measure(&tl, ~0u, ns),
			 PP_ST_BIT(PP_ST_GRO) | PP_ST_BIT(PP_ST_IP) | PP_ST_BIT(PP_ST_SOCK) |
				 PP_ST_BIT(PP_ST_READ) | 1u << PP_H_TOTAL);
	assert_int_equal(ns[PP_ST_GRO], 60);
	assert_int_equal(ns[PP_ST_IP], 40);
	assert_int_equal(ns[PP_ST_SOCK], 1000);
	assert_int_equal(ns[PP_H_TOTAL], 1100);
	assert_int_equal(timeline_measure(&tl, PP_ST_BIT(PP_ST_GRO) | PP_ST_BIT(PP_ST_SOCK), ns),
			 PP_ST_BIT(PP_ST_GRO) | PP_ST_BIT(PP_ST_SOCK) | 1u << PP_H_TOTAL);
	assert_int_equal(ns[PP_ST_GRO], 100);
	assert_int_equal(timeline_measure(&tl, 1u << PP_H_TOTAL, ns), 1u << PP_H_TOTAL);
	assert_int_equal(ns[PP_H_TOTAL], 1100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_slowest_are_kept),
		cmocka_unit_test(test_none_are_kept_if_none_are_asked_for),
		cmocka_unit_test(test_the_first_of_equals_stays),
		cmocka_unit_test(test_only_whole_journeys),
		cmocka_unit_test(test_a_stage_lasts_until_the_next_measured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
