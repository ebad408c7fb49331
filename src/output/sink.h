/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Outputs. A sink is one file src/output/ with one row in the table of sink.c. It gets every
 * ended record in order, and once the ledger. It writes to what it is given and never exits:
 * functions return 0 or -errno (-EPIPE when the reader went away).
 */
#ifndef PKTPATH_OUTPUT_SINK_H
#define PKTPATH_OUTPUT_SINK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "text/format.h"
#include "model/histogram.h"
#include "record.h"
#include "host/softnet.h"

/* Which hook serves a stage, as `pktpath probes` and the ledger show it. */
struct hook_report {
	int stage;		/* enum pp_stage, or PP_ST_NONE for a hook of the bookkeeping */
	const char *role;	/* stage label, or "drop", "merge", "end", "exit" … */
	const char *hook;	/* symbol or tracepoint, "" if none could be had */
	const char *backend;	/* "fentry", "kprobe.multi", "kprobe", "tp_btf"; "-": not served */
	const char *why;	/* plain words: why it is missing, or ""  */
	int64_t missed;		/* runs that the kernel says it skipped; -1 = it does not say */
};

/* What tracing cost, of what was looked at (cost.h); shares of one CPU, 1 = all of it. */
struct cost_figures {
	bool known;			/* packets came while it was looked at */
	double packet_ns, packet_runs;	/* a packet: ns in programs, programs run */
	double packets_s;
	double cpu, own_cpu;		/* in programs; in this process */
	double budget;			/* 0: none */
	double share, least;		/* of packets followed: now, and when it was fewest */
	bool over;			/* the budget was exceeded at the last look */
};

/*
 * The account of a run. seen + clones + birth losses = verdicts + in flight, or `balanced` is
 * false.
 */
struct ledger {
	uint64_t duration_ns;
	struct pp_counts n;		/* summed over CPUs */
	uint64_t in_flight;		/* live records found in the slab */
	__u64 in_flight_at[PP_ST_NR];	/* of those, by the last stage reached */
	__u64 absent[PP_ST_NR];		/* delivered, but without this stage though it has a hook */
	uint64_t shown;			/* records given to the sink */
	bool slow_only;			/* records were sent only if slow (--slow) */
	uint64_t slow;			/* and so many were */
	bool softnet_known;		/* the next one could be read */
	struct softnet softnet;		/* of the whole host, meanwhile */
	bool so_far;			/* read while packets are moving: need not balance */
	bool balanced;
	double coverage;		/* percent of packets with a full record, 0..100 */
	struct cost_figures cost;
	const struct hook_report *hooks;
	int nr_hooks;
};

/* Durations counted in a span of time: an interval, or the run so far. */
struct hist_span {
	const struct histo *h;
	uint32_t nr;			/* of the interval, from 1; 0 = the whole run */
	uint64_t begin_ns, ns;		/* CLOCK_MONOTONIC */
	bool final;			/* nothing is counted any more */
	bool live;			/* on a terminal: the next one takes its place */
};

/* What sinks need to know of the world; tests fill it with constants. */
struct sink_env {
	FILE *out;			/* records */
	FILE *err;			/* header, summary for people */
	int width;			/* columns; 0 = no terminal */
	int height;			/* lines of the terminal; 0 = not known */
	bool colour;
	bool ascii;			/* no UTF-8: 'u' for 'µ', '#' for bars */
	bool verbose;			/* -v: waterfall */
	bool any_dev;			/* packets of several interfaces: show which */
	bool quiet;			/* -q: no header, short lines */
	bool line_buffered;		/* -l, and whenever out is no regular file */
	uint64_t wall_offset_ns;	/* CLOCK_REALTIME minus CLOCK_MONOTONIC */
	bool utc;			/* print times in UTC: tests */
	uint32_t stages_served;		/* bit mask of enum pp_stage that have a hook */
	bool xdp_late;			/* `xdp` is served by generic programs only */
	/* An interface's name; NULL if not known, or of another namespace than the traced one. */
	const char *(*dev_name)(uint32_t netns, uint32_t ifindex);
	const char *(*reason_name)(uint32_t reason);	/* never NULL result */
	/* A process's command, a control group's path by its ID: NULL if they are not known. */
	const char *(*comm_name)(uint32_t pid);
	const char *(*cgroup_path)(uint64_t id);
	struct hist_opts hist;		/* for sinks with hist() */
	void *state;			/* the sink's own */
};

struct sink {
	const char *name;		/* "text", "json" */
	int (*begin)(struct sink_env *env);
	int (*record)(struct sink_env *env, const struct pp_rec *rec);
	/* Optional: on a terminal about once a second, `ns` after the start. */
	int (*tick)(struct sink_env *env, uint64_t ns);
	/*
	 * Optional: at the end of each interval, on a terminal about once a second, and at the end.
	 * The records since the call before are those of that interval.
	 */
	int (*hist)(struct sink_env *env, const struct hist_span *span);
	int (*done)(struct sink_env *env, const struct ledger *led);	/* also for one so far */
	void (*free)(struct sink_env *env);
};

const struct sink *sink_find(const char *name);

/* An interface for people: its name, or its number where it has no name here. */
const char *sink_dev(const struct sink_env *env, uint32_t netns, uint32_t ifindex,
		     char buf[FMT_TEXT_MAX], int cols);

/* Why a dropped packet was dropped: our own reason, else the kernel's. Never NULL. */
const char *sink_reason(const struct sink_env *env, const struct pp_rec *rec);

#endif /* PKTPATH_OUTPUT_SINK_H */
