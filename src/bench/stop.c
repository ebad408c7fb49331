// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include "bench/bench.h"
#include "host/cpus.h"
#include "base/clock.h"

#define PROGRESS_NS 200000000ull

static volatile sig_atomic_t stop;
static uint64_t shown_at;

static void on_signal(int signo)
{
	stop = 1;
}

void stop_on_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };	/* no SA_RESTART: a sleep ends */

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
}

bool stop_asked(void)
{
	return stop;
}

int bench_sleep(uint64_t ns)
{
	struct timespec ts = { .tv_sec = (time_t)(ns / 1000000000),
			       .tv_nsec = (long)(ns % 1000000000) };

	while (!stop && nanosleep(&ts, &ts) && errno == EINTR)
		;
	return stop ? -EINTR : 0;
}

void progress(bool quiet, const char *what, double share)
{
	uint64_t now = now_ns(CLOCK_MONOTONIC);

	if (quiet || !isatty(STDERR_FILENO) || now - shown_at < PROGRESS_NS)
		return;
	shown_at = now;
	fprintf(stderr, "\r\033[K%s %3.0f %%", what, share < 1 ? share * 100 : 100);
	fflush(stderr);
}

void progress_end(void)
{
	if (shown_at)
		fputs("\r\033[K", stderr);
	shown_at = 0;
}
