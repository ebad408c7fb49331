/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What both outputs of histograms (text, JSON) know of them: rows, shares, groups, the slowest. */
#ifndef PKTPATH_OUTPUT_HIST_ROWS_H
#define PKTPATH_OUTPUT_HIST_ROWS_H

#include "model/quantile.h"
#include "output/sink.h"
#include "model/slowest.h"

struct hist_view {
	struct worst *now, *all;	/* the slowest of the interval, and of the run */
	bool wire;			/* frames that were merged count; they are no examples */
};

/* A row of a span, of all groups together or of one. */
struct hist_row {
	uint64_t counts[PP_H_BUCKETS];
	struct quantiles q;
	double share;			/* of the total's time, 0..1 */
};

int view_new(struct hist_view *v, const struct hist_opts *o);	/* 0 or -ENOMEM */
void view_free(struct hist_view *v);
void view_record(struct hist_view *v, const struct hist_opts *o, const struct pp_rec *rec);

/* The slowest of the span's interval, or of the run. */
const struct worst *view_worst(const struct hist_view *v, const struct hist_span *span);

#define ALL_GROUPS UINT32_MAX

/*
 * Fills in a row; `group`: its number, or ALL_GROUPS; `total_ns`: the sum of the total's row. The
 * maximum of all groups together is exact where an example of each packet may have been sent. False
 * if nothing was counted.
 */
bool view_row(struct hist_row *r, const struct hist_view *v, const struct hist_span *span,
	      uint32_t group, uint32_t row, double total_ns);

/* The sum of the total's row. */
double view_total(const struct hist_span *span);

/* Groups with anything in them, the largest first, all others last; how many. */
uint32_t view_groups(const struct hist_span *span, uint32_t order[PP_GROUPS_MAX + 1]);

/* "udp/53"; "other" for the group of all others. */
const char *view_group_label(char buf[FMT_TEXT_MAX], const struct sink_env *env,
			     const struct hist_span *span, uint32_t group);

#endif /* PKTPATH_OUTPUT_HIST_ROWS_H */
