// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* /proc/net/snmp as kernels write it. */
#include <stdio.h>
#include <string.h>
#include "host/snmp.h"
#include "unit.h"

/* Columns differ between kernels, so only names may count. */
static void test_snmp(void **state)
{
	static const char text[] = "Ip: Forwarding InReceives New InDiscards\nIp: 1 100 5 7\n"
				   "Udp: NoPorts InDatagrams\nUdp: 18446744073709551615 3\n"
				   "Tcp: InErrs\nTcp: 99\n";
	FILE *f = fmemopen((void *)text, strlen(text), "r");
	struct snmp s = {};

	assert_non_null(f);
	snmp_parse(f, &s);
	fclose(f);
	assert_int_equal(100, s.in_receives);
	assert_int_equal(7, s.in_discards);
	assert_true(s.udp_no_ports == UINT64_MAX);
	assert_int_equal(3, s.udp_in);
	assert_int_equal(0, s.in_delivers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_snmp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
