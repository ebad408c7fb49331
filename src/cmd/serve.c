// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* pktpath serve: metrics for Prometheus, until it is told to end. */
#include <argp.h>
#include <errno.h>
#include <string.h>
#include "cmd/cmd.h"
#include "base/exit.h"
#include "base/log.h"
#include "cmd/options.h"
#include "serve/serve.h"
#include "tables.h"
#include "trace/tracer.h"

enum { OPT_LISTEN = 512, OPT_BY, OPT_GROUPS, OPT_BUCKETS, OPT_USER };

static const struct argp_option options[] = {
	{ "listen", OPT_LISTEN, "ADDRESS:PORT", 0,
	  "where to listen (default " LISTEN_DEFAULT "; others reach what is no loopback address)",
	  0 },
	{ "by", OPT_BY, "LABEL", 0,
	  "split histograms by dev (default), queue, cpu, proto, verdict or none", 0 },
	{ "groups", OPT_GROUPS, "N", 0,
	  "so many devices, or what --by splits by, get histograms of their own (default 8)", 0 },
	{ "buckets", OPT_BUCKETS, "N", 0,
	  "buckets for each doubling of a duration: 1, 2 (default), 4 or 8", 0 },
	{ "user", OPT_USER, "NAME", 0,
	  "whom to become once it is attached (default nobody, if it was started as root)", 0 },
	SCOPE_OPTIONS,
	{ "sample", OPT_SAMPLE, "1/N", 0,
	  "only one flow of N, chosen by its hash; 1/N,packet: one packet of N", 0 },
	{ "backend", OPT_BACKEND, "NAME", 0, "auto (default), fentry, kprobe.multi or kprobe", 0 },
	SIZE_OPTIONS,
	{ 0 },
};

static int parse_by(const char *word, enum pp_by *out)
{
#define BY_LABEL(id, label, help) label,
	static const char *const bys[] = { PP_BYS(BY_LABEL) };
	unsigned int by;

	for (by = 0; by < PP_BY_NR && strcmp(bys[by], word) != 0; by++)
		;
	*out = by;
	switch (by) {
	case PP_BY_NONE:
	case PP_BY_DEV:
	case PP_BY_QUEUE:
	case PP_BY_CPU:
	case PP_BY_PROTO:
	case PP_BY_VERDICT:
		return 0;
	case PP_BY_NR:
		log_err("--by %s: not a label (dev, queue, cpu, proto, verdict or none)", word);
		return -1;
	}
	log_err("--by %s: its values come and go, and each would leave series behind (dev, queue, "
		"cpu, proto, verdict or none)", word);
	return -1;
}

static int parse_groups(const char *word, uint32_t *out)
{
	uint64_t n;

	if (parse_count("--groups", word, &n))
		return -1;
	*out = (uint32_t)n;
	if (n <= PP_GROUPS_MAX)
		return 0;
	log_err("--groups %s: too many (give a number from 1 to %d)", word, PP_GROUPS_MAX);
	return -1;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct serve_opts *so = state->input;
	int bad = 0;

	switch (key) {
	case OPT_LISTEN: so->listen = arg; break;
	case OPT_BY: bad = parse_by(arg, &so->by); break;
	case OPT_GROUPS: bad = parse_groups(arg, &so->groups); break;
	case OPT_BUCKETS: bad = parse_size("--buckets", arg, 1, 8, &so->per_octave); break;
	case OPT_USER: so->user = arg; break;
	case ARGP_KEY_END:
		/* Before --netns is entered: the endpoint belongs where the command was given. */
		if (listen_parse(so->listen, &so->addr) || listen_socket(&so->addr))
			return EINVAL;
		return parse_run_option(key, arg, state);
	default:
		return parse_run_option(key, arg, state);
	}
	return bad ? EINVAL : 0;
}

int cmd_serve(int argc, char **argv)
{
	static const struct argp argp = { options, parse, NULL,
		"Serve histograms of all stages, verdicts, drops by reason and losses as metrics "
		"over HTTP, for Prometheus and the like. Durations are counted in the kernel; only "
		"drops are sent to user space. Once attached, it goes on without privileges.",
		NULL, NULL, NULL };
	struct serve_opts so = { .o = { .records = TRACER_RECORDS, .ring_bytes = TRACER_RING },
				 .listen = LISTEN_DEFAULT, .by = PP_BY_DEV, .groups = SERVE_GROUPS,
				 .per_octave = SERVE_PER_OCTAVE };

	if (opts_parse(&argp, argc, argv, &so))
		return EXIT_USAGE;
	return serve_run(&so);
}
