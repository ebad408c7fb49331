/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Do the hooks run that are attached? The kernel's switches are looked at, and records, which show
 * where packets were seen and where they were not.
 */
#ifndef PKTPATH_TRACE_SIGHT_H
#define PKTPATH_TRACE_SIGHT_H

#include <stdbool.h>
#include <stdint.h>
#include "hooks/switches.h"
#include "model/neighbours.h"

struct tracer;

struct sight {
	unsigned int backends;		/* bits by enum backend: those in use */
	const struct hook_switch *off;	/* why hooks do not run now; NULL: they do, or not that */
	bool blind;			/* packets are counted as untracked, which was said */
	uint64_t blind_until_ns;	/* when it last ended; 0 = it has not */
	uint64_t next_look_ns, looked_ns;
	uint64_t stale, ended;		/* counters at the last look */
	struct neighbours near;
};

/* What is in use, by the tracer's plan. */
void sight_new(struct sight *s, const struct tracer *t);

/* Records with no stamp since then lacked hooks that would have seen more; 0: none did. */
uint64_t sight_blind_ns(const struct sight *s);

/* Looks from time to time; says what has changed, and lets packets count as untracked or not. */
void sight_look(struct sight *s, struct tracer *t);

#endif /* PKTPATH_TRACE_SIGHT_H */
