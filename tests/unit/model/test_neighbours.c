// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* neighbours.c: which stages a packet must have passed, and when that is said. */
#include <linux/if_ether.h>
#include <netinet/in.h>
#include "unit.h"
#include "model/ledger.h"
#include "model/neighbours.h"

#define ALL (~0u)

static struct pp_rec record(uint32_t stages, uint8_t verdict)
{
	struct pp_rec rec = { .id = 1, .eth_proto = ETH_P_IP, .l4_proto = IPPROTO_UDP,
			      .verdict = verdict };

	for (int st = 0; st < PP_ST_NR; st++)
		if (stages & PP_ST_BIT(st))
			rec.ts[st] = 1000 + st;
	return rec;
}

static const uint32_t usual = PP_ST_BIT(PP_ST_NETIF) | PP_ST_BIT(PP_ST_IP) |
			      PP_ST_BIT(PP_ST_LOCAL) | PP_ST_BIT(PP_ST_L4) |
			      PP_ST_BIT(PP_ST_SOCK) | PP_ST_BIT(PP_ST_READ);

/* What is told after `count` such records in one look. */
static int told(struct neighbours *n, const struct pp_rec *rec, int count, uint32_t served)
{
	struct neighbours_look look = { 0 };

	while (count--)
		neighbours_add(&look, rec, served);
	return neighbours_missing(n, &look);
}

static void test_nothing_lacks(void **state)
{
	struct pp_rec rec = record(usual, PP_V_DELIVERED);
	struct neighbours n = { 0 };

	assert_int_equal(told(&n, &rec, 1000, ALL), -1);
}

static void test_between_two_that_ran(void **state)
{
	static const int stages[] = { PP_ST_NETIF, PP_ST_IP, PP_ST_LOCAL, PP_ST_L4 };
	size_t i;

	for (i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
		struct pp_rec rec = record(usual & ~PP_ST_BIT(stages[i]), PP_V_DELIVERED);
		struct neighbours n = { 0 };

		assert_int_equal(told(&n, &rec, NEIGHBOURS_ENOUGH - 1, ALL), -1);
		assert_int_equal(told(&n, &rec, 1, ALL), stages[i]);
	}
}

/* Packets that have the stage, or no hook for it, or another way: nothing is wrong. */
static void test_no_false_alarm(void **state)
{
	struct pp_rec rec = record(usual & ~PP_ST_BIT(PP_ST_IP), PP_V_DELIVERED);
	struct pp_rec good = record(usual, PP_V_DELIVERED);
	struct neighbours n = { 0 };
	int i;

	for (i = 0; i < 100; i++) {
		assert_int_equal(told(&n, &rec, NEIGHBOURS_ENOUGH - 1, ALL), -1);
		assert_int_equal(told(&n, &good, 1, ALL), -1);
	}
	assert_int_equal(told(&n, &rec, 1000, ALL & ~PP_ST_BIT(PP_ST_IP)), -1);
	rec.flags = PP_F_HOP;
	assert_int_equal(told(&n, &rec, 1000, ALL), -1);
	rec.flags = 0;
	rec.eth_proto = ETH_P_ARP;
	assert_int_equal(told(&n, &rec, 1000, ALL), -1);
}

/* Nothing after the stack's entry: in flight, or until its memory was used again. */
static void test_stuck(void **state)
{
	struct pp_rec rec = record(PP_ST_BIT(PP_ST_NETIF), PP_V_LIVE);
	struct neighbours n = { 0 };

	rec.state = PP_S_SKB;
	rec.egress = 3;
	assert_int_equal(told(&n, &rec, 1000, ALL), -1);	/* it left */
	rec.egress = 0;
	assert_int_equal(told(&n, &rec, NEIGHBOURS_ENOUGH, ALL), PP_ST_IP);
	memset(&n, 0, sizeof(n));
	rec.state = PP_S_FREE;
	rec.verdict = PP_V_DROPPED;
	assert_int_equal(told(&n, &rec, 1000, ALL), -1);
	rec.verdict = PP_V_UNTRACKED;
	rec.loss = PP_L_STALE;
	assert_int_equal(told(&n, &rec, NEIGHBOURS_ENOUGH, ALL), PP_ST_IP);
}

/* By the counters: many are lost as stale, and nothing else ends. */
static void test_no_ends(void **state)
{
	struct pp_rec rec = record(PP_ST_BIT(PP_ST_NETIF), PP_V_LIVE);
	struct neighbours_look look = { .stale = NEIGHBOURS_ENOUGH - 1 };
	struct neighbours n = { 0 };

	rec.state = PP_S_SKB;
	assert_int_equal(neighbours_missing(&n, &look), -1);
	look.ended = 1;
	assert_int_equal(neighbours_missing(&n, &look), -1);
	look.ended = 0;
	assert_int_equal(neighbours_missing(&n, &look), -1);
	assert_int_equal(neighbours_missing(&n, &look), PP_ST_NONE);
	neighbours_add(&look, &rec, ALL);	/* one record is left that tells where */
	assert_int_equal(neighbours_missing(&n, &look), PP_ST_IP);
}

/* What was in flight while hooks did not run is no longer taken for in flight. */
static void test_ledger(void **state)
{
	struct pp_rec slab[3] = { record(usual, PP_V_DELIVERED),
				  record(PP_ST_BIT(PP_ST_NETIF), PP_V_LIVE),
				  record(PP_ST_BIT(PP_ST_IP), PP_V_LIVE) };
	struct ledger led = { .n.seen = 3, .n.verdict[PP_V_DELIVERED] = 1 };

	slab[1].state = slab[2].state = PP_S_SKB;
	slab[1].last_ns = 1000;
	slab[2].last_ns = 2000;
	ledger_add_in_flight(&led, slab, 3, 2000);
	ledger_close(&led, 0);
	assert_int_equal(led.in_flight, 1);
	assert_int_equal(led.in_flight_at[PP_ST_IP], 1);
	assert_int_equal(led.n.loss[PP_L_BLIND], 1);
	assert_true(led.balanced);
	assert_true(led.coverage > 66 && led.coverage < 67);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_lacks),
		cmocka_unit_test(test_between_two_that_ran),
		cmocka_unit_test(test_no_false_alarm),
		cmocka_unit_test(test_stuck),
		cmocka_unit_test(test_no_ends),
		cmocka_unit_test(test_ledger),
	};

	return cmocka_run_group_tests_name("neighbours", tests, NULL, NULL);
}
