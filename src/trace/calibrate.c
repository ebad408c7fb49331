// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The calibration of cost.h. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "base/clock.h"
#include "base/median.h"
#include "trace/cost.h"
#include "trace/run_time.h"
#include "base/log.h"
#include "bpf/calibrate.skel.h"

#define CALLS	   500	/* timed together: the fastest of a round's batches counts */
#define BATCHES	   8
#define ROUNDS_MAX 64

#define COST_NAME(name) #name,
static const char *const names[COST_NR] = { COST_KINDS(COST_NAME) };

const char *cost_kind_name(enum cost_kind kind)
{
	return names[kind];
}

enum cost_kind cost_kind_of(int row, enum backend be, int k)
{
	bool ret = hooks[row].kind == HOOK_RET && !k;	/* the second keeps the entry's arguments */

	switch (be) {
	case BE_FENTRY:
		return ret ? COST_fexit : COST_fentry;
	case BE_KMULTI:
		return ret ? COST_kretmulti : COST_kmulti;
	case BE_KPROBE:
		return ret ? COST_kretprobe : COST_kprobe;
	default:
		return COST_tp;
	}
}

/* ns a call, of the batch that was disturbed least. */
static double time_calls(void)
{
	double best = INFINITY, start;
	char name[16] = "";
	int i, k;

	prctl(PR_GET_NAME, name);
	for (i = 0; i < BATCHES; i++) {
		start = now_ns(CLOCK_MONOTONIC);
		for (k = 0; k < CALLS; k++)
			prctl(PR_SET_NAME, name);
		best = fmin(best, (now_ns(CLOCK_MONOTONIC) - start) / CALLS);
	}
	return best;
}

static struct bpf_program *program(const struct calibrate_bpf *s, const char *what,
				   enum cost_kind kind)
{
	char name[32];

	snprintf(name, sizeof(name), "%s_%s", what, names[kind]);
	return bpf_object__find_program_by_name(s->obj, name);
}

/* With a program attached. 0 or -errno. */
static int time_attached(const struct bpf_program *prog, double *ns)
{
	struct bpf_link *link = bpf_program__attach(prog);

	if (!link)
		return -errno;
	*ns = time_calls();
	bpf_link__destroy(link);
	return 0;
}

/* What the kernel says that a program takes. Statistics are on. 0 or -errno. */
static int time_by_stats(const struct bpf_program *prog, double *ns)
{
	struct run_time t;
	int err = time_attached(prog, ns);

	if (!err)
		err = run_time_read(bpf_program__fd(prog), &t);
	if (err)
		return err;
	if (!t.runs)
		return -ENODATA;
	*ns = (double)t.ns / (double)t.runs;
	return 0;
}

static int calibrate_kind(struct cost_calib *c, const struct calibrate_bpf *s, enum cost_kind kind,
			  int rounds)
{
	const struct bpf_program *empty = program(s, "empty", kind);
	const struct bpf_program *clock = program(s, "clock", kind);
	double e[ROUNDS_MAX] = { 0 }, t[ROUNDS_MAX] = { 0 }, off, ns = NAN;
	int i, err = 0;

	for (i = 0; i < rounds && !err; i++) {
		off = time_calls();
		err = time_attached(empty, &ns);
		e[i] = ns - off;
		t[i] = NAN;
		if (err || rounds == 1)
			continue;
		err = time_attached(clock, &ns);
		t[i] = ns - off - e[i];
	}
	if (err)
		return err;
	c->empty[kind] = fmax(median(e, rounds), 0);
	c->empty_mad[kind] = median_deviation(e, rounds, c->empty[kind]);
	c->clock[kind] = median(t, rounds);
	c->clock_mad[kind] = median_deviation(t, rounds, c->clock[kind]);
	return 0;
}

static int load(enum cost_kind kind, struct calibrate_bpf **out)
{
	struct calibrate_bpf *s = calibrate_bpf__open();
	struct bpf_program *p;
	int err;

	if (!s)
		return -errno;
	bpf_object__for_each_program(p, s->obj)
		bpf_program__set_autoload(p, false);
	bpf_program__set_autoload(program(s, "empty", kind), true);
	bpf_program__set_autoload(program(s, "clock", kind), true);
	err = calibrate_bpf__load(s);
	if (err)
		calibrate_bpf__destroy(s);
	else
		*out = s;
	return err;
}

/* All kinds at once: the kernel patches code on all CPUs to switch its statistics. */
static int calibrate_stats(struct cost_calib *c, struct calibrate_bpf *const loaded[COST_NR])
{
	int fd = bpf_enable_stats(BPF_STATS_RUN_TIME), kind, err = 0;

	if (fd < 0)
		return -errno;
	for (kind = 0; kind < COST_NR && !err; kind++)
		if (loaded[kind])
			err = time_by_stats(program(loaded[kind], "empty", kind), &c->stats[kind]);
	close(fd);
	return err;
}

int cost_calibrate(struct cost_calib *c, uint32_t kinds, int rounds)
{
	struct calibrate_bpf *loaded[COST_NR] = { NULL };
	int kind, err = 0;

	for (kind = 0; kind < COST_NR; kind++)
		c->empty[kind] = c->empty_mad[kind] = c->clock[kind] = c->clock_mad[kind] =
			c->stats[kind] = NAN;
	log_capture_libbpf();
	for (kind = 0; kind < COST_NR && !err; kind++)
		if (kinds & 1u << kind)
			err = load(kind, &loaded[kind]);
	rounds = rounds < ROUNDS_MAX ? rounds : ROUNDS_MAX;
	if (!err)
		err = calibrate_stats(c, loaded);
	for (kind = 0; kind < COST_NR; kind++) {
		if (loaded[kind] && !err)
			err = calibrate_kind(c, loaded[kind], kind, rounds);
		calibrate_bpf__destroy(loaded[kind]);
	}
	return err;
}
