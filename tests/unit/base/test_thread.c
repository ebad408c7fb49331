// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Which signals a thread of thread_start() leaves to its maker. */
#include <signal.h>
#include "base/thread.h"
#include "unit.h"

static void *read_mask(void *set)
{
	pthread_sigmask(SIG_SETMASK, NULL, set);
	return NULL;
}

static sigset_t mask_of_thread(int but)
{
	pthread_t thread;
	sigset_t set;

	sigemptyset(&set);
	assert_int_equal(0, thread_start(&thread, but, read_mask, &set));
	assert_int_equal(0, pthread_join(thread, NULL));
	return set;
}

static void test_all_blocked(void **state)
{
	sigset_t set = mask_of_thread(0);

	assert_true(sigismember(&set, SIGINT) && sigismember(&set, SIGUSR1));
}

static void test_all_but_one(void **state)
{
	sigset_t set = mask_of_thread(SIGUSR1);

	assert_true(sigismember(&set, SIGINT) && !sigismember(&set, SIGUSR1));
}

static void test_own_mask_stays(void **state)
{
	sigset_t before, after;

	sigemptyset(&before);
	sigaddset(&before, SIGUSR2);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	mask_of_thread(0);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	assert_true(sigismember(&after, SIGUSR2) && !sigismember(&after, SIGINT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_blocked),
		cmocka_unit_test(test_all_but_one),
		cmocka_unit_test(test_own_mask_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
