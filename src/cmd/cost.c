// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* pktpath cost: what tracing costs here: a run, a packet, and of the CPU at the moment's rate. */
#include "base/exit.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "hooks/kernel.h"
#include "run/cost_run.h"

static int run(int argc, char **argv)
{
	struct opts o = { 0 };
	int ret = opts_parse(&cmd_cost, argc, argv, &o);

	if (ret != OPTS_READ)
		return ret;
	if (check_tracing(o.tracer.force))
		return EXIT_USAGE;
	return cost_run(&o);
}

const struct command cmd_cost = {
	.name = "cost",
	.bit = CMD_COST,
	.summary = "measure what tracing costs on this machine, by hook and by packet",
	.doc = "Measure what tracing costs on this machine: a program that does nothing, reading "
	       "the clock, each hook, a packet over loopback (in a namespace of its own), and the "
	       "share of a CPU that the packets of the moment take.",
	.rows = run_options,
	.finish = finish_run,
	.run = run,
};
