// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* pktpath bench: what XDP costs on this machine, and where it pays to drop. */
#include <argp.h>
#include <errno.h>
#include <string.h>
#include "bench/bench.h"
#include "hooks/kernel.h"
#include "host/cpus.h"
#include "bench/generator.h"
#include "cmd/cmd.h"
#include "base/exit.h"
#include "base/log.h"
#include "cmd/options.h"

enum { OPT_PROG = 512, OPT_TO, OPT_SIZE, OPT_FLOWS, OPT_BATCH, OPT_CORES, OPT_WORK, OPT_REPEAT,
       OPT_GRO, OPT_NO_SINK };

static const struct argp_option options[] = {
	{ "interface", 'i', "IF", 0,
	  "measure what arrives here from outside (default: generate, in a namespace of "
	  "its own)", 0 },
	{ "to", OPT_TO, "IF", 0, "with -i, where redirects go", 0 },
	{ "prog", OPT_PROG, "FILE.o:SECTION", 0,
	  "an XDP program of your own; twice for compare", 0 },
	{ "work", OPT_WORK, "WORK", 0,
	  "what the program does before its verdict: nothing (default), touch, parse, count, "
	  "clock, lookup", 0 },
	{ "generic", 'g', NULL, 0, "XDP in the stack instead of in the driver", 0 },
	{ "size", OPT_SIZE, "BYTES", 0, "of a frame, 60 (default) to 1514", 0 },
	{ "flows", OPT_FLOWS, "N", 0, "source ports, 1 (default) to 1024", 0 },
	{ "batch", OPT_BATCH, "N", 0, "frames sent at once, 1 to 256 (default 96)", 0 },
	{ "cores", OPT_CORES, "N", 0, "CPUs that generate and receive (default 1)", 0 },
	{ "duration", 'd', "SECONDS", 0,
	  "how long to measure (default 5; compare 10, 3 at least; ladder 45)", 0 },
	{ "gro", OPT_GRO, "WHEN", 0, "on (default) or off, at the device under test", 0 },
	{ "no-sink", OPT_NO_SINK, NULL, 0, "nobody polls where packets are sent on to", 0 },
	{ "repeat", OPT_REPEAT, "N", 0, "frames a call of BPF_PROG_RUN (default 2^30)", 0 },
	{ "json", 'j', NULL, 0, "one JSON object", 0 },
	{ "quiet", 'q', NULL, 0, "no progress on the terminal", 0 },
	{ 0 },
};

struct words {
	struct bench_opts o;
	const char *command;		/* the first word */
	const char *specs[3];		/* those after it, and of --prog */
	int nr_specs;
};

static int parse_range(const char *option, const char *word, uint32_t min, uint32_t max,
		       uint32_t *out)
{
	uint64_t v = 0;

	if (parse_count(option, word, &v))
		return -1;
	if (v >= min && v <= max) {
		*out = (uint32_t)v;
		return 0;
	}
	log_err("%s %s: out of range (give %u to %u)", option, word, min, max);
	return -1;
}

static int parse_cores(const char *word, struct bench_opts *o)
{
	int max = cpu_count() < XB_CORES ? cpu_count() : XB_CORES;

	return parse_range("--cores", word, 1, max, &o->cores);
}

static int parse_work(const char *word, struct bench_opts *o)
{
	int w = work_parse(word);

	if (w < 0) {
		log_err("--work %s: no such work (nothing, touch, parse, count, "
			"clock or lookup)", word);
		return -1;
	}
	o->work = w;
	return 0;
}

static int parse_gro(const char *word, struct bench_opts *o)
{
	o->gro = !strcmp(word, "on");
	if (o->gro || !strcmp(word, "off"))
		return 0;
	log_err("--gro %s: not a choice (on or off)", word);
	return -1;
}

static int add_spec(struct words *w, const char *word)
{
	if (w->nr_specs == 2) {
		log_err("%s: unexpected word (pktpath bench --help)", word);
		return -1;
	}
	w->specs[w->nr_specs++] = word;
	return 0;
}

static int add_target(const char *word, struct bench_opts *o)
{
	if (o->nr_to == 2) {
		log_err("--to %s: too many (at most 2)", word);
		return -1;
	}
	o->to[o->nr_to++] = word;
	return 0;
}

static int add_word(struct words *w, const char *word)
{
	if (w->command)
		return add_spec(w, word);
	w->command = word;
	return 0;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct words *w = state->input;
	struct bench_opts *o = &w->o;
	int bad = 0;

	switch (key) {
	case 'i': o->ifname = arg; break;
	case OPT_TO: bad = add_target(arg, o); break;
	case OPT_PROG: bad = add_spec(w, arg); break;
	case OPT_WORK: bad = parse_work(arg, o); break;
	case 'g': o->generic = true; break;
	case OPT_SIZE: bad = parse_range("--size", arg, 60, 1514, &o->size); break;
	case OPT_FLOWS: bad = parse_range("--flows", arg, 1, 1024, &o->flows); break;
	case OPT_BATCH: bad = parse_range("--batch", arg, 1, GEN_BATCH_MAX, &o->batch); break;
	case OPT_CORES: bad = parse_cores(arg, o); break;
	case OPT_REPEAT: bad = parse_range("--repeat", arg, 1, GEN_REPEAT, &o->repeat); break;
	case OPT_GRO: bad = parse_gro(arg, o); break;
	case OPT_NO_SINK: o->sink = false; break;
	case 'd': bad = parse_seconds("-d", arg, &o->seconds_ns); break;
	case 'j': o->json = true; break;
	case 'q': o->quiet = true; break;
	case ARGP_KEY_ARG: bad = add_word(w, arg); break;
	default: return ARGP_ERR_UNKNOWN;
	}
	return bad ? EINVAL : 0;
}

static const struct {
	const char *name;
	int (*run)(const struct bench_opts *o);
	int specs;		/* how many it needs */
} commands[] = {
	{ "compare", bench_compare, 2 },
	{ "ladder", bench_ladder, 0 },
	{ "floor", bench_floor, 0 },
};

static int parse_specs(struct words *w, int wanted, const char *command)
{
	int i;

	if (w->nr_specs != wanted) {
		log_err("%s: takes %d program%s, not %d (pktpath bench --help)", command, wanted,
			wanted == 1 ? "" : "s", w->nr_specs);
		return EXIT_USAGE;
	}
	for (i = 0; i < wanted; i++)
		if (spec_parse(w->specs[i], w->o.work, &w->o.specs[i]))
			return EXIT_USAGE;
	w->o.nr_specs = wanted;
	return 0;
}

static int run_command(struct words *w)
{
	size_t i;

	for (i = 0; w->command && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(w->command, commands[i].name))
			continue;
		if (w->o.ifname) {
			log_err("-i %s: not for %s, which generates its own traffic",
				w->o.ifname, w->command);
			return EXIT_USAGE;
		}
		if (parse_specs(w, commands[i].specs, w->command))
			return EXIT_USAGE;
		return commands[i].run(&w->o);
	}
	/* Anything else is a program; --prog may stand for the word. */
	if (w->command && add_spec(w, w->command))
		return EXIT_USAGE;
	if (!w->nr_specs) {
		log_err("what is to be measured? (give a mode, compare, ladder or floor: "
			"pktpath bench --help)");
		return EXIT_USAGE;
	}
	if (parse_specs(w, 1, "bench"))
		return EXIT_USAGE;
	return w->o.ifname ? bench_outside(&w->o) : bench_run(&w->o);
}

int cmd_bench(int argc, char **argv)
{
	static const struct argp argp = { options, parse_option,
		"MODE[:WORK]\nFILE.o:SECTION\ncompare A B\nladder\nfloor",
		"Measure XDP: drop, pass, tx, redirect, redirect-map, redirect-cpu, redirect-multi "
		"or xsk, or a program of your own; compare two of them; show where it is cheapest "
		"to drop, or what the machine can do at best. Generates its own traffic in a "
		"network namespace of its own.",
		NULL, NULL, NULL };
	struct words w = { .o = { .gro = true, .sink = true, .size = 60, .flows = 1,
				  .batch = GEN_BATCH, .cores = 1, .repeat = GEN_REPEAT } };
	int ret = opts_parse(&argp, argc, argv, &w);

	if (!ret)
		ret = check_kernel();
	if (ret)
		return ret;
	log_capture_libbpf();
	return run_command(&w);
}
