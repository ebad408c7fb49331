/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Distributions as small pictures: a row's density on an axis of time that all rows share, each
 * decade as wide as the others, and a bar for a count.
 */
#ifndef PKTPATH_TEXT_BARS_H
#define PKTPATH_TEXT_BARS_H

#include "hist.h"
#include "text/line.h"

#define BAR_COLS_MAX 120

struct axis {
	int cols;		/* display columns, 1..BAR_COLS_MAX */
	int first, decades;	/* from 10^first ns, this many powers of ten */
};

/* An axis from `min_ns` to `max_ns` in `cols` columns. */
struct axis axis_make(uint64_t min_ns, uint64_t max_ns, int cols);

/* "1µ    10µ   100µ  1m", as far as there is room; begins at the line's column. */
void axis_header(struct line *l, const struct axis *a);

/* A row's density; what is beyond `tail_ns` stands out. */
void axis_row(struct line *l, const struct axis *a, const uint64_t *row, uint64_t tail_ns);

/* A bar of n / max of `cols` columns; anything above 0 can be seen. */
void bar_add(struct line *l, uint64_t n, uint64_t max, int cols);

#endif /* PKTPATH_TEXT_BARS_H */
