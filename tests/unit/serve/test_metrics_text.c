// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The text of metrics, character by character, and which format a scraper gets. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "serve/metrics_text.h"
#include "unit.h"

static const struct family counter = { "pp_things", "", "Things \\ \"here\"\nand there.",
				       M_COUNTER };
static const struct family gauge = { "pp_size_bytes", "bytes", "Size.", M_GAUGE };
static const struct family hist = { "pp_time_seconds", "seconds", "Time.", M_HISTOGRAM };
static const struct family info = { "pp_build", "", "Build.", M_INFO };

static void check_text(struct metrics *m, const char *want)
{
	assert_int_equal(0, metrics_end(m));
	assert_string_equal(want, m->text);
	assert_int_equal(strlen(want), m->len);
	metrics_free(m);
}

static void test_open(void **state)
{
	const struct exemplar ex = { { { { "packet", "7" } }, 1 }, 0.5, 1700000000.25 };
	const struct labels l = { { { "a", "x\\y\"z\n" }, { "b", "" } }, 2 };
	struct metrics m = {};

	metrics_start(&m, METRICS_OPEN);
	metrics_family(&m, &counter);
	metrics_count(&m, &l, UINT64_MAX);
	metrics_example(&m, NULL, 3, &ex);
	metrics_family(&m, &gauge);
	metrics_double(&m, NULL, 0.1);
	metrics_family(&m, &info);
	metrics_count(&m, NULL, 1);
	check_text(&m, "# HELP pp_things Things \\\\ \\\"here\\\"\\nand there.\n"
		   "# TYPE pp_things counter\n"
		   "pp_things_total{a=\"x\\\\y\\\"z\\n\",b=\"\"} 18446744073709551615\n"
		   "pp_things_total 3 # {packet=\"7\"} 0.5 1700000000.250\n"
		   "# HELP pp_size_bytes Size.\n# TYPE pp_size_bytes gauge\n"
		   "# UNIT pp_size_bytes bytes\npp_size_bytes 0.1\n"
		   "# HELP pp_build Build.\n# TYPE pp_build info\npp_build_info 1\n# EOF\n");
}

/* No unit, no exemplar, no end; a family is named as its samples are, and information a gauge. */
static void test_plain(void **state)
{
	const struct exemplar ex = { .value = 1, .time = 1 };
	struct metrics m = {};

	metrics_start(&m, METRICS_TEXT);
	metrics_family(&m, &counter);
	metrics_example(&m, NULL, 3, &ex);
	metrics_family(&m, &info);
	metrics_count(&m, NULL, 1);
	check_text(&m, "# HELP pp_things_total Things \\\\ \"here\"\\nand there.\n"
		   "# TYPE pp_things_total counter\npp_things_total 3\n"
		   "# HELP pp_build_info Build.\n# TYPE pp_build_info gauge\npp_build_info 1\n");
}

static void test_numbers(void **state)
{
	static const double values[] = { 0, 1e21, 1.0 / 3, 5e-324, -2.5 };
	struct metrics m = {};
	char *at;

	metrics_start(&m, METRICS_TEXT);
	metrics_family(&m, &gauge);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		metrics_double(&m, NULL, values[i]);
		m.text[--m.len] = '\0';	/* the line feed */
		at = strrchr(m.text, ' ');
		assert_true(strtod(at, NULL) == values[i]);
		metrics_double(&m, NULL, 0);
	}
	metrics_start(&m, METRICS_TEXT);
	metrics_family(&m, &gauge);
	m.len = 0;
	metrics_double(&m, NULL, INFINITY);
	metrics_double(&m, NULL, -INFINITY);
	metrics_double(&m, NULL, NAN);
	check_text(&m, "pp_size_bytes +Inf\npp_size_bytes -Inf\npp_size_bytes NaN\n");
}

/* A bucket of the text, by its position; the bound in ns, ~0 for +Inf. */
static const char *next_bucket(const char *at, uint64_t *bound, uint64_t *count)
{
	double le;

	at = strstr(at, "_bucket{");
	if (!at)
		return NULL;
	at = strstr(at, "le=\"") + 4;
	le = strtod(at, NULL);
	*bound = isinf(le) ? UINT64_MAX : (uint64_t)llround(le * 1e9);
	*count = strtoull(strchr(at, ' '), NULL, 10);
	return at;
}

/* Cumulative counts are exact: checked against each duration by itself, those at the bounds too. */
static void check_exact(uint32_t per_octave)
{
	static const uint64_t ns[] = { 0, 1, 63, 126, 127, 128, 129, 191, 192, 255, 256, 319, 320,
				       1000, 1023, 1024, 1535, 1536, 999999, 1048575, 1048576,
				       8589934591, 8589934592, 1ull << 35, 1ull << 40 };
	uint64_t row[PP_H_BUCKETS] = {}, bound, count, below, last = 0;
	const size_t nr = sizeof(ns) / sizeof(ns[0]);
	struct metrics m = {};
	const char *at;
	uint32_t n = 0;

	for (size_t i = 0; i < nr; i++)
		row[pp_hist_bucket(ns[i])]++;
	metrics_start(&m, METRICS_OPEN);
	metrics_family(&m, &hist);
	metrics_histogram(&m, NULL, row, per_octave);
	for (at = m.text; (at = next_bucket(at, &bound, &count)); n++) {
		below = 0;
		for (size_t i = 0; i < nr; i++)
			below += ns[i] <= bound;
		assert_int_equal(below, count);
		assert_true(!n || bound > last);
		last = bound;
	}
	assert_int_equal(UINT64_MAX, last);
	assert_int_equal(metrics_histogram_series(per_octave), n + 2);
	metrics_free(&m);
}

static void test_buckets(void **state)
{
	check_exact(1);
	check_exact(2);
	check_exact(4);
	check_exact(8);
}

static void test_sum(void **state)
{
	const struct labels l = { { { "stage", "ip" } }, 1 };
	uint64_t row[PP_H_BUCKETS] = {};
	struct metrics m = {};
	const char *sum;

	row[50] = 2;				/* 50 ns, exactly */
	row[pp_hist_bucket(1 << 20)] = 1;	/* 2^20 .. 2^20 + 2^15 - 1 */
	metrics_start(&m, METRICS_TEXT);
	metrics_family(&m, &hist);
	metrics_histogram(&m, &l, row, 1);
	sum = strstr(m.text, "_sum{stage=\"ip\"} ");
	assert_non_null(sum);
	assert_true(fabs(strtod(strchr(sum, ' '), NULL) * 1e9 - (100 + 1048576 + 16383.5)) < 0.1);
	assert_non_null(strstr(m.text, "_count{stage=\"ip\"} 3\n"));
	assert_non_null(strstr(m.text, "_bucket{stage=\"ip\",le=\"1.27e-07\"} 2\n"));
	assert_non_null(strstr(m.text, "_bucket{stage=\"ip\",le=\"8.589934591\"} 3\n"));
	assert_non_null(strstr(m.text, "_bucket{stage=\"ip\",le=\"+Inf\"} 3\n"));
	metrics_free(&m);
}

static void test_negotiation(void **state)
{
	static const struct {
		const char *accept;
		enum metrics_format want;
	} cases[] = {
		{ NULL, METRICS_TEXT },
		{ "", METRICS_TEXT },
		{ "*/*", METRICS_TEXT },
		{ "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", METRICS_TEXT },
		{ "application/openmetrics-text", METRICS_OPEN },
		{ "Application/OpenMetrics-Text; version=1.0.0", METRICS_OPEN },
		{ "application/openmetrics-text; version=2.0.0", METRICS_TEXT },
		{ "application/openmetrics-text;q=0", METRICS_TEXT },
		{ "application/openmetrics-text;q=0.3,text/plain;q=0.5", METRICS_TEXT },
		{ "application/openmetrics-text;q=junk,text/plain", METRICS_TEXT },
		/* Prometheus 2.42 */
		{ "application/openmetrics-text;version=1.0.0,"
		  "application/openmetrics-text;version=0.0.1;"
		  "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", METRICS_OPEN },
		{ "text/plain;version=0.0.4;q=1,*/*;q=0.1", METRICS_TEXT },
		{ ",,;;,=,;q=,\t,application/openmetrics-textual", METRICS_TEXT },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(cases[i].want, metrics_negotiate(cases[i].accept));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),    cmocka_unit_test(test_plain),
		cmocka_unit_test(test_numbers), cmocka_unit_test(test_buckets),
		cmocka_unit_test(test_sum),     cmocka_unit_test(test_negotiation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
