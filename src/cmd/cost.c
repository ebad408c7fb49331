// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* pktpath cost: what tracing costs here: a run, a packet, and of the CPU at the moment's rate. */
#include <argp.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cmd/cmd.h"
#include "hooks/kernel.h"
#include "trace/cost.h"
#include "base/log.h"
#include "cmd/options.h"
#include "run/live.h"
#include "trace/tracer.h"
#include "run/loopback_load.h"

#define ROUNDS	    9
#define PAIRS	    5
#define BATCH	    500u
#define BATCHES	    60
#define SECONDS_NS  2000000000ull
#define POLL_US	    20000

static const struct argp_option options[] = {
	SCOPE_OPTIONS,
	{ "duration", 'd', "SECONDS", 0,
	  "how long to look at the machine's own packets (default 2)", 0 },
	{ "backend", OPT_BACKEND, "NAME", 0, "auto (default), fentry, kprobe.multi or kprobe", 0 },
	SIZE_OPTIONS,
	{ 0 },
};

/* A process that sends itself packets over the loopback of a namespace of its own. */
struct sender {
	pid_t pid;
	int ask, answer;
};

/* Runs as many batches as asked for, answers with the ns a packet of the fastest; 0: it failed. */
static void serve(int ask, int answer)
{
	uint32_t batches;
	int cpu, err = wire_open(&cpu);

	while (read(ask, &batches, sizeof(batches)) == sizeof(batches)) {
		double best = INFINITY;

		for (; batches && !err; batches--) {
			int64_t ns = wire_run(BATCH);

			err = ns < 0;
			best = err ? best : fmin(best, (double)ns / BATCH);
		}
		if (err)
			best = 0;
		if (write(answer, &best, sizeof(best)) != sizeof(best))
			break;
	}
	_exit(0);
}

static int sender_start(struct sender *s)
{
	int ask[2], answer[2];

	if (pipe(ask) || pipe(answer))
		return -errno;
	s->pid = fork();
	if (s->pid < 0)
		return -errno;
	if (!s->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ask[1]);
		close(answer[0]);
		serve(ask[0], answer[1]);
	}
	close(ask[0]);
	close(answer[1]);
	s->ask = ask[1];
	s->answer = answer[0];
	return 0;
}

static void sender_ask(const struct sender *s, uint32_t batches)
{
	if (write(s->ask, &batches, sizeof(batches)) != sizeof(batches))
		log_err("cost: cannot ask the sender: %s", strerror(errno));
}

static double sender_answer(const struct sender *s)
{
	double ns = 0;

	return read(s->answer, &ns, sizeof(ns)) == sizeof(ns) ? ns : 0;
}

static void sender_stop(const struct sender *s)
{
	if (s->pid <= 0)
		return;
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	close(s->ask);
	close(s->answer);
}

static double run_of(const struct sender *s)
{
	sender_ask(s, BATCHES);
	return sender_answer(s);
}

static void print_calibration(const struct cost_calib *c)
{
	int kind;

	printf("%-12s %10s %6s %18s %6s\n", "NS A RUN", "empty", "+-", "+ clock read", "+-");
	for (kind = 0; kind < COST_NR; kind++)
		if (!isnan(c->empty[kind]))
			printf("%-12s %10.1f %6.1f %18.1f %6.1f\n", cost_kind_name(kind),
			       c->empty[kind], c->empty_mad[kind],
			       c->clock[kind], c->clock_mad[kind]);
	putchar('\n');
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The difference that tracing makes to packets over loopback, in pairs, one after the other. */
static int print_pairs(const struct sender *s, const struct tracer_opts *to)
{
	double off[PAIRS], added[PAIRS];
	int i;

	for (i = 0; i < PAIRS; i++) {
		struct tracer *t;
		int err;

		off[i] = run_of(s);
		err = tracer_new(&t, to);
		if (err)
			return err;
		tracer_enable(t);
		added[i] = run_of(s) - off[i];
		tracer_free(t);
		if (!off[i])
			return -ENETUNREACH;
	}
	qsort(off, PAIRS, sizeof(*off), by_value);
	qsort(added, PAIRS, sizeof(*added), by_value);
	printf("a packet over loopback: %.0f ns, traced %.0f ns more (%.0f to %.0f in %d pairs)\n",
	       off[PAIRS / 2], added[PAIRS / 2], added[0], added[PAIRS - 1], PAIRS);
	return 0;
}

/* Looks at what runs until `until` says so, or for so long. */
static void look(struct cost *c, uint64_t ns)
{
	uint64_t waited;

	cost_start(c, 1);
	for (waited = 0; waited < ns; waited += POLL_US * 1000ull) {
		cost_tick(c);
		usleep(POLL_US);
	}
	cost_stop(c);
}

static void print_rows(const struct cost *c, const struct plan *plan)
{
	int i;

	printf("\n%-34s %-12s %8s %9s %12s\n", "HOOK", "BACKEND", "runs", "ns a run",
	       "ns a packet");
	for (i = 0; i < NR_HOOKS; i++) {
		double ns, runs;

		cost_row(c, i, &ns, &runs);
		if (runs >= 0.005)
			printf("%-34s %-12s %8.2f %9.1f %12.1f\n", hooks[i].symbol,
			       backend_name(plan->backend[i]), runs, ns / runs, ns);
	}
}

/* By hook: packets over loopback, while the kernel counts how long programs run. */
static int print_hooks(const struct sender *s, struct tracer *t)
{
	struct cost *c = cost_new(t);
	struct cost_figures f;

	if (!c)
		return -errno;
	sender_ask(s, 8 * BATCHES);
	look(c, 400000000);
	sender_answer(s);
	cost_get(c, &f);
	print_rows(c, tracer_plan(t));
	if (f.known)
		printf("%-47s %8.2f %9s %12.1f\n", "all", f.packet_runs, "", f.packet_ns);
	cost_free(c);
	return 0;
}

static int print_now(struct tracer *t, const struct opts *o)
{
	uint64_t ns = o->seconds_ns ? o->seconds_ns : SECONDS_NS;
	struct cost *c = cost_new(t);
	struct cost_figures f;

	if (!c)
		return -errno;
	printf("this machine, %.1f s: ", (double)ns / 1e9);
	fflush(stdout);
	look(c, ns);
	cost_get(c, &f);
	if (f.known)
		printf("%.0f packets/s, %.0f ns each in %.1f programs: %.2f%% of one CPU\n",
		       f.packets_s, f.packet_ns, f.packet_runs, 100 * f.cpu);
	else
		puts("too few packets came to say more");
	cost_free(c);
	return 0;
}

static int calibrate(struct tracer *t)
{
	struct cost_calib calib;
	int err = cost_calibrate(&calib, cost_kinds(t), ROUNDS);

	if (!err)
		print_calibration(&calib);
	return err;
}

/* On the machine's own packets, `to` says which; then on those of the sender, wherever they are. */
static int measure(const struct opts *o, const struct sender *s, struct tracer_opts *to)
{
	static struct scope all = { .netns = "all" };
	struct tracer *t = NULL;
	int err = tracer_new(&t, to);

	if (err)
		return err;
	err = calibrate(t);
	tracer_enable(t);
	if (!err)
		err = print_now(t, o);
	tracer_free(t);
	if (err || scope_resolve(&all))
		return err ? err : -EINVAL;
	to->scope = &all;
	err = print_pairs(s, to);
	if (!err)
		err = tracer_new(&t, to);
	if (err)
		return err;
	tracer_enable(t);
	err = print_hooks(s, t);
	tracer_free(t);
	return err;
}

int cmd_cost(int argc, char **argv)
{
	static const struct argp argp = { options, parse_run_option, NULL,
		"Measure what tracing costs on this machine: a program that does nothing, reading "
		"the clock, each hook, a packet over loopback (in a namespace of its own), and the "
		"share of a CPU that the packets of the moment take.", NULL, NULL, NULL };
	struct opts o = OPTS_DEFAULT;
	struct tracer_opts to = { .scope = &o.scope, .hist = true, .wire = true };
	struct sender s = { 0 };
	int err;

	if (opts_parse(&argp, argc, argv, &o))
		return EXIT_USAGE;
	if (check_kernel())
		return EXIT_USAGE;
	to.records = o.records;
	to.ring_bytes = o.ring_bytes;
	to.force = o.backend;
	err = sender_start(&s);
	if (!err)
		err = measure(&o, &s, &to);
	sender_stop(&s);
	if (err)
		log_err("cost: %s", err == -EPERM ?
			"the kernel says how long programs run only to CAP_SYS_ADMIN" :
			strerror(-err));
	else if (fflush(stdout) || ferror(stdout))
		log_err("cannot write: standard output: %s", strerror(err = errno));
	return err ? EXIT_RUNTIME : EXIT_OK;
}
