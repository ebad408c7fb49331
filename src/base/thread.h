/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Threads that leave signals to the one that made them. */
#ifndef PKTPATH_BASE_THREAD_H
#define PKTPATH_BASE_THREAD_H

#include <pthread.h>

/* Starts a thread in which every signal is blocked but one (0: all of them). 0 or -errno. */
int thread_start(pthread_t *thread, int but, void *(*run)(void *arg), void *arg);

#endif /* PKTPATH_BASE_THREAD_H */
