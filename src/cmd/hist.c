// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* pktpath hist: how long packets spend in each stage, counted in the kernel. */
#include "base/exit.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "run/live.h"

static int run(int argc, char **argv)
{
	struct opts o = { 0 };
	int ret = opts_parse(&cmd_hist, argc, argv, &o);

	if (ret != OPTS_READ)
		return ret;
	return run_hist(&o);
}

const struct command cmd_hist = {
	.name = "hist",
	.bit = CMD_HIST,
	.summary = "show how long packets spend in each stage, as quantiles",
	.doc = "Show how long packets spend in each stage: quantiles, from histograms that the "
	       "kernel counts, with the slowest packets as examples. On a terminal redrawn once a "
	       "second.",
	.rows = run_options,
	.finish = finish_run,
	.run = run,
};
