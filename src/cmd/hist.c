// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* pktpath hist: how long packets spend in each stage, counted in the kernel. */
#include <argp.h>
#include "cmd/cmd.h"
#include "base/exit.h"
#include "cmd/options_hist.h"
#include "run/live.h"

static const struct argp_option options[] = {
	{ "interval", OPT_INTERVAL, "SECONDS", 0,
	  "also show what came in each SECONDS (default: the whole run)", 0 },
	{ "by", OPT_BY, "WHAT", 0,
	  "split rows by dev, queue, cpu, proto, port, verdict, pid or cgroup", 0 },
	{ "groups", OPT_GROUPS, "N", 0,
	  "with --by: the first N that come, the rest is `other' (default 16, at most 64)", 0 },
	{ "stage", OPT_STAGE, "STAGE", 0,
	  "measure only this stage, up to the next one given; may be repeated", 0 },
	{ "weight", OPT_WEIGHT, "WHAT", 0,
	  "wire (default): a packet counts for each frame merged into it; skb: once", 0 },
	{ "worst", OPT_WORST, "K", 0,
	  "keep the K slowest packets of each row as examples (default 1, at most 16)", 0 },
	{ "buckets", OPT_BUCKETS, NULL, 0, "show the histograms themselves, too", 0 },
	{ "trace", OPT_TRACE, "FILE", 0,
	  "also write every packet into FILE, as trace --json does", 0 },
	{ "json", 'j', NULL, 0, "JSON: examples, an object per interval, the ledger last", 0 },
	{ "quiet", 'q', NULL, 0, "no explanations, no list of hooks", 0 },
	{ "verbose", 'v', NULL, 0, "all examples, all groups; memory used", 0 },
	RUN_OPTIONS,
	{ 0 },
};

int cmd_hist(int argc, char **argv)
{
	static const struct argp argp = { options, parse_hist_option, NULL,
		"Show how long packets spend in each stage: quantiles, from histograms that the "
		"kernel counts, with the slowest packets as examples. On a terminal redrawn once a "
		"second.", NULL, NULL, NULL };
	struct opts o = OPTS_DEFAULT;

	if (opts_parse(&argp, argc, argv, &o))
		return EXIT_USAGE;
	return run_hist(&o);
}
