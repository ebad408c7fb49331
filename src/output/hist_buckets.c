// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "model/labels.h"
#include "output/hist_buckets.h"
#include "text/bars.h"

#define LINES_MAX 24
#define COL_FROM  9
#define COL_TO	  18
#define COL_COUNT 31
#define COL_PART  39
#define COL_BELOW 48
#define COL_BAR	  50
#define BAR_MIN	  8

/* The sum of `step` buckets from bucket `i` on. */
static uint64_t joined(const uint64_t *counts, uint32_t i, uint32_t step)
{
	uint64_t n = 0;

	for (uint32_t b = i; b < i + step; b++)
		n += counts[b];
	return n;
}

/* How many buckets to join into one line to keep within LINES_MAX. */
static uint32_t find_step(const uint64_t *counts)
{
	uint32_t step, i, lines = LINES_MAX + 1;

	for (step = 1; lines > LINES_MAX; step *= 2)
		for (i = lines = 0; i < PP_H_BUCKETS; i += step)
			lines += joined(counts, i, step) != 0;
	return step / 2;
}

static int print_header(struct sink_env *env, struct hist_page *page, const char *name)
{
	struct line *l = &page->line;
	int err;

	line_start(l);
	err = hist_page_line(env, page);
	if (err)
		return err;
	line_add(l, BOLD, name);
	line_right(l, COL_FROM, DIM, " from");
	line_right(l, COL_TO, DIM, "below");
	line_right(l, COL_COUNT, DIM, "count");
	line_right(l, COL_PART, DIM, "part");
	line_right(l, COL_BELOW, DIM, "so far");
	return hist_page_line(env, page);
}

/* One line: where it begins and ends, its count, its share, and the share up to its end. */
static int print_bucket(struct sink_env *env, struct hist_page *page, uint32_t i, uint32_t step,
			const uint64_t v[4])
{
	struct line *l = &page->line;
	int room = hist_page_width(env) - COL_BAR;
	char buf[FMT_MAX];

	line_start(l);
	line_right(l, COL_FROM, PLAIN, line_duration(buf, l, pp_hist_low(i), false));
	/* The last one takes everything longer. */
	if (i + step < PP_H_BUCKETS)
		line_right(l, COL_TO, PLAIN, line_duration(buf, l, pp_hist_low(i + step), false));
	line_right(l, COL_COUNT, PLAIN, fmt_count(buf, v[0]));
	snprintf(buf, sizeof(buf), "%.2f%%", 100.0 * (double)v[0] / (double)v[3]);
	line_right(l, COL_PART, DIM, buf);
	snprintf(buf, sizeof(buf), "%.3f%%", 100.0 * (double)v[2] / (double)v[3]);
	line_right(l, COL_BELOW, DIM, buf);
	if (room >= BAR_MIN) {
		line_to(l, COL_BAR);
		bar_add(l, v[0], v[1], room > BAR_COLS_MAX ? BAR_COLS_MAX : room);
	}
	return hist_page_line(env, page);
}

static int print_buckets(struct sink_env *env, struct hist_page *page, const struct hist_row *r)
{
	uint32_t step = find_step(r->counts), i;
	uint64_t v[4] = { 0, 0, 0, r->q.n };	/* count, largest count, sum so far, all */
	int err = 0;

	for (i = 0; i < PP_H_BUCKETS; i += step)
		v[1] = joined(r->counts, i, step) > v[1] ? joined(r->counts, i, step) : v[1];
	for (i = 0; !err && i < PP_H_BUCKETS; i += step) {
		v[0] = joined(r->counts, i, step);
		v[2] += v[0];
		if (v[0])
			err = print_bucket(env, page, i, step, v);
	}
	return err;
}

static int print_group(struct sink_env *env, struct hist_page *page, const struct hist_span *span,
		       uint32_t group, uint32_t row)
{
	char label[FMT_TEXT_MAX] = "", name[2 * FMT_TEXT_MAX];
	struct hist_row r;
	int err;

	if (!hist_rows_get(&r, &page->rows, span, group, row, 0))
		return 0;
	if (group != ALL_GROUPS)
		hist_rows_group_label(label, env, span, group);
	snprintf(name, sizeof(name), "%s%s%s", row_label(row), *label ? " / " : "", label);
	err = print_header(env, page, name);
	return err ? err : print_buckets(env, page, &r);
}

int hist_buckets(struct sink_env *env, struct hist_page *page, const struct hist_span *span)
{
	uint32_t order[PP_GROUPS_MAX + 1], n = hist_rows_groups(span, order);
	int err = 0;

	for (uint32_t row = 0; !err && row < PP_H_ROWS; row++) {
		if (row == PP_ST_READ || !hist_opts_want(&env->hist, row))
			continue;
		if (!span->h->groups)
			err = print_group(env, page, span, ALL_GROUPS, row);
		for (uint32_t i = 0; span->h->groups && !err && i < n; i++)
			err = print_group(env, page, span, order[i], row);
	}
	return err;
}
