// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Drops, grouped by reason, place and stage: a table that is redrawn on a terminal, and printed
 * once at the end.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "model/labels.h"
#include "model/timeline.h"
#include "output/ledger_text.h"
#include "output/sink.h"
#include "text/flow.h"

#define GROUPS 64	/* more kinds of drops than these are counted together */
#define COL_RATE 19
#define COL_REASON 20
#define COL_PLACE 45
#define COL_AFTER 73
#define COL_FLOW 82

/* Drops of one kind, with the newest as the example. */
struct group {
	uint64_t count;
	int after;			/* the last stage they reached */
	struct pp_rec example;
};

struct drops_state {
	struct line line;
	struct group groups[GROUPS];
	int nr;
	uint64_t others;
	int drawn;			/* lines of the table that stands on the terminal */
};

/* Is there room for the example beside its group? Otherwise it goes below. */
static bool wide(const struct sink_env *env)
{
	return !env->width || env->width > COL_FLOW + 45;
}

static int last_stage(const struct pp_rec *rec)
{
	struct timeline tl;

	timeline_build(rec, &tl);
	return tl.nr ? tl.row[tl.nr - 1].stage : PP_ST_NONE;
}

static struct group *find_group(struct drops_state *st, const struct pp_rec *rec, int after)
{
	for (int i = 0; i < st->nr; i++) {
		struct group *g = &st->groups[i];

		if (g->example.reason == rec->reason && g->after == after &&
		    !strncmp(g->example.place, rec->place, PP_PLACE_LEN))
			return g;
	}
	if (st->nr == GROUPS)
		return NULL;
	st->groups[st->nr].after = after;
	return &st->groups[st->nr++];
}

static int drops_record(struct sink_env *env, const struct pp_rec *rec)
{
	struct drops_state *st = env->state;
	struct group *g;

	/* XDP's drops, and packets that it failed to send, have a reason of pktpath's own. */
	if (rec->verdict != PP_V_DROPPED && !(verdict_is_xdp(rec->verdict) && rec->reason))
		return 0;
	g = find_group(st, rec, last_stage(rec));
	if (!g) {
		st->others++;
		return 0;
	}
	g->count++;
	g->example = *rec;
	return 0;
}

static int by_count(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	return x->count < y->count ? 1 : x->count > y->count ? -1 : 0;
}

static void add_rate(struct line *l, uint64_t count, uint64_t ns)
{
	char buf[FMT_MAX];

	snprintf(buf, sizeof(buf), "%.1f", ns ? (double)count * 1e9 / (double)ns : 0);
	line_right(l, COL_RATE - 1, PLAIN, buf);
}

static int print_group(struct sink_env *env, const struct group *g, uint64_t ns)
{
	struct drops_state *st = env->state;
	struct line *l = &st->line;
	char buf[FMT_TEXT_MAX];

	line_start(l);
	line_right(l, 9, BOLD, fmt_count(buf, g->count));
	add_rate(l, g->count, ns);
	line_to(l, COL_REASON);
	line_add(l, RED, fmt_clean(buf, sink_env_reason(env, &g->example),
				   COL_PLACE - COL_REASON - 1));
	line_to(l, COL_PLACE);
	line_add(l, PLAIN, g->example.place[0] ?
		 fmt_clean(buf, g->example.place, COL_AFTER - COL_PLACE - 1) : "?");
	line_to(l, COL_AFTER);
	line_add(l, PLAIN, g->after == PP_ST_NONE ? "-" : stage_label(g->after));
	if (!wide(env))
		line_break(l);
	line_to(l, wide(env) ? COL_FLOW : COL_REASON);
	flow_add(l, &g->example, 0);
	line_addf(l, DIM, " on %s",
		  sink_env_dev(env, g->example.netns, g->example.ifindex, buf, 15));
	return line_write(l, env->out);
}

static int print_header(struct sink_env *env)
{
	struct drops_state *st = env->state;
	struct line *l = &st->line;

	line_start(l);
	line_right(l, 9, DIM, "drops");
	line_right(l, COL_RATE - 1, DIM, "per s");
	line_to(l, COL_REASON);
	line_add(l, DIM, "reason");
	line_to(l, COL_PLACE);
	line_add(l, DIM, "in function");
	line_to(l, COL_AFTER);
	line_add(l, DIM, "after");
	if (wide(env)) {
		line_to(l, COL_FLOW);
		line_add(l, DIM, "newest example");
	}
	return line_write(l, env->out);
}

static int print_others(struct sink_env *env, uint64_t ns)
{
	struct drops_state *st = env->state;
	char buf[FMT_MAX];

	line_start(&st->line);
	line_right(&st->line, 9, BOLD, fmt_count(buf, st->others));
	add_rate(&st->line, st->others, ns);
	line_to(&st->line, COL_REASON);
	line_add(&st->line, PLAIN, "of other kinds");
	return line_write(&st->line, env->out);
}

static int print_table(struct sink_env *env, uint64_t ns)
{
	struct drops_state *st = env->state;
	int err = print_header(env);

	qsort(st->groups, st->nr, sizeof(st->groups[0]), by_count);
	for (int i = 0; !err && i < st->nr; i++)
		err = print_group(env, &st->groups[i], ns);
	if (!err && st->others)
		err = print_others(env, ns);
	st->drawn = 1 + st->nr * (wide(env) ? 1 : 2) + !!st->others;
	return err ? err : file_flush(env->out);
}

/* Draws over the table that is on the terminal. */
static int redraw(struct sink_env *env, uint64_t ns)
{
	struct drops_state *st = env->state;

	if (st->drawn && fprintf(env->out, "\r\033[%dA\033[J", st->drawn) < 0)
		return -errno;
	return print_table(env, ns);
}

static int drops_begin(struct sink_env *env)
{
	struct drops_state *st = calloc(1, sizeof(*st));

	if (!st)
		return -ENOMEM;
	st->line.ascii = env->ascii;
	st->line.colour = env->colour;
	env->state = st;
	return 0;
}

static int drops_done(struct sink_env *env, const struct ledger *led)
{
	int err = redraw(env, led->duration_ns);

	if (!err)
		err = ledger_text(env, led);
	((struct drops_state *)env->state)->drawn = 0;
	return err;
}

static void drops_free(struct sink_env *env)
{
	free(env->state);
	env->state = NULL;
}

const struct sink sink_drops = {
	.name = "drops",
	.begin = drops_begin,
	.record = drops_record,
	.tick = redraw,
	.done = drops_done,
	.free = drops_free,
};
