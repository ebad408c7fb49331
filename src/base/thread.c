// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <signal.h>
#include "base/thread.h"

int thread_start(pthread_t *thread, int but, void *(*run)(void *arg), void *arg)
{
	sigset_t all, before;
	int err;

	/* A thread begins with the mask of its maker. */
	sigfillset(&all);
	if (but)
		sigdelset(&all, but);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = -pthread_create(thread, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}
