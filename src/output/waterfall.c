// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <netinet/in.h>
#include <stdarg.h>
#include "model/labels.h"
#include "output/record_text.h"
#include "output/waterfall.h"
#include "text/flow.h"

#define BAR_COL	      36	/* 2 + label 9 + offset 8 + duration 8 + cpu 7 + 2 */
#define BAR_MIN	      16
#define BAR_MAX	      200
#define WIDTH_DEFAULT 100

static int bar_cols(const struct sink_env *env)
{
	int cols = (env->width ? env->width : WIDTH_DEFAULT) - BAR_COL;

	return cols < BAR_MIN ? BAR_MIN : cols > BAR_MAX ? BAR_MAX : cols;
}

/* A time as a position on the axis, in eighths of a cell. */
static int axis_pos(uint64_t ns, uint64_t total_ns, int cols)
{
	return total_ns ? (int)((double)ns / (double)total_ns * cols * 8) : 0;
}

/* The first `n` eighths of a cell filled, 1..8. */
static const char *left_block(int n)
{
	static const char *const block[] = { "▏", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█" };

	return block[n];
}

/* A cell filled from `from` to `to` eighths, as closely as there are characters for it. */
static const char *partial(const struct line *l, int from, int to)
{
	if (l->ascii)
		return to - from < 2 ? "|" : "#";
	if (to - from < 2)
		return from < 4 ? "▏" : "▕";
	if (to < 8 || from < 2)
		return left_block(to);
	return from < 6 ? "▐" : "▕";
}

static void add_bar(struct line *l, const struct timeline *tl, int row, int cols)
{
	uint64_t off = tl->row[row].at_ns - tl->first_ns;
	int from = axis_pos(off, tl->total_ns, cols);
	int to = axis_pos(off + tl->row[row].dur_ns, tl->total_ns, cols);
	enum style style = record_text_row_style(tl, row);
	char bar[3 * BAR_MAX + 8];
	size_t n = 0;

	/* Even what is too short to see gets a mark, also at the very end. */
	if (from > cols * 8 - 1)
		from = cols * 8 - 1;
	if (to <= from)
		to = from + 1;
	for (int cell = from / 8; cell * 8 < to && n + 4 < sizeof(bar); cell++) {
		int a = from > cell * 8 ? from - cell * 8 : 0;
		int b = to < cell * 8 + 8 ? to - cell * 8 : 8;

		n += (size_t)snprintf(bar + n, sizeof(bar) - n, "%s", partial(l, a, b));
	}
	line_to(l, BAR_COL + from / 8);
	line_add(l, style == PLAIN || style == BOLD ? CYAN : style, bar);
}

/* Label, offset, duration and CPU; the CPU is bold where the packet moved to another. */
static void add_row(struct line *l, enum style style, const char *label, const char *dur,
		    uint64_t off_ns, unsigned int cpu, bool moved)
{
	char at[FMT_MAX], buf[FMT_MAX];

	line_start(l);
	line_add(l, PLAIN, "  ");
	line_add(l, style, label);
	snprintf(at, sizeof(at), "+%s", line_duration(buf, l, off_ns, true));
	if (l->cols + text_cols(at) >= 19)
		line_add(l, PLAIN, " ");
	line_right(l, 19, DIM, at);
	line_right(l, 27, style, dur);
	snprintf(buf, sizeof(buf), "cpu%u", cpu);
	line_right(l, 34, moved ? BOLD : DIM, buf);
}

static void add_tcp(struct line *l, const struct pp_rec *rec)
{
	char flags[FMT_MAX];

	if (rec->l4_proto != IPPROTO_TCP || !fmt_has_ports(rec))
		return;
	line_addf(l, PLAIN, " [%s]", fmt_tcp_flags(flags, rec->tcp_flags));
	if (rec->data_len)
		line_addf(l, PLAIN, " %u bytes to seq %u", rec->data_len, rec->end_seq);
}

static void add_summary(const struct sink_env *env, struct line *l, const struct pp_rec *rec,
			const struct timeline *tl)
{
	char buf[FMT_MAX], name[FMT_TEXT_MAX];

	line_start(l);
	line_addf(l, BOLD, "#%llu ", (unsigned long long)rec->id);
	line_add(l, PLAIN, fmt_clock(buf, tl->first_ns + env->wall_offset_ns, env->utc, 6));
	line_addf(l, PLAIN, " %s ",
		  sink_env_dev(env, rec->netns, rec->ifindex, name, FMT_TEXT_MAX));
	flow_add(l, rec, 0);
	add_tcp(l, rec);
	line_addf(l, PLAIN, " len %u: ", rec->len);
	line_add(l, record_text_verdict_style(rec->verdict), verdict_label(rec->verdict));
	line_add(l, PLAIN, " after ");
	line_add(l, BOLD, line_duration(buf, l, tl->total_ns, true));
	if (rec->cause != PP_C_NONE && rec->cause != PP_C_IRQ)
		line_addf(l, PLAIN, ", poll=%s", cause_label(rec->cause));
	if (rec->context == PP_X_KSOFTIRQD)
		line_add(l, PLAIN, " in ksoftirqd");
	if (rec->poll_budget && rec->poll_work != PP_WORK_UNKNOWN)
		line_addf(l, PLAIN, ", packet %u of %u in its poll (budget %u)",
			  rec->poll_index + 1u, rec->poll_work, rec->poll_budget);
}

/* Adds a note to the line of notes. */
static void note(struct line *l, const char *fmt, ...)
{
	char text[2 * FMT_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	line_add(l, DIM, l->cols ? "; " : "  ");
	line_add(l, DIM, text);
}

static void note_gro(struct line *l, const struct pp_rec *rec)
{
	if (rec->gro_frames > 1)
		note(l, "GRO put %u frames together", rec->gro_frames);
	if (rec->gro_end)
		note(l, "GRO let it go: %s", gro_end_help(rec->gro_end));
}

/* Notes on a record besides its stages, in a line of their own; most records have none. */
static int print_notes(const struct sink_env *env, struct line *l, const struct pp_rec *rec)
{
	const struct flag_name *f;
	char name[FMT_TEXT_MAX];

	line_start(l);
	for (unsigned int i = 0; (f = flag_row(i)); i++)
		if (*f->label && rec->flags & f->bit)
			note(l, "%s: %s", f->label, f->help);
	if (rec->clone_of)
		note(l, "copy of #%llu", (unsigned long long)rec->clone_of);
	for (int i = 0; i < rec->nr_hops && i < PP_HOPS; i++) {
		const struct pp_hop *hop = &rec->hops[i];
		const char *dev = env->dev_name(env->names, hop->netns, hop->ifindex);

		note(l, "then received on %s", dev ? fmt_clean(name, dev, FMT_TEXT_MAX) :
		     "a device of another network namespace");
	}
	if (rec->xdp_mode && !verdict_is_xdp(rec->verdict))
		note(l, "XDP program %u (%s) let it pass", rec->xdp_prog,
		     xdp_mode_label(rec->xdp_mode));
	if (rec->egress && !verdict_is_xdp(rec->verdict))
		note(l, "left through %s",
		     sink_env_dev(env, rec->netns, rec->egress, name, FMT_TEXT_MAX));
	note_gro(l, rec);
	return l->cols ? line_write(l, env->out) : 0;
}

/* The last row: the verdict, when and on which CPU it fell, and details of it. */
static int print_end(const struct sink_env *env, struct line *l, const struct pp_rec *rec,
		     const struct timeline *tl, unsigned int cpu_before)
{
	char comm[FMT_TEXT_MAX];

	add_row(l, record_text_verdict_style(rec->verdict), verdict_label(rec->verdict), "",
		tl->total_ns, rec->end_cpu, rec->end_cpu != cpu_before);
	line_to(l, BAR_COL - 1);	/* what follows begins with a space */
	record_text_add_fate(env, l, rec);
	if (rec->pid)
		line_addf(l, PLAIN, " by %s[%u]:", fmt_clean(comm, rec->comm, PP_COMM_LEN),
			  rec->pid);
	if (rec->verdict == PP_V_DELIVERED || rec->verdict == PP_V_CONSUMED)
		line_addf(l, DIM, " %s", verdict_help(rec->verdict));
	else if (rec->verdict == PP_V_UNTRACKED)
		line_addf(l, DIM, ": %s", loss_help(rec->loss));
	return line_write(l, env->out);
}

int waterfall_print(const struct sink_env *env, struct line *l, const struct pp_rec *rec,
		    const struct timeline *tl)
{
	unsigned int cpu = tl->nr ? tl->row[0].cpu : rec->end_cpu;
	char buf[FMT_MAX];
	int err;

	add_summary(env, l, rec, tl);
	err = line_write(l, env->out);
	for (int i = 0; !err && i < tl->nr; i++) {
		const struct timeline_row *row = &tl->row[i];

		/* A delivered packet ends with its read, which the last row shows. */
		if (row->stage == PP_ST_READ && !row->dur_ns)
			continue;
		add_row(l, record_text_row_style(tl, i), stage_label(row->stage),
			line_duration(buf, l, row->dur_ns, true), row->at_ns - tl->first_ns,
			row->cpu, row->cpu != cpu);
		add_bar(l, tl, i, bar_cols(env));
		cpu = row->cpu;
		err = line_write(l, env->out);
	}
	if (!err)
		err = print_end(env, l, rec, tl, cpu);
	return err ? err : print_notes(env, l, rec);
}
