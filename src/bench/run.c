// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* pktpath bench MODE: one program, its rate, its cost and where the packets went. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "bench/bed.h"
#include "bench/close_books.h"
#include "host/cpus.h"
#include "bench/sample.h"
#include "bench/run.h"
#include "bench/run_show.h"
#include "base/median.h"
#include "base/clock.h"

#define SECONDS_DEFAULT 5000000000ull
#define WARM_NS		300000000ull
#define SLICE_NS	10000000ull
#define GUARD_NS	500000ull	/* after a change of what the generator does */
#define ALONE_EVERY	8		/* slices, in one of which the generator works for itself */
#define ALONE_MIN	8		/* of those, even if the run is short */
#define LATENCY_SHARE	8		/* of the time, but at least: */
#define LATENCY_MIN	300000000ull

struct run {
	struct bench *b;
	const struct bench_opts *o;
	struct bed *bed;
	struct prog *prog;
	struct run_result *r;
	size_t max, n, n_alone;
	struct slice *wall, *cpu, *alone;	/* one a slice */
	struct tally before;
	uint64_t started;
};

static int one_slice(struct run *run, bool alone)
{
	struct reading a, b;
	struct slice *s;
	int err;

	err = bed_read(run->bed, &a);
	if (!err)
		err = pace_sleep(&run->b->pace, SLICE_NS);
	if (!err)
		err = bed_read(run->bed, &b);
	if (err)
		return err;
	s = alone ? &run->alone[run->n_alone++] : &run->cpu[run->n];
	s->ns = (double)(b.cpu_ns - a.cpu_ns);
	s->packets = (double)(alone ? b.alone - a.alone : b.delivered - a.delivered);
	if (alone)
		return 0;
	run->wall[run->n].ns = (double)(b.wall_ns - a.wall_ns);
	run->wall[run->n++].packets = s->packets;
	return 0;
}

static int alone_slice(struct run *run)
{
	struct gen *g = bed_gen(run->bed);
	int err;

	gen_set(g, XB_GEN_ALONE);
	err = pace_sleep(&run->b->pace, GUARD_NS);
	if (!err)
		err = one_slice(run, true);
	gen_set(g, XB_GEN_SEND);
	return err ? err : pace_sleep(&run->b->pace, GUARD_NS);
}

/* -EINTR is an early end, not an error. */
static int measure(struct run *run, uint64_t ns)
{
	uint64_t start = now_ns(CLOCK_MONOTONIC), end = start + ns;
	size_t often = ns / SLICE_NS / ALONE_MIN;
	size_t every = often < 2 ? 2 : often < ALONE_EVERY ? often : ALONE_EVERY;
	size_t i;
	int err = 0;

	for (i = 0; !err && run->n < run->max &&
		    (now_ns(CLOCK_MONOTONIC) < end || run->n_alone < ALONE_MIN);
	     i++) {
		pace_show(&run->b->pace, run->o->specs[0].label,
			 (double)(now_ns(CLOCK_MONOTONIC) - start) / (double)ns);
		err = i % every == every - 1 ? alone_slice(run) : one_slice(run, false);
		if (!err)
			err = bed_error(run->bed);
	}
	pace_clear(&run->b->pace);
	run->r->seconds = (double)(now_ns(CLOCK_MONOTONIC) - start) / 1e9;
	return err == -EINTR ? 0 : err;
}

static int take_latencies(struct run *run)
{
	static const uint32_t ppm[] = { QUANTILES(QUANTILE_PPM) };
	const uint64_t *samples;
	size_t n = bed_samples(run->bed, &samples), i;
	double *v = n ? malloc(n * sizeof(*v)) : NULL;

	if (n && !v)
		return why_cannot(&run->b->why, -ENOMEM, "cannot sort the latencies");
	for (i = 0; i < n; i++)
		v[i] = (double)samples[i];
	sort_doubles(v, n);
	/* At least one must lie above it. */
	for (i = 0; i < QUANTILE_NR; i++)
		run->r->latency[i] = (uint64_t)n * (1000000 - ppm[i]) < 1000000 ? NAN :
				     quantile(v, n, ppm[i] / 1e6);
	run->r->nr_latencies = n;
	free(v);
	return 0;
}

/* A phase of its own: stamps and the clock at the end would be part of the rate. */
static int latencies(struct run *run, uint64_t ns)
{
	const struct bench_spec *spec = &run->o->specs[0];
	struct prog *stamps;
	int err;

	if (pace_stopped(&run->b->pace))
		return 0;
	err = bed_load(run->bed, spec, true, &stamps);
	if (!err && stamps)
		err = bed_attach(run->bed, stamps, spec);
	if (!err)
		err = bed_stamps(run->bed, true);
	if (!err && pace_sleep(&run->b->pace, ns) != -EINTR)
		err = take_latencies(run);
	return err ? err : bed_stamps(run->bed, false);
}

/* What the program's work adds to an empty one. */
static int program_cost(struct run *run)
{
	struct bench_spec empty = { .mode = XB_DROP, .label = "an empty program" };
	struct prog_env env = {};
	struct estimate *e = &run->r->prog;
	double v[2][FLOOR_SAMPLES], d[FLOOR_SAMPLES];
	struct prog *p;
	int fds[2], i, err = prog_load(&p, &empty, &env, &run->b->why);

	if (err)
		return err;
	fds[0] = prog_fd(p);
	fds[1] = prog_fd(run->prog);
	cpu_pin(gen_cpu(bed_gen(run->bed), 0));
	/* Short, and also done after an early end. */
	err = floor_sample(fds, 2, run->o->size, NULL, v);
	for (i = 0; !err && i < FLOOR_SAMPLES; i++)
		d[i] = v[1][i] - v[0][i];
	if (!err)
		*e = bootstrap_median(d, FLOOR_SAMPLES, 0.95);
	prog_free(p);
	return why_cannot(&run->b->why, err, "cannot run %s by itself", run->o->specs[0].label);
}

/* Of the whole, the generator's and the program's shares are known; the rest is between them. */
static void split(struct run *run)
{
	struct run_result *r = run->r;
	double per = r->books.received ? (double)r->books.generated / (double)r->books.received : 1;

	r->ns = bootstrap_ratio(run->cpu, run->n, 0.95);
	r->gen = bootstrap_ratio(run->alone, run->n_alone, 0.95);
	r->gen.value *= per;
	r->gen.lo *= per;
	r->gen.hi *= per;
	r->driver.n = r->ns.n && r->gen.n ? r->ns.n : 0;
	r->driver.value = r->ns.value - r->gen.value - r->prog.value;
	r->driver.lo = r->ns.lo - r->gen.hi - r->prog.hi;
	r->driver.hi = r->ns.hi - r->gen.lo - r->prog.lo;
}

static void rate(struct run *run)
{
	struct estimate e = bootstrap_ratio(run->wall, run->n, 0.95);

	run->r->pps = (struct estimate){ 1e9 / e.value, 1e9 / e.hi, 1e9 / e.lo, e.n };
}

static int traffic(struct run *run, uint64_t ns)
{
	uint64_t lat = ns / LATENCY_SHARE > LATENCY_MIN ? ns / LATENCY_SHARE : LATENCY_MIN;
	int n, err;

	gen_set(bed_gen(run->bed), XB_GEN_SEND);
	err = pace_sleep(&run->b->pace, WARM_NS) == -EINTR ? 0 : bed_error(run->bed);
	n = cpu_use_read(run->r->use, CPU_MAX);
	if (!err)
		err = measure(run, ns);
	run->r->nr_use = cpu_use_since(run->r->use, n);
	if (!err)
		err = latencies(run, lat);
	gen_set(bed_gen(run->bed), XB_GEN_IDLE);
	return err;
}

static int whole(struct run *run, uint64_t ns)
{
	const struct bench_spec *spec = &run->o->specs[0];
	int err = bed_load(run->bed, spec, false, &run->prog);

	if (!err)
		err = bed_attach(run->bed, run->prog, spec);
	if (!err)
		err = bed_tally(run->bed, &run->before);
	if (!err)
		err = bed_start(run->bed);
	if (err)
		return err;
	run->b->machine.kicked = gen_is_kicked(bed_gen(run->bed));
	run->started = now_ns(CLOCK_MONOTONIC);
	err = traffic(run, ns);
	if (!err)
		err = close_books(run->bed, spec->mode, run->o->generic, &run->before,
				  &run->r->books);
	if (err)
		return err;
	run->r->no_rate =
		bed_no_rate(run->bed, &run->r->books, now_ns(CLOCK_MONOTONIC) - run->started);
	err = bed_stop(run->bed);
	return err ? err : program_cost(run);
}

static int finish(struct run *run)
{
	struct run_result *r = run->r;
	int err;

	split(run);
	rate(run);
	if (!r->no_rate && !r->pps.n)
		r->no_rate = pace_stopped(&run->b->pace) ?
			     "it was interrupted before there was enough to measure" :
			     "others had the CPU nearly all the time";
	pace_end(&run->b->pace);
	err = run_show(r);
	why_cannot(&run->b->why, err, "cannot write: standard output");
	return err || !r->no_rate ? err :
	       why_is(&run->b->why, -ENODATA, "no rate: %s", r->no_rate);
}

static int alloc(struct run *run, uint64_t ns)
{
	run->max = ns / SLICE_NS + 16;
	run->r = calloc(1, sizeof(*run->r));
	run->wall = calloc(run->max, sizeof(*run->wall));
	run->cpu = calloc(run->max, sizeof(*run->cpu));
	run->alone = calloc(run->max, sizeof(*run->alone));
	return why_cannot(&run->b->why, run->r && run->wall && run->cpu && run->alone ? 0 : -ENOMEM,
			  "cannot measure");
}

int bench_run(struct bench *b)
{
	uint64_t ns = b->o.seconds_ns ? b->o.seconds_ns : SECONDS_DEFAULT;
	struct run run = { .b = b, .o = &b->o };
	int err = alloc(&run, ns);

	if (!err) {
		run.r->b = b;
		err = bed_new(&run.bed, &b->o, &b->why);
	}
	if (!err)
		err = whole(&run, ns);
	if (!err)
		err = finish(&run);
	bed_free(run.bed);
	free(run.r);
	free(run.wall);
	free(run.cpu);
	free(run.alone);
	return err;
}
