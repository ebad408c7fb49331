/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * A run, which the tracing commands share: start the tracer, feed a sink until Ctrl-C, a count, a
 * time or the end of the interface, then print the account. Between the commands and the rest.
 */
#ifndef PKTPATH_RUN_LIVE_H
#define PKTPATH_RUN_LIVE_H

#include <stdint.h>
#include "run/opts.h"

/*
 * `sink` as in sink.c; only records with a verdict in `verdicts` (bit mask of enum pp_verdict) are
 * sent to it. Returns the exit status, having said on stderr what went wrong.
 */
int run_sink(const struct opts *o, const char *sink, uint32_t verdicts);

/* The same with histograms, as o->hist asks for them. */
int run_hist(const struct opts *o);

#endif /* PKTPATH_RUN_LIVE_H */
