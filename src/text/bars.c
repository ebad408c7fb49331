// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <math.h>
#include <string.h>
#include "text/bars.h"

#define LEVELS 8

static const char *const levels[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
static const char *const ascii_levels[] = { " ", ".", ":", "-", "=", "+", "*", "%", "#" };
static const char *const lefts[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█" };

static double log_ns(uint64_t ns)
{
	return log10(ns ? (double)ns : 1.0);
}

struct axis axis_make(uint64_t min_ns, uint64_t max_ns, int cols)
{
	struct axis a = { .cols = cols < 1 ? 1 : cols > BAR_COLS_MAX ? BAR_COLS_MAX : cols };
	int last = (int)floor(log_ns(max_ns)) + 1;

	a.first = (int)floor(log_ns(min_ns));
	a.decades = last - a.first > 0 ? last - a.first : 1;
	return a;
}

/* The column of a time, 0..cols - 1. */
static int col_of(const struct axis *a, uint64_t ns)
{
	int col = (int)((log_ns(ns) - a->first) * a->cols / a->decades);

	return col < 0 ? 0 : col >= a->cols ? a->cols - 1 : col;
}

void axis_header(struct line *l, const struct axis *a)
{
	int begin = l->cols, free_from = begin;
	char buf[FMT_MAX];
	uint64_t ns = 1;

	for (int i = 0; i < a->first; i++)
		ns *= 10;
	for (int i = 0; i < a->decades; i++, ns *= 10) {
		int at = begin + (i * a->cols + a->decades - 1) / a->decades;

		fmt_axis(buf, ns, l->ascii ? FMT_ASCII : 0);
		if (at < free_from || at + text_cols(buf) > begin + a->cols)
			continue;
		line_to(l, at);
		line_add(l, DIM, buf);
		free_from = l->cols + 1;
	}
}

/* How many fall into each column. A bucket wider than a column is spread over several. */
static double fill(const struct axis *a, const uint64_t *row, double density[BAR_COLS_MAX])
{
	double max = 0;

	memset(density, 0, BAR_COLS_MAX * sizeof(density[0]));
	for (uint32_t b = 0; b < PP_H_BUCKETS; b++) {
		int from = col_of(a, pp_hist_low(b)), to;

		if (!row[b])
			continue;
		to = col_of(a, pp_hist_low(b + 1) - (b > 1));
		for (int col = from; col <= to; col++)
			density[col] += (double)row[b] / (to - from + 1);
	}
	for (int col = 0; col < a->cols; col++)
		max = density[col] > max ? density[col] : max;
	return max;
}

void axis_row(struct line *l, const struct axis *a, const uint64_t *row, uint64_t tail_ns)
{
	const char *const *level = l->ascii ? ascii_levels : levels;
	double density[BAR_COLS_MAX], max = fill(a, row, density);
	int tail = col_of(a, tail_ns), last = a->cols - 1;
	char text[4 * BAR_COLS_MAX + 8];
	size_t n = 0;

	while (last > 0 && density[last] <= 0)
		last--;
	for (int col = 0; col <= last; col++) {
		/* Anything above 0 can be seen, however little it is. */
		int h = density[col] > 0 ? 1 + (int)(density[col] / max * (LEVELS - 1) + 0.5) : 0;

		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s",
				      level[h > LEVELS ? LEVELS : h]);
		if (col == tail || col == last) {
			line_add(l, col > tail ? YELLOW : CYAN, text);
			n = 0;
		}
	}
}

void bar_add(struct line *l, uint64_t n, uint64_t max, int cols)
{
	int eighths = max ? (int)((double)n / (double)max * cols * 8 + 0.5) : 0;
	char text[4 * BAR_COLS_MAX + 8];
	size_t len = 0;

	if (!n)
		return;
	if (eighths < 1)
		eighths = 1;
	for (; eighths > 0; eighths -= 8)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", l->ascii ?
					(eighths >= 4 ? "#" : len ? "" : "|") :
					lefts[eighths < 8 ? eighths : 8]);
	line_add(l, CYAN, text);
}
