// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * What the tracer costs a packet, against programs that do next to nothing on the same hooks.
 *
 * Every round measures every variant once, in random order, so that what the machine does
 * besides falls on all alike; what counts of a round is its fastest batch, which nobody else
 * interrupted if the machine is half-way quiet. The tracer runs in this process; its ring is read
 * between batches small enough to need no wake-up, on the same CPU: so its row is the packet's path
 * alone, and reading is timed apart.
 */
#include <argp.h>
#include <errno.h>
#include <math.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "floors.h"
#include "hold.h"
#include "base/exit.h"
#include "base/log.h"
#include "base/numbers.h"
#include "report.h"
#include "hooks/kernel.h"
#include "trace/tracer.h"
#include "run/loopback_load.h"

#define BATCH 500

static volatile sig_atomic_t stopped;

struct floors_run {
	struct floor *floor[FLOOR_NR];
	struct plan plan;
	struct tracer *tracer;
	struct scope scope;
	struct tracer_opts topts;
	struct result res;
	struct loopback load;
	uint64_t rounds, packets;
	bool json;
	uint64_t drain_ns, drained;	/* of this round */
	unsigned int seed;
};

static void on_signal(int signo)
{
	stopped = 1;
}

static double clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

static int discard(void *arg, const struct pp_rec *rec)
{
	struct floors_run *b = arg;

	b->drained++;
	return 0;
}

/* One variant's share of a round, its programs attached. Fills in ns a packet. */
static int measure(struct floors_run *b, double *ns)
{
	uint32_t left, n;
	int64_t t;
	int err = 0;

	*ns = INFINITY;
	t = loopback_run(&b->load, BATCH / 2);	/* new programs start cold */
	for (left = b->res.packets; t >= 0 && left && !stopped; left -= n) {
		n = left < BATCH ? left : BATCH;
		t = loopback_run(&b->load, n);
		if (t > 0)
			*ns = fmin(*ns, (double)t / n);
		if (b->tracer) {
			double start = clock_ns();

			err = tracer_consume(b->tracer, discard, b);
			b->drain_ns += clock_ns() - start;
		}
		if (err)
			return err;
	}
	return t < 0 ? t : stopped ? -EINTR : 0;
}

static int measure_floor(struct floors_run *b, enum floor_kind kind, double *ns)
{
	int err = floor_attach(b->floor[kind]);

	if (!err)
		err = measure(b, ns);
	floor_detach(b->floor[kind]);
	return err;
}

/* The tracer owes one record for each packet: a cheap tracer that loses some is none. */
static int account(struct floors_run *b)
{
	struct ledger led = { 0 };
	int err;

	tracer_stop(b->tracer);
	err = tracer_consume(b->tracer, discard, b);
	if (!err)
		err = tracer_ledger(b->tracer, &led);
	b->res.records += b->drained;
	b->res.lost += led.n.verdict[PP_V_UNTRACKED] + led.n.ring_lost + led.in_flight;
	if (!err && led.n.verdict[PP_V_DELIVERED] < b->res.packets) {
		log_err("floors: only %llu of %u packets have a record",
			(unsigned long long)led.n.verdict[PP_V_DELIVERED], b->res.packets);
		err = -ENODATA;
	}
	return err;
}

static int measure_trace(struct floors_run *b, double *ns, double *read_ns)
{
	int err = tracer_new(&b->tracer, &b->topts);

	if (err)
		return err;
	b->drain_ns = b->drained = 0;
	tracer_enable(b->tracer);
	err = measure(b, ns);
	*read_ns = b->drained ? (double)b->drain_ns / b->drained : 0;
	if (!err)
		err = account(b);
	tracer_free(b->tracer);
	b->tracer = NULL;
	return err;
}

static int measure_one(struct floors_run *b, enum variant v, int round)
{
	double *ns = &b->res.ns[v][round];

	switch (v) {
	case V_OFF:
		return measure(b, ns);
	case V_EMPTY:
		return measure_floor(b, FLOOR_EMPTY, ns);
	case V_CLOCK:
		return measure_floor(b, FLOOR_CLOCK, ns);
	case V_SLOT:
		return measure_floor(b, FLOOR_SLOT, ns);
	case V_TRACE:
		return measure_trace(b, ns, &b->res.read_ns[round]);
	default:
		return -EINVAL;
	}
}

static int run_round(struct floors_run *b, int round)
{
	enum variant order[V_NR];
	int i, k, err = 0;

	for (i = 0; i < V_NR; i++) {
		k = rand_r(&b->seed) % (i + 1);
		if (k < i)
			order[i] = order[k];
		order[k] = i;
	}
	for (i = 0; !err && i < V_NR; i++)
		err = measure_one(b, order[i], round);
	return err;
}

/* How many programs a packet runs through. */
static int count_calls(struct floors_run *b)
{
	uint64_t before;
	int err = floor_attach(b->floor[FLOOR_COUNT]);
	int64_t t = 0;

	if (!err) {
		before = floor_calls(b->floor[FLOOR_COUNT]);
		t = loopback_run(&b->load, BATCH);
		b->res.calls = (double)(floor_calls(b->floor[FLOOR_COUNT]) - before) / BATCH;
	}
	floor_detach(b->floor[FLOOR_COUNT]);
	return err ? err : t < 0 ? (int)t : 0;
}

static int run(struct floors_run *b)
{
	int err = count_calls(b);

	while (!err && b->res.rounds < (int)b->rounds) {
		err = run_round(b, b->res.rounds);
		if (!err)
			b->res.rounds++;
	}
	if (err && err != -EINTR)
		return err;
	if (b->res.rounds)
		err = b->json ? report_json(&b->res) : report_text(&b->res);
	return stopped ? -EINTR : err;
}

/* The hooks are those of a real tracer that attached them all, not merely of a plan. */
static int prepare(struct floors_run *b)
{
	int err, i;

	err = loopback_open(&b->load);
	if (err) {
		log_err("floors: loopback: %s", strerror(-err));
		return err;
	}
	b->res.cpu = b->load.cpu;
	b->scope = (struct scope){ .names = { "lo" }, .ifs = { if_nametoindex("lo") }, .nr = 1 };
	b->topts = (struct tracer_opts){ .scope = &b->scope, .records = TRACER_RECORDS,
					 .ring_bytes = TRACER_RING, .verdicts = VERDICTS_ALL };
	err = tracer_new(&b->tracer, &b->topts);
	if (err)
		return err;
	b->plan = *tracer_plan(b->tracer);
	tracer_free(b->tracer);
	b->tracer = NULL;
	for (i = 0; i < NR_HOOKS; i++)
		b->res.hooks += b->plan.backend[i] != BE_NONE;
	for (i = 0; !err && i < FLOOR_NR; i++)
		err = floor_new(&b->floor[i], i, &b->plan);
	if (err) {
		log_show_libbpf();
		log_err("floors: cannot load the floors: %s", strerror(-err));
	}
	return err;
}

static int alloc_results(struct result *res, size_t rounds)
{
	int v;

	for (v = 0; v < V_NR; v++) {
		res->ns[v] = calloc(rounds, sizeof(double));
		if (!res->ns[v])
			return -ENOMEM;
	}
	res->read_ns = calloc(rounds, sizeof(double));
	return res->read_ns ? 0 : -ENOMEM;
}

static void cleanup(struct floors_run *b)
{
	int i;

	tracer_free(b->tracer);
	for (i = 0; i < FLOOR_NR; i++)
		floor_free(b->floor[i]);
	for (i = 0; i < V_NR; i++)
		free(b->res.ns[i]);
	free(b->res.read_ns);
	loopback_close(&b->load);
}

static error_t count(const char *option, const char *word, uint64_t max, uint64_t *out)
{
	if (!num_whole(word, out) && *out && *out <= max)
		return 0;
	log_err("floors: %s %s: not a number from 1 to %llu", option, word,
		(unsigned long long)max);
	return EINVAL;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct floors_run *b = state->input;

	switch (key) {
	case 'r':
		return count("--rounds", arg, 100000, &b->rounds);
	case 'p':
		return count("--packets", arg, 1000000000, &b->packets);
	case 'j':
		b->json = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* `bench wire N`: ns a packet over loopback, of the fastest of N batches, whatever is attached. */
static int wire_only(unsigned long batches)
{
	struct loopback load;
	int64_t best = INT64_MAX, ns;
	int err = loopback_open(&load);

	for (; !err && batches; batches--) {
		ns = loopback_run(&load, BATCH);
		if (ns < 0)
			err = (int)ns;
		else if (ns < best)
			best = ns;
	}
	loopback_close(&load);
	if (err) {
		log_err("floors: loopback: %s", strerror(-err));
		return EXIT_RUNTIME;
	}
	printf("%.1f\n", (double)best / BATCH);
	return EXIT_OK;
}

int main(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "rounds", 'r', "N", 0, "rounds (default 31)", 0 },
		{ "packets", 'p', "N", 0, "packets per round and variant (default 5000)", 0 },
		{ "json", 'j', NULL, 0, "figures as JSON", 0 },
		{ 0 },
	};
	static const struct argp argp = { options, parse, NULL,
		"Measure what tracing adds to a packet, against two floors.", NULL, NULL, NULL };
	struct sigaction sa = { .sa_handler = on_signal };	/* no SA_RESTART: recv() must end */
	struct floors_run b = { .rounds = 31, .packets = 5000, .load.fd = -1, .seed = time(NULL) };
	int err;

	if (argc > 1 && !strcmp(argv[1], "hold"))
		return hold_main(argc - 1, argv + 1);
	if (argc == 3 && !strcmp(argv[1], "wire"))
		return wire_only(strtoul(argv[2], NULL, 10));
	argp_err_exit_status = EXIT_USAGE;
	if (argp_parse(&argp, argc, argv, 0, NULL, &b))
		return EXIT_USAGE;
	if (check_kernel())
		return EXIT_USAGE;
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	b.res.packets = b.packets;
	b.res.batch = b.packets < BATCH ? b.packets : BATCH;
	err = alloc_results(&b.res, b.rounds);
	if (!err)
		err = prepare(&b);
	if (!err) {
		err = run(&b);
		if (err && err != -EINTR)
			log_err("floors: %s", strerror(-err));
	}
	cleanup(&b);
	return stopped ? 128 + SIGINT : err ? EXIT_RUNTIME : EXIT_OK;
}
