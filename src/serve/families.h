/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What `pktpath serve` exposes, as metrics: a table of families, and the values of one moment
 * written into them. Between the tracer's numbers and the text (metrics.h); no I/O.
 */
#ifndef PKTPATH_SERVE_FAMILIES_H
#define PKTPATH_SERVE_FAMILIES_H

#include "text/format.h"
#include "model/histogram.h"
#include "serve/metrics_text.h"
#include "model/drop_counts.h"
#include "model/ledger.h"

/* What the tool itself costs. */
struct own_cost {
	double cpu_seconds;		/* of this process, since its start */
	uint64_t rss_bytes;		/* 0 = not known, as the next one */
	uint64_t open_fds;
	double start_time;		/* seconds of CLOCK_REALTIME */
	uint64_t kernel_bytes;		/* tables and ring */
	bool bpf_known;			/* the next three could be read */
	bool bpf_enabled;		/* kernel.bpf_stats_enabled */
	double bpf_seconds;		/* in all BPF programs, while that was on */
	uint64_t bpf_runs;
	/* Calibrated time that a packet is held up by the hooks; 0 = not calibrated. */
	double packet_seconds;
};

struct snapshot {
	const struct ledger *led;	/* so far */
	const struct histogram *hist;
	/* One label of the histograms: its name, NULL = none, and a value for each group in use. */
	const char *by;
	const char (*group)[FMT_TEXT_MAX];	/* "" = not in use; the last: all others */
	uint32_t per_octave;		/* see metrics_histogram() */
	const struct reason_counts *drops;
	struct own_cost own;
	int interfaces_missing;		/* of those named with -i */
	uint64_t scrapes;
	const char *(*reason_name)(void *reasons, uint32_t reason);	/* never NULL result */
	void *reasons;
};

/* Writes all families. 0 or -errno. */
int expose(struct metrics *m, enum metrics_format format, const struct snapshot *s);

#endif /* PKTPATH_SERVE_FAMILIES_H */
