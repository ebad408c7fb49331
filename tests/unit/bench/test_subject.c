// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The words that name a program. */
#include <errno.h>
#include <string.h>
#include "bench/subject.h"
#include "unit.h"

static void test_specs(void **state)
{
	struct bench_spec s;
	struct why why = { 0 };

	assert_int_equal(0, spec_parse("redirect-map", XB_CLOCK, &s, &why));
	assert_int_equal(XB_REDIRECT_MAP, s.mode);
	assert_int_equal(XB_CLOCK, s.work);
	assert_string_equal("redirect-map:clock", s.label);
	assert_int_equal(0, spec_parse("drop:nothing", XB_CLOCK, &s, &why));
	assert_int_equal(XB_NOTHING, s.work);
	assert_int_equal(0, spec_parse("/a.o:b/prog.o:xdp/x", XB_NOTHING, &s, &why));
	assert_int_equal(XB_USER, s.mode);
	assert_string_equal("/a.o:b/prog.o", s.file);
	assert_string_equal("xdp/x", s.section);
}

static void test_bad_specs(void **state)
{
	static const char *const bad[] = { "", "dro", "dropp", "drop:", "drop:work", ":clock",
					   "prog.o:", "aborted", "program" };
	struct bench_spec s;
	struct why why = { 0 };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(&why, 0, sizeof(why));
		assert_int_equal(-EINVAL, spec_parse(bad[i], XB_NOTHING, &s, &why));
		assert_true(why.usage);
		assert_int_equal(0, strncmp(why.text, bad[i], strlen(bad[i])));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_specs),
		cmocka_unit_test(test_bad_specs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
