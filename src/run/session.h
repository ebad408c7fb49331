/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What lives from the start of a trace to its end, whoever shows it: the loop, the tracer, what it
 * costs, and the counters of the host to compare with. In this order: open, begin, stop, close.
 */
#ifndef PKTPATH_RUN_SESSION_H
#define PKTPATH_RUN_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include "base/loop.h"
#include "host/links.h"
#include "host/softnet.h"
#include "trace/cost.h"
#include "trace/tracer.h"

struct session {
	struct loop *loop;
	struct tracer *tracer;
	struct cost *cost;	/* NULL: nobody asked for it, or it cannot be had */
	struct links *links;	/* of the traced network namespace */
	bool deaf;		/* what changes about them is not told any more, which was said */
	bool sealed;		/* no programs can be loaded any more */
	bool blind;		/* the budget cannot be kept, which was said */
	bool softnet_known;
	struct softnet softnet;	/* when it began */
	uint64_t start_ns;	/* CLOCK_MONOTONIC */
};

/*
 * Blocks the signals that the loop waits for, then chooses, loads and attaches the hooks, and
 * leaves the traced network namespace for the one that it came from, so that it can end. All zero
 * before. 0, or -errno after one line on stderr; session_close() is due in either case.
 */
int session_open(struct session *s, const struct tracer_opts *to);

/*
 * Watches what tracing costs; with `budget` (share of a CPU, 0..1; 0: none) it follows fewer
 * packets where it costs more, of `share` (0..1) at first. Says so where it cannot.
 */
void session_watch_cost(struct session *s, double budget, double share);

/* Packets count from here on. */
void session_begin(struct session *s);

/*
 * Takes note of interfaces that came, went or were renamed since: says so, and the tracer follows.
 * 1: there were some. Call it when links_fd() can be read, and before names are shown.
 */
int session_follow(struct session *s, struct scope *scope);

/* What is due from time to time: call it often. */
void session_tick(struct session *s);

/* Nothing changes from here on; the account is exact. */
void session_stop(struct session *s);

/* The part of the account that is not the tracer's, as of now: duration, softnet, cost. */
void session_account(const struct session *s, struct ledger *led);

void session_close(struct session *s);

#endif /* PKTPATH_RUN_SESSION_H */
