// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* pktpath drops: what is thrown away, grouped by reason and place. */
#include <argp.h>
#include "cmd/cmd.h"
#include "base/exit.h"
#include "cmd/options.h"
#include "run/live.h"

static const struct argp_option options[] = {
	{ "count", 'c', "COUNT", 0, "stop after COUNT drops", 0 },
	{ "json", 'j', NULL, 0, "the dropped packets as JSON objects, as trace shows them", 0 },
	{ "quiet", 'q', NULL, 0, "no list of hooks", 0 },
	RUN_OPTIONS,
	{ 0 },
};

int cmd_drops(int argc, char **argv)
{
	static const struct argp argp = { options, parse_run_option, NULL,
		"Show which packets are dropped: how many, why, in which function, how far they "
		"had come, and an example of each. On a terminal once a second, elsewhere at the "
		"end.", NULL, NULL, NULL };
	struct opts o = OPTS_DEFAULT;

	if (opts_parse(&argp, argc, argv, &o))
		return EXIT_USAGE;
	return run_sink(&o, o.json ? "json" : "drops", VERDICTS_DROPS);
}
