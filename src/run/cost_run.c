// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/exit.h"
#include "base/log.h"
#include "run/cost_run.h"
#include "run/cost_sender.h"
#include "run/cost_show.h"
#include "trace/cost.h"
#include "trace/tracer.h"

#define ROUNDS	    9
#define PAIRS	    5
#define BATCHES	    60u		/* of the sender, for one measurement */
#define LOOPBACK_NS 400000000ull
#define POLL_US	    20000

/* Says what failed, once, where it is known; returns `err`. */
static int failed(const char *what, int err)
{
	log_err("cost: %s: %s", what, err == -EPERM ?
		"the kernel says how long programs run only to CAP_SYS_ADMIN" : strerror(-err));
	return err;
}

static int sender_failed(int err)
{
	log_err("cost: packets over loopback: %s (they are sent in a network namespace of their "
		"own, which takes CAP_SYS_ADMIN)", strerror(-err));
	return err;
}

static int ns_a_packet(const struct sender *s, double *ns)
{
	int err = sender_ask(s, BATCHES);

	if (!err)
		err = sender_answer(s, ns);
	return err ? sender_failed(err) : 0;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int measure_pair(const struct sender *s, const struct tracer_opts *to, double *off,
			double *added)
{
	struct tracer *t;
	double traced = 0;
	int err = ns_a_packet(s, off);

	if (!err)
		err = tracer_new(&t, to);
	if (err)
		return err;
	tracer_enable(t);
	err = ns_a_packet(s, &traced);
	tracer_free(t);
	*added = traced - *off;
	return err;
}

/* The difference that tracing makes to packets over loopback, in pairs, one after the other. */
static int measure_pairs(const struct sender *s, const struct tracer_opts *to)
{
	double off[PAIRS], added[PAIRS];
	int i, err = 0;

	for (i = 0; i < PAIRS && !err; i++)
		err = measure_pair(s, to, &off[i], &added[i]);
	if (err)
		return err;
	qsort(off, PAIRS, sizeof(*off), by_value);
	qsort(added, PAIRS, sizeof(*added), by_value);
	show_pairs(off, added, PAIRS);
	return 0;
}

/* Looks at what runs, for this long. */
static int look(struct cost *c, uint64_t ns)
{
	uint64_t waited;
	int err;

	cost_start(c, 1);
	for (waited = 0; waited < ns; waited += POLL_US * 1000ull) {
		cost_tick(c);
		usleep(POLL_US);
	}
	cost_stop(c);
	err = cost_error(c);
	return err ? failed("run times of programs", err) : 0;
}

/* By hook: packets over loopback, while the kernel counts how long programs run. */
static int measure_hooks(const struct sender *s, struct cost *c, struct tracer *t)
{
	double ns;
	int err = sender_ask(s, 8 * BATCHES), looked;

	if (err)
		return sender_failed(err);
	looked = look(c, LOOPBACK_NS);
	if (looked)
		return looked;
	err = sender_answer(s, &ns);
	if (err)
		return sender_failed(err);
	show_hooks(c, tracer_plan(t));
	return 0;
}

static int measure_now(const struct opts *o, struct cost *c)
{
	uint64_t ns = o->seconds_ns;
	struct cost_figures f;
	int err;

	show_looking(ns);
	err = look(c, ns);
	if (err)
		return err;
	cost_get(c, &f);
	show_now(&f);
	return 0;
}

static int calibrate(struct tracer *t)
{
	struct cost_calib calib;
	int err = cost_calibrate(&calib, cost_kinds(t), ROUNDS);

	if (err)
		return failed("calibration", err);
	show_calibration(&calib);
	return 0;
}

static int cost_of(struct tracer *t, struct cost **c)
{
	*c = cost_new(t);
	return *c ? 0 : failed("calibration", -errno);
}

/* On the machine's own packets, `to` says which. */
static int measure_machine(const struct opts *o, const struct tracer_opts *to)
{
	struct tracer *t;
	struct cost *c;
	int err = tracer_new(&t, to);

	if (err)
		return err;
	err = calibrate(t);
	tracer_enable(t);
	if (!err)
		err = cost_of(t, &c);
	if (!err) {
		err = measure_now(o, c);
		cost_free(c);
	}
	tracer_free(t);
	return err;
}

/* On those of the sender, wherever they are. */
static int measure_loopback(const struct sender *s, const struct tracer_opts *asked)
{
	struct scope all = { .netns = "all" };
	struct tracer_opts to = *asked;
	struct tracer *t;
	struct cost *c;
	int err;

	if (scope_resolve(&all))
		return -EINVAL;
	to.scope = &all;
	err = measure_pairs(s, &to);
	if (!err)
		err = tracer_new(&t, &to);
	if (err)
		return err;
	tracer_enable(t);
	err = cost_of(t, &c);
	if (!err) {
		err = measure_hooks(s, c, t);
		cost_free(c);
	}
	tracer_free(t);
	return err;
}

int cost_run(const struct opts *o)
{
	struct tracer_opts to = o->tracer;
	struct sender s = { 0 };
	int err = sender_start(&s);

	to.scope = &o->scope;
	to.hist = to.wire = true;
	if (err)
		sender_failed(err);
	if (!err)
		err = measure_machine(o, &to);
	if (!err)
		err = measure_loopback(&s, &to);
	sender_stop(&s);
	if (!err && (fflush(stdout) || ferror(stdout))) {
		err = -errno;
		log_err("cannot write: standard output: %s", strerror(errno));
	}
	return err ? EXIT_RUNTIME : EXIT_OK;
}
