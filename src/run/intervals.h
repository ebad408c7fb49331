/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Histograms of spans of time: of each interval what was counted in it, and of the whole run.
 * Between the tracer, whose counters only grow, and a sink.
 */
#ifndef PKTPATH_RUN_INTERVALS_H
#define PKTPATH_RUN_INTERVALS_H

#include "model/hist_opts.h"
#include "model/histogram.h"
#include "trace/tracer.h"

struct intervals;

/* NULL: no memory. `start_ns`: CLOCK_MONOTONIC, as are all times here. */
struct intervals *intervals_new(struct tracer *t, const struct hist_opts *o);
void intervals_begin(struct intervals *iv, uint64_t start_ns);

/* Ends an interval: what was counted since the last call. Valid until the next one. */
const struct hist_span *intervals_next(struct intervals *iv, uint64_t now_ns);

/* What was counted since the beginning; `final`: the tracer has stopped. */
const struct hist_span *intervals_whole(struct intervals *iv, uint64_t now_ns, bool final);

void intervals_free(struct intervals *iv);

#endif /* PKTPATH_RUN_INTERVALS_H */
