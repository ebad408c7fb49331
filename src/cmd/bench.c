// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* pktpath bench: what XDP costs on this machine, and where it pays to drop. */
#include <errno.h>
#include <string.h>
#include "bench/bench.h"
#include "bench/compare.h"
#include "bench/floor.h"
#include "hooks/kernel.h"
#include "bench/generator.h"
#include "bench/ladder.h"
#include "bench/mode.h"
#include "bench/outside.h"
#include "bench/run.h"
#include "cmd/cmd.h"
#include "base/exit.h"
#include "base/log.h"
#include "cmd/option.h"

struct words {
	struct bench b;
	char *command;			/* the first word */
	const char *specs[3];		/* those after it, and of --prog */
	int nr_specs;
};

static int add_spec(char *word, void *words)
{
	struct words *w = words;

	if (w->nr_specs == 2) {
		log_err("%s: unexpected word (pktpath bench --help)", word);
		return -1;
	}
	w->specs[w->nr_specs++] = word;
	return 0;
}

static int add_target(char *word, void *words)
{
	struct bench_opts *o = &((struct words *)words)->b.o;

	if (o->nr_to == 2) {
		log_err("--to %s: too many (at most 2)", word);
		return -1;
	}
	o->to[o->nr_to++] = word;
	return 0;
}

static int add_word(char *word, void *words)
{
	struct words *w = words;

	if (w->command)
		return add_spec(word, w);
	w->command = word;
	return 0;
}

static const char *work_choice(unsigned int i)
{
	return i < XB_NR_WORKS ? works[i].word : NULL;
}

/* Of a bool. */
static const char *gro_choice(unsigned int i)
{
	static const char *const words[] = { "off", "on" };

	return i < sizeof(words) / sizeof(words[0]) ? words[i] : NULL;
}

static const struct option_row rows[] = {
	{ .name = "interface", .letter = 'i', .arg = "IF", .commands = CMD_BENCH,
	  WORD(struct words, b.o.ifname),
	  .help = "measure what arrives here from outside (default: generate, in a namespace of "
		  "its own)" },
	{ .name = "to", .arg = "IF", .commands = CMD_BENCH, OWN(add_target),
	  .help = "with -i, where redirects go" },
	{ .name = "prog", .arg = "FILE.o:SECTION", .commands = CMD_BENCH, OWN(add_spec),
	  .help = "an XDP program of your own; twice for compare" },
	{ .name = "work", .arg = "WORK", .commands = CMD_BENCH, CHOICE(struct words, b.o.work),
	  .preset = XB_NOTHING, .choice = work_choice, .wrong = "no such work",
	  .help = "what the program does before its verdict: {choices}" },
	{ .name = "generic", .letter = 'g', .commands = CMD_BENCH, FLAG(struct words, b.o.generic),
	  .help = "XDP in the stack instead of in the driver" },
	{ .name = "size", .arg = "BYTES", .commands = CMD_BENCH, NUMBER(struct words, b.o.size),
	  .preset = 60, .min = 60, .max = 1514, .unit = "bytes",
	  .help = "of a frame, {min} to {max} (default {default})" },
	{ .name = "flows", .arg = "N", .commands = CMD_BENCH, NUMBER(struct words, b.o.flows),
	  .preset = 1, .min = 1, .max = 1024,
	  .help = "source ports, {min} to {max} (default {default})" },
	{ .name = "batch", .arg = "N", .commands = CMD_BENCH, NUMBER(struct words, b.o.batch),
	  .preset = GEN_BATCH, .min = 1, .max = GEN_BATCH_MAX,
	  .help = "frames sent at once, {min} to {max} (default {default})" },
	{ .name = "cores", .arg = "N", .commands = CMD_BENCH, NUMBER(struct words, b.o.cores),
	  .preset = 1, .min = 1, .max = XB_CORES,
	  .help = "CPUs that generate and receive (default {default})" },
	{ .name = "duration", .letter = 'd', .arg = "TIME", .commands = CMD_BENCH,
	  TIME(struct words, b.o.seconds_ns),
	  .help = "how long to measure (default 5s; compare 10s, 3s at least; ladder 45s)" },
	{ .name = "gro", .arg = "WHEN", .commands = CMD_BENCH, CHOICE(struct words, b.o.gro),
	  .preset = true, .choice = gro_choice, .help = "{choices}, at the device under test" },
	{ .name = "no-sink", .commands = CMD_BENCH, FLAG(struct words, b.o.sink), .clears = true,
	  .help = "nobody polls where packets are sent on to" },
	{ .name = "repeat", .arg = "N", .commands = CMD_BENCH, NUMBER(struct words, b.o.repeat),
	  .preset = GEN_REPEAT, .min = 1, .max = GEN_REPEAT,
	  .help = "frames a call of BPF_PROG_RUN (default {default})" },
	{ .name = "json", .letter = 'j', .commands = CMD_BENCH, FLAG(struct words, b.o.json),
	  .help = "one JSON object" },
	{ .name = "quiet", .letter = 'q', .commands = CMD_BENCH, FLAG(struct words, b.o.quiet),
	  .help = "no progress on the terminal" },
	{ 0 },
};

/* A machine may have fewer CPUs than can be asked for. */
static int finish(void *words)
{
	const struct bench_opts *o = &((const struct words *)words)->b.o;

	if (o->cores <= (uint32_t)o->cpus.n)
		return 0;
	log_err("--cores %u: more than this machine's %d (give 1 to %d)", o->cores, o->cpus.n,
		o->cpus.n);
	return -1;
}

static const struct {
	const char *name;
	int (*run)(struct bench *b);
	int specs;		/* how many it needs */
} commands[] = {
	{ "compare", bench_compare, 2 },
	{ "ladder", bench_ladder, 0 },
	{ "floor", bench_floor, 0 },
};

static int parse_specs(struct words *w, int wanted, const char *command)
{
	int i, err = 0;

	if (w->nr_specs != wanted)
		return why_usage(&w->b.why, -EINVAL, "%s: takes %d program%s, not %d "
				 "(pktpath bench --help)", command, wanted, wanted == 1 ? "" : "s",
				 w->nr_specs);
	for (i = 0; !err && i < wanted; i++)
		err = spec_parse(w->specs[i], w->b.o.work, &w->b.o.specs[i], &w->b.why);
	w->b.o.nr_specs = wanted;
	return err;
}

static int run_named(struct words *w, size_t i)
{
	int err;

	if (w->b.o.ifname)
		return why_usage(&w->b.why, -EINVAL, "-i %s: not for %s, which generates its own "
				 "traffic", w->b.o.ifname, w->command);
	err = parse_specs(w, commands[i].specs, w->command);
	return err ? err : commands[i].run(&w->b);
}

static int run_words(struct words *w)
{
	size_t i;
	int err;

	for (i = 0; w->command && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(w->command, commands[i].name))
			return run_named(w, i);
	/* Anything else is a program; --prog may stand for the word. */
	if (w->command && w->nr_specs == 2)
		return why_usage(&w->b.why, -EINVAL, "%s: unexpected word (pktpath bench --help)",
				 w->command);
	if (w->command)
		w->specs[w->nr_specs++] = w->command;
	if (!w->nr_specs)
		return why_usage(&w->b.why, -EINVAL, "what is to be measured? (give a mode, "
				 "compare, ladder or floor: pktpath bench --help)");
	err = parse_specs(w, 1, "bench");
	if (err)
		return err;
	return w->b.o.ifname ? bench_outside(&w->b) : bench_run(&w->b);
}

/* One line, whatever it was that went wrong. */
static int said(const struct why *why, int err)
{
	if (!err)
		return EXIT_OK;
	if (why->err)
		log_err("%s", why->text);
	else
		log_err("cannot measure: %s", strerror(-err));
	return why->usage ? EXIT_USAGE : EXIT_RUNTIME;
}

static int run(int argc, char **argv)
{
	struct words w = { 0 };
	int ret;

	cpus_read(&w.b.o.cpus);
	ret = opts_parse(&cmd_bench, argc, argv, &w);
	if (ret != OPTS_READ)
		return ret;
	ret = check_kernel();
	if (ret)
		return ret;
	log_capture_libbpf();
	machine_read(&w.b.machine, w.b.o.gro);
	if (w.b.o.ifname)
		machine_device(&w.b.machine, w.b.o.ifname);
	pace_begin(&w.b.pace, w.b.o.quiet);
	ret = run_words(&w);
	pace_end(&w.b.pace);
	return said(&w.b.why, ret);
}

const struct command cmd_bench = {
	.name = "bench",
	.bit = CMD_BENCH,
	.summary = "measure what XDP costs, and where it is cheapest to drop",
	.words = "MODE[:WORK]\nFILE.o:SECTION\ncompare A B\nladder\nfloor",
	.doc = "Measure XDP: one mode, or a program of your own; compare two of them; show where "
	       "it is cheapest to drop, or what the machine can do at best. Generates its own "
	       "traffic in a network namespace of its own."
	       "\vMODE is what becomes of each packet:\n" MODES_HELP
	       "\nWORK is what the program does before that:\n" WORKS_HELP,
	.rows = rows,
	.word = add_word,
	.finish = finish,
	.run = run,
};
