// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* bpf/core/stitch.h: the address index, the slab, the small tables, and a record's stamps. */
#include "unit.h"
#include "stitch_host.h"

#define SKB 0xffff888012345600ull

/* --- address index --- */

static void enter(__u64 addr, __u32 ref)
{
	slab[ref - 1].skb = addr;
	assert_int_equal(pp_index(addr, ref, NOW), 0);
}

static void assert_finds(__u64 addr, __u32 want)
{
	__u32 ref = 0;

	assert_ptr_equal(pp_find(addr, &ref), &slab[want - 1]);
	assert_int_equal(ref, want);
}

static void assert_lost(__u64 addr)
{
	__u32 ref = 77;

	assert_null(pp_find(addr, &ref));
	assert_int_equal(ref, 77);
}

static void test_index_finds_what_was_entered(void **state)
{
	assert_lost(SKB);
	enter(SKB, 5);
	assert_finds(SKB, 5);
	assert_lost(SKB + 8);
	pp_unindex(SKB, 5);
	assert_lost(SKB);
}

/* The word holds the low half only: the record itself tells addresses apart. */
static void test_index_tells_high_halves_apart(void **state)
{
	__u64 other = SKB + (1ull << 32);

	enter(SKB, 5);
	assert_lost(other);
	enter(other, 6);
	assert_finds(SKB, 5);
	assert_finds(other, 6);
	pp_unindex(SKB, 5);
	assert_lost(SKB);
	assert_finds(other, 6);
}

static void test_full_set_evicts_one(void **state)
{
	__u32 slot = pp_hash(SKB, PP_SET_BITS), victim, ref, left = 0, found;
	__u64 addr[PP_WAYS + 1];

	for (ref = 1; ref <= PP_WAYS; ref++) {
		addr[ref - 1] = address_in(slot, PP_SET_BITS, ref);
		enter(addr[ref - 1], ref);
	}
	addr[PP_WAYS] = address_in(slot, PP_SET_BITS, ref);
	slab[ref - 1].skb = addr[PP_WAYS];
	/* All were touched just now: the new one stays out. */
	for (__u32 i = 0; i < PP_WAYS; i++)
		slab[i].last_ns = NOW - PP_OLD_NS + 1;
	assert_int_equal(pp_index(addr[PP_WAYS], ref, NOW), ref);
	assert_lost(addr[PP_WAYS]);
	for (__u32 i = 0; i < PP_WAYS; i++)
		slab[i].last_ns = NOW - PP_OLD_NS;
	victim = pp_index(addr[PP_WAYS], ref, NOW);
	assert_in_range(victim, 1, PP_WAYS);
	assert_lost(addr[victim - 1]);
	assert_finds(addr[PP_WAYS], ref);
	for (ref = 1; ref <= PP_WAYS; ref++)
		left += pp_find(addr[ref - 1], &found) != NULL;
	assert_int_equal(left, PP_WAYS - 1);

	/* The victim's end comes late: it must not take out the one that replaced it. */
	pp_unindex(addr[victim - 1], victim);
	assert_finds(addr[PP_WAYS], PP_WAYS + 1);
}

/* The same address again, before the first was taken out: each goes by its own reference. */
static void test_unindex_of_a_replaced_word(void **state)
{
	enter(SKB, 5);
	pp_unindex(SKB, 6);
	assert_finds(SKB, 5);
	pp_unindex(SKB, 5);
	enter(SKB, 6);
	pp_unindex(SKB, 5);
	assert_finds(SKB, 6);
}

static void test_index_survives_a_bad_reference(void **state)
{
	pp_index(SKB, HOST_RECS + 1, NOW);
	assert_lost(SKB);
}

/* Where slabs put skbs, sets fill evenly: no more than a few evictions at a quarter's load. */
static void test_hash_spreads_real_strides(void **state)
{
	static const __u32 strides[] = { 192, 232, 240, 256, 512, 640, 4096 };

	for (size_t s = 0; s < sizeof(strides) / sizeof(strides[0]); s++) {
		__u32 evicted = 0;

		clear_tables(NULL);
		for (__u32 i = 0; i < PP_SETS; i++)
			evicted += pp_index(SKB + (__u64)i * strides[s], i + 1, NOW) != 0;
		assert_in_range(evicted, 0, PP_SETS / 50);
	}
}

/* --- slab --- */

static void test_alloc_reuses_what_is_free(void **state)
{
	__u32 cursor = 0, first = alloc_ref(&cursor, 15), second = alloc_ref(&cursor, 15);

	assert_int_not_equal(first, 0);
	assert_int_not_equal(second, 0);
	assert_int_not_equal(first, second);
	assert_int_equal(slab[first - 1].state, PP_S_SKB);
	slab[second - 1].state = PP_S_FREE;
	assert_int_equal(alloc_ref(&cursor, 15), second);
}

static void test_alloc_wraps_and_fills(void **state)
{
	__u32 cursor = 0xfffffff5, got = 0, i, ref;

	for (i = 0; i < 16; i++) {
		ref = alloc_ref(&cursor, 15);
		assert_in_range(ref, 1, 16);
		got |= 1u << (ref - 1) % 16;
	}
	assert_int_equal(got, 0xffff);
	assert_int_equal(alloc_ref(&cursor, 15), 0);
	slab[9].state = PP_S_FREE;
	assert_int_equal(alloc_ref(&cursor, 15), 10);
}

/* Giving up costs a bounded search, and the next one goes on where this one ended. */
static void test_alloc_searches_on(void **state)
{
	__u32 cursor = 0, tries = 1;

	for (int i = 0; i < HOST_RECS; i++)
		slab[i].state = PP_S_SOCK;
	slab[100].state = PP_S_FREE;
	while (!alloc_ref(&cursor, HOST_RECS - 1))
		assert_in_range(++tries, 2, HOST_RECS);
	assert_int_equal(slab[100].state, PP_S_SKB);
	assert_int_equal(alloc_ref(&cursor, 4 * HOST_RECS - 1), 0);
}

/* --- sockets --- */

/* Unread data keeps a long run of neighbours busy: that must not cost a packet its record. */
static void test_alloc_jumps_over_a_busy_run(void **state)
{
	__u32 cursor = 0, ref;

	for (int i = 0; i < HOST_RECS / 4; i++)
		slab[i].state = PP_S_SOCK;
	for (int i = 0; i < 10 * HOST_RECS; i++) {
		if (i % 64 == 0)
			cursor = i % HOST_RECS;
		ref = alloc_ref(&cursor, HOST_RECS - 1);
		assert_int_not_equal(ref, 0);
		slab[ref - 1].state = PP_S_FREE;
	}
}

static void test_sock_claim_and_find(void **state)
{
	struct pp_sock *s;

	assert_null(pp_sock_find(SKB, 0));
	s = pp_sock_find(SKB, 1);
	assert_non_null(s);
	assert_true(s->sk == SKB);
	assert_ptr_equal(pp_sock_find(SKB, 0), s);
	assert_ptr_equal(pp_sock_find(SKB, 1), s);
}

static void fill_probes(__u32 slot, __u64 addr[PP_PROBES + 1])
{
	for (__u32 i = 0; i <= PP_PROBES; i++) {
		addr[i] = address_in(slot, PP_SOCK_BITS, i);
		if (i < PP_PROBES)
			assert_non_null(pp_sock_find(addr[i], 1));
	}
}

static void test_sock_probes_neighbours(void **state)
{
	/* The last slot's neighbours are the first ones. */
	static const __u32 slots[] = { 7, PP_SOCKS - 1 };
	__u64 addr[PP_PROBES + 1];

	for (size_t k = 0; k < 2; k++) {
		clear_tables(NULL);
		fill_probes(slots[k], addr);
		for (__u32 i = 0; i < PP_PROBES; i++)
			assert_ptr_equal(pp_sock_find(addr[i], 0),
					 &socks[(slots[k] + i) & (PP_SOCKS - 1)]);
		assert_null(pp_sock_find(addr[PP_PROBES], 1));
	}
}

/* A slot freed in front must not hide the socket that had to go further. */
static void test_sock_release_and_reclaim(void **state)
{
	__u64 addr[PP_PROBES + 1];
	struct pp_sock *s, *last;

	fill_probes(7, addr);
	s = pp_sock_find(addr[0], 0);
	last = pp_sock_find(addr[PP_PROBES - 1], 0);
	s->head = s->tail = 1;
	s->sock_ns = 5;
	pp_sock_pop(s, &slab[0]);
	assert_true(s->sk == 0 && s->head == 0 && s->tail == 0 && s->sock_ns == 0);
	assert_ptr_equal(pp_sock_find(addr[PP_PROBES - 1], 1), last);
	assert_null(pp_sock_find(addr[0], 0));
	assert_ptr_equal(pp_sock_find(addr[PP_PROBES], 1), s);
}

/* --- NAPI instances --- */

static void test_napi_table(void **state)
{
	__u64 addr[PP_PROBES + 1];

	for (__u32 i = 0; i <= PP_PROBES; i++)
		addr[i] = address_in(PP_NAPIS - 1, PP_NAPI_BITS, i);
	assert_null(pp_napi_find(addr[0], 0));
	for (__u32 i = 0; i < PP_PROBES; i++)
		assert_ptr_equal(pp_napi_find(addr[i], 1), &napis[(PP_NAPIS - 1 + i) % PP_NAPIS]);
	for (__u32 i = 0; i < PP_PROBES; i++)
		assert_true(pp_napi_find(addr[i], 0)->napi == addr[i]);
	assert_null(pp_napi_find(addr[PP_PROBES], 1));
	assert_null(pp_napi_find(addr[PP_PROBES], 0));
}

/* An instance that was quiet for long gives its entry up, and no other. */
static void test_napi_age(void **state)
{
	__u64 addr[PP_PROBES + 1], now = 7 * PP_NAPI_OLD_NS;
	struct pp_napi *n;

	for (__u32 i = 0; i <= PP_PROBES; i++)
		addr[i] = address_in(PP_NAPIS - 1, PP_NAPI_BITS, i);
	for (__u32 i = 0; i < PP_PROBES; i++)
		assert_non_null(pp_napi_claim(addr[i], now));
	pp_napi_find(addr[2], 0)->again = 1;
	assert_null(pp_napi_claim(addr[PP_PROBES], now + PP_NAPI_OLD_NS - 1));
	for (__u32 i = 0; i < PP_PROBES; i++)
		if (i != 2)
			pp_napi_claim(addr[i], now + PP_NAPI_OLD_NS - 1);
	n = pp_napi_claim(addr[PP_PROBES], now + PP_NAPI_OLD_NS);
	assert_non_null(n);
	assert_true(n->napi == addr[PP_PROBES] && !n->again && !n->sched_ns);
	assert_ptr_equal(pp_napi_find(addr[PP_PROBES], 0), n);
	assert_null(pp_napi_find(addr[2], 0));
	assert_non_null(pp_napi_find(addr[3], 0));
}

/* --- numbers --- */

static void test_seq_after(void **state)
{
	assert_true(pp_seq_after(2, 1));
	assert_false(pp_seq_after(1, 2));
	assert_false(pp_seq_after(1, 1));
	assert_true(pp_seq_after(3, 0xfffffffe));
	assert_false(pp_seq_after(0xfffffffe, 3));
	assert_true(pp_seq_after(0x7fffffff, 0));
	assert_false(pp_seq_after(0, 0x7fffffff));
}

static void test_stamp(void **state)
{
	struct pp_rec rec = { .last_ns = 50 };

	assert_int_equal(pp_stamp(&rec, PP_ST_IP, 60, 3), 0);
	assert_true(rec.ts[PP_ST_IP] == 60 && rec.last_ns == 60);
	assert_int_equal(rec.cpu[PP_ST_IP], 3);
	/* Once only: a packet that passes twice keeps its first time, whatever the clock says. */
	assert_int_equal(pp_stamp(&rec, PP_ST_IP, 70, 4), 0);
	assert_int_equal(pp_stamp(&rec, PP_ST_IP, 10, 4), 0);
	assert_true(rec.ts[PP_ST_IP] == 60 && rec.cpu[PP_ST_IP] == 3 && rec.last_ns == 60);
	/* Another CPU's clock is behind: clamped, and said. */
	assert_int_equal(pp_stamp(&rec, PP_ST_L4, 59, 1), 1);
	assert_true(rec.ts[PP_ST_L4] == 60 && rec.last_ns == 60);
	assert_int_equal(pp_stamp(&rec, PP_ST_SOCK, 60, 1), 0);
	assert_true(rec.ts[PP_ST_SOCK] == 60);
}

#define TEST(name) cmocka_unit_test_setup(name, clear_tables)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_index_finds_what_was_entered),
		TEST(test_index_tells_high_halves_apart),
		TEST(test_full_set_evicts_one),
		TEST(test_unindex_of_a_replaced_word),
		TEST(test_index_survives_a_bad_reference),
		TEST(test_hash_spreads_real_strides),
		TEST(test_alloc_reuses_what_is_free),
		TEST(test_alloc_wraps_and_fills),
		TEST(test_alloc_searches_on),
		TEST(test_alloc_jumps_over_a_busy_run),
		TEST(test_sock_claim_and_find),
		TEST(test_sock_probes_neighbours),
		TEST(test_sock_release_and_reclaim),
		TEST(test_napi_table),
		TEST(test_napi_age),
		TEST(test_seq_after),
		TEST(test_stamp),
	};

	return cmocka_run_group_tests_name("stitch", tests, NULL, NULL);
}
