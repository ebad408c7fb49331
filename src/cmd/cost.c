// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* pktpath cost: what tracing costs here: a run, a packet, and of the CPU at the moment's rate. */
#include <argp.h>
#include "base/exit.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "hooks/kernel.h"
#include "run/cost_run.h"

static const struct argp_option options[] = {
	SCOPE_OPTIONS,
	{ "duration", 'd', "SECONDS", 0,
	  "how long to look at the machine's own packets (default 2)", 0 },
	{ "backend", OPT_BACKEND, "NAME", 0, "auto (default), fentry, kprobe.multi or kprobe", 0 },
	SIZE_OPTIONS,
	{ 0 },
};

int cmd_cost(int argc, char **argv)
{
	static const struct argp argp = { options, parse_run_option, NULL,
		"Measure what tracing costs on this machine: a program that does nothing, reading "
		"the clock, each hook, a packet over loopback (in a namespace of its own), and the "
		"share of a CPU that the packets of the moment take.", NULL, NULL, NULL };
	struct opts o = OPTS_DEFAULT;

	if (opts_parse(&argp, argc, argv, &o) || check_kernel())
		return EXIT_USAGE;
	return cost_run(&o);
}
