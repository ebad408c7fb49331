// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "hooks/attach.h"
#include "base/clock.h"
#include "trace/cost.h"
#include "trace/run_time.h"
#include "trace/tracer.h"

#define WINDOW_NS 100000000ull
/* After the start, so that a short run has a window, too; then twice as long … */
#define FIRST_NS  200000000ull
#define SEEK_NS	  1000000000ull	/* at most, while no packets have come in a window */
#define SHARE_MIN 1e-4
#define ENOUGH	  20		/* packets that say something */

struct cost {
	struct tracer *tracer;
	struct cost_calib calib;
	uint64_t every_ns, due_ns, gap_ns;
	int stats;			/* while looking; else -1 */
	int err;			/* of the last look */
	struct run_time before[NR_HOOKS][ROW_PROGS], sum[NR_HOOKS][ROW_PROGS];
	uint64_t began_ns, packets_before;	/* of the window */
	uint64_t looked_ns, packets;		/* of all windows */
	uint64_t start_ns, start_own_ns;
	double budget, share, least;	/* 0: none */
	uint64_t own_ns, own_at_ns;	/* at the end of the last window */
	double last;			/* share of a CPU at the last window */
};

uint32_t cost_kinds(const struct tracer *t)
{
	const struct plan *plan = tracer_plan(t);
	uint32_t kinds = 0;
	int i, k;

	for (i = 0; i < NR_HOOKS; i++)
		for (k = 0; k < ROW_PROGS; k++)
			if (tracer_program(t, i, k) >= 0)
				kinds |= 1u << cost_kind_of(i, plan->backend[i], k);
	return kinds;
}

struct cost *cost_new(struct tracer *t)
{
	struct cost *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return NULL;
	c->tracer = t;
	c->stats = -1;
	c->share = c->least = 1;
	err = cost_calibrate(&c->calib, cost_kinds(t), 1);
	if (err) {
		free(c);
		errno = -err;
		return NULL;
	}
	return c;
}

void cost_start(struct cost *c, uint64_t every_ns)
{
	c->every_ns = every_ns;
	c->start_ns = c->own_at_ns = now_ns(CLOCK_MONOTONIC);
	c->start_own_ns = c->own_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	c->gap_ns = FIRST_NS;
	c->due_ns = c->start_ns + FIRST_NS;
}

void cost_budget(struct cost *c, double budget, double share)
{
	c->budget = budget;
	c->share = c->least = share;
}

bool cost_has_budget(const struct cost *c)
{
	return c->budget > 0;
}

static int read_runs(const struct cost *c, struct run_time runs[NR_HOOKS][ROW_PROGS])
{
	int i, k;

	for (i = 0; i < NR_HOOKS; i++) {
		for (k = 0; k < ROW_PROGS; k++) {
			int fd = tracer_program(c->tracer, i, k);
			int err = fd < 0 ? 0 : run_time_read(fd, &runs[i][k]);

			if (err)
				return err;
		}
	}
	return 0;
}

static void begin_window(struct cost *c)
{
	c->err = read_runs(c, c->before);
	if (c->err)
		return;
	c->stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	c->err = c->stats < 0 ? -errno : 0;
	c->began_ns = now_ns(CLOCK_MONOTONIC);
	c->packets_before = tracer_packets(c->tracer);
}

/* In the program, without what statistics add, and on the way there and back. */
static double spent(const struct cost *c, int row, int k, const struct run_time *r)
{
	enum cost_kind kind = cost_kind_of(row, tracer_plan(c->tracer)->backend[row], k);
	double in = (double)r->ns, entry = c->calib.empty[kind];

	if (!isnan(c->calib.stats[kind]))
		in = fmax(in - c->calib.stats[kind] * (double)r->runs, 0);
	return in + (isnan(entry) ? 0 : entry) * (double)r->runs;
}

static double spent_in_all(const struct cost *c, struct run_time runs[NR_HOOKS][ROW_PROGS])
{
	double ns = 0;
	int i, k;

	for (i = 0; i < NR_HOOKS; i++)
		for (k = 0; k < ROW_PROGS; k++)
			if (runs[i][k].runs)
				ns += spent(c, i, k, &runs[i][k]);
	return ns;
}

/*
 * Figures are noisy: by no more than a quarter or twice at a time, and up only if there is room.
 * What packets cost that are not followed is beyond our control: hence the least share.
 */
static void adapt(struct cost *c)
{
	double factor = c->last > 0 ? 0.9 * c->budget / c->last : 2;

	if (c->last <= c->budget && factor < 1.2)
		return;
	c->share *= fmin(fmax(factor, 0.25), 2);
	c->share = fmin(fmax(c->share, SHARE_MIN), 1);
	c->least = fmin(c->least, c->share);
	tracer_sample(c->tracer, c->share);
}

static void end_window(struct cost *c)
{
	struct run_time now[NR_HOOKS][ROW_PROGS] = {};
	uint64_t end = now_ns(CLOCK_MONOTONIC), own = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	uint64_t packets = tracer_packets(c->tracer) - c->packets_before;
	double programs;
	int i, k;

	close(c->stats);
	c->stats = -1;
	c->err = read_runs(c, now);
	if (c->err)
		return;
	for (i = 0; i < NR_HOOKS; i++) {
		for (k = 0; k < ROW_PROGS; k++) {
			now[i][k].runs -= c->before[i][k].runs;
			now[i][k].ns -= c->before[i][k].ns;
			c->sum[i][k].runs += now[i][k].runs;
			c->sum[i][k].ns += now[i][k].ns;
		}
	}
	c->packets += packets;
	c->looked_ns += end - c->began_ns;
	programs = spent_in_all(c, now) / (double)(end - c->began_ns);
	/* A quiet moment says nothing of what the next packets cost. */
	if (packets >= ENOUGH) {
		c->last = programs + (double)(own - c->own_ns) / (double)(end - c->own_at_ns);
		if (c->budget)
			adapt(c);
	}
	c->own_ns = own;
	c->own_at_ns = end;
}

static uint64_t next_gap(const struct cost *c)
{
	uint64_t most = c->packets < ENOUGH && c->every_ns > SEEK_NS ? SEEK_NS : c->every_ns;

	return c->gap_ns * 2 < most ? c->gap_ns * 2 : most;
}

void cost_tick(struct cost *c)
{
	uint64_t now = now_ns(CLOCK_MONOTONIC);

	if (!c->every_ns || now < c->due_ns)
		return;
	if (c->stats < 0)
		begin_window(c);
	else
		end_window(c);
	if (c->stats < 0)
		c->gap_ns = next_gap(c);
	c->due_ns = now + (c->stats < 0 ? c->gap_ns : WINDOW_NS);
}

int cost_error(const struct cost *c)
{
	return c->err;
}

void cost_stop(struct cost *c)
{
	if (c->stats >= 0)
		end_window(c);
	c->every_ns = 0;
}

void cost_get(const struct cost *c, struct cost_figures *out)
{
	struct cost *w = (struct cost *)c;
	double ns = spent_in_all(c, w->sum), runs = 0;
	uint64_t now = now_ns(CLOCK_MONOTONIC);
	int i, k;

	for (i = 0; i < NR_HOOKS; i++)
		for (k = 0; k < ROW_PROGS; k++)
			runs += (double)c->sum[i][k].runs;
	*out = (struct cost_figures){
		.known = c->packets >= ENOUGH,
		.budget = c->budget,
		.share = c->share,
		.least = c->least,
		.over = c->budget && c->last > c->budget,
	};
	if (out->known) {
		out->packet_ns = ns / (double)c->packets;
		out->packet_runs = runs / (double)c->packets;
		out->cpu = ns / (double)c->looked_ns;
		out->packets_s = (double)c->packets / (double)c->looked_ns * 1e9;
		out->each = out->packets_s >= COST_RATE;
	}
	if (now > c->start_ns)
		out->own_cpu = (double)(now_ns(CLOCK_PROCESS_CPUTIME_ID) - c->start_own_ns) /
			       (double)(now - c->start_ns);
}

void cost_row(const struct cost *c, int row, double *ns, double *runs)
{
	int k;

	*ns = *runs = 0;
	for (k = 0; k < ROW_PROGS && c->packets; k++) {
		if (!c->sum[row][k].runs)
			continue;
		*ns += spent(c, row, k, &c->sum[row][k]) / (double)c->packets;
		*runs += (double)c->sum[row][k].runs / (double)c->packets;
	}
}

const struct cost_calib *cost_calib(const struct cost *c)
{
	return &c->calib;
}

void cost_free(struct cost *c)
{
	if (!c)
		return;
	if (c->stats >= 0)
		close(c->stats);
	free(c);
}
