// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Numbers as people type them: for each parser what it takes, and what it does not. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include "base/numbers.h"
#include "unit.h"

#define K 1024ull
#define S 1000000000ull
#define UNTOUCHED 0x5ca1ab1eull

struct good {
	const char *word;
	uint64_t value;
};

struct bad {
	const char *word;
	int err;
};

typedef int (*parser)(const char *word, uint64_t *out);

static int seconds(const char *word, uint64_t *out)
{
	return num_time(word, NUM_SECONDS, out);
}

static int with_unit(const char *word, uint64_t *out)
{
	return num_time(word, NUM_UNIT, out);
}

/* In billionths, so that one table serves all. */
static int percent(const char *word, uint64_t *out)
{
	double share;
	int err = num_percent(word, &share);

	if (!err)
		*out = (uint64_t)llround(share * 1e9);
	return err;
}

static void hold(parser parse, const struct good *good, size_t nr_good, const struct bad *bad,
		 size_t nr_bad)
{
	uint64_t out;
	size_t i;

	assert_true(nr_good >= 20 && nr_bad >= 20);
	for (i = 0; i < nr_good; i++) {
		out = UNTOUCHED;
		if (parse(good[i].word, &out) || out != good[i].value)
			fail_msg("'%s' is %llu, not %llu", good[i].word, (unsigned long long)out,
				 (unsigned long long)good[i].value);
	}
	for (i = 0; i < nr_bad; i++) {
		int err;

		out = UNTOUCHED;
		err = parse(bad[i].word, &out);
		if (err != bad[i].err || out != UNTOUCHED)
			fail_msg("'%s' gives %d and %llu, not %d", bad[i].word, err,
				 (unsigned long long)out, bad[i].err);
	}
}

#define LEN(a) (sizeof(a) / sizeof((a)[0]))
#define HOLD(parse, good, bad) hold(parse, good, LEN(good), bad, LEN(bad))

static void test_whole(void **state)
{
	static const struct good good[] = {
		{ "0", 0 }, { "1", 1 }, { "2", 2 }, { "7", 7 }, { "10", 10 }, { "16", 16 },
		{ "007", 7 }, { "60", 60 }, { "96", 96 }, { "100", 100 }, { "1000", 1000 },
		{ "1514", 1514 }, { "10000", 10000 }, { "1k", 1000 }, { "1K", 1000 },
		{ "10k", 10000 }, { "1.5k", 1500 }, { ".5k", 500 }, { "100k", 100000 },
		{ "1M", 1000000 }, { "2.5M", 2500000 }, { "10M", 10000000 }, { "1G", S },
		{ "5.0", 5 }, { "18446744073709551615", UINT64_MAX },
	};
	static const struct bad bad[] = {
		{ "", -EINVAL }, { "-1", -EINVAL }, { "+1", -EINVAL }, { " 1", -EINVAL },
		{ "1 ", -EINVAL }, { "1 k", -EINVAL }, { "x", -EINVAL }, { "5x", -EINVAL },
		{ "1.5", -EINVAL }, { "0x10", -EINVAL }, { "1e3", -EINVAL }, { "1,000", -EINVAL },
		{ "10kk", -EINVAL }, { "k", -EINVAL }, { ".", -EINVAL }, { "1..5k", -EINVAL },
		{ "1.2.3", -EINVAL }, { "nan", -EINVAL }, { "inf", -EINVAL }, { "ten", -EINVAL },
		{ "0.0001k", -EINVAL }, { "5.00000000001", -EINVAL },
		 { "5s", -EINVAL }, { "5%", -EINVAL },
		{ "18446744073709551616", -ERANGE }, { "99999999999999999999999999", -ERANGE },
		{ "18446744073709551615k", -ERANGE },
	};

	HOLD(num_whole, good, bad);
}

static void test_size(void **state)
{
	static const struct good good[] = {
		{ "1", 1 }, { "512", 512 }, { "1024", K }, { "4096", 4 * K }, { "65536", 64 * K },
		{ "64K", 64 * K }, { "64k", 64 * K }, { "64kB", 64 * K }, { "64KB", 64 * K },
		{ "64KiB", 64 * K }, { "16M", 16 * K * K }, { "16MB", 16 * K * K },
		{ "16MiB", 16 * K * K }, { "1G", K * K * K }, { "1GB", K * K * K },
		{ "1GiB", K * K * K }, { "0.5G", 512 * K * K }, { "1.5K", 1536 },
		{ "8388608", 8 * K * K }, { "100B", 100 }, { "20000", 20000 }, { "0", 0 },
	};
	static const struct bad bad[] = {
		{ "", -EINVAL }, { "-1", -EINVAL }, { "+16M", -EINVAL }, { " 16M", -EINVAL },
		{ "16 M", -EINVAL }, { "16m", -EINVAL }, { "16MBit", -EINVAL }, { "16Mi", -EINVAL },
		{ "16T", -EINVAL }, { "M", -EINVAL }, { "MiB", -EINVAL }, { "0.3", -EINVAL },
		{ "1.1K", -EINVAL }, { "big", -EINVAL }, { "0x1000", -EINVAL }, { "1e6", -EINVAL },
		{ "16,000", -EINVAL }, { "16M16", -EINVAL }, { "2^20", -EINVAL },
		{ "1/2", -EINVAL },
		{ "16M ", -EINVAL }, { "50%", -EINVAL }, { "18446744073709551616", -ERANGE },
		{ "99999999999999G", -ERANGE },
	};

	HOLD(num_size, good, bad);
}

static void test_seconds(void **state)
{
	static const struct good good[] = {
		{ "1", S }, { "10", 10 * S }, { "60", 60 * S }, { "0.5", S / 2 }, { ".5", S / 2 },
		{ "2.5", 5 * S / 2 }, { "3.", 3 * S }, { "0.001", S / 1000 }, { "10s", 10 * S },
		{ "10sec", 10 * S }, { "1.5s", 3 * S / 2 }, { "500ms", S / 2 },
		{ "1500ms", 3 * S / 2 }, { "250us", 250000 }, { "250µs", 250000 },
		{ "250μs", 250000 }, { "100ns", 100 }, { "1m", 60 * S }, { "5min", 300 * S },
		{ "1h", 3600 * S }, { "0.5h", 1800 * S }, { "7d", 604800 * S },
		{ "0.30000000000000004", 300000000 },

		{ "1m30s", 90 * S }, { "1h30m", 5400 * S },
	};
	static const struct bad bad[] = {
		{ "", -EINVAL }, { "0", -EINVAL }, { "0s", -EINVAL }, { "0.0", -EINVAL },
		{ "-1", -EINVAL }, { "+1", -EINVAL }, { " 1", -EINVAL }, { "1 s", -EINVAL },
		{ "x", -EINVAL }, { "s", -EINVAL }, { "1x", -EINVAL }, { "1S", -EINVAL },
		{ "1M", -EINVAL }, { "1e3", -EINVAL }, { "nan", -EINVAL }, { "inf", -EINVAL },
		{ "1:30", -EINVAL }, { "1.2.3", -EINVAL }, { "0.1ns", -EINVAL },
		{ "30s1m", -EINVAL },
		{ "1s1s", -EINVAL }, { "1m30", -EINVAL }, { "10seconds", -EINVAL },
		{ "forever", -EINVAL }, { "99999999999", -ERANGE },
		{ "18446744073709551615d", -ERANGE }, { "18446744073709551616", -ERANGE },
		{ "999999999d", -ERANGE },
		{ "99999999999999999999", -ERANGE },
	};

	HOLD(seconds, good, bad);
}

static void test_time_with_unit(void **state)
{
	static const struct good good[] = {
		{ "1ns", 1 }, { "64ns", 64 }, { "999ns", 999 }, { "1us", 1000 }, { "1µs", 1000 },
		{ "1μs", 1000 }, { "1.5us", 1500 }, { "0.5us", 500 }, { ".5us", 500 },
		{ "20us", 20000 }, { "500us", 500000 }, { "1000us", 1000000 }, { "1ms", 1000000 },
		{ "1.5ms", 1500000 }, { "0.25ms", 250000 }, { "10ms", 10000000 },
		{ "200ms", 200000000 }, { "1s", S }, { "2s", 2 * S }, { "0.1s", S / 10 },
		{ "1sec", S }, { "86400s", 86400 * S },
	};
	static const struct bad bad[] = {
		{ "", -EINVAL }, { "5", -EINVAL }, { "0.5", -EINVAL }, { "0ms", -EINVAL },
		{ "-1ms", -EINVAL }, { "+1ms", -EINVAL }, { "1 ms", -EINVAL }, { " 1ms", -EINVAL },
		{ "1ms ", -EINVAL }, { "1m", -EINVAL }, { "1min", -EINVAL }, { "1h", -EINVAL },
		{ "1d", -EINVAL }, { "1s500ms", -EINVAL }, { "ms", -EINVAL }, { "1msec", -EINVAL },
		{ "1MS", -EINVAL }, { "1.5.5ms", -EINVAL }, { "x", -EINVAL }, { "1e3ns", -EINVAL },
		{ "sock", -EINVAL }, { "1ms2", -EINVAL }, { "0.1ns", -EINVAL },
		{ "99999999999999s", -ERANGE },
	};

	HOLD(with_unit, good, bad);
}

static void test_percent(void **state)
{
	static const struct good good[] = {
		{ "1", 10000000 }, { "2", 20000000 }, { "5", 50000000 }, { "10", 100000000 },
		{ "50", 500000000 }, { "100", S }, { "1%", 10000000 }, { "2%", 20000000 },
		{ "10%", 100000000 }, { "25%", 250000000 }, { "100%", S }, { "0.5", 5000000 },
		{ "0.5%", 5000000 }, { ".5%", 5000000 }, { "1.5%", 15000000 }, { "0.1%", 1000000 },
		{ "0.01%", 100000 }, { "99.9%", 999000000 }, { "100.0%", S }, { "02%", 20000000 },
		{ "0.001", 10000 },
	};
	static const struct bad bad[] = {
		{ "", -EINVAL }, { "0", -EINVAL }, { "0%", -EINVAL }, { "0.0%", -EINVAL },
		{ "-1", -EINVAL }, { "-1%", -EINVAL }, { "+1%", -EINVAL }, { " 1%", -EINVAL },
		{ "1 %", -EINVAL }, { "1% ", -EINVAL }, { "%", -EINVAL }, { "%1", -EINVAL },
		{ "1%%", -EINVAL }, { "x", -EINVAL }, { "1p", -EINVAL }, { "1/2", -EINVAL },
		{ "1,5%", -EINVAL }, { "1e1%", -EINVAL }, { "nan", -EINVAL }, { "half", -EINVAL },
		{ "1.2.3", -EINVAL }, { "100.1", -ERANGE }, { "101%", -ERANGE }, { "200", -ERANGE },
		{ "99999999999999999999%", -ERANGE },
	};

	HOLD(percent, good, bad);
}

static void test_one_of(void **state)
{
	static const struct good good[] = {
		{ "1/1", 1 }, { "1/2", 2 }, { "1/3", 3 }, { "1/4", 4 }, { "1/7", 7 }, { "1/8", 8 },
		{ "1/10", 10 }, { "1/11", 11 }, { "1/16", 16 }, { "1/32", 32 }, { "1/100", 100 },
		{ "1/128", 128 }, { "1/1000", 1000 }, { "1/1024", 1024 }, { "1/10000", 10000 },
		{ "1/1000000", 1000000 }, { "1/1k", 1000 }, { "1/10k", 10000 }, { "1/1M", 1000000 },
		{ "100%", 1 }, { "50%", 2 }, { "10%", 10 }, { "12.5%", 8 }, { "1%", 100 },
		{ "0.1%", 1000 },
	};
	static const struct bad bad[] = {
		{ "", -EINVAL }, { "1", -EINVAL }, { "3", -EINVAL }, { "10", -EINVAL },
		{ "1/", -EINVAL }, { "/10", -EINVAL }, { "1/0", -EINVAL }, { "0/10", -EINVAL },
		{ "2/10", -EINVAL }, { "11/10", -EINVAL }, { "1/-10", -EINVAL },
		{ "1/ 10", -EINVAL },
		{ "1 /10", -EINVAL }, { "1/1.5", -EINVAL }, { "1/10%", -EINVAL },
		{ "1/10/10", -EINVAL },
		{ "1:10", -EINVAL }, { "1\\10", -EINVAL }, { "0.1", -EINVAL }, { "0%", -EINVAL },
		{ "3%", -EINVAL }, { "1/x", -EINVAL }, { "x", -EINVAL }, { "1//10", -EINVAL },
		{ "150%", -ERANGE }, { "1/18446744073709551616", -ERANGE },
	};

	HOLD(num_one_of, good, bad);
}

static void test_power_of_two(void **state)
{
	assert_int_equal(1, num_power_of_two(0));
	assert_int_equal(1, num_power_of_two(1));
	assert_int_equal(1024, num_power_of_two(1000));
	assert_int_equal(1024, num_power_of_two(1024));
	assert_int_equal(2048, num_power_of_two(1025));
	assert_true(1ull << 63 == num_power_of_two(1ull << 63));
	assert_int_equal(0, num_power_of_two((1ull << 63) + 1));
}

/* What is written is read as the same again. */
static void test_size_text(void **state)
{
	static const struct good good[] = {
		{ "0", 0 }, { "1", 1 }, { "1000", 1000 }, { "1K", K }, { "64K", 64 * K },
		{ "1536", 1536 }, { "8M", 8 * K * K }, { "1G", K * K * K },
		{ "4096G", K * K * K * 4 * K },
	};
	char buf[NUM_TEXT];
	uint64_t back;
	size_t i;

	for (i = 0; i < LEN(good); i++) {
		assert_string_equal(good[i].word,
				    num_size_text(buf, good[i].value));
		assert_int_equal(0, num_size(buf, &back));
		assert_true(back == good[i].value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_seconds),
		cmocka_unit_test(test_time_with_unit),
		cmocka_unit_test(test_percent),
		cmocka_unit_test(test_one_of),
		cmocka_unit_test(test_power_of_two),
		cmocka_unit_test(test_size_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
