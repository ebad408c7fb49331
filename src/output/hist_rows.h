/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What both outputs of histograms (text, JSON) know of them: rows, shares, groups, the slowest. */
#ifndef PKTPATH_OUTPUT_HIST_ROWS_H
#define PKTPATH_OUTPUT_HIST_ROWS_H

#include "model/histogram.h"
#include "model/quantile.h"
#include "model/slowest.h"
#include "output/sink_env.h"

struct hist_rows {
	struct slowest *now, *all;	/* the slowest of the interval, and of the run */
	bool wire;			/* frames that were merged count; they are no examples */
};

/* A row of a span, of all groups together or of one. */
struct hist_row {
	uint64_t counts[PP_H_BUCKETS];
	struct quantiles q;
	double share;			/* of the total's time, 0..1 */
};

int hist_rows_new(struct hist_rows *v, const struct hist_opts *o);	/* 0 or -ENOMEM */
void hist_rows_free(struct hist_rows *v);
void hist_rows_record(struct hist_rows *v, const struct hist_opts *o, const struct pp_rec *rec);

/* The slowest of the span's interval, or of the run. */
const struct slowest *hist_rows_slowest(const struct hist_rows *v, const struct hist_span *span);

#define ALL_GROUPS UINT32_MAX

/*
 * Fills in a row; `group`: its number, or ALL_GROUPS; `total_ns`: the sum of the total's row. The
 * maximum of all groups together is exact where an example of each packet may have been sent. False
 * if nothing was counted.
 */
bool hist_rows_get(struct hist_row *r, const struct hist_rows *v, const struct hist_span *span,
	      uint32_t group, uint32_t row, double total_ns);

/* The sum of the total's row. */
double hist_rows_total(const struct hist_span *span);

/* Groups with anything in them, the largest first, all others last; how many. */
uint32_t hist_rows_groups(const struct hist_span *span, uint32_t order[PP_GROUPS_MAX + 1]);

/* "udp/53"; "other" for the group of all others. */
const char *hist_rows_group_label(char buf[FMT_TEXT_MAX], const struct sink_env *env,
			     const struct hist_span *span, uint32_t group);

#endif /* PKTPATH_OUTPUT_HIST_ROWS_H */
