// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * pktpath bench floor: what a program and its verdict cost where there is no device at all. No
 * other figure of this machine can be below it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/libbpf.h>
#include "host/cpus.h"
#include "bench/generator.h"
#include "bench/show_json.h"
#include "bench/mode.h"
#include "bench/program.h"
#include "bench/sample.h"
#include "bench/show_text.h"
#include "base/exit.h"
#include "text/line.h"
#include "base/log.h"

#define LIVE_SLICE 20000000ull	/* ns */

#define NR_LIVE 3

static const uint32_t batches[NR_LIVE] = { 1, 64, 256 };

#define ROWS_MAX (FLOOR_MAX + NR_LIVE)

struct row {
	char name[LABEL_LEN];
	struct estimate ns;
	const char *why;	/* there is none */
};

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

static int load_all(const struct bench_spec *specs, int n, struct prog **progs, int *fds)
{
	struct prog_env env = { .to = { 1, 1 } };	/* the loopback device: nothing is sent */
	int i, err = 0;

	for (i = 0; !err && i < n; i++) {
		err = prog_load(&progs[i], &specs[i], &env);
		fds[i] = err ? -1 : prog_fd(progs[i]);
	}
	return err;
}

static int bare(const struct bench_opts *o, struct row *rows, int *nr_rows)
{
	static double v[FLOOR_MAX][FLOOR_SAMPLES];
	struct bench_spec specs[FLOOR_MAX];
	struct prog *progs[FLOOR_MAX] = {};
	int fds[FLOOR_MAX], i, n = choose(specs), err = load_all(specs, n, progs, fds);

	if (!err) {
		err = floor_sample(fds, n, o->size, v);
		if (err && err != -EINTR)
			log_err("cannot run a program by itself: %s", strerror(-err));
	}
	for (i = 0; i < n; i++) {
		snprintf(rows[i].name, LABEL_LEN, "%s", specs[i].label);
		if (!err)
			rows[i].ns = bootstrap_median(v[i], FLOOR_SAMPLES, 0.95);
		prog_free(progs[i]);
	}
	*nr_rows = n;
	return err;
}

/* The generator by itself: live frames that its own program drops. */
static int live_slices(struct gen *g, struct meter *m, struct estimate *ns)
{
	double v[FLOOR_SAMPLES];
	uint64_t cpu, n;
	int i, err = 0;

	gen_set(g, XB_GEN_ALONE);
	err = bench_sleep(LIVE_SLICE);
	for (i = 0; !err && i < FLOOR_SAMPLES; i++) {
		cpu = meter_read(m);
		n = gen_alone(g);
		err = bench_sleep(LIVE_SLICE);
		cpu = meter_read(m) - cpu;
		n = gen_alone(g) - n;
		v[i] = n ? (double)cpu / (double)n : 0;
	}
	if (!err)
		*ns = bootstrap_median(v, FLOOR_SAMPLES, 0.95);
	return err;
}

static int live(const struct bench_opts *o, struct row *row, uint32_t batch)
{
	/* The frames claim to come from the loopback device. */
	struct gen_opts go = { .ifindex = 1, .dst = { 2, 0, 0, 0, 0, 2 }, .size = o->size,
			       .flows = 1, .batch = batch, .cores = 1, .repeat = GEN_REPEAT };
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
		err = live_slices(g, m, &row->ns);
	if (err && err != -EINTR)
		log_err("cannot generate: %s", strerror(-err));
	gen_free(g);
	meter_free(m);
	return err;
}

static int floor_text(const struct bench_opts *o, const struct machine *env,
		      const struct row *rows, int n)
{
	char buf[80];
	int i;

	printf("BPF_PROG_RUN, frames of %u bytes, one CPU\n\n%-28s %10s  %s\n", o->size, "PROGRAM",
	       "MPPS", "NS A RUN");
	for (i = 0; i < n; i++) {
		if (rows[i].why)
			printf("%-28s %10s  not on this kernel: %s\n", rows[i].name, "-",
			       rows[i].why);
		else
			printf("%-28s %10.1f  %s\n", rows[i].name, 1e3 / rows[i].ns.value,
			       text_estimate(buf, &rows[i].ns, 1, 1));
	}
	text_env(env);
	return file_flush(stdout);
}

static int floor_json(const struct bench_opts *o, const struct machine *env,
		      const struct row *rows, int n)
{
	yyjson_mut_doc *d = json_begin(o, "floor", env);
	yyjson_mut_val *all, *v;
	int i;

	all = d ? yyjson_mut_obj_add_arr(d, yyjson_mut_doc_get_root(d), "rows") : NULL;
	for (i = 0; all && i < n; i++) {
		v = yyjson_mut_arr_add_obj(d, all);
		yyjson_mut_obj_add_strcpy(d, v, "program", rows[i].name);
		json_estimate(d, v, "cpu_ns", &rows[i].ns);
		if (rows[i].why)
			yyjson_mut_obj_add_strcpy(d, v, "why_not", rows[i].why);
	}
	return json_end(d);
}

int bench_floor(const struct bench_opts *o)
{
	struct row rows[ROWS_MAX] = {};
	struct machine env;
	int i, n, err;

	machine_read(&env, o->gro);
	stop_on_signals();
	cpu_pin(cpu_nth_from_last(0));
	err = bare(o, rows, &n);
	cpu_avoid(1);
	for (i = 0; !err && i < NR_LIVE; i++) {
		progress(o->quiet, "floor", (double)(i + 1) / (NR_LIVE + 1));
		err = live(o, &rows[n++], batches[i]);
	}
	progress_end();
	if (err == -EINTR)
		log_err("interrupted before there was enough to measure");
	if (err)
		return EXIT_RUNTIME;
	err = o->json ? floor_json(o, &env, rows, n) : floor_text(o, &env, rows, n);
	if (err)
		log_err("cannot write: standard output: %s", strerror(-err));
	return err ? EXIT_RUNTIME : EXIT_OK;
}
