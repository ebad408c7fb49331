// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* /proc/stat as kernels write it. */
#include <stdio.h>
#include <string.h>
#include "host/cpu_use.h"
#include "unit.h"

static void test_cpus(void **state)
{
	static const char text[] = "cpu  9 9 9 9 9 9 9 9 0 0\n"
				   "cpu0 1 2 3 4 5 6 7 8 0 0\n"
				   "cpu12 10 0 30 40 0 0 70 80 0 0\n"
				   "intr 5 6 7\n";
	FILE *f = fmemopen((void *)text, strlen(text), "r");
	struct cpu_use use[4];

	assert_non_null(f);
	assert_int_equal(2, cpu_use_parse(f, use, 4));
	fclose(f);
	assert_int_equal(0, use[0].cpu);
	assert_int_equal(3, use[0].user);	/* with nice */
	assert_int_equal(3, use[0].system);
	assert_int_equal(9, use[0].idle);	/* with iowait */
	assert_int_equal(6, use[0].irq);
	assert_int_equal(7, use[0].softirq);
	assert_int_equal(8, use[0].steal);
	assert_int_equal(12, use[1].cpu);
	assert_int_equal(70, use[1].softirq);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
