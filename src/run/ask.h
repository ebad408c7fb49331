/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* From what was asked of a run to what is asked of the tracer. */
#ifndef PKTPATH_RUN_ASK_H
#define PKTPATH_RUN_ASK_H

#include "run/opts.h"

/* Records with a verdict in `verdicts` (bit mask of enum pp_verdict). `o` must outlive them. */
struct tracer_opts ask_for_records(const struct opts *o, uint32_t verdicts);

/* Histograms, and the records of which examples are chosen. */
struct tracer_opts ask_for_hist(const struct opts *o);

#endif /* PKTPATH_RUN_ASK_H */
