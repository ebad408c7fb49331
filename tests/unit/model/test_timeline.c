// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* timeline.c: order, durations, and the invariant that they add up. */
#include <errno.h>
#include "unit.h"
#include "model/timeline.h"

static uint64_t sum(const struct timeline *tl)
{
	uint64_t ns = 0;

	for (int i = 0; i < tl->nr; i++)
		ns += tl->row[i].dur_ns;
	return ns;
}

static void test_no_stamp(void **state)
{
	struct pp_rec rec = { .end_ns = 77 };
	struct timeline tl;

	assert_int_equal(timeline_build(&rec, &tl), 0);
	assert_int_equal(tl.nr, 0);
	assert_int_equal(tl.slowest, -1);
	assert_int_equal(tl.first_ns, 77);
	assert_int_equal(tl.total_ns, 0);
	assert_null(timeline_find(&tl, PP_ST_IRQ));
}

static void test_one_stamp(void **state)
{
	struct pp_rec rec = { .ts[PP_ST_GRO] = 70, .cpu[PP_ST_GRO] = 3, .end_ns = 77 };
	struct timeline tl;

	assert_int_equal(timeline_build(&rec, &tl), 0);
	assert_int_equal(tl.nr, 1);
	assert_int_equal(tl.row[0].stage, PP_ST_GRO);
	assert_int_equal(tl.row[0].cpu, 3);
	assert_int_equal(tl.row[0].dur_ns, 7);
	assert_int_equal(tl.total_ns, 7);
	assert_int_equal(tl.slowest, 0);
}

/* netif_rx(): the backlog comes before the softirq, although its row comes after. */
static void test_order_is_time(void **state)
{
	struct pp_rec rec = { .end_ns = 100 };
	struct timeline tl;

	rec.ts[PP_ST_BACKLOG] = 10;
	rec.ts[PP_ST_SOFTIRQ] = 20;
	rec.ts[PP_ST_POLL] = 25;
	rec.ts[PP_ST_NETIF] = 60;
	assert_int_equal(timeline_build(&rec, &tl), 0);
	assert_int_equal(tl.nr, 4);
	assert_int_equal(tl.row[0].stage, PP_ST_BACKLOG);
	assert_int_equal(tl.row[1].stage, PP_ST_SOFTIRQ);
	assert_int_equal(tl.row[2].stage, PP_ST_POLL);
	assert_int_equal(tl.row[3].stage, PP_ST_NETIF);
	assert_int_equal(tl.row[2].dur_ns, 35);
	assert_int_equal(tl.row[3].dur_ns, 40);
	assert_int_equal(tl.slowest, 3);
	assert_ptr_equal(timeline_find(&tl, PP_ST_POLL), &tl.row[2]);
}

static void test_ties_keep_enum_order(void **state)
{
	struct pp_rec rec = { .end_ns = 50 };
	struct timeline tl;

	for (int st = 0; st < PP_ST_NR; st++)
		rec.ts[st] = 50;
	assert_int_equal(timeline_build(&rec, &tl), 0);
	assert_int_equal(tl.nr, PP_ST_NR);
	for (int st = 0; st < PP_ST_NR; st++)
		assert_int_equal(tl.row[st].stage, st);
	assert_int_equal(tl.total_ns, 0);
	/* Of equals the first is the slowest. */
	assert_int_equal(tl.slowest, 0);
}

static void test_end_before_last_stamp(void **state)
{
	struct pp_rec rec = { .ts[PP_ST_IRQ] = 10, .ts[PP_ST_SOCK] = 30, .end_ns = 20 };
	struct timeline tl;

	assert_int_equal(timeline_build(&rec, &tl), -ERANGE);
	assert_int_equal(tl.total_ns, 20);
	assert_int_equal(sum(&tl), 20);
	rec.end_ns = 0;
	assert_int_equal(timeline_build(&rec, &tl), -ERANGE);
	assert_int_equal(sum(&tl), tl.total_ns);
}

static void test_full_range(void **state)
{
	struct pp_rec rec = { .ts[PP_ST_IRQ] = 1, .end_ns = UINT64_MAX };
	struct timeline tl;

	assert_int_equal(timeline_build(&rec, &tl), 0);
	assert_true(tl.total_ns == UINT64_MAX - 1);
}

/* Whatever the stamps: rows ascend, ties in enum order, and durations add up exactly. */
static void test_sum_of_random_records(void **state)
{
	uint32_t x = 1;

	for (int round = 0; round < 100000; round++) {
		struct pp_rec rec = { 0 };
		struct timeline tl;

		for (int st = 0; st < PP_ST_NR; st++) {
			x = x * 1664525 + 1013904223;
			if (x >> 30)
				rec.ts[st] = 1 + (x >> 8) % (round % 2 ? 8 : 1u << 24);
			if (rec.ts[st] > rec.end_ns)
				rec.end_ns = rec.ts[st];
		}
		rec.end_ns += x >> 28;
		assert_int_equal(timeline_build(&rec, &tl), 0);
		assert_true(sum(&tl) == tl.total_ns);
		assert_true(tl.first_ns + tl.total_ns == rec.end_ns);
		for (int i = 1; i < tl.nr; i++)
			assert_true(tl.row[i - 1].at_ns < tl.row[i].at_ns ||
				    (tl.row[i - 1].at_ns == tl.row[i].at_ns &&
				     tl.row[i - 1].stage < tl.row[i].stage));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_stamp),
		cmocka_unit_test(test_one_stamp),
		cmocka_unit_test(test_order_is_time),
		cmocka_unit_test(test_ties_keep_enum_order),
		cmocka_unit_test(test_end_before_last_stamp),
		cmocka_unit_test(test_full_range),
		cmocka_unit_test(test_sum_of_random_records),
	};

	return cmocka_run_group_tests_name("timeline", tests, NULL, NULL);
}
