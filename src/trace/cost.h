/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What tracing costs: how much CPU time the programs take, and this process.
 *
 * The kernel says how long a program ran and how often (BPF_ENABLE_STATS), but not what it takes to
 * get into it and out again. That is calibrated once, by timing a system call with and without a
 * program that does nothing on its way. Statistics themselves cost time, so they are on only for
 * a moment now and then, and what they add to a run is calibrated as well.
 */
#ifndef PKTPATH_TRACE_COST_H
#define PKTPATH_TRACE_COST_H

#include <stdbool.h>
#include <stdint.h>
#include "hooks/table.h"
#include "model/ledger.h"

/* Ways of attaching a program. */
#define COST_KINDS(X) X(fentry) X(fexit) X(kprobe) X(kretprobe) X(kmulti) X(kretmulti) X(tp)
#define COST_ENUM(name) COST_##name,
enum cost_kind { COST_KINDS(COST_ENUM) COST_NR };

const char *cost_kind_name(enum cost_kind kind);

/* How a row's k-th program is attached. */
enum cost_kind cost_kind_of(int row, enum backend be, int k);

/* All ns a run; NAN: not asked for. The spread is half of all values. */
struct cost_calib {
	double empty[COST_NR], empty_mad[COST_NR];	/* a program that does nothing */
	double clock[COST_NR], clock_mad[COST_NR];	/* reading the clock, on top of that */
	double stats[COST_NR];	/* what the kernel says an empty program runs */
};

/*
 * Calibrate the kinds in `kinds` (bit mask), comparing `rounds` times; with one round only
 * `empty` and `stats`, in some ten ms. 0 or -errno if one of them cannot be had: -EPERM without
 * CAP_SYS_ADMIN, which run times take.
 */
int cost_calibrate(struct cost_calib *c, uint32_t kinds, int rounds);

struct tracer;
struct cost;

/* The kinds that a tracer uses, a bit mask. */
uint32_t cost_kinds(const struct tracer *t);

/* Calibrates. NULL with errno set if costs cannot be had. The tracer must outlive it. */
struct cost *cost_new(struct tracer *t);

/*
 * From now on look for 100 ms at a time, less and less often, in the end every `every_ns`. Call
 * cost_tick() often: it does the looking when it is due.
 */
void cost_start(struct cost *c, uint64_t every_ns);
void cost_tick(struct cost *c);

/* Why the last look saw nothing, -errno; 0: it did. What it would have seen is left out. */
int cost_error(const struct cost *c);

/*
 * Keep what tracing costs below `budget` (share of one CPU, 0..1), by following fewer packets; at
 * first `share` of them.
 */
void cost_budget(struct cost *c, double budget, double share);

bool cost_has_budget(const struct cost *c);

/* Look no more: before tracer_stop(). */
void cost_stop(struct cost *c);

/* What was seen so far. */
void cost_get(const struct cost *c, struct cost_figures *out);

/* Of one row, ns a packet and runs a packet. */
void cost_row(const struct cost *c, int row, double *ns, double *runs);

const struct cost_calib *cost_calib(const struct cost *c);
void cost_free(struct cost *c);

#endif /* PKTPATH_TRACE_COST_H */
