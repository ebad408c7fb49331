/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What the files of the histograms' text share: sink_hist.c, hist_table.c, hist_buckets.c. */
#ifndef PKTPATH_OUTPUT_HIST_PARTS_H
#define PKTPATH_OUTPUT_HIST_PARTS_H

#include "output/hist_rows.h"
#include "output/record_text.h"

#define HIST_WIDTH_DEFAULT 100

struct hist_text {
	struct text_state text;		/* first: waterfalls are drawn with it */
	struct hist_view view;
	int drawn;			/* lines of the table that stands on the terminal */
	int room;			/* lines that may be drawn; 0 = any number */
};

static inline int hist_width(const struct sink_env *env)
{
	return env->width ? env->width : HIST_WIDTH_DEFAULT;
}

/* The line in the making, if there is room for it. */
int hist_line(struct sink_env *env, struct hist_text *ht);

/* One row per stage, and per group of it. */
int hist_table(struct sink_env *env, struct hist_text *ht, const struct hist_span *span);

/* The buckets of each row, joined so that a row has a few dozen lines. */
int hist_buckets(struct sink_env *env, struct hist_text *ht, const struct hist_span *span);

#endif /* PKTPATH_OUTPUT_HIST_PARTS_H */
