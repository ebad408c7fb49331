// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* bpf/core/stitch.h: a socket's list of unread records, sorted by the end of their data. */
#include <stdio.h>
#include "unit.h"
#include "stitch_host.h"

#define SK 0xffff88800abcd000ull
#define MOST 200

/* Walks the list both ways and returns its length; `sorted` says what it must be. */
static __u32 check_list(const struct pp_sock *s, int sorted)
{
	__u32 n = 0, prev = 0, cur;

	for (cur = s->head; cur; cur = slab[cur - 1].next) {
		assert_in_range(cur, 1, HOST_RECS);
		assert_int_equal(slab[cur - 1].prev, prev);
		if (sorted && prev)
			assert_false(pp_seq_after(slab[prev - 1].read_seq, slab[cur - 1].read_seq));
		prev = cur;
		assert_in_range(++n, 1, HOST_RECS);
	}
	assert_int_equal(s->tail, prev);
	return n;
}

static void link_seq(struct pp_sock *s, __u32 ref, __u32 end_seq, int *unsorted)
{
	slab[ref - 1].read_seq = end_seq;
	/* What an earlier life left behind must not matter. */
	slab[ref - 1].next = slab[ref - 1].prev = 999;
	pp_sock_link(s, ref, &slab[ref - 1], unsorted);
}

static void link_sorted(struct pp_sock *s, __u32 ref, __u32 end_seq)
{
	int unsorted = 0;

	link_seq(s, ref, end_seq, &unsorted);
	assert_int_equal(unsorted, 0);
	check_list(s, 1);
}

static void pop_all(struct pp_sock *s, __u32 n)
{
	while (n--) {
		assert_true(s->sk == SK);
		assert_int_not_equal(s->head, 0);
		pp_sock_pop(s, &slab[s->head - 1]);
		assert_int_equal(check_list(s, 0), n);
	}
	assert_true(s->sk == 0);
	assert_int_equal(s->head | s->tail, 0);
}

static void shuffle(__u32 *v, __u32 n, __u32 *seed)
{
	for (__u32 i = n; i > 1; i--) {
		__u32 k = next_random(seed) % i, t = v[i - 1];

		v[i - 1] = v[k];
		v[k] = t;
	}
}

static void test_in_order(void **state)
{
	struct pp_sock *s = pp_sock_find(SK, 1);

	for (__u32 i = 1; i <= MOST; i++)
		link_sorted(s, i, 0xffffff00 + i * 16);
	for (__u32 i = 1, cur = s->head; i <= MOST; i++, cur = slab[cur - 1].next)
		assert_int_equal(cur, i);
	pop_all(s, MOST);
}

static void test_reversed(void **state)
{
	struct pp_sock *s = pp_sock_find(SK, 1);

	for (__u32 i = 1; i <= MOST; i++)
		link_sorted(s, i, 0x100 - i * 16);
	assert_int_equal(s->head, MOST);
	assert_int_equal(s->tail, 1);
	pop_all(s, MOST);
}

/* Equal ends (a retransmission of what waits out of order) stay in the order they came. */
static void test_equal_ends_keep_their_order(void **state)
{
	struct pp_sock *s = pp_sock_find(SK, 1);

	link_sorted(s, 1, 100);
	link_sorted(s, 2, 200);
	link_sorted(s, 3, 100);
	assert_int_equal(s->head, 1);
	assert_int_equal(slab[0].next, 3);
	assert_int_equal(slab[2].next, 2);
	pop_all(s, 3);
}

static void permute(__u32 n, __u32 *seed)
{
	struct pp_sock *s = pp_sock_find(SK, 1);
	__u32 order[MOST], i, start;
	int unsorted = 0;

	for (i = 0; i < n; i++)
		order[i] = i + 1;
	shuffle(order, n, seed);
	start = 0u - next_random(seed) % (n * 100);
	for (i = 0; i < n; i++) {
		link_seq(s, order[i], start + order[i] * 100, &unsorted);
		assert_int_equal(check_list(s, !unsorted), i + 1);
	}
	/* What is within reach of either end is always placed. */
	if (n <= 2 * PP_SORT_STEPS)
		assert_int_equal(unsorted, 0);
	pop_all(s, n);
}

static void test_random_orders(void **state)
{
	__u32 seed = 20240607;

	for (int round = 0; round < 3000; round++) {
		__u32 n = 1 + next_random(&seed) % MOST;

		permute(n, &seed);
	}
}

/* Every reference that should be in the list is there, once. */
static void assert_holds(const struct pp_sock *s, __u32 from, __u32 to)
{
	unsigned char seen[HOST_RECS + 1] = { 0 };

	for (__u32 cur = s->head; cur; cur = slab[cur - 1].next)
		assert_int_equal(seen[cur]++, 0);
	for (__u32 i = from; i <= to; i++)
		assert_int_equal(seen[i], 1);
}

static void test_gives_up_far_from_both_ends(void **state)
{
	struct pp_sock *s = pp_sock_find(SK, 1);
	int unsorted = 0;
	__u32 i;

	for (i = 1; i <= MOST; i++)
		link_sorted(s, i, i * 100);
	link_seq(s, i, MOST / 2 * 100 + 50, &unsorted);
	assert_int_equal(unsorted, 1);
	assert_int_equal(check_list(s, 0), i);
	assert_holds(s, 1, i);
	pop_all(s, i);
}

/* --- records coalesced into others while they waited --- */

static void adopt(__u32 parent, __u32 ref, __u32 end_seq)
{
	slab[ref - 1].read_seq = end_seq;
	slab[ref - 1].next = slab[ref - 1].prev = 999;
	pp_adopt(parent, &slab[parent - 1], ref, &slab[ref - 1]);
}

static void assert_order(const struct pp_sock *s, const __u32 *want, __u32 n)
{
	__u32 cur = s->head;

	assert_int_equal(check_list(s, 1), n);
	for (__u32 i = 0; i < n; i++, cur = slab[cur - 1].next)
		assert_int_equal(cur, want[i]);
}

static void test_children_follow_their_parent(void **state)
{
	static const __u32 want[] = { 1, 2, 3, 4 };
	struct pp_sock *s = pp_sock_find(SK, 1);

	adopt(1, 2, 200);
	adopt(1, 3, 300);
	adopt(1, 4, 400);
	link_sorted(s, 1, 100);
	assert_int_equal(slab[0].child | slab[0].child_tail, 0);
	assert_order(s, want, 4);
	link_sorted(s, 5, 500);
	assert_int_equal(s->tail, 5);
	pop_all(s, 5);
}

static void test_parent_goes_into_the_middle(void **state)
{
	static const __u32 want[] = { 10, 1, 2, 3, 20 };
	struct pp_sock *s = pp_sock_find(SK, 1);

	link_sorted(s, 10, 100);
	link_sorted(s, 20, 900);
	adopt(1, 2, 300);
	adopt(1, 3, 400);
	link_sorted(s, 1, 200);
	assert_order(s, want, 5);
	pop_all(s, 5);
}

static void test_parent_goes_to_the_head(void **state)
{
	static const __u32 want[] = { 1, 2, 20 };
	struct pp_sock *s = pp_sock_find(SK, 1);

	link_sorted(s, 20, 900);
	adopt(1, 2, 300);
	link_sorted(s, 1, 200);
	assert_order(s, want, 3);
	pop_all(s, 3);
}

/* Groups in any order, ends wrapping: each stays together and lands in its place. */
static void test_random_groups(void **state)
{
	__u32 seed = 424242, group[20], i, k;

	for (int round = 0; round < 500; round++) {
		struct pp_sock *s = pp_sock_find(SK, 1);
		__u32 start = 0u - next_random(&seed) % 2000, total = 0;

		for (i = 0; i < 20; i++)
			group[i] = i;
		shuffle(group, 20, &seed);
		for (i = 0; i < 20; i++) {
			__u32 ref = group[i] * 5 + 1, kids = next_random(&seed) % 5;

			for (k = 1; k <= kids; k++)
				adopt(ref, ref + k, start + (ref + k) * 10);
			link_sorted(s, ref, start + ref * 10);
			total += 1 + kids;
		}
		pop_all(s, total);
	}
}

#define TEST(name) cmocka_unit_test_setup(name, clear_tables)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_in_order),
		TEST(test_reversed),
		TEST(test_equal_ends_keep_their_order),
		TEST(test_random_orders),
		TEST(test_gives_up_far_from_both_ends),
		TEST(test_children_follow_their_parent),
		TEST(test_parent_goes_into_the_middle),
		TEST(test_parent_goes_to_the_head),
		TEST(test_random_groups),
	};

	return cmocka_run_group_tests_name("socket list", tests, NULL, NULL);
}
