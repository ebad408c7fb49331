/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * `pktpath serve`: a tracer whose counters an HTTP endpoint tells, in one thread and one loop,
 * without privileges from the moment that everything is attached.
 */
#ifndef PKTPATH_SERVE_SERVE_H
#define PKTPATH_SERVE_SERVE_H

#include "by_keys.h"
#include "serve/listen.h"
#include "run/opts.h"

struct serve_opts {
	struct opts o;			/* first: the rows of struct opts fill it in */
	const char *listen;		/* --listen */
	struct listen_addr addr;	/* what it means */
	const char *user;		/* --user; NULL: see privs_find() */
	enum pp_by by;
	uint32_t groups;		/* values of `by` that get series of their own */
	uint32_t per_octave;		/* buckets for each doubling of a duration */
};

#define SERVE_GROUPS 8
#define SERVE_PER_OCTAVE 2

/* Serves until a signal ends it. Returns the exit status, having said on stderr what went wrong. */
int serve_run(struct serve_opts *so);

#endif /* PKTPATH_SERVE_SERVE_H */
