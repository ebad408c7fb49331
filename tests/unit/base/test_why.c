// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* A reason is one line, names the error and what to try, and the first one stays. */
#include <errno.h>
#include <string.h>
#include "base/why.h"
#include "unit.h"

static void test_an_error_has_its_name_and_what_to_try(void **state)
{
	struct why w = { 0 };

	assert_int_equal(-EMFILE, why_cannot(&w, -EMFILE, "cannot open %s", "a door"));
	assert_string_equal("cannot open a door: Too many open files (raise ulimit -n)", w.text);
	assert_int_equal(-EMFILE, w.err);
	assert_false(w.usage);
}

static void test_an_error_without_a_remedy(void **state)
{
	struct why w = { 0 };

	why_cannot(&w, -EIO, "cannot read %d", 7);
	assert_string_equal("cannot read 7: Input/output error", w.text);
}

static void test_the_first_stays(void **state)
{
	struct why w = { 0 };

	assert_int_equal(0, why_cannot(&w, 0, "cannot happen"));
	assert_int_equal(0, w.err);
	why_usage(&w, -EINVAL, "%s: no such thing", "x");
	assert_int_equal(-EIO, why_cannot(&w, -EIO, "cannot write"));
	assert_int_equal(-ENODATA, why_is(&w, -ENODATA, "no rate"));
	assert_string_equal("x: no such thing", w.text);
	assert_true(w.usage);
}

static void test_what_is_too_long_is_cut(void **state)
{
	struct why w = { 0 };
	char name[2048];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	why_cannot(&w, -ENOMEM, "cannot name %s", name);
	assert_int_equal(sizeof(w.text) - 1, strlen(w.text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_error_has_its_name_and_what_to_try),
		cmocka_unit_test(test_an_error_without_a_remedy),
		cmocka_unit_test(test_the_first_stays),
		cmocka_unit_test(test_what_is_too_long_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
