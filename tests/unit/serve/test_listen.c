// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* What --listen takes, and what it means. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "serve/listen.h"
#include "base/log.h"
#include "unit.h"

static char said[512];

void log_err(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(said, sizeof(said), fmt, ap);
	va_end(ap);
}

static void test_good(void **state)
{
	static const struct {
		const char *word, *text;
		bool loopback;
	} cases[] = {
		{ "127.0.0.1:9464", "127.0.0.1:9464", true },
		{ "127.9.9.9:0", "127.9.9.9:0", true },
		{ "localhost:80", "127.0.0.1:80", true },
		{ "[::1]:65535", "[::1]:65535", true },
		{ "0.0.0.0:9464", "0.0.0.0:9464", false },
		{ "10.0.0.1:9464", "10.0.0.1:9464", false },
		{ "[::]:9464", "[::]:9464", false },
		{ "[fe80:0:0:0:1:2:3:4]:1", "[fe80::1:2:3:4]:1", false },
	};
	struct listen_addr l;
	char buf[LISTEN_TEXT];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(0, listen_parse(cases[i].word, &l));
		assert_string_equal(cases[i].text, listen_text(buf, &l));
		assert_int_equal(cases[i].loopback, listen_is_loopback(&l));
		assert_int_equal(-1, l.fd);
	}
}

static void test_bad(void **state)
{
	static const char *const words[] = {
		"", ":", "9464", ":9464", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
		"127.0.0.1:-1", "127.0.0.1: 80", "127.0.0.1:80x", "127.0.0.1:999999999999",
		"::1:80", "[::1]", "[]:80", "[::1:80", "::1]:80", "[::g]:80", "256.0.0.1:80",
		"example.org:80", "[127.0.0.1]:80",
		"[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd:eeee:ffff]:80",
		("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		 "aaaaaaaaaaaaaaaaaaaaaaaa:1"),
	};
	struct listen_addr l;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		said[0] = '\0';
		assert_int_equal(-1, listen_parse(words[i], &l));
		assert_non_null(strstr(said, "not an address"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
