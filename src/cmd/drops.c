// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* pktpath drops: what is thrown away, grouped by reason and place. */
#include "base/exit.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "run/live.h"

static int run(int argc, char **argv)
{
	struct opts o = { 0 };
	int ret = opts_parse(&cmd_drops, argc, argv, &o);

	if (ret != OPTS_READ)
		return ret;
	return run_sink(&o, o.json ? "json" : "drops", VERDICTS_DROPS);
}

const struct command cmd_drops = {
	.name = "drops",
	.bit = CMD_DROPS,
	.summary = "show what is dropped, grouped by reason and place",
	.doc = "Show which packets are dropped: how many, why, in which function, how far they "
	       "had come, and an example of each. On a terminal once a second, elsewhere at the "
	       "end.",
	.rows = run_options,
	.finish = finish_run,
	.run = run,
};
