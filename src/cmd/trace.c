// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* pktpath trace: the live trace, packet by packet. */
#include <argp.h>
#include <errno.h>
#include "cmd/cmd.h"
#include "base/exit.h"
#include "cmd/options_hist.h"
#include "run/live.h"

static const struct argp_option options[] = {
	{ "count", 'c', "COUNT", 0, "stop after COUNT packets", 0 },
	{ "json", 'j', NULL, 0, "one JSON object per packet, the ledger last", 0 },
	{ "quiet", 'q', NULL, 0, "no header and shorter lines", 0 },
	{ "verbose", 'v', NULL, 0, "draw each packet's timeline", 0 },
	{ "line-buffered", 'l', NULL, 0, "write each line at once, even into a file", 0 },
	{ "numeric", 'n', NULL, 0, "accepted as in tcpdump; addresses are never resolved", 0 },
	{ "slow", OPT_SLOW, "[STAGE=]TIME", 0,
	  "only packets that take longer than TIME (500us, 1.5ms), in all or in STAGE; "
	  "may be repeated", 0 },
	RUN_OPTIONS,
	{ 0 },
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	if (key == OPT_SLOW)
		return parse_slow(arg, state->input) ? EINVAL : 0;
	return parse_run_option(key, arg, state);
}

int cmd_trace(int argc, char **argv)
{
	static const struct argp argp = { options, parse_option, NULL,
		"Show every received packet as one timeline, from the interrupt to the reader. "
		"Runs until Ctrl-C, COUNT packets or SECONDS.", NULL, NULL, NULL };
	struct opts o = OPTS_DEFAULT;

	if (opts_parse(&argp, argc, argv, &o))
		return EXIT_USAGE;
	return run_sink(&o, o.json ? "json" : "text", VERDICTS_ALL);
}
