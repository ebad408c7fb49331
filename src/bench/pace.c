// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/signals.h"
#include "base/term.h"
#include "bench/pace.h"

#define PROGRESS_NS 200000000ull

void pace_begin(struct pace *p, bool quiet)
{
	sigset_t ends;

	*p = (struct pace){ .quiet = quiet || !term_draws(STDERR_FILENO) };
	ending_signals(&ends);
	pthread_sigmask(SIG_BLOCK, &ends, &p->before);
}

/* Waits for one of the signals, at most so long. */
static void wait_for(struct pace *p, uint64_t ns)
{
	uint64_t now = now_ns(CLOCK_MONOTONIC), end = now + ns;
	struct timespec ts;
	sigset_t ends;

	ending_signals(&ends);
	do {
		ts.tv_sec = (time_t)((end - now) / 1000000000);
		ts.tv_nsec = (long)((end - now) % 1000000000);
		if (sigtimedwait(&ends, NULL, &ts) > 0)
			p->stopped = true;
		now = now_ns(CLOCK_MONOTONIC);
	} while (!p->stopped && now < end);	/* another signal may have ended the wait */
}

bool pace_stopped(struct pace *p)
{
	if (!p->stopped)
		wait_for(p, 0);
	return p->stopped;
}

int pace_sleep(struct pace *p, uint64_t ns)
{
	if (!p->stopped)
		wait_for(p, ns);
	return p->stopped ? -EINTR : 0;
}

void pace_end(struct pace *p)
{
	struct timespec none = { 0 };
	sigset_t ends;

	pace_clear(p);
	/* Those that came meanwhile have had their effect. */
	ending_signals(&ends);
	while (sigtimedwait(&ends, NULL, &none) > 0)
		;
	pthread_sigmask(SIG_SETMASK, &p->before, NULL);
}

void pace_show(struct pace *p, const char *what, double share)
{
	uint64_t now = now_ns(CLOCK_MONOTONIC);

	if (p->quiet || now - p->shown_at < PROGRESS_NS)
		return;
	p->shown_at = now;
	fprintf(stderr, "\r\033[K%s %3.0f %%", what, share < 1 ? share * 100 : 100);
	fflush(stderr);
}

void pace_clear(struct pace *p)
{
	if (p->shown_at)
		fputs("\r\033[K", stderr);
	p->shown_at = 0;
}
