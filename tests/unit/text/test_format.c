// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* format.c: durations at every magnitude, counts, clocks, protocols, names from outside. */
#include <stdio.h>
#include <string.h>
#include "unit.h"
#include "text/line.h"

static void test_duration(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text, *long_text;
	} cases[] = {
		{ 0, "0n", "0ns" },
		{ 1, "1n", "1ns" },
		{ 999, "999n", "999ns" },
		{ 1000, "1.00µ", "1.00µs" },
		{ 1004, "1.00µ", "1.00µs" },
		{ 1005, "1.01µ", "1.01µs" },
		{ 9994, "9.99µ", "9.99µs" },
		{ 9995, "10.0µ", "10.0µs" },
		{ 9999, "10.0µ", "10.0µs" },
		{ 99949, "99.9µ", "99.9µs" },
		{ 99950, "100µ", "100µs" },
		{ 999499, "999µ", "999µs" },
		{ 999500, "1.00m", "1.00ms" },
		{ 999999, "1.00m", "1.00ms" },
		{ 1000000, "1.00m", "1.00ms" },
		{ 50100000, "50.1m", "50.1ms" },
		{ 999499999, "999m", "999ms" },
		{ 999500000, "1.00s", "1.00s" },
		{ 1200000000, "1.20s", "1.20s" },
		{ 999499999999, "999s", "999s" },
		{ 1000000000000, "1000s", "1000s" },
		{ 9999499999999, "9999s", "9999s" },
		{ 9999500000000, "2.78h", "2.78h" },
		{ 86400000000000, "24.0h", "24.0h" },
		{ 3600000000000000, "41.7d", "41.7d" },
		{ 31536000000000000, "365d", "365d" },
		{ 315360000000000000, "10.0y", "10.0y" },
		{ UINT64_MAX, "585y", "585y" },
	};
	char buf[FMT_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(fmt_duration(buf, cases[i].ns, 0), cases[i].text);
		assert_string_equal(fmt_duration(buf, cases[i].ns, FMT_LONG), cases[i].long_text);
	}
	assert_string_equal(fmt_duration(buf, 12345, FMT_ASCII), "12.3u");
	assert_string_equal(fmt_duration(buf, 12345, FMT_ASCII | FMT_LONG), "12.3us");
}

/* Reads "12.3µ" back, in ns. */
static double read_back(const char *text)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = {
		{ "n", 1 }, { "µ", 1e3 }, { "m", 1e6 }, { "s", 1e9 }, { "h", 3600e9 },
		{ "d", 86400e9 }, { "y", 365 * 86400e9 },
	};
	double value, ns = -1;
	char unit[8];

	assert_int_equal(sscanf(text, "%lf%7s", &value, unit), 2);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(unit, units[i].unit))
			ns = value * units[i].ns;
	assert_true(ns >= 0);
	return ns;
}

/* Any value fits its column, and is right to half a unit of its third digit. */
static void test_duration_is_near(void **state)
{
	uint64_t ns = 1;

	for (int i = 0; i < 200000; i++) {
		char buf[FMT_MAX];
		double off;

		ns = ns * 6364136223846793005ull + 1442695040888963407ull;
		uint64_t n = ns >> (i % 64);

		fmt_duration(buf, n, 0);
		assert_in_range(text_cols(buf), 2, 5);
		off = read_back(buf) - (double)n;
		assert_true((off < 0 ? -off : off) <= (double)n * 0.005001);
		assert_in_range(text_cols(fmt_duration(buf, n, FMT_LONG)), 3, 6);
	}
}

static void test_count(void **state)
{
	char buf[FMT_MAX];

	assert_string_equal(fmt_count(buf, 0), "0");
	assert_string_equal(fmt_count(buf, 999), "999");
	assert_string_equal(fmt_count(buf, 1000), "1,000");
	assert_string_equal(fmt_count(buf, 123456), "123,456");
	assert_string_equal(fmt_count(buf, UINT64_MAX), "18,446,744,073,709,551,615");
}

static void test_clock(void **state)
{
	char buf[FMT_MAX];

	assert_string_equal(fmt_clock(buf, 0, true, 6), "00:00:00.000000");
	assert_string_equal(fmt_clock(buf, 1700000000123456789, true, 6), "22:13:20.123456");
	assert_string_equal(fmt_clock(buf, 1700000000999999999, true, 3), "22:13:20.999");
	assert_string_equal(fmt_clock(buf, 1700000000123456789, true, 9), "22:13:20.123456789");
	assert_string_equal(fmt_clock(buf, 1700000000123456789, true, 0), "22:13:20");
	assert_int_equal(strlen(fmt_clock(buf, UINT64_MAX, false, 6)), 15);
}

static void test_proto(void **state)
{
	struct pp_rec rec = { .eth_proto = 0x0800, .l4_proto = 6 };
	char buf[FMT_MAX];

	assert_string_equal(fmt_proto(buf, &rec), "tcp");
	rec.l4_proto = 17;
	assert_string_equal(fmt_proto(buf, &rec), "udp");
	rec.l4_proto = 1;
	assert_string_equal(fmt_proto(buf, &rec), "icmp");
	rec.l4_proto = 255;
	assert_string_equal(fmt_proto(buf, &rec), "ip:255");
	rec.eth_proto = 0x86dd;
	rec.l4_proto = 58;
	assert_string_equal(fmt_proto(buf, &rec), "icmp6");
	rec.l4_proto = 0;
	assert_string_equal(fmt_proto(buf, &rec), "ip:0");
	rec.flags = PP_F_NOPARSE;
	assert_string_equal(fmt_proto(buf, &rec), "ip6");
	rec.eth_proto = 0x0806;
	assert_string_equal(fmt_proto(buf, &rec), "arp");
	rec.eth_proto = 0x88cc;
	assert_string_equal(fmt_proto(buf, &rec), "eth:0x88cc");
	rec.eth_proto = 0;
	assert_string_equal(fmt_proto(buf, &rec), "eth:0x0000");
}

static void test_tcp_flags(void **state)
{
	char buf[FMT_MAX];

	assert_string_equal(fmt_tcp_flags(buf, 0), "none");
	assert_string_equal(fmt_tcp_flags(buf, 0x02), "S");
	assert_string_equal(fmt_tcp_flags(buf, 0x12), "S.");
	assert_string_equal(fmt_tcp_flags(buf, 0x18), "P.");
	assert_string_equal(fmt_tcp_flags(buf, 0xff), "FSRPUEW.");
}

static void test_clean(void **state)
{
	char buf[FMT_TEXT_MAX], name[300];

	assert_string_equal(fmt_clean(buf, "eth0", 16), "eth0");
	assert_string_equal(fmt_clean(buf, "", 16), "");
	assert_string_equal(fmt_clean(buf, "a\033[31m\n\x7f", 16), "a?[31m??");
	assert_string_equal(fmt_clean(buf, "µ€𝄞", 16), "µ€𝄞");
	/* Stray and cut sequences, overlong forms, surrogates, C1 controls. */
	assert_string_equal(fmt_clean(buf, "\xff\x80x", 16), "??x");
	assert_string_equal(fmt_clean(buf, "€", 2), "??");
	assert_string_equal(fmt_clean(buf, "\xc0\xaf", 16), "??");
	assert_string_equal(fmt_clean(buf, "\xe0\x80\xaf", 16), "???");
	assert_string_equal(fmt_clean(buf, "\xed\xa0\x80", 16), "???");
	assert_string_equal(fmt_clean(buf, "\xc2\x9b", 16), "??");
	assert_string_equal(fmt_clean(buf, "\xf4\x90\x80\x80", 16), "????");
	/* Does not read past `max`, does not write past its own end. */
	assert_string_equal(fmt_clean(buf, "abcdef", 3), "abc");
	memset(name, 'x', sizeof(name));
	assert_in_range(strlen(fmt_clean(buf, name, sizeof(name))), 100, FMT_TEXT_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_duration),
		cmocka_unit_test(test_duration_is_near),
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_proto),
		cmocka_unit_test(test_tcp_flags),
		cmocka_unit_test(test_clean),
	};

	return cmocka_run_group_tests_name("format", tests, NULL, NULL);
}
