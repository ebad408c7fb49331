/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The places where a packet can be dropped, from the driver up to the application. */
#ifndef PKTPATH_BENCH_RUNGS_H
#define PKTPATH_BENCH_RUNGS_H

#include <stdint.h>
#include "bench/bed.h"

/* What a rung keeps while it is up. */
struct rung_state {
	struct bed *bed;
	struct prog *prog;
	int fd;			/* of a link or a socket */
	struct app *app;
	const char *table;	/* family of the nft table that is there */
	struct tally base;	/* when it came up */
	uint64_t base_no_route;
	struct why why;		/* this machine does not have it */
};

struct rung {
	const char *name;
	const char *counter;	/* what proves that it was this one */
	/* 0, or -errno with `why` filled in. */
	int (*up)(struct rung_state *s);
	/* Packets that its own counter has counted since up(). */
	int (*count)(struct rung_state *s, uint64_t *packets);
	void (*down)(struct rung_state *s);
	enum { RUNG_ALL, RUNG_SOME } drops;	/* all that arrives, or what it gets hold of */
	/*
	 * Rungs of one group share a test bed. A table of iptables stays in its namespace and costs
	 * even without a rule, so each of its rungs is a group of its own; 0 is that of the others.
	 */
	int group;
};

extern const struct rung rungs[];
extern const int nr_rungs;

/* The first is the one that others are held against. */
#define RUNG_NATIVE 0
#define NR_GROUPS   4

#endif /* PKTPATH_BENCH_RUNGS_H */
