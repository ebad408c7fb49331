/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What is asked of a run, as values: cmd/ fills it in, run/ and serve/ act on it. */
#ifndef PKTPATH_RUN_OPTS_H
#define PKTPATH_RUN_OPTS_H

#include <stdbool.h>
#include <stdint.h>
#include "model/hist_opts.h"
#include "hooks/table.h"
#include "host/scope.h"
#include "trace/tracer.h"
#include "trace/xdp_stage.h"

struct opts {
	struct scope scope;	/* resolved when all options are read */
	uint64_t sample;	/* 1 of this many; 0 and 1 = all */
	bool sample_packets;	/* each packet by itself, not whole flows */
	double budget;		/* what tracing may take of a CPU, 0..1; 0 = any */
	uint64_t count;		/* 0 = no limit */
	uint64_t seconds_ns;	/* 0 = no limit */
	bool json, quiet, verbose, line_buffered;
	enum { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER } colour;
	enum backend backend;
	uint32_t records, ring_bytes;
	uint32_t reader_pid;	/* 0 = any */
	const char *reader_comm, *reader_cgroup; /* NULL = any */
	enum xdp_want xdp;
	struct hist_opts hist;
	const char *trace_file;	/* hist: every packet goes in here as well; NULL = none */
	bool slow_any;		/* trace: only packets of which a row takes longer than this, ns */
	uint64_t slow[PP_H_ROWS];
};

#define OPTS_DEFAULT { .records = TRACER_RECORDS, .ring_bytes = TRACER_RING,                       \
		       .hist = { .groups = PP_GROUPS, .worst = 1, .wire = true } }

#endif /* PKTPATH_RUN_OPTS_H */
