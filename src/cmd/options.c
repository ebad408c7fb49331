// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The rows of all commands that trace: first those that say which packets, then how. */
#include <stddef.h>
#include <string.h>
#include "base/log.h"
#include "cmd/options.h"
#include "model/labels.h"
#include "run/cost_run.h"
#include "serve/serve.h"
#include "tables.h"

#define RUNS	 (CMD_TRACE | CMD_HIST | CMD_DROPS)
#define SIZED	 (RUNS | CMD_SERVE | CMD_COST | CMD_PROBES)

_Static_assert(offsetof(struct serve_opts, o) == 0, "rows of struct opts serve it as well");

static int add_interfaces(char *word, void *opts)
{
	return scope_add(&((struct opts *)opts)->scope, word);
}

static const char *backend_choice(unsigned int i)
{
	return i == BE_NR ? NULL : i == BE_NONE ? "auto" : i == BE_TP ? "" :
	       backend_name((enum backend)i);
}

static const char *by_choice(unsigned int i)
{
	return i < PP_BY_NR ? by_label(i) : NULL;
}

static const char *colour_choice(unsigned int i)
{
	static const char *const words[] = {
		[COLOUR_AUTO] = "auto", [COLOUR_ALWAYS] = "always", [COLOUR_NEVER] = "never",
	};

	return i < sizeof(words) / sizeof(words[0]) ? words[i] : NULL;
}

static const char *xdp_choice(unsigned int i)
{
	static const char *const words[] = {
		[XDP_OBSERVE] = "", [XDP_AUTO] = "auto", [XDP_NATIVE] = "native",
		[XDP_GENERIC] = "generic",
	};

	return i < sizeof(words) / sizeof(words[0]) ? words[i] : NULL;
}

/* Of a bool: does a packet count for each frame merged into it? */
static const char *weight_choice(unsigned int i)
{
	static const char *const words[] = { "skb", "wire" };

	return i < sizeof(words) / sizeof(words[0]) ? words[i] : NULL;
}

const struct option_row run_options[] = {
	{ .name = "interface", .letter = 'i', .arg = "IF", .commands = SIZED, OWN(add_interfaces),
	  .help = "only packets of this interface, by name or index; may be repeated "
		  "(default: any)" },
	{ .name = "netns", .arg = "NS", .commands = SIZED, WORD(struct opts, scope.netns),
	  .help = "interfaces of this network namespace, by name, process ID or path; all: of "
		  "every one" },
	{ .name = "xdp", .arg = "MODE", .bare = "auto", .commands = RUNS,
	  CHOICE(struct opts, tracer.xdp), .preset = XDP_OBSERVE, .choice = xdp_choice,
	  .help = "attach an XDP program that passes all on where there is none, to see the stage "
		  "xdp: {choices}; needs -i" },
	{ .name = "count", .letter = 'c', .arg = "COUNT", .commands = CMD_TRACE,
	  NUMBER(struct opts, count), .min = 1, .wrong = "not a count",
	  .help = "stop after COUNT packets" },
	{ .name = "count", .letter = 'c', .arg = "COUNT", .commands = CMD_DROPS,
	  NUMBER(struct opts, count), .min = 1, .wrong = "not a count",
	  .help = "stop after COUNT drops" },
	{ .name = "duration", .letter = 'd', .arg = "TIME", .commands = RUNS,
	  TIME(struct opts, seconds_ns),
	  .help = "stop after TIME: seconds, or with a unit (500ms, 10m)" },
	{ .name = "duration", .letter = 'd', .arg = "TIME", .commands = CMD_COST,
	  TIME(struct opts, seconds_ns), .preset = COST_LOOK_NS,
	  .help = "how long to look at the machine's own packets (default {default})" },
	{ .name = "interval", .arg = "TIME", .commands = CMD_HIST,
	  TIME(struct opts, hist.interval_ns),
	  .help = "also show what came in each TIME (default: the whole run)" },

	{ .name = "by", .arg = "WHAT", .commands = CMD_HIST, CHOICE(struct opts, hist.by),
	  .preset = PP_BY_NONE, .choice = by_choice, .meaning = by_help,
	  .choices = ~(1u << PP_BY_NONE), .wrong = "not a way to split packets",
	  .help = "split rows by {choices}" },
	{ .name = "by", .arg = "LABEL", .commands = CMD_SERVE, CHOICE(struct serve_opts, by),
	  .preset = PP_BY_DEV, .choice = by_choice, .meaning = by_help, .choices = BY_STEADY,
	  .wrong = "not a label",
	  .not_here = "its values come and go, and each would leave series behind",
	  .help = "split histograms by {choices}" },
	{ .name = "groups", .arg = "N", .commands = CMD_HIST, NUMBER(struct opts, hist.groups),
	  .preset = PP_GROUPS, .min = 1, .max = PP_GROUPS_MAX,
	  .help = "with --by: the first N that come, the rest is `other' (default {default}, at "
		  "most {max})" },
	{ .name = "groups", .arg = "N", .commands = CMD_SERVE, NUMBER(struct serve_opts, groups),
	  .preset = SERVE_GROUPS, .min = 1, .max = PP_GROUPS_MAX,
	  .help = "this many devices, or what --by splits by, get histograms of their own "
		  "(default {default})" },
	{ .name = "stage", .arg = "STAGE,...", .commands = CMD_HIST, OWN(parse_stages),
	  .help = "measure only this stage, up to the next one given; may be repeated" },
	{ .name = "weight", .arg = "WHAT", .commands = CMD_HIST, CHOICE(struct opts, hist.wire),
	  .preset = true, .choice = weight_choice,
	  .help = "{default} (default): a packet counts for each frame merged into it; skb: once" },
	{ .name = "worst", .arg = "K", .commands = CMD_HIST, NUMBER(struct opts, hist.worst),
	  .preset = 1, .min = 0, .max = PP_WORST_MAX,
	  .help = "keep the K slowest packets of each row as examples (default {default}, at most "
		  "{max})" },
	{ .name = "buckets", .commands = CMD_HIST, FLAG(struct opts, hist.buckets),
	  .help = "show the histograms themselves, too" },
	{ .name = "buckets", .arg = "N", .commands = CMD_SERVE,
	  SIZE(struct serve_opts, per_octave), .preset = SERVE_PER_OCTAVE, .min = 1, .max = 8,
	  .help = "buckets for each doubling of a duration: 1, 2, 4 or 8 (default {default})" },
	{ .name = "trace", .arg = "FILE", .commands = CMD_HIST, WORD(struct opts, trace_file),
	  .help = "also write every packet into FILE, as trace --json does" },
	{ .name = "slow", .arg = "[STAGE=]TIME", .commands = CMD_TRACE, OWN(parse_slow),
	  .help = "only packets that take longer than TIME (500us, 1.5ms), in all or in STAGE; "
		  "may be repeated" },
	{ .name = "sample", .arg = "1/N[,packet]", .commands = RUNS | CMD_SERVE, OWN(parse_sample),
	  .help = "only one flow of N, chosen by its hash; with ,packet: one packet of N" },
	{ .name = "pid", .arg = "PID", .commands = RUNS, OWN(parse_pid),
	  .help = "only packets that this process read" },
	{ .name = "comm", .arg = "NAME", .commands = RUNS, OWN(parse_comm),
	  .help = "only packets that a process of this name read" },
	{ .name = "cgroup", .arg = "PATH", .commands = RUNS, OWN(parse_cgroup),
	  .help = "only packets read by a process of this control group (v2) or one below it" },

	{ .name = "listen", .arg = "ADDRESS:PORT", .commands = CMD_SERVE,
	  WORD(struct serve_opts, listen), .preset_word = LISTEN_DEFAULT,
	  .help = "where to listen (default {default}; others reach what is no loopback "
		  "address)" },
	{ .name = "user", .arg = "NAME", .commands = CMD_SERVE, WORD(struct serve_opts, user),
	  .help = "whom to become once it is attached (default nobody, if it was started as "
		  "root)" },
	{ .name = "json", .letter = 'j', .commands = CMD_TRACE, FLAG(struct opts, json),
	  .help = "one JSON object per packet, the ledger last" },
	{ .name = "json", .letter = 'j', .commands = CMD_HIST, FLAG(struct opts, json),
	  .help = "JSON: examples, an object per interval, the ledger last" },
	{ .name = "json", .letter = 'j', .commands = CMD_DROPS, FLAG(struct opts, json),
	  .help = "the dropped packets as JSON objects, as trace shows them" },
	{ .name = "line-buffered", .letter = 'l', .commands = CMD_TRACE,
	  FLAG(struct opts, line_buffered), .help = "write each line at once, even into a file" },
	{ .name = "numeric", .letter = 'n', .commands = CMD_TRACE, .type = OPT_IGNORED,
	  .help = "accepted as in tcpdump; addresses are never resolved" },
	{ .name = "quiet", .letter = 'q', .commands = CMD_TRACE, FLAG(struct opts, quiet),
	  .help = "no header and shorter lines" },
	{ .name = "quiet", .letter = 'q', .commands = CMD_HIST, FLAG(struct opts, quiet),
	  .help = "no explanations, no list of hooks" },
	{ .name = "quiet", .letter = 'q', .commands = CMD_DROPS, FLAG(struct opts, quiet),
	  .help = "no list of hooks" },
	{ .name = "verbose", .letter = 'v', .commands = CMD_TRACE, FLAG(struct opts, verbose),
	  .help = "draw each packet's timeline" },
	{ .name = "verbose", .letter = 'v', .commands = CMD_HIST, FLAG(struct opts, verbose),
	  .help = "all examples, all groups; memory used" },
	{ .name = "color", .arg = "WHEN", .commands = RUNS, CHOICE(struct opts, colour),
	  .preset = COLOUR_AUTO, .choice = colour_choice,
	  .help = "{choices}; NO_COLOR is honoured" },

	{ .name = "backend", .arg = "NAME", .commands = SIZED, CHOICE(struct opts, tracer.force),
	  .preset = BE_NONE, .choice = backend_choice, .wrong = "no such backend",
	  .more = "tracepoints are used in any case", .help = "{choices}" },
	{ .name = "records", .arg = "N", .commands = SIZED, SIZE(struct opts, tracer.records),
	  .preset = TRACER_RECORDS, .min = 1024, .max = PP_REC_MAX,
	  .help = "packets that can be under way at once (default {default})" },
	{ .name = "ring", .arg = "BYTES", .commands = SIZED, SIZE(struct opts, tracer.ring_bytes),
	  .unit = "bytes", .preset = TRACER_RING, .min = 1u << 16, .max = 1u << 30,
	  .help = "room for ended packets not yet shown (default {default})" },
	{ .name = "overhead-budget", .arg = "P%", .commands = RUNS, PERCENT(struct opts, budget),
	  .help = "follow fewer packets if tracing takes more than P percent of a CPU" },
	{ 0 },
};

int finish_run(void *opts)
{
	struct opts *o = opts;

	if (scope_resolve(&o->scope))
		return -1;
	if (o->tracer.xdp == XDP_OBSERVE || o->scope.nr)
		return 0;
	log_err("--xdp: name the interfaces to which an XDP program may be attached (-i IF)");
	return -1;
}
