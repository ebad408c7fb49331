// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The live trace: one line a packet, each stage's duration in a column of its own; on a narrow
 * terminal the slowest stages only.
 */
#include <errno.h>
#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>
#include "model/labels.h"
#include "output/ledger_text.h"
#include "output/record_text.h"
#include "output/sink.h"
#include "output/waterfall.h"
#include "text/flow.h"

#define FLOW_MIN      37	/* "udp  10.77.0.1:40000 > 10.77.0.2:5000" */
#define FLOW_PIPE     48	/* without a terminal: fixed, so cut -c works; nearly all IPv4 */
#define SUFFIX_ROOM   11	/* " held=1.23m" */
#define FLOW_STEP     4		/* it grows by this much, so that the header rarely moves */
#define SLOWEST_ROOM  12	/* " sock 50.1ms" */
#define CELL_MIN      5
#define DEV_COLS      9	/* longer names are cut */
#define NARROW	      96	/* below: no length, milliseconds only */
#define HEADER_EVERY  50	/* lines, on a terminal */

#define PARENTS	      4096	/* remembered ids that a merged packet named; a power of two */

/* Each stage's place on a line. `batch` is folded into the column of gro, so that lines fit. */
#define SHOW(id, label, show, ...) PP_SHOW_##show,
static const enum pp_show shows[] = { PP_STAGES(SHOW) };

struct text_state {
	struct line line;
	int flow_cols;			/* width of the flow's column; grows with what is seen */
	unsigned int since_header;	/* lines; the header comes before the first */
	bool headed;			/* something was written */
	uint64_t parents[PARENTS];	/* by hash of the id; 0 = empty */
};

/*
 * The columns from the left: the stages as they are, but for `xdp` where it is generic only, whose
 * place is after `netif`.
 */
static int column_stage(const struct sink_env *env, int i)
{
	if (!env->xdp_late || i < PP_ST_XDP || i > PP_ST_NETIF)
		return i;
	return i == PP_ST_NETIF ? PP_ST_XDP : i + 1;
}

static bool has_column(const struct sink_env *env, int stage)
{
	return shows[stage] == PP_SHOW_COLUMN && env->stages_served & PP_ST_BIT(stage);
}

/* Columns of a stage's cell, the gap before it included. */
static int cell_cols(int stage)
{
	int label = (int)strlen(stage_label(stage));

	return 1 + (label > CELL_MIN ? label : CELL_MIN);
}

/* How long a stage took, including what is folded into its column. */
static uint64_t cell_ns(const struct timeline *tl, const struct timeline_row *row)
{
	const struct timeline_row *batch = timeline_find(tl, PP_ST_BATCH);

	return row->dur_ns + (row->stage == PP_ST_GRO && batch ? batch->dur_ns : 0);
}

static int stages_cols(const struct sink_env *env)
{
	int cols = 0;

	for (int st = 0; st < PP_ST_NR; st++)
		if (has_column(env, st))
			cols += cell_cols(st);
	return cols;
}

static bool narrow(const struct sink_env *env)
{
	return env->width && env->width < NARROW;
}

static int clock_cols(const struct sink_env *env)
{
	return narrow(env) ? 12 : 15;
}

/* Where the flow begins: after the clock, and the device if there are several. */
static int flow_col(const struct sink_env *env)
{
	return clock_cols(env) + 1 + (env->any_dev ? DEV_COLS : 0);
}

/* The verdict's column, the space before it included: those of XDP are longer. */
static int verdict_cols(const struct sink_env *env)
{
	return (env->stages_served & PP_ST_BIT(PP_ST_XDP)) ? 1 + 12 : 1 + 9;
}

/* Everything except the flow and what follows the total. */
static int fixed_cols(const struct sink_env *env, bool full)
{
	return flow_col(env) + (narrow(env) ? 0 : 1 + 5) + verdict_cols(env) + 1 + (full ? 5 : 6);
}

static bool full_layout(const struct sink_env *env)
{
	int need = fixed_cols(env, true) + FLOW_MIN + stages_cols(env);

	return !env->quiet && (!env->width || env->width >= need);
}

/* The widest that the flow's column may become. */
static int flow_limit(const struct sink_env *env)
{
	bool full = full_layout(env);
	int rest = env->quiet ? 0 : full ? stages_cols(env) : SLOWEST_ROOM;
	int room = env->width - fixed_cols(env, full) - rest;

	if (!env->width)
		return FLOW_PIPE;
	return room > FLOW_MIN ? room : FLOW_MIN;
}

static void add_header(const struct sink_env *env, struct text_state *st)
{
	struct line *l = &st->line;
	bool full = full_layout(env);
	int col = flow_col(env) + st->flow_cols;

	line_add(l, DIM, "time");
	if (env->any_dev) {
		line_to(l, clock_cols(env) + 1);
		line_add(l, DIM, "dev");
	}
	line_to(l, flow_col(env));
	line_add(l, DIM, "flow");
	if (!narrow(env))
		line_right(l, col += 6, DIM, "len");
	line_to(l, col + 1);
	line_add(l, DIM, "verdict");
	line_right(l, col += verdict_cols(env) + (full ? 6 : 7), DIM, "total");
	if (!full)
		line_add(l, DIM, " slowest");
	for (int i = 0; full && i < PP_ST_NR; i++) {
		int stage = column_stage(env, i);

		if (has_column(env, stage))
			line_right(l, col += cell_cols(stage), DIM, stage_label(stage));
	}
}

/* Widens the flow's column if this record needs it and may; a header then names the columns. */
static int make_room(struct sink_env *env, struct text_state *st, const struct pp_rec *rec)
{
	int want = flow_cols(rec), limit = flow_limit(env), before = st->flow_cols;
	bool moved;

	/* Not worth a new header if the flow would still not fit. */
	while (st->flow_cols < want && (want <= limit || st->flow_cols + FLOW_STEP <= limit))
		st->flow_cols += FLOW_STEP;
	if (st->flow_cols > limit)
		st->flow_cols = limit;
	moved = st->flow_cols != before;
	if (env->quiet || (st->headed && !moved &&
			   !(env->width && st->since_header >= HEADER_EVERY)))
		return 0;
	st->headed = true;
	st->since_header = 0;
	line_start(&st->line);
	add_header(env, st);
	return line_write(&st->line, env->out);
}

static void add_identity(const struct sink_env *env, struct text_state *st,
			 const struct pp_rec *rec, const struct timeline *tl)
{
	struct line *l = &st->line;
	char buf[FMT_MAX], dev[FMT_TEXT_MAX];
	bool full = full_layout(env);
	int col = flow_col(env);

	line_add(l, PLAIN, fmt_clock(buf, tl->first_ns + env->wall_offset_ns, env->utc,
				     narrow(env) ? 3 : 6));
	if (env->any_dev) {
		line_to(l, clock_cols(env) + 1);
		line_add(l, PLAIN, sink_env_dev(env, rec->netns, rec->ifindex, dev, DEV_COLS));
	}
	line_to(l, col);
	/* Half an IPv4 address is of no use: such a line is shifted rather than cut. */
	flow_add(l, rec, env->width && rec->eth_proto == ETH_P_IPV6 ? st->flow_cols : 0);
	col += l->cols - col > st->flow_cols ? l->cols - col : st->flow_cols;
	if (!narrow(env)) {
		snprintf(buf, sizeof(buf), " %u", rec->len);
		line_right(l, col += 6, PLAIN, buf);
	}
	line_to(l, col);
	line_add(l, PLAIN, " ");
	line_add(l, record_text_verdict_style(rec->verdict), verdict_label(rec->verdict));
	col += verdict_cols(env);
	line_right(l, col, PLAIN, " ");
	line_right(l, col + (full ? 6 : 7), BOLD,
		   line_duration(buf, l, tl->total_ns, !full));
}

/* Cells up to the last stage reached. The packet never got to those that stay blank. */
static void add_cells(const struct sink_env *env, struct line *l, const struct timeline *tl)
{
	int col = l->cols, last = -1;
	char buf[FMT_MAX];

	for (int i = 0; i < PP_ST_NR; i++)
		if (has_column(env, column_stage(env, i)) &&
		    timeline_find(tl, column_stage(env, i)))
			last = i;
	for (int i = 0; i <= last; i++) {
		int st = column_stage(env, i);
		const struct timeline_row *row = timeline_find(tl, st);

		if (!has_column(env, st))
			continue;
		col += cell_cols(st);
		if (!row)
			line_right(l, col, DIM, "-");
		else
			line_right(l, col, record_text_row_style(tl, (int)(row - tl->row)),
				   line_duration(buf, l, cell_ns(tl, row), false));
	}
}

/* Stages that few packets reach, and those that have a column but are not served. */
static void add_suffixes(const struct sink_env *env, struct line *l, const struct timeline *tl)
{
	char buf[FMT_MAX];

	for (int i = 0; i < tl->nr; i++) {
		int st = tl->row[i].stage;

		if (has_column(env, st) || shows[st] == PP_SHOW_FOLDED || shows[st] == PP_SHOW_END)
			continue;
		line_add(l, PLAIN, " ");
		line_addf(l, record_text_row_style(tl, i), "%s=%s", stage_label(st),
			  line_duration(buf, l, tl->row[i].dur_ns, false));
	}
}

/* The poll's cause, unless the rest of the line shows it. */
static const char *poll_cause(char buf[FMT_MAX], const struct pp_rec *rec)
{
	buf[0] = '\0';
	if (rec->cause != PP_C_NONE && rec->cause != PP_C_IRQ &&
	    !(rec->cause == PP_C_BACKLOG && rec->ts[PP_ST_BACKLOG]))
		snprintf(buf, FMT_MAX, " poll=%s", cause_label(rec->cause));
	return buf;
}

/* Of the rows not done yet the one that took longest, or -1 if all others took no time. */
static int next_slowest(const struct timeline *tl, const bool done[PP_ST_NR])
{
	int max = -1;

	for (int i = 0; i < tl->nr; i++)
		if (!done[i] && tl->row[i].dur_ns &&
		    (max < 0 || tl->row[i].dur_ns > tl->row[max].dur_ns))
			max = i;
	return max;
}

/* The slowest stages, slowest first, as many as fit up to column `limit`. */
static void add_slowest(struct line *l, const struct timeline *tl, bool first, int limit)
{
	bool done[PP_ST_NR] = { false };
	char buf[FMT_MAX], item[2 * FMT_MAX];

	for (int i = next_slowest(tl, done); i >= 0; i = next_slowest(tl, done)) {
		done[i] = true;
		snprintf(item, sizeof(item), "%s %s", stage_label(tl->row[i].stage),
			 line_duration(buf, l, tl->row[i].dur_ns, true));
		if (l->cols + (first ? 1 : 2) + text_cols(item) > limit)
			return;
		line_add(l, PLAIN, first ? " " : ", ");
		line_add(l, record_text_row_style(tl, i), item);
		first = false;
	}
}

/*
 * What became of it and the slowest stages, up to the terminal's edge. A place that is too long
 * goes to a line of its own, where the terminal does not cut it in two.
 */
static void add_list(const struct sink_env *env, struct line *l, const struct pp_rec *rec,
		     const struct timeline *tl, const char *mark)
{
	int limit = env->width - text_cols(mark), col = l->cols, fate;
	size_t len = l->len;
	bool fits;

	record_text_add_fate(env, l, rec);
	fate = l->cols - col;
	fits = !env->width || l->cols <= limit;
	if (!fits) {
		l->cols = col;
		l->len = len;
	}
	if (!env->quiet)
		add_slowest(l, tl, l->cols == col, limit);
	line_add(l, PLAIN, mark);
	if (fits)
		return;
	line_break(l);
	line_to(l, env->width - fate);
	record_text_add_fate(env, l, rec);
}

/* " #id" if a merged packet named this one as its parent, else "". Then forgets about it. */
static void parent_mark(char buf[FMT_MAX], struct text_state *st, const struct pp_rec *rec)
{
	uint64_t *known = &st->parents[rec->id % PARENTS];

	buf[0] = '\0';
	if (*known != rec->id)
		return;
	*known = 0;
	snprintf(buf, FMT_MAX, " #%llu", (unsigned long long)rec->id);
}

static int print_line(struct sink_env *env, const struct pp_rec *rec, const struct timeline *tl)
{
	struct text_state *st = env->state;
	struct line *l = &st->line;
	char mark[FMT_MAX], cause[FMT_MAX], tail[2 * FMT_MAX];
	bool full = full_layout(env);
	int err = make_room(env, st, rec);

	if (err)
		return err;
	parent_mark(mark, st, rec);
	snprintf(tail, sizeof(tail), "%s%s", poll_cause(cause, rec), mark);
	line_start(l);
	add_identity(env, st, rec, tl);
	if (full) {
		add_cells(env, l, tl);
		add_suffixes(env, l, tl);
		record_text_add_fate(env, l, rec);
		line_add(l, PLAIN, tail);
	}
	/* Columns that do not fit give way to what matters most. */
	if (full && env->width && l->cols > env->width) {
		line_start(l);
		add_identity(env, st, rec, tl);
		add_list(env, l, rec, tl, tail);
	} else if (!full) {
		add_list(env, l, rec, tl, mark);
	}
	st->since_header++;
	return line_write(l, env->out);
}

/* There is an empty line between blocks. */
static int print_block(struct sink_env *env, const struct pp_rec *rec, const struct timeline *tl)
{
	struct text_state *st = env->state;
	int err;

	line_start(&st->line);
	err = st->headed ? line_write(&st->line, env->out) : 0;
	st->headed = true;
	return err ? err : waterfall_print(env, &st->line, rec, tl);
}

static int text_begin(struct sink_env *env)
{
	struct text_state *st = calloc(1, sizeof(*st));

	if (!st)
		return -ENOMEM;
	st->line.ascii = env->ascii;
	st->line.colour = env->colour;
	st->flow_cols = env->width ? FLOW_MIN : FLOW_PIPE;
	env->state = st;
	return 0;
}

static int text_record(struct sink_env *env, const struct pp_rec *rec)
{
	struct text_state *st = env->state;
	struct timeline tl;
	int err;

	/* A record that ends before its last stamp is shown as it is. */
	timeline_build(rec, &tl);
	if (rec->verdict == PP_V_MERGED && rec->parent)
		st->parents[rec->parent % PARENTS] = rec->parent;
	err = env->verbose ? print_block(env, rec, &tl) : print_line(env, rec, &tl);
	if (!err && env->line_buffered)
		err = file_flush(env->out);
	return err;
}

static int text_done(struct sink_env *env, const struct ledger *led)
{
	int err = file_flush(env->out);

	return err ? err : ledger_text(env, led);
}

static void text_free(struct sink_env *env)
{
	free(env->state);
	env->state = NULL;
}

const struct sink sink_text = {
	.name = "text",
	.begin = text_begin,
	.record = text_record,
	.done = text_done,
	.free = text_free,
};
