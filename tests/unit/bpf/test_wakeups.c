// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Who slept, who was woken and who got a CPU when: bpf/core/wakeups.h. */
#include "unit.h"
#include "stitch_host.h"

static struct pp_task tasks[PP_TASKS];
static __u64 pp_watched[PP_TASKS / 64];

static struct pp_task *pp_task_at(__u32 i)
{
	return i < PP_TASKS ? &tasks[i] : NULL;
}

#include "core/wakeups.h"

#define TID 4711u
static __u64 sleeps;

#define SK 0xffff888012345678ull

static int clear(void **state)
{
	memset(tasks, 0, sizeof(tasks));
	memset(pp_watched, 0, sizeof(pp_watched));
	return clear_tables(state);
}

static void woken(__u64 at)
{
	pp_task_wake(TID, SK, at, 1);
}

static void runs(__u64 at)
{
	struct pp_task *t = pp_task_find(TID);

	if (t)
		pp_task_run(t, at, 2);
}

/* A packet that was queued at `sock`, read by the thread at `now`. */
static struct pp_rec read_at(__u64 now, __u64 sock, __u64 sk)
{
	struct pp_rec rec = { .last_ns = sock };
	struct pp_task *t = pp_task_watch(TID);

	rec.ts[PP_ST_SOCK] = sock;
	assert_non_null(t);
	assert_int_equal(pp_take_wake(&rec, t, sk, sleeps), 0);
	pp_task_reads(t, now, sleeps);
	return rec;
}

/* After a sleep. */
static struct pp_rec read_of(__u64 sock, __u64 sk)
{
	sleeps++;
	return read_at(1000, sock, sk);
}

static void check_stamps(struct pp_rec rec, __u64 wake, __u64 run, int awake)
{
	assert_int_equal(rec.ts[PP_ST_WAKE], wake);
	assert_int_equal(rec.ts[PP_ST_RUN], run);
	assert_int_equal(!!(rec.flags & PP_F_AWAKE), awake);
	assert_int_equal(rec.cpu[PP_ST_WAKE], wake ? 1 : 0);
	assert_int_equal(rec.cpu[PP_ST_RUN], run ? 2 : 0);
}

static void test_a_sleeper_is_woken_and_runs(void **state)
{
	woken(110);
	runs(150);
	check_stamps(read_of(100, SK), 110, 150, 0);
	check_stamps(read_of(110, SK), 110, 150, 0);
}

static void test_what_comes_before_it_runs_takes_that(void **state)
{
	woken(110);
	runs(150);
	check_stamps(read_of(120, SK), 0, 150, 0);
	/* Of another socket: that it was woken for this one is no wake-up for that. */
	check_stamps(read_of(120, SK + 8), 0, 150, 0);
	check_stamps(read_of(105, SK + 8), 0, 0, 0);
}

static void test_who_runs_is_awake(void **state)
{
	woken(110);
	runs(150);
	check_stamps(read_of(150, SK), 0, 0, 1);
	check_stamps(read_of(200, SK), 0, 0, 1);
	/* Preempted and back: it slept for no packet. */
	runs(300);
	check_stamps(read_of(250, SK), 0, 0, 0);
	check_stamps(read_of(100, SK), 110, 150, 0);
	check_stamps(read_of(310, SK), 0, 0, 1);
}

static void test_who_lost_its_cpu_is_awake(void **state)
{
	read_of(5, SK);
	runs(1010);
	check_stamps(read_at(1030, 1005, SK), 0, 0, 1);
	runs(1050);
	check_stamps(read_at(1060, 1020, SK), 0, 0, 1);	/* it waited behind another */
	check_stamps(read_at(1060, 990, SK), 0, 0, 0);	/* it came before all that is known */
	runs(1080);
	sleeps++;
	check_stamps(read_at(1090, 1070, SK), 0, 0, 0);
}

static void test_a_stranger_tells_nothing(void **state)
{
	runs(50);	/* not known as a reader yet */
	check_stamps(read_of(100, SK), 0, 0, 0);
	runs(200);
	check_stamps(read_of(150, SK), 0, 0, 0);	/* it slept for something else: SIGSTOP */
	check_stamps(read_of(200, SK), 0, 0, 1);
}

static void test_woken_before_it_left_its_cpu(void **state)
{
	woken(10);
	runs(20);
	woken(110);
	check_stamps(read_of(100, SK), 0, 0, 1);
	/* It sleeps now, but not for this socket; nothing of the wake-up is left. */
	runs(500);
	check_stamps(read_of(400, SK), 0, 0, 0);
}

static void test_threads_of_one_slot(void **state)
{
	struct pp_task *t;

	woken(110);
	pp_task_wake(TID + PP_TASKS, SK, 120, 1);
	assert_null(pp_task_find(TID));
	t = pp_task_find(TID + PP_TASKS);
	assert_non_null(t);
	pp_task_run(t, 130, 2);
	runs(140);
	assert_int_equal(t->on_ns, 130);
	/* The first one reads: what the other was woken for is not its. */
	check_stamps(read_of(100, SK), 0, 0, 0);
}

static void test_thread_0_is_idle(void **state)
{
	pp_task_wake(0, SK, 1, 0);
	assert_null(pp_task_find(0));
	assert_null(pp_task_watch(0));
	woken(2);
	assert_null(pp_task_find(TID + 1));
}

/* Whatever happens in whatever order, a record's stages are in order. */
static void test_stamps_are_in_order(void **state)
{
	__u64 now = 100, sock = 0;
	__u32 x = 4711, i, taken = 0;

	for (i = 0; i < 200000; i++) {
		now += next_random(&x) % 3;
		switch (next_random(&x) % 5) {
		case 0: woken(now); break;
		case 1: runs(now); break;
		case 2: pp_task_wake(TID + PP_TASKS * (x & 1), SK, now, 1); break;
		case 3: sock = now; break;
		default: {
			struct pp_rec rec;
			__u64 wake, run;

			sleeps += x >> 7 & 1;
			rec = read_at(now, sock, SK);
			wake = rec.ts[PP_ST_WAKE];
			run = rec.ts[PP_ST_RUN];
			assert_true(!wake || (sock <= wake && wake <= run));
			assert_true(!run || (sock <= run && run <= now));
			assert_false(run && rec.flags & PP_F_AWAKE);
			taken += wake != 0;
		}
		}
	}
	assert_true(taken > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_a_sleeper_is_woken_and_runs, clear),
		cmocka_unit_test_setup(test_what_comes_before_it_runs_takes_that, clear),
		cmocka_unit_test_setup(test_who_runs_is_awake, clear),
		cmocka_unit_test_setup(test_who_lost_its_cpu_is_awake, clear),
		cmocka_unit_test_setup(test_a_stranger_tells_nothing, clear),
		cmocka_unit_test_setup(test_woken_before_it_left_its_cpu, clear),
		cmocka_unit_test_setup(test_threads_of_one_slot, clear),
		cmocka_unit_test_setup(test_thread_0_is_idle, clear),
		cmocka_unit_test_setup(test_stamps_are_in_order, clear),
	};

	return cmocka_run_group_tests_name("wake", tests, NULL, NULL);
}
