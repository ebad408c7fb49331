// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "model/labels.h"
#include "output/record_text.h"
#include "text/flow.h"

#define SLOW_NS 1000000		/* a stage that is longer than this and most of the total is red */

enum style record_text_verdict_style(unsigned int verdict)
{
	switch (verdict) {
	case PP_V_DELIVERED:
		return GREEN;
	case PP_V_CONSUMED:
	case PP_V_XDP_TX:
	case PP_V_XDP_REDIRECT:
		return CYAN;
	case PP_V_DROPPED:
	case PP_V_XDP_DROP:
	case PP_V_XDP_ABORTED:
		return RED;
	case PP_V_UNTRACKED:
		return YELLOW;
	}
	return DIM;
}

enum style record_text_row_style(const struct timeline *tl, int row)
{
	uint64_t ns = tl->row[row].dur_ns;

	if (row != tl->slowest || !ns)
		return PLAIN;
	if (ns <= tl->total_ns / 2)
		return BOLD;
	return ns > SLOW_NS ? RED : YELLOW;
}

static void add_drop(const struct sink_env *env, struct line *l, const struct pp_rec *rec)
{
	char buf[FMT_TEXT_MAX];

	line_add(l, RED, fmt_clean(buf, sink_env_reason(env, rec), FMT_TEXT_MAX));
	if (!rec->place[0])
		return;
	line_add(l, PLAIN, " at ");
	line_add(l, BOLD, fmt_clean(buf, rec->place, sizeof(rec->place)));
}

/* Where an XDP program redirected it. */
static void add_target(const struct sink_env *env, struct line *l, const struct pp_rec *rec)
{
	char buf[FMT_TEXT_MAX];

	switch (rec->xdp_to) {
	case PP_XT_DEVICE:
		line_add(l, PLAIN, " to ");
		line_add(l, BOLD, sink_env_dev(env, rec->netns, rec->egress, buf, FMT_TEXT_MAX));
		break;
	case PP_XT_DEVICES:
		line_add(l, PLAIN, " to several devices");
		break;
	case PP_XT_CPU:
		line_addf(l, PLAIN, " to CPU %u", rec->xdp_index);
		break;
	case PP_XT_SOCKET:
		line_addf(l, PLAIN, " to AF_XDP socket %u", rec->xdp_index);
		break;
	}
}

/* " native to eth1 by filter[12]" */
static void add_xdp(const struct sink_env *env, struct line *l, const struct pp_rec *rec)
{
	char buf[FMT_TEXT_MAX];

	line_addf(l, DIM, " %s", xdp_mode_label(rec->xdp_mode));
	add_target(env, l, rec);
	line_addf(l, PLAIN, " by %s",
		  rec->place[0] ? fmt_clean(buf, rec->place, sizeof(rec->place)) : "?");
	if (rec->xdp_err == PP_XDP_FAILED)
		line_add(l, RED, " failed");
	else if (rec->xdp_err)
		line_addf(l, RED, " failed: %s", fmt_error(buf, rec->xdp_err));
}

static void add_end(const struct sink_env *env, struct line *l, const struct pp_rec *rec)
{
	if (verdict_is_xdp(rec->verdict))
		add_xdp(env, l, rec);
	if (rec->verdict != PP_V_DROPPED && rec->verdict != PP_V_MERGED &&
	    rec->verdict != PP_V_UNTRACKED)
		return;
	line_add(l, PLAIN, " ");
	if (rec->verdict == PP_V_DROPPED)
		add_drop(env, l, rec);
	else if (rec->verdict == PP_V_UNTRACKED)
		line_add(l, YELLOW, loss_label(rec->loss));
	else if (rec->parent)
		line_addf(l, PLAIN, "into #%llu", (unsigned long long)rec->parent);
	else
		line_add(l, PLAIN, "into #?");
}

void record_text_add_fate(const struct sink_env *env, struct line *l, const struct pp_rec *rec)
{
	add_end(env, l, rec);
	flow_add_nat(l, rec);
}
