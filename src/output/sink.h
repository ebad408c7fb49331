/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Outputs. A sink is one file of src/output/ with one row in the table of sink.c. It gets every
 * ended record in order, and once the ledger. It writes to what it is given and never exits:
 * functions return 0 or -errno (-EPIPE when the reader went away).
 */
#ifndef PKTPATH_OUTPUT_SINK_H
#define PKTPATH_OUTPUT_SINK_H

#include "model/histogram.h"
#include "model/ledger.h"
#include "output/sink_env.h"

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

#endif /* PKTPATH_OUTPUT_SINK_H */
