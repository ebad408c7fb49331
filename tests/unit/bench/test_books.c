// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Conservation: what is received and lost in each mode adds up to what was generated, or not. */
#include <string.h>
#include "bench/books.h"
#include "bench/no_rate.h"
#include "unit.h"

static struct tally before, after;
static struct books books;

static int start(void **state)
{
	int i;

	/* Counters that have run before: only differences may count. */
	memset(&before, 0, sizeof(before));
	before.sent = 1000;
	before.counted = 77;
	for (i = 0; i < NR_DEVS; i++)
		before.dev[i] = (struct net_counts){ .xdp_packets = 5, .rx_drops = 6,
						     .xdp_drops = 7, .xmit_errors = 8,
						     .xdp_tx_errors = 9, .tx_dropped = 10 };
	before.snmp.udp_no_ports = 11;
	after = before;
	return 0;
}

static int64_t make(enum xb_mode mode, bool generic)
{
	books_make(&books, mode, generic, &before, &after);
	return books_unexplained(&books);
}

static void test_drop(void **state)
{
	after.sent += 100;
	after.dev[DEV_DUT].xdp_drops += 90;
	after.dev[DEV_GEN].xmit_errors += 10;
	assert_int_equal(0, make(XB_DROP, false));
	assert_int_equal(90, books.received);
	assert_int_equal(10, books_lost(&books));
	after.dev[DEV_DUT].xdp_drops--;
	assert_int_equal(1, make(XB_DROP, false));
	after.dev[DEV_DUT].xdp_drops += 3;
	assert_int_equal(-2, make(XB_DROP, false));
}

/* In the stack the driver's counters say nothing of the program. */
static void test_drop_generic(void **state)
{
	after.sent += 100;
	after.dev[DEV_DUT].xdp_drops += 100;
	assert_int_equal(100, make(XB_DROP, true));
	after.counted += 100;
	assert_int_equal(0, make(XB_DROP, true));
}

/* A packet that was sent back is received only where it arrives. */
static void test_tx(void **state)
{
	after.sent += 100;
	after.dev[DEV_DUT].xdp_tx += 100;
	assert_int_equal(100, make(XB_TX, false));
	after.dev[DEV_GEN].xdp_packets += 60;
	after.dev[DEV_DUT].xdp_tx_errors += 40;
	assert_int_equal(0, make(XB_TX, false));
	assert_int_equal(40, books_lost(&books));
}

static void test_redirect(void **state)
{
	after.sent += 100;
	after.dev[DEV_SINK0].xdp_packets += 70;
	after.dev[DEV_OUT0].xmit_errors += 20;
	after.dev[DEV_DUT].rx_drops += 10;
	assert_int_equal(0, make(XB_REDIRECT, false));
	assert_int_equal(0, make(XB_REDIRECT_MAP, false));
	assert_int_equal(70, books.received);
	/* Sinks of others are not its own. */
	after.dev[DEV_SINK1].xdp_packets += 5;
	assert_int_equal(0, make(XB_REDIRECT, false));
}

/* Every packet is there twice; one that is lost before it is copied is lost twice. */
static void test_multi(void **state)
{
	after.sent += 100;
	after.dev[DEV_GEN].xmit_errors += 10;
	after.dev[DEV_SINK0].xdp_packets += 90;
	after.dev[DEV_SINK1].xdp_packets += 80;
	after.dev[DEV_OUT1].xmit_errors += 10;
	assert_int_equal(0, make(XB_REDIRECT_MULTI, false));
	assert_int_equal(200, books.generated);
	assert_int_equal(170, books.received);
}

static void test_cpu(void **state)
{
	after.sent += 100;
	after.counted += 30;
	after.cpumap_drops += 70;
	assert_int_equal(0, make(XB_REDIRECT_CPU, false));
	assert_int_equal(30, books.received);
}

/* What a socket refuses is also refused by its redirect, and must not count twice. */
static void test_xsk(void **state)
{
	after.sent += 100;
	after.xsk_received += 50;
	after.xsk_no_buffer += 20;
	after.xsk_ring_full += 30;
	after.dev[DEV_DUT].rx_drops += 50;
	assert_int_equal(0, make(XB_XSK, false));
	assert_int_equal(50, books_lost(&books));
}

static void test_pass(void **state)
{
	after.sent += 100;
	after.snmp.udp_no_ports += 95;
	after.snmp.in_hdr_errors += 5;
	assert_int_equal(0, make(XB_PASS, false));
	assert_int_equal(95, books.received);
}

static void test_user(void **state)
{
	after.sent += 100;
	after.dev[DEV_DUT].xdp_packets += 100;
	after.dev[DEV_DUT].rx_drops += 10;	/* after the program had it */
	assert_int_equal(0, make(XB_USER, false));
}

static const char *why(const struct bench_opts *o, enum xb_mode mode, uint64_t calls)
{
	static char buf[WHY_NO_RATE];

	books_make(&books, mode, o->generic, &before, &after);
	return why_no_rate(buf, o, mode, &books, calls, 1000000000);
}

static void test_reasons(void **state)
{
	struct bench_opts o = { .sink = true, .gro = true, .repeat = 64 };

	assert_string_equal("nothing was generated", why(&o, XB_DROP, 0));
	after.sent += 100;
	assert_string_equal("nothing arrived at the end of the path", why(&o, XB_DROP, 0));
	o.sink = false;
	assert_non_null(strstr(why(&o, XB_TX, 0), "sent back"));
	assert_non_null(strstr(why(&o, XB_REDIRECT, 0), "redirected"));
	o.generic = true;
	o.gro = false;
	assert_non_null(strstr(why(&o, XB_DROP, 0), "GRO"));
	o.generic = false;
	after.dev[DEV_DUT].xdp_drops += 99;
	assert_non_null(strstr(why(&o, XB_DROP, 0), "1 of 100 packets"));
	after.dev[DEV_DUT].xdp_drops++;
	assert_null(why(&o, XB_DROP, 0));
	assert_non_null(strstr(why(&o, XB_DROP, 1), "repeat"));	/* 30 ms of one second */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_drop, start),
		cmocka_unit_test_setup(test_drop_generic, start),
		cmocka_unit_test_setup(test_tx, start),
		cmocka_unit_test_setup(test_redirect, start),
		cmocka_unit_test_setup(test_multi, start),
		cmocka_unit_test_setup(test_cpu, start),
		cmocka_unit_test_setup(test_xsk, start),
		cmocka_unit_test_setup(test_pass, start),
		cmocka_unit_test_setup(test_user, start),
		cmocka_unit_test_setup(test_reasons, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
