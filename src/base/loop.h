/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * One loop for everything that may happen: records, signals, timers. A callback returns 0 to go
 * on, LOOP_STOP to end the loop well, or -errno to end it with that error.
 */
#ifndef PKTPATH_BASE_LOOP_H
#define PKTPATH_BASE_LOOP_H

#include <stdint.h>

#define LOOP_STOP 1
#define LOOP_ALSO 3	/* descriptors besides */

struct loop;

struct loop_calls {
	int (*input)(void *arg);		/* the descriptor has data */
	int (*tick)(void *arg);			/* every tick_ns */
	int (*signal)(void *arg, int signo);	/* SIGINT, SIGTERM, SIGHUP, SIGUSR1 */
	int (*deadline)(void *arg);		/* once, deadline_ns after the loop began */
	int (*interval)(void *arg);		/* every interval_ns; late ones: not made up for */
	uint64_t tick_ns;
	uint64_t interval_ns;			/* 0 = none */
	uint64_t deadline_ns;			/* 0 = none */
	struct {
		int (*call)(void *arg);		/* NULL, or: that descriptor has data, too */
		int fd;
	} also[LOOP_ALSO];
};

/* Signals are blocked from here on, so none is lost while hooks are being attached. */
int loop_new(struct loop **out);
/* Runs until a callback ends it: 0 or -errno. */
int loop_run(struct loop *l, int fd, const struct loop_calls *calls, void *arg);
void loop_free(struct loop *l);

#endif /* PKTPATH_BASE_LOOP_H */
