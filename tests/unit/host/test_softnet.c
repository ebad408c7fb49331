// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* /proc/net/softnet_stat as several kernels write it. */
#include <errno.h>
#include <string.h>
#include "host/softnet.h"
#include "unit.h"

static int parse(const char *text, struct softnet *sum)
{
	FILE *f = fmemopen((void *)text, strlen(text), "r");
	int err;

	assert_non_null(f);
	err = softnet_parse(f, sum);
	fclose(f);
	return err;
}

static void test_sum(void **state)
{
	struct softnet s;

	assert_int_equal(0, parse("00000aaa 00000001 0000000a 00000000\n"
				  "00000bbb ffffffff 00000010 00000000\n", &s));
	assert_int_equal(0x100000000, s.dropped);
	assert_int_equal(26, s.time_squeeze);
}

static void test_other(void **state)
{
	struct softnet s;

	assert_int_equal(-EINVAL, parse("CPU0 1 2\n", &s));
	assert_int_equal(-EINVAL, parse("00000001 00000002\n", &s));
}

static void test_since(void **state)
{
	struct softnet then = { .dropped = 5, .time_squeeze = 7 };
	struct softnet now = { .dropped = 9, .time_squeeze = 3 };
	struct softnet s = softnet_since(&then, &now);

	assert_int_equal(4, s.dropped);
	assert_int_equal(0, s.time_squeeze);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sum),
		cmocka_unit_test(test_other),
		cmocka_unit_test(test_since),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
