/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The time that a run takes: it sleeps, is told to stop, and shows how far it is. */
#ifndef PKTPATH_BENCH_PACE_H
#define PKTPATH_BENCH_PACE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct pace {
	sigset_t before;
	bool stopped, quiet;
	uint64_t shown_at;	/* 0: no progress is on the terminal */
};

/*
 * From now on SIGINT, SIGTERM and SIGHUP only end the measurement: they are blocked in this thread
 * and in those that it starts, and looked for here. Call it before there are threads.
 */
void pace_begin(struct pace *p, bool quiet);
/* They do what they did before; those that came meanwhile are gone. */
void pace_end(struct pace *p);
/* Is it time to stop? */
bool pace_stopped(struct pace *p);
/* 0, or -EINTR if it is time to stop. */
int pace_sleep(struct pace *p, uint64_t ns);
/* One line on the terminal that says how far it is; nothing elsewhere, or if `quiet`. */
void pace_show(struct pace *p, const char *what, double share);
void pace_clear(struct pace *p);

#endif /* PKTPATH_BENCH_PACE_H */
