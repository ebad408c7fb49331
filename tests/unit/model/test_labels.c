// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* labels.c: every number has a label of its own, and the label leads back to it. */
#include <string.h>
#include "unit.h"
#include "model/labels.h"

static void check_table(int nr, const char *(*label)(unsigned int), int (*find)(const char *))
{
	for (int i = 0; i < nr; i++) {
		assert_true(label((unsigned int)i)[0]);
		assert_int_equal(find(label((unsigned int)i)), i);
	}
	assert_string_equal(label((unsigned int)nr), "?");
	assert_string_equal(label(UINT32_MAX), "?");
	assert_int_equal(find("no such label"), -1);
	assert_int_equal(find(""), -1);
}

static void test_tables(void **state)
{
	check_table(PP_ST_NR, stage_label, stage_find);
	check_table(PP_V_NR, verdict_label, verdict_find);
	check_table(PP_C_NR, cause_label, cause_find);
	check_table(PP_L_NR, loss_label, loss_find);
}

static void test_some_by_name(void **state)
{
	assert_string_equal(stage_label(PP_ST_SOFTIRQ), "softirq");
	assert_string_equal(verdict_label(PP_V_MERGED), "merged");
	assert_int_equal(cause_find("repoll"), PP_C_REPOLL);
	assert_int_equal(loss_find("table full"), PP_L_FULL);
	assert_true(strlen(stage_help(PP_ST_IRQ)) > 10);
	assert_string_equal(stage_help(PP_ST_NR), "");
}

static void test_own_reasons(void **state)
{
	assert_string_equal(own_reason_label(PP_R_UNREAD), "socket closed unread");
	assert_null(own_reason_label(0));
	assert_null(own_reason_label(PP_REASON_OWN - 1));
	assert_null(own_reason_label((uint32_t)PP_R_END));
	assert_null(own_reason_label(UINT32_MAX));
}

static void test_ways_to_split(void **state)
{
	check_table(PP_BY_NR, by_label, by_find);
	assert_string_equal(by_label(PP_BY_NONE), "none");
	assert_string_equal(by_label(PP_BY_PORT), "port");
	assert_true(BY_STEADY & 1u << PP_BY_NONE);
	assert_true(BY_STEADY & 1u << PP_BY_QUEUE);
	assert_false(BY_STEADY & 1u << PP_BY_PORT);
	assert_false(BY_STEADY & 1u << PP_BY_CGROUP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_some_by_name),
		cmocka_unit_test(test_own_reasons),
		cmocka_unit_test(test_ways_to_split),
	};

	return cmocka_run_group_tests_name("labels", tests, NULL, NULL);
}
