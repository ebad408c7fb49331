// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <string.h>
#include "model/labels.h"
#include "output/hist_table.h"
#include "text/bars.h"

#define NAME_MIN    8
#define NAME_MAX    26
#define CELL	    7	/* of a duration, the gap before it included: "p99.99" has 6 */
#define COUNT_CELL  11
#define SHARE_CELL  7
#define PICTURE_GAP 2
#define PICTURE_MIN 12	/* too narrow to be read below this */
#define PICTURE_MAX 60
#define SPLIT_SHARE 0.05	/* of the total's time: stages below it are not split into groups */

/* The first ones have the quantiles' numbers. */
#define COL(id, ...) COL_##id,
enum col { QUANTILES(COL) COL_MAX, COL_SHARE, COL_PICTURE, COL_NR };

struct table {
	struct sink_env *env;
	struct hist_page *page;
	const struct hist_span *span;
	double total_ns;
	int name_cols;
	bool has[COL_NR];
	struct axis axis;
	uint32_t order[PP_GROUPS_MAX + 1], groups;
	bool unsplit;		/* a stage was not split */
};

static int col_width(int col)
{
	return col == COL_SHARE ? SHARE_CELL :
	       col == COL_PICTURE ? PICTURE_GAP + PICTURE_MIN : CELL;
}

/* Leaves out the columns that do not fit, the least useful first. */
static int choose_columns(struct table *t)
{
	static const enum col order[] = { COL_PICTURE, COL_P9999, COL_SHARE, COL_P90, COL_P999,
					  COL_P50, COL_P99 };
	int room = hist_page_width(t->env) - t->name_cols - COUNT_CELL;
	size_t i;

	_Static_assert(sizeof(order) / sizeof(order[0]) == COL_NR - 1, "all but the maximum");

	for (i = 0; i < COL_NR; i++) {
		t->has[i] = true;
		room -= col_width((int)i);
	}
	for (i = 0; room < 0 && i < sizeof(order) / sizeof(order[0]); i++) {
		t->has[order[i]] = false;
		room += col_width(order[i]);
	}
	return PICTURE_MIN + room > PICTURE_MAX ? PICTURE_MAX : PICTURE_MIN + room;
}

static int name_cols(const struct table *t)
{
	char buf[FMT_TEXT_MAX];
	int cols = NAME_MIN;

	for (uint32_t i = 0; t->span->h->groups && i < t->groups; i++) {
		int need = 3 + text_cols(hist_rows_group_label(buf, t->env, t->span, t->order[i]));

		cols = need > cols ? need : cols;
	}
	return cols > NAME_MAX ? NAME_MAX : cols;
}

static bool is_shown(const struct table *t, uint32_t row)
{
	/* A packet's read is its end: it takes no time. */
	if (row == PP_ST_READ && !t->env->hist.stages && !t->env->verbose)
		return false;
	return hist_opts_want(&t->env->hist, row);
}

/* All pictures have one axis, from the shortest duration of any row to the longest. */
static void find_axis(struct table *t, int cols)
{
	uint64_t min = UINT64_MAX, max = 0, low;

	for (uint32_t row = 0; row < PP_H_ROWS; row++) {
		struct hist_row r;

		if (!is_shown(t, row) ||
		    !hist_rows_get(&r, &t->page->rows, t->span, ALL_GROUPS, row, t->total_ns))
			continue;
		/* Durations of 0 would stretch the axis by decades: they are drawn at its start. */
		low = r.q.min_ns ? r.q.min_ns : r.q.at_ns[QUANTILE_P50];
		min = low && low < min ? low : min;
		max = r.q.max_ns > max ? r.q.max_ns : max;
	}
	t->axis = axis_make(min < max ? min : max, max, cols);
}

static int print_header(struct table *t)
{
	struct line *l = &t->page->line;
	int col = t->name_cols + COUNT_CELL;

	line_start(l);
	line_add(l, DIM, "stage");
	if (t->span->h->groups)
		line_addf(l, DIM, " / %s", by_label(t->env->hist.by));
	line_right(l, col, DIM, "count");
	for (int i = COL_P50; i <= COL_SHARE; i++)
		if (t->has[i])
			line_right(l, col += col_width(i), DIM, i < QUANTILE_NR ?
				   quantile_label((unsigned int)i) :
				   i == COL_MAX ? "max" : "share");
	if (t->has[COL_PICTURE]) {
		line_to(l, col + PICTURE_GAP);
		axis_header(l, &t->axis);
	}
	return hist_page_line(t->env, t->page);
}

/* Stands out if it is far above the median: a tail, not just a long stage. */
static enum style tail_style(const struct hist_row *r, uint64_t ns, enum style style)
{
	if (ns < 10 * r->q.at_ns[QUANTILE_P50] || r->share < 0.01)
		return style;
	return ns >= 1000000 ? RED : YELLOW;
}

static const char *share_text(char buf[FMT_MAX], double share)
{
	snprintf(buf, FMT_MAX, "%.1f%%", 100 * share);
	return share > 0 && !strcmp(buf, "0.0%") ? "<0.1%" : buf;
}

/* All that is known of a duration in the last bucket is where the bucket begins. */
static const char *cell_text(char buf[2 * FMT_MAX], const struct line *l, uint64_t ns, bool open)
{
	const uint64_t last = pp_hist_low(PP_H_BUCKETS - 1);
	char text[FMT_MAX];

	open = open && ns >= last;
	snprintf(buf, 2 * FMT_MAX, "%s%s", open ? ">" : "",
		 line_duration(text, l, open ? last : ns, false));
	return buf;
}

static int print_row(struct table *t, const struct hist_row *r, enum style style, const char *name)
{
	struct line *l = &t->page->line;
	int col = t->name_cols + COUNT_CELL;
	char buf[FMT_MAX], text[2 * FMT_MAX];

	line_start(l);
	line_add(l, style, name);
	snprintf(text, sizeof(text), " %s", fmt_count(buf, r->q.n));
	line_right(l, col, style, text);
	for (int i = 0; i < QUANTILE_NR; i++)
		if (t->has[i])
			line_right(l, col += CELL, i == QUANTILE_P50 ? style :
				   tail_style(r, r->q.at_ns[i], style),
				   cell_text(text, l, r->q.at_ns[i], r->q.open));
	line_right(l, col += CELL, tail_style(r, r->q.max_ns, style),
		   cell_text(text, l, r->q.max_ns, r->q.open));
	if (t->has[COL_SHARE])
		line_right(l, col += SHARE_CELL, style, share_text(buf, r->share));
	if (t->has[COL_PICTURE]) {
		line_to(l, col + PICTURE_GAP);
		axis_row(l, &t->axis, r->counts, r->q.at_ns[QUANTILE_P99]);
	}
	return hist_page_line(t->env, t->page);
}

static int print_groups(struct table *t, uint32_t row)
{
	char label[FMT_TEXT_MAX], name[2 * FMT_TEXT_MAX];
	int err = 0;

	for (uint32_t i = 0; !err && i < t->groups; i++) {
		struct hist_row r;

		if (!hist_rows_get(&r, &t->page->rows, t->span, t->order[i], row, t->total_ns))
			continue;
		hist_rows_group_label(label, t->env, t->span, t->order[i]);
		snprintf(name, sizeof(name), "  %s", label);
		/* The end of a path, or of a long name, says more than its start. */
		if (text_cols(name) >= t->name_cols)
			snprintf(name, sizeof(name), "  %s%s", t->env->ascii ? ".." : "…",
				 text_tail(label, t->name_cols - (t->env->ascii ? 5 : 4)));
		err = print_row(t, &r, PLAIN, name);
	}
	return err;
}

static bool is_split(struct table *t, const struct hist_row *r, uint32_t row)
{
	if (!t->span->h->groups)
		return false;
	if (row == PP_H_TOTAL || t->env->verbose || t->env->hist.stages || r->share >= SPLIT_SHARE)
		return true;
	t->unsplit = true;
	return false;
}

static int print_rows(struct table *t)
{
	int err = 0;

	for (uint32_t row = 0; !err && row < PP_H_ROWS; row++) {
		struct hist_row r;

		if (!is_shown(t, row) ||
		    !hist_rows_get(&r, &t->page->rows, t->span, ALL_GROUPS, row, t->total_ns))
			continue;
		err = print_row(t, &r, row == PP_H_TOTAL || t->span->h->groups ? BOLD : PLAIN,
				row_label(row));
		if (!err && is_split(t, &r, row))
			err = print_groups(t, row);
	}
	return err;
}

static int print_unsplit(struct table *t)
{
	line_start(&t->page->line);
	line_add(&t->page->line, DIM,
		 "stages below 5% of the time are not split (-v splits all)");
	return hist_page_line(t->env, t->page);
}

int hist_table(struct sink_env *env, struct hist_page *page, const struct hist_span *span)
{
	struct table t = { .env = env, .page = page, .span = span,
			   .total_ns = hist_rows_total(span) };
	int err;

	t.groups = hist_rows_groups(span, t.order);
	if (!t.groups) {
		line_start(&page->line);
		line_add(&page->line, DIM, "no packet ended");
		return hist_page_line(env, page);
	}
	t.name_cols = name_cols(&t);
	find_axis(&t, choose_columns(&t));
	err = print_header(&t);
	if (!err)
		err = print_rows(&t);
	return err || !t.unsplit || env->quiet ? err : print_unsplit(&t);
}
