// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Histograms for people: a table that is redrawn on a terminal, or one for each interval, and at
 * the end one of the whole run, with the slowest packets as examples.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "model/labels.h"
#include "output/hist_buckets.h"
#include "output/hist_table.h"
#include "output/ledger_text.h"
#include "output/sink.h"
#include "output/waterfall.h"

#define BOTTOM 2	/* lines of the terminal left free below a redrawn table */

static int hist_begin(struct sink_env *env)
{
	struct hist_page *page = calloc(1, sizeof(*page));

	env->state = page;
	if (!page)
		return -ENOMEM;
	page->line.ascii = env->ascii;
	page->line.colour = env->colour;
	return hist_rows_new(&page->rows, &env->hist);
}

static void hist_free(struct sink_env *env)
{
	struct hist_page *page = env->state;

	if (page)
		hist_rows_free(&page->rows);
	free(page);
	env->state = NULL;
}

static int hist_record(struct sink_env *env, const struct pp_rec *rec)
{
	struct hist_page *page = env->state;

	hist_rows_record(&page->rows, &env->hist, rec);
	return 0;
}

static int print_title(struct sink_env *env, struct hist_page *page, const struct hist_span *span)
{
	struct line *l = &page->line;
	char buf[FMT_MAX], ns[FMT_MAX];

	line_start(l);
	line_duration(ns, l, span->ns, true);
	if (span->nr)
		line_addf(l, BOLD, "interval %u", span->nr);
	else
		line_add(l, BOLD, span->final ? "whole run" : "so far");
	line_addf(l, DIM, ", %s from %s", ns, fmt_clock(buf, span->begin_ns + env->wall_offset_ns,
							env->utc, 3));
	return hist_page_line(env, page);
}

/* "slowest in sock: 51.8ms", and the packet as trace -v draws it. */
static int print_example(struct sink_env *env, struct hist_page *page, uint32_t row,
			 const struct slowest_entry *e)
{
	struct line *l = &page->line;
	struct timeline tl;
	char buf[FMT_MAX];
	int err;

	line_start(l);
	err = line_write(l, env->out);
	if (err)
		return err;
	line_start(l);
	line_add(l, PLAIN, row == PP_H_TOTAL ? "slowest: " : "slowest in ");
	if (row != PP_H_TOTAL)
		line_addf(l, PLAIN, "%s: ", row_label(row));
	line_add(l, BOLD, line_duration(buf, l, e->ns, true));
	err = line_write(l, env->out);
	if (err)
		return err;
	timeline_build(&e->rec, &tl);
	return waterfall_print(env, l, &e->rec, &tl);
}

/* Has it a tail that matters? Far from the median, and no small part of the slow packets' total. */
static bool has_tail(const struct hist_row *r, const struct hist_row *total)
{
	return r->q.at_ns[QUANTILE_P999] > 10 * r->q.at_ns[QUANTILE_P50] &&
	       r->q.at_ns[QUANTILE_P999] > total->q.at_ns[QUANTILE_P999] / 10;
}

/* IDs of packets already drawn: the slowest of several rows is drawn once. */
struct drawn {
	uint64_t id[PP_H_ROWS * PP_WORST_MAX];
	uint32_t n;
};

static bool is_drawn(struct drawn *d, uint64_t id)
{
	for (uint32_t i = 0; i < d->n; i++)
		if (d->id[i] == id)
			return true;
	d->id[d->n++] = id;
	return false;
}

static int print_row_examples(struct sink_env *env, struct hist_page *page,
			      const struct hist_span *span, struct drawn *d, uint32_t row)
{
	const struct slowest_entry *list[PP_WORST_MAX];
	uint32_t n = slowest_list(hist_rows_slowest(&page->rows, span), row, list);
	int err = 0;

	for (uint32_t i = 0; !err && i < n; i++)
		if (list[i]->ns && !is_drawn(d, list[i]->rec.id))
			err = print_example(env, page, row, list[i]);
	return err;
}

/* Those of the total, and of the stages that have a tail, or with -v of all stages. */
static int print_examples(struct sink_env *env, struct hist_page *page,
			  const struct hist_span *span)
{
	struct hist_row total, r;
	struct drawn d = { .n = 0 };
	int err;

	if (!env->hist.worst ||
	    !hist_rows_get(&total, &page->rows, span, ALL_GROUPS, PP_H_TOTAL, 0))
		return 0;
	err = print_row_examples(env, page, span, &d, PP_H_TOTAL);
	for (uint32_t row = 0; !err && row < PP_H_TOTAL; row++)
		if (hist_opts_want(&env->hist, row) &&
		    hist_rows_get(&r, &page->rows, span, ALL_GROUPS, row, 0) &&
		    (env->verbose || has_tail(&r, &total)))
			err = print_row_examples(env, page, span, &d, row);
	return err;
}

static bool narrow(const struct sink_env *env)
{
	return hist_page_width(env) < HIST_PAGE_WIDTH;
}

/* What the numbers mean, below the last table. */
static int print_legend(struct sink_env *env, struct hist_page *page)
{
	struct line *l = &page->line;
	int err;

	line_start(l);
	line_add(l, DIM, "quantiles are at most " QUANTILE_ERROR "% off, exact below 64ns; ");
	if (narrow(env)) {
		err = hist_page_line(env, page);
		if (err)
			return err;
	}
	line_add(l, DIM, env->hist.wire ? "frames that GRO merged count, each" :
		 "frames that GRO merged count as one");
	return hist_page_line(env, page);
}

/* Removes the table from the terminal, if there is one. */
static int wipe(struct sink_env *env, struct hist_page *page)
{
	int lines = page->room ? page->drawn : 0;

	page->drawn = page->room = 0;
	return lines && fprintf(env->out, "\r\033[%dA\033[J", lines) < 0 ? -errno : 0;
}

static int redraw(struct sink_env *env, struct hist_page *page, const struct hist_span *span)
{
	int err;

	page->room = env->height > BOTTOM ? env->height - BOTTOM : 1;
	err = print_title(env, page, span);
	if (!err)
		err = hist_table(env, page, span);
	return err ? err : file_flush(env->out);
}

static int hist_hist(struct sink_env *env, const struct hist_span *span)
{
	struct hist_page *page = env->state;
	int err = wipe(env, page);

	if (err || span->live)
		return err ? err : redraw(env, page, span);
	line_start(&page->line);
	if (page->spans++)
		err = line_write(&page->line, env->out);
	if (!err)
		err = print_title(env, page, span);
	if (!err)
		err = hist_table(env, page, span);
	if (!err && span->final && !env->quiet)
		err = print_legend(env, page);
	if (!err && env->hist.buckets)
		err = hist_buckets(env, page, span);
	if (!err)
		err = print_examples(env, page, span);
	if (span->nr)
		slowest_clear(page->rows.now);
	return err ? err : file_flush(env->out);
}

static int hist_done(struct sink_env *env, const struct ledger *led)
{
	struct hist_page *page = env->state;
	int err;

	page->drawn = page->room = 0;	/* the last table stays on the terminal */
	line_start(&page->line);
	err = line_write(&page->line, env->err);
	return err ? err : ledger_text(env, led);
}

const struct sink sink_hist = {
	.name = "hist",
	.begin = hist_begin,
	.record = hist_record,
	.hist = hist_hist,
	.done = hist_done,
	.free = hist_free,
};
