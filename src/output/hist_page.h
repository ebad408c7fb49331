/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Where the text of histograms is written: line by line, and on a terminal as a page that is
 * replaced by the next one.
 */
#ifndef PKTPATH_OUTPUT_HIST_PAGE_H
#define PKTPATH_OUTPUT_HIST_PAGE_H

#include "output/hist_rows.h"
#include "text/line.h"

#define HIST_PAGE_WIDTH 100	/* without a terminal */

struct hist_page {
	struct line line;		/* being put together */
	struct hist_rows rows;
	unsigned int spans;		/* shown so far, but for those that were redrawn */
	int drawn;			/* lines of the table that is on the terminal */
	int room;			/* lines that may be drawn; 0 = any number */
};

static inline int hist_page_width(const struct sink_env *env)
{
	return env->width ? env->width : HIST_PAGE_WIDTH;
}

/* Writes the line if there is room for it, and begins another. 0 or -errno. */
int hist_page_line(struct sink_env *env, struct hist_page *page);

#endif /* PKTPATH_OUTPUT_HIST_PAGE_H */
