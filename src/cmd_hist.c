// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* pktpath hist: how long packets spend in each stage, counted in the kernel. */
#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "cmd.h"
#include "log.h"
#include "names.h"
#include "opts.h"
#include "tracer.h"

static const struct argp_option options[] = {
	{ "stage", 'S', "MASK", 0, "draft", 0 },
	RUN_OPTIONS,
	{ 0 },
};

static uint64_t quantile(const uint64_t *row, double q)
{
	uint64_t n = 0, sum = 0;
	uint32_t i;

	for (i = 0; i < PP_H_BUCKETS; i++)
		n += row[i];
	for (i = 0; i < PP_H_BUCKETS; i++) {
		sum += row[i];
		if (sum && sum >= n * q)
			return pp_hist_low(i);
	}
	return 0;
}

int cmd_hist(int argc, char **argv)
{
	static const struct argp argp = { options, parse_run_option, NULL, "draft", NULL, NULL, NULL };
	struct opts o = { .records = TRACER_RECORDS, .ring_bytes = TRACER_RING };
	struct tracer_opts topts = { 0 };
	struct tracer *t;
	struct ledger led = { 0 };
	struct histo *h = histo_new(0);
	sigset_t set;
	int sig, row;

	if (opts_parse(&argp, argc, argv, &o))
		return EXIT_USAGE;
	if (check_kernel())
		return EXIT_USAGE;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	topts.scope = &o.scope;
	topts.records = o.records;
	topts.ring_bytes = o.ring_bytes;
	topts.force = o.backend;
	topts.hist = true;
	topts.wire = true;
	topts.worst = getenv("WORST") ? strtoul(getenv("WORST"), NULL, 0) : 0;
	topts.verdicts = topts.worst ? VERDICTS_ALL : 0;
	topts.stages = getenv("STAGES") ? strtoul(getenv("STAGES"), NULL, 0) : 0;
	if (tracer_new(&t, &topts))
		return EXIT_RUNTIME;
	tracer_enable(t);
	fprintf(stderr, "pktpath: listening on\n");
	sigwait(&set, &sig);
	tracer_stop(t);
	tracer_hist(t, h);
	tracer_ledger(t, &led);
	for (row = 0; row < (int)PP_H_ROWS; row++) {
		uint64_t n = 0;
		uint32_t i;

		for (i = 0; i < PP_H_BUCKETS; i++)
			n += histo_row(h, 0, row)[i];
		printf("%-8s %8lu p50 %lu p99 %lu\n", row == PP_ST_NR ? "total" : stage_label(row), n,
		       quantile(histo_row(h, 0, row), .5), quantile(histo_row(h, 0, row), .99));
	}
	printf("seen %llu delivered %llu\n", led.n.seen, led.n.verdict[PP_V_DELIVERED]);
	tracer_free(t);
	free(h);
	return 0;
}
