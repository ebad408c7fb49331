// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * pktpath bench floor: what a program and its verdict cost where there is no device at all. No
 * other figure of this machine can be below it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "bench/floor.h"
#include "bench/floor_show.h"
#include "bench/generator.h"
#include "bench/mode.h"
#include "bench/program.h"
#include "host/cpu_meter.h"

#define LIVE_SLICE 20000000ull	/* ns */

static const uint32_t batches[FLOOR_LIVE] = { 1, 64, 256 };

/* The modes whose rows say so, then dropping with each work. Returns how many. */
static int choose(struct bench_spec *specs)
{
	int i, n = 0;

	for (i = 0; i < XB_NR_MODES; i++)
		if (modes[i].floor)
			spec_make(&specs[n++], i, XB_NOTHING);
	for (i = XB_NOTHING + 1; i < XB_NR_WORKS; i++)
		spec_make(&specs[n++], XB_DROP, i);
	return n;
}

static int load_all(const struct bench_spec *specs, int n, struct prog **progs, int *fds,
		    struct why *why)
{
	struct prog_env env = { .to = { 1, 1 } };	/* the loopback device: nothing is sent */
	int i, err = 0;

	for (i = 0; !err && i < n; i++) {
		err = prog_load(&progs[i], &specs[i], &env, why);
		fds[i] = err ? -1 : prog_fd(progs[i]);
	}
	return err;
}

static int sample(struct bench *b, const int *fds, struct floor_row *rows, int n)
{
	double (*v)[FLOOR_SAMPLES] = calloc(n, sizeof(*v));
	int i, err = v ? floor_sample(fds, n, b->o.size, &b->pace, v) : -ENOMEM;

	for (i = 0; !err && i < n; i++)
		rows[i].ns = bootstrap_median(v[i], FLOOR_SAMPLES, 0.95);
	free(v);
	return err == -EINTR ? err : why_cannot(&b->why, err, "cannot run a program by itself");
}

static int bare(struct bench *b, struct floor_result *f)
{
	struct bench_spec specs[FLOOR_MAX];
	struct prog *progs[FLOOR_MAX] = {};
	int fds[FLOOR_MAX], i, err;

	f->nr_rows = choose(specs);
	err = load_all(specs, f->nr_rows, progs, fds, &b->why);
	if (!err)
		err = sample(b, fds, f->rows, f->nr_rows);
	for (i = 0; i < f->nr_rows; i++) {
		snprintf(f->rows[i].name, LABEL_LEN, "%s", specs[i].label);
		prog_free(progs[i]);
	}
	return err;
}

/* The generator by itself: live frames that its own program drops. */
static int live_slices(struct pace *pace, struct gen *g, struct meter *m, struct estimate *ns)
{
	double v[FLOOR_SAMPLES];
	uint64_t cpu, n;
	int i, err = 0;

	gen_set(g, XB_GEN_ALONE);
	err = pace_sleep(pace, LIVE_SLICE);
	for (i = 0; !err && i < FLOOR_SAMPLES; i++) {
		cpu = meter_read(m);
		n = gen_alone(g);
		err = pace_sleep(pace, LIVE_SLICE);
		cpu = meter_read(m) - cpu;
		n = gen_alone(g) - n;
		v[i] = n ? (double)cpu / (double)n : 0;
	}
	if (!err)
		*ns = bootstrap_median(v, FLOOR_SAMPLES, 0.95);
	return err;
}

static int live(struct bench *b, struct floor_row *row, uint32_t batch)
{
	/* The frames claim to come from the loopback device. */
	struct gen_opts go = { .ifindex = 1, .dst = { 2, 0, 0, 0, 0, 2 }, .size = b->o.size,
			       .flows = 1, .batch = batch, .cores = 1, .repeat = GEN_REPEAT,
			       .cpus = b->o.cpus };
	struct meter *m = NULL;
	struct gen *g = NULL;
	int err = gen_new(&g, &go);

	snprintf(row->name, LABEL_LEN, "live frames, drop, batch %u", batch);
	if (err == -EOPNOTSUPP) {
		row->why = "Linux 5.18 or later is needed";
		return 0;
	}
	if (!err)
		err = gen_start(g);
	if (!err)
		err = meter_new(&m);
	if (!err)
		err = meter_add(m, gen_tid(g, 0));
	if (!err)
		err = live_slices(&b->pace, g, m, &row->ns);
	gen_free(g);
	meter_free(m);
	return err == -EINTR ? err :
	       why_cannot(&b->why, err, "cannot generate live frames, batch %u", batch);
}

static int measure(struct bench *b, struct floor_result *f)
{
	int i, err;

	cpu_pin(cpus_from_last(&b->o.cpus, 0));
	err = bare(b, f);
	cpus_avoid(&b->o.cpus, 1);
	for (i = 0; !err && i < FLOOR_LIVE; i++) {
		pace_show(&b->pace, "floor", (double)(i + 1) / (FLOOR_LIVE + 1));
		err = live(b, &f->rows[f->nr_rows++], batches[i]);
	}
	pace_clear(&b->pace);
	return err;
}

int bench_floor(struct bench *b)
{
	struct floor_result f = { .b = b };
	int err = measure(b, &f);

	if (err == -EINTR)
		return why_is(&b->why, err, "floor: interrupted before it had measured enough");
	if (err)
		return err;
	pace_end(&b->pace);
	return why_cannot(&b->why, floor_show(&f), "cannot write: standard output");
}
