// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* /proc/stat and /proc/net/snmp as kernels write them, and the words that name a program. */
#include <stdio.h>
#include <string.h>
#include "bench/bench.h"
#include "host/cpus.h"
#include "bench/net.h"
#include "base/log.h"
#include "unit.h"

/* What is wrong with a word is for people. */
void log_err(const char *fmt, ...)
{
}

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

/* Columns differ between kernels, so only names may count. */
static void test_snmp(void **state)
{
	static const char text[] = "Ip: Forwarding InReceives New InDiscards\nIp: 1 100 5 7\n"
				   "Udp: NoPorts InDatagrams\nUdp: 18446744073709551615 3\n"
				   "Tcp: InErrs\nTcp: 99\n";
	FILE *f = fmemopen((void *)text, strlen(text), "r");
	struct net_snmp s = {};

	assert_non_null(f);
	net_snmp_parse(f, &s);
	fclose(f);
	assert_int_equal(100, s.in_receives);
	assert_int_equal(7, s.in_discards);
	assert_true(s.udp_no_ports == UINT64_MAX);
	assert_int_equal(3, s.udp_in);
	assert_int_equal(0, s.in_delivers);
}

static void test_specs(void **state)
{
	struct bench_spec s;

	assert_int_equal(0, spec_parse("redirect-map", XB_CLOCK, &s));
	assert_int_equal(XB_REDIRECT_MAP, s.mode);
	assert_int_equal(XB_CLOCK, s.work);
	assert_string_equal("redirect-map:clock", s.label);
	assert_int_equal(0, spec_parse("drop:nothing", XB_CLOCK, &s));
	assert_int_equal(XB_NOTHING, s.work);
	assert_int_equal(0, spec_parse("/a.o:b/prog.o:xdp/x", XB_NOTHING, &s));
	assert_int_equal(XB_USER, s.mode);
	assert_string_equal("/a.o:b/prog.o", s.file);
	assert_string_equal("xdp/x", s.section);
}

static void test_bad_specs(void **state)
{
	static const char *const bad[] = { "", "dro", "dropp", "drop:", "drop:work", ":clock",
					   "prog.o:", "aborted", "program" };
	struct bench_spec s;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(-1, spec_parse(bad[i], XB_NOTHING, &s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_snmp),
		cmocka_unit_test(test_specs),
		cmocka_unit_test(test_bad_specs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
