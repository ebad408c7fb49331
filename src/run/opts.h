/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What is asked of a run, as values: cmd/ fills it in, run/ and serve/ act on it. */
#ifndef PKTPATH_RUN_OPTS_H
#define PKTPATH_RUN_OPTS_H

#include <stdbool.h>
#include <stdint.h>
#include "model/hist_opts.h"
#include "host/scope.h"
#include "trace/tracer.h"

struct opts {
	struct scope scope;	/* resolved when all options are read */
	struct tracer_opts tracer;	/* what it is asked for; a run adds the rest */
	double budget;		/* what tracing may take of a CPU, 0..1; 0 = any */
	uint64_t count;		/* 0 = no limit */
	uint64_t seconds_ns;	/* 0 = no limit */
	bool json, quiet, verbose, line_buffered;
	enum { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER } colour;
	struct hist_opts hist;
	const char *trace_file;	/* hist: every packet goes in here as well; NULL = none */
};

#endif /* PKTPATH_RUN_OPTS_H */
