// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* pktpath trace: the live trace, packet by packet. */
#include "base/exit.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "run/live.h"

static int run(int argc, char **argv)
{
	struct opts o = { 0 };
	int ret = opts_parse(&cmd_trace, argc, argv, &o);

	if (ret != OPTS_READ)
		return ret;
	return run_sink(&o, o.json ? "json" : "text", VERDICTS_ALL);
}

const struct command cmd_trace = {
	.name = "trace",
	.bit = CMD_TRACE,
	.summary = "show every received packet's way from the interrupt to the reader",
	.doc = "Show every received packet as one timeline, from the interrupt to the reader. "
	       "Runs until Ctrl-C, COUNT packets or TIME.",
	.rows = run_options,
	.finish = finish_run,
	.run = run,
};
