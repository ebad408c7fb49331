// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Lines and numbers of small files, and what there is if they cannot be had. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/procfile.h"
#include "unit.h"

static char path[] = "/tmp/pktpath-procfile-XXXXXX";

static int make_file(void **state)
{
	int fd = mkstemp(path);

	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	return unlink(path);
}

static void put(const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(0, fclose(f));
}

static void test_line(void **state)
{
	char buf[8];

	put("first\nsecond\n");
	assert_int_equal(0, procfile_line(buf, sizeof(buf), "%s", path));
	assert_string_equal("first", buf);
	put("longer than that\n");
	assert_int_equal(0, procfile_line(buf, sizeof(buf), "%s", path));
	assert_string_equal("longer ", buf);
	put("");
	assert_int_equal(0, procfile_line(buf, sizeof(buf), "%s", path));
	assert_string_equal("", buf);
}

static void test_no_line(void **state)
{
	char buf[8] = "before", *far = malloc(8192);

	assert_int_equal(-ENOENT, procfile_line(buf, sizeof(buf), "%s.not", path));
	assert_string_equal("", buf);
	strcpy(buf, "before");
	assert_int_equal(-EISDIR, procfile_line(buf, sizeof(buf), "/tmp"));
	assert_string_equal("", buf);
	assert_non_null(far);
	memset(far, 'x', 8191);
	far[8191] = 0;
	assert_int_equal(-ENAMETOOLONG, procfile_line(buf, sizeof(buf), "/%s", far));
	free(far);
}

static void test_number(void **state)
{
	put("42\n");
	assert_int_equal(42, procfile_number(-1, "%s", path));
	put("-3 4 5\n");
	assert_int_equal(-3, procfile_number(-1, "%s", path));
	put("9000000000\n");
	assert_true(procfile_number(-1, "%s", path) == 9000000000);
	put("none\n");
	assert_int_equal(-1, procfile_number(-1, "%s", path));
	put("");
	assert_int_equal(7, procfile_number(7, "%s", path));
	assert_int_equal(7, procfile_number(7, "%s.not", path));
}

static void test_write(void **state)
{
	put("0\n");
	assert_int_equal(0, procfile_write("1", "%s", path));
	assert_int_equal(1, procfile_number(-1, "%s", path));
	assert_int_equal(-ENOENT, procfile_write("1", "%s.not", path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_no_line),
		cmocka_unit_test(test_number),
		cmocka_unit_test(test_write),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
