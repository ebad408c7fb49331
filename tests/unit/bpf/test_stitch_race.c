// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * bpf/core/stitch.h under threads: what CPUs do to the shared tables at the same time. Nothing
 * may be handed out twice and nothing may be lost. The thread sanitizer is of no use here, since
 * the code reads without locks on purpose.
 */
#include <pthread.h>
#include <sched.h>
#include "unit.h"
#include "stitch_host.h"

#define THREADS 4
#define ROUNDS 100000

static pthread_barrier_t start;
static volatile __u32 owner[HOST_RECS + 1];
static volatile int broken;

struct job {
	pthread_t thread;
	__u32 id;		/* from 1 on */
	__u32 got;
};

static void run_threads(void *(*fn)(void *job), struct job jobs[THREADS])
{
	__u32 i;

	broken = 0;
	assert_int_equal(pthread_barrier_init(&start, NULL, THREADS), 0);
	for (i = 0; i < THREADS; i++) {
		jobs[i] = (struct job){ .id = i + 1 };
		assert_int_equal(pthread_create(&jobs[i].thread, NULL, fn, &jobs[i]), 0);
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(jobs[i].thread, NULL);
	pthread_barrier_destroy(&start);
	assert_int_equal(broken, 0);
}

/* With two cores only, preemption within the window has to be provoked. */
static void let_others_in(__u32 i)
{
	if (!(i % 64))
		sched_yield();
}

static void *alloc_and_free(void *arg)
{
	struct job *job = arg;
	__u32 cursor = 0, ref, i;

	pthread_barrier_wait(&start);
	for (i = 0; i < ROUNDS; i++) {
		ref = alloc_ref(&cursor, 15);
		if (!ref)
			continue;
		job->got++;
		if (__sync_val_compare_and_swap(&owner[ref], 0, job->id))
			broken = 1;
		let_others_in(i);
		if (__sync_val_compare_and_swap(&owner[ref], job->id, 0) != job->id)
			broken = 1;
		*(volatile __u32 *)&slab[ref - 1].state = PP_S_FREE;
		cursor += i & 1;
	}
	return NULL;
}

static void test_alloc_hands_out_once(void **state)
{
	struct job jobs[THREADS];
	__u32 got = 0;

	run_threads(alloc_and_free, jobs);
	for (int i = 0; i < THREADS; i++)
		got += jobs[i].got;
	assert_in_range(got, ROUNDS, THREADS * ROUNDS);
	for (int i = 0; i < 16; i++)
		assert_int_equal(slab[i].state, PP_S_FREE);
}

/* Different sockets that hash to the same place: each gets a slot of its own. */
static void *claim_and_release(void *arg)
{
	struct job *job = arg;
	__u64 sk = address_in(9, PP_SOCK_BITS, job->id);
	struct pp_rec last = { 0 };
	struct pp_sock *s;
	__u32 i;

	pthread_barrier_wait(&start);
	for (i = 0; i < ROUNDS; i++) {
		s = pp_sock_find(sk, 1);
		if (!s)
			continue;
		job->got++;
		if (__sync_lock_test_and_set(&s->head, job->id))
			broken = 1;
		let_others_in(i);
		if (__sync_fetch_and_add(&s->head, 0) != job->id || *(volatile __u64 *)&s->sk != sk)
			broken = 1;
		pp_sock_pop(s, &last);
	}
	return NULL;
}

static void test_sock_slots_have_one_owner(void **state)
{
	struct job jobs[THREADS];

	run_threads(claim_and_release, jobs);
	/* Four sockets, four neighbours: a slot is found whenever no other one is in the way. */
	for (int i = 0; i < THREADS; i++)
		assert_in_range(jobs[i].got, ROUNDS / 2, ROUNDS);
}

/*
 * Every CPU enters and takes out records of its own in one and the same set, as long as it has
 * room: each must be found until it is taken out.
 */
static void *index_and_unindex(void *arg)
{
	struct job *job = arg;
	__u64 addr = address_in(3, PP_SET_BITS, job->id);
	__u32 i, found;

	slab[job->id - 1].skb = addr;
	pthread_barrier_wait(&start);
	for (i = 0; i < ROUNDS; i++) {
		if (pp_index(addr, job->id, NOW))
			broken = 1;
		let_others_in(i);
		if (pp_find(addr, &found) != &slab[job->id - 1])
			broken = 1;
		pp_unindex(addr, job->id);
	}
	return NULL;
}

static void assert_set_empty(__u32 slot)
{
	for (int i = 0; i < PP_WAYS; i++)
		assert_true(sets[slot].way[i] == 0);
}

static void test_index_ways_have_one_owner(void **state)
{
	struct job jobs[THREADS];

	run_threads(index_and_unindex, jobs);
	assert_set_empty(3);
}

/*
 * CPUs push each other's records out of a full set. Half of them take theirs out again, the
 * others leave them to be evicted: each of these is reported as a victim once, or still there.
 */
#define STAYERS 2

static unsigned char left[STAYERS * ROUNDS + 1];

static void note_victim(__u32 ref)
{
	if (ref && ref <= STAYERS * ROUNDS && __sync_fetch_and_add(&left[ref], 1))
		broken = 1;
}

static void *overfill(void *arg)
{
	struct job *job = arg;
	__u32 i, ref, base = (job->id - 1) * ROUNDS + 1;
	__u64 addr = address_in(3, PP_SET_BITS, job->id);

	pthread_barrier_wait(&start);
	for (i = 0; i < ROUNDS; i++) {
		ref = base + i;
		note_victim(pp_index(addr, ref, NOW));
		let_others_in(i);
		if (job->id > STAYERS)
			pp_unindex(addr, ref);
	}
	return NULL;
}

static void test_full_set_loses_nobody(void **state)
{
	struct job jobs[THREADS];
	__u32 lost = 0;

	memset(left, 0, sizeof(left));
	run_threads(overfill, jobs);
	for (int i = 0; i < PP_WAYS; i++)
		note_victim((__u32)sets[3].way[i]);
	assert_int_equal(broken, 0);
	for (__u32 ref = 1; ref <= STAYERS * ROUNDS; ref++)
		lost += !left[ref];
	assert_int_equal(lost, 0);
}

#ifdef PP_LEGACY
/* Whoever finds a lock held for good changes nothing, and does not believe that he has. */
static void test_stuck_lock_claims_nothing(void **state)
{
	__u64 addr = address_in(3, PP_SET_BITS, 1);
	__u32 cursor = 0, ref = alloc_ref(&cursor, 15), found;

	assert_int_equal(ref, 1);
	slab[0].skb = addr;
	assert_int_equal(pp_index(addr, ref, NOW), 0);
	locks_stuck = 1;
	assert_int_equal(alloc_ref(&cursor, 15), 0);
	assert_int_equal(pp_unindex(addr, ref), 0);
	assert_ptr_equal(pp_find(addr, &found), &slab[0]);
	assert_int_equal(pp_index(address_in(3, PP_SET_BITS, 2), 2, NOW), 2);
	assert_null(pp_sock_find(0xffff888000000040ull, 1));
	assert_null(pp_napi_find(0xffff888000000040ull, 1));
	locks_stuck = 0;
	assert_int_equal(pp_unindex(addr, ref), 1);
	assert_set_empty(3);
	for (int i = 1; i < 16; i++)
		assert_int_equal(slab[i].state, PP_S_FREE);
}

/* No lock is left behind by any of the tests before. */
static void test_locks_are_given_back(void **state)
{
	assert_true(locks_taken > ROUNDS);
	for (int i = 0; i < HOST_LOCKS; i++)
		assert_int_equal(locks[i], 0);
}
#endif

#define TEST(name) cmocka_unit_test_setup(name, clear_tables)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_alloc_hands_out_once),
		TEST(test_sock_slots_have_one_owner),
		TEST(test_index_ways_have_one_owner),
		TEST(test_full_set_loses_nobody),
#ifdef PP_LEGACY
		TEST(test_stuck_lock_claims_nothing),
		TEST(test_locks_are_given_back),
#endif
	};

	return cmocka_run_group_tests_name("stitch race", tests, NULL, NULL);
}
