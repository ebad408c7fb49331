/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What outputs know of the world: streams, the terminal, what was asked for, and names. Whoever
 * runs them fills it in, tests with constants: outputs themselves ask neither the kernel nor /proc.
 */
#ifndef PKTPATH_OUTPUT_SINK_ENV_H
#define PKTPATH_OUTPUT_SINK_ENV_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "model/hist_opts.h"
#include "record.h"
#include "text/format.h"

struct sink_env {
	FILE *out;			/* records */
	FILE *err;			/* header, summary for people */
	int width;			/* columns; 0 = no terminal */
	int height;			/* lines of the terminal; 0 = not known */
	bool draws;			/* a terminal that understands control sequences */
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
	void *names;			/* for the four below */
	/* An interface's name; NULL if not known, or of another namespace than the traced one. */
	const char *(*dev_name)(void *names, uint32_t netns, uint32_t ifindex);
	const char *(*reason_name)(void *names, uint32_t reason);	/* never NULL result */
	/* A process's command, a control group's path by its ID: NULL if they are not known. */
	const char *(*comm_name)(void *names, uint32_t pid);
	const char *(*cgroup_path)(void *names, uint64_t id);
	struct hist_opts hist;		/* for sinks with hist() */
	void *state;			/* the sink's own */
};

/* An interface for people: its name, or its number where it has no name here. At most `cols`. */
const char *sink_env_dev(const struct sink_env *env, uint32_t netns, uint32_t ifindex,
			 char buf[FMT_TEXT_MAX], int cols);

/* Why a dropped packet was dropped: our own reason, else the kernel's. Never NULL. */
const char *sink_env_reason(const struct sink_env *env, const struct pp_rec *rec);

#endif /* PKTPATH_OUTPUT_SINK_ENV_H */
