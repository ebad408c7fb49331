// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * pktpath bench compare: two programs in turn on the same device under the same traffic, ABBA, a
 * few milliseconds each. A machine's slow phases last longer than that, so they hit both.
 *
 * Where the loader puts a program matters, too: by some tenths of a nanosecond. So both are loaded
 * anew all the time, in changing order, and a load is what counts as one observation.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "bench/bed.h"
#include "bench/close_books.h"
#include "host/cpus.h"
#include "bench/show_json.h"
#include "bench/show_text.h"
#include "base/median.h"
#include "base/clock.h"
#include "text/format.h"
#include "base/exit.h"
#include "text/line.h"
#include "base/log.h"

#define SECONDS_DEFAULT 10000000000ull
#define WARM_NS		20000000ull
#define SLICE_NS	3000000ull
#define GUARD_NS	300000ull
#define LONGER		20	/* quarters of a slice, at most */
#define CALL_LEVEL	0.99	/* a difference is called only where this interval excludes 0 */
#define LOADS_MIN	8	/* fewer give no interval of 99 % */
/* Groups of four slices between two loads: a load takes a third of a second by itself. */
#define GROUPS_MIN	4
#define GROUPS_MAX	12

struct compare {
	const struct bench_opts *o;
	struct bench_spec specs[2];	/* as the bed counts them */
	struct bed *bed;
	struct prog *progs[2];
	int parked[2];
	uint64_t start, ns;
	size_t n;
	struct slice *slices;
	size_t groups;			/* of each load */
	size_t max_loads, nr_loads;
	size_t *ends;			/* of each load's slices */
	size_t nr_groups;		/* that tell a difference */
	struct machine env;
	struct books books;
	const char *no_rate;
	double seconds;
	struct estimate side[2], diff, call;
};

static int slice(struct compare *c, int which)
{
	struct reading a = {}, b;
	int i, err = bed_attach(c->bed, c->progs[which], &c->specs[which]);

	if (!err)
		err = bench_sleep(GUARD_NS);
	if (!err)
		err = bed_read(c->bed, &a);
	if (!err)
		err = bench_sleep(SLICE_NS);
	/* On a busy machine the generator may hardly have run. */
	for (i = 0; !err && i < LONGER && bed_cpu_ns(c->bed) - a.cpu_ns < SLICE_NS / 2; i++)
		err = bench_sleep(SLICE_NS / 4);
	if (!err)
		err = bed_read(c->bed, &b);
	if (err)
		return err;
	c->slices[c->n++] = (struct slice){ .ns = (double)(b.cpu_ns - a.cpu_ns),
					    .packets = (double)(b.delivered - a.delivered) };
	return gen_error(bed_gen(c->bed));
}

/* Only whole groups count. */
static int group(struct compare *c)
{
	static const int order[] = { 0, 1, 1, 0 };
	size_t start = c->n;
	int i, err = 0;

	for (i = 0; !err && i < 4; i++)
		err = slice(c, order[i]);
	if (err)
		c->n = start;
	return err;
}

/*
 * Each program is also attached to a device where nothing arrives: the kernel's XDP dispatcher
 * then knows both all the time, and exchanging them changes no kernel text, which would take
 * a tenth of a second (bpf_dispatcher_change_prog(), v5.6).
 */
static int park(struct compare *c, int which, const struct prog *p)
{
	static const enum bed_dev parks[] = { DEV_OUT0, DEV_OUT1 };
	int err;

	if (c->parked[which] >= 0)
		err = prog_swap(c->parked[which], p);
	else
		err = c->parked[which] = prog_attach(p, bed_ifindex(c->bed, parks[which]),
						     c->o->generic);
	if (err >= 0)
		return 0;
	log_err("cannot keep the program at hand: %s", strerror(-err));
	return err;
}

/*
 * Puts both in the places of their predecessors. In this order the dispatcher changes twice only:
 * one is parked while the other's predecessor is under test.
 */
static int install(struct compare *c, struct prog *new[2])
{
	int err = c->progs[1] ? bed_attach(c->bed, c->progs[1], &c->specs[1]) : 0;

	if (!err)
		err = park(c, 0, new[0]);
	if (!err)
		err = bed_attach(c->bed, new[0], &c->specs[0]);
	return err ? err : park(c, 1, new[1]);
}

static int load(struct compare *c, bool b_first)
{
	struct prog *new[2] = {};
	int i, which, err = 0;

	for (i = 0; !err && i < 2; i++) {
		which = b_first ? 1 - i : i;
		err = bed_load(c->bed, &c->specs[which], false, &new[which]);
	}
	if (!err)
		err = install(c, new);
	for (i = 0; !err && i < 2; i++) {
		bed_discard(c->bed, c->progs[i]);
		c->progs[i] = new[i];
	}
	return err ? err : bed_meter(c->bed);
}

static bool is_over(const struct compare *c)
{
	return c->nr_loads == c->max_loads ||
	       (c->nr_loads >= LOADS_MIN && now_ns(CLOCK_MONOTONIC) - c->start > c->ns);
}

/* Both, loaded anew, in turn. */
static int epoch(struct compare *c)
{
	struct gen *g = bed_gen(c->bed);
	int err = load(c, c->nr_loads % 4 == 1 || c->nr_loads % 4 == 2);
	size_t i;

	gen_set(g, XB_GEN_SEND);
	if (!err)
		err = bench_sleep(WARM_NS);
	for (i = 0; !err && i < c->groups; i++) {
		progress(c->o->quiet, "compare",
			 (double)(now_ns(CLOCK_MONOTONIC) - c->start) / (double)c->ns);
		err = group(c);
	}
	gen_set(g, XB_GEN_IDLE);
	c->ends[c->nr_loads++] = c->n;
	if (!err || err == -EINTR)
		err = bed_settle(c->bed) ? -EIO : err;
	return err;
}

static int measure(struct compare *c)
{
	int err = 0;

	while (!err && !is_over(c))
		err = epoch(c);
	progress_end();
	c->seconds = (double)(now_ns(CLOCK_MONOTONIC) - c->start) / 1e9;
	return err == -EINTR ? 0 : err;
}

/*
 * The modes' own books can be made only if they are the same. Otherwise, and for programs whose
 * verdict is not known, what counts is that every packet reached the program.
 */
static enum xb_mode mode_of_books(const struct compare *c)
{
	return c->specs[0].mode == c->specs[1].mode ? c->specs[0].mode : XB_USER;
}

static int run(struct compare *c)
{
	struct tally before;
	int err = bed_start(c->bed);

	if (!err)
		err = bed_tally(c->bed, &before);
	if (err)
		return err;
	c->env.kicked = gen_is_kicked(bed_gen(c->bed));
	c->start = now_ns(CLOCK_MONOTONIC);
	err = measure(c);
	if (!err)
		err = close_books(c->bed, mode_of_books(c), c->o->generic, &before, &c->books);
	if (err)
		return err;
	c->no_rate = bed_no_rate(c->bed, &c->books, now_ns(CLOCK_MONOTONIC) - c->start);
	return bed_stop(c->bed);
}

static int by_side(struct compare *c)
{
	static const int side[] = { 0, 1, 1, 0 };
	struct slice *s = calloc(c->n + 1, sizeof(*s));
	size_t i, n;
	int which;

	if (!s)
		return -ENOMEM;
	for (which = 0; which < 2; which++) {
		for (i = n = 0; i < c->n; i++)
			if (side[i % 4] == which)
				s[n++] = c->slices[i];
		c->side[which] = bootstrap_ratio(s, n, 0.95);
	}
	free(s);
	return 0;
}

/* Of each load the median of its differences. Returns how many loads have one. */
static size_t by_load(struct compare *c, double *out)
{
	double d[GROUPS_MAX];
	size_t i, start, nr, n = 0;

	for (i = start = 0; i < c->nr_loads; start = c->ends[i++]) {
		nr = abba_differences(&c->slices[start], c->ends[i] - start, d);
		c->nr_groups += nr;
		if (nr)
			out[n++] = median(d, nr);
	}
	return n;
}

static int evaluate(struct compare *c)
{
	double *d = calloc(c->nr_loads + 1, sizeof(*d));
	size_t n;

	if (!d || by_side(c)) {
		free(d);
		log_err("cannot evaluate: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	n = by_load(c, d);
	c->diff = signed_rank(d, n, 0.95);
	c->call = signed_rank(d, n, CALL_LEVEL);
	free(d);
	if (!c->no_rate && (!c->side[0].n || !c->side[1].n))
		c->no_rate = "nothing of one of them arrived at the end of the path";
	if (!c->no_rate && judge(&c->call) == FIND_TOO_FEW)
		c->no_rate = "it ended before there was enough to compare";
	return 0;
}

static const char *finding(const struct compare *c)
{
	switch (judge(&c->call)) {
	case FIND_FASTER:
		return "faster";
	case FIND_SLOWER:
		return "slower";
	default:
		return "no difference";
	}
}

static int compare_text(const struct compare *c)
{
	bool called = judge(&c->call) != FIND_NONE;
	char buf[80], n[FMT_MAX];
	int i;

	text_head(c->o, "compare");
	for (i = 0; i < 2; i++)
		printf("%c  %-24s %s ns of CPU a packet\n", 'A' + i, c->o->specs[i].label,
		       c->no_rate ? "-" : text_estimate(buf, &c->side[i], 1, 1));
	if (!c->no_rate) {
		printf("\nB - A        %s ns, from %zu pairs, loaded anew %zu times in %.1f s\n",
		       text_estimate(buf, &c->diff, 1, 2), c->nr_groups, c->diff.n, c->seconds);
		printf("verdict      %s%s%s\n", called ? "B is " : "", finding(c),
		       called ? " than A" : "");
	}
	printf("\ngenerated    %15s\n           = %15s %s\n", fmt_count(n, c->books.generated),
	       fmt_count(n, c->books.received), c->books.where);
	for (i = 0; i < c->books.nr_lost; i++)
		printf("           + %15s %s\n", fmt_count(n, c->books.lost[i].packets),
		       c->books.lost[i].what);
	text_env(&c->env);
	return file_flush(stdout);
}

static int compare_json(const struct compare *c)
{
	static const struct estimate none;
	yyjson_mut_doc *d = json_begin(c->o, "compare", &c->env);
	yyjson_mut_val *root = d ? yyjson_mut_doc_get_root(d) : NULL;
	bool good = !c->no_rate;

	if (!root)
		return json_end(d);
	yyjson_mut_obj_add_strcpy(d, root, "a", c->o->specs[0].label);
	yyjson_mut_obj_add_strcpy(d, root, "b", c->o->specs[1].label);
	if (good)
		yyjson_mut_obj_add_null(d, root, "no_rate");
	else
		yyjson_mut_obj_add_strcpy(d, root, "no_rate", c->no_rate);
	yyjson_mut_obj_add_real(d, root, "seconds", c->seconds);
	json_estimate(d, root, "a_cpu_ns", good ? &c->side[0] : &none);
	json_estimate(d, root, "b_cpu_ns", good ? &c->side[1] : &none);
	json_estimate(d, root, "difference_ns", good ? &c->diff : &none);
	json_estimate(d, root, "difference_ns_99", good ? &c->call : &none);
	if (good)
		yyjson_mut_obj_add_str(d, root, "verdict", finding(c));
	else
		yyjson_mut_obj_add_null(d, root, "verdict");
	json_books(d, root, &c->books);
	return json_end(d);
}

static int show(const struct compare *c)
{
	int err = c->o->json ? compare_json(c) : compare_text(c);

	if (c->no_rate)
		log_err("no comparison: %s", c->no_rate);
	if (err)
		log_err("cannot write: standard output: %s", strerror(-err));
	return err || c->no_rate ? EXIT_RUNTIME : EXIT_OK;
}

/* LOADS_MIN loads' slices take half of the time or less; no more loads fit than there is room. */
static int make_room(struct compare *c)
{
	uint64_t groups = c->ns / LOADS_MIN / 2 / (4 * SLICE_NS);

	c->groups = groups < GROUPS_MIN ? GROUPS_MIN : groups > GROUPS_MAX ? GROUPS_MAX : groups;
	c->max_loads = c->ns / (4 * SLICE_NS * c->groups) + LOADS_MIN;
	c->slices = calloc(c->max_loads * c->groups, 4 * sizeof(*c->slices));
	c->ends = calloc(c->max_loads, sizeof(*c->ends));
	return c->slices && c->ends ? 0 : -ENOMEM;
}

int bench_compare(const struct bench_opts *o)
{
	struct compare c = { .o = o, .parked = { -1, -1 } };
	int i, ret = EXIT_RUNTIME;

	memcpy(c.specs, o->specs, sizeof(c.specs));
	machine_read(&c.env, o->gro);
	stop_on_signals();
	c.ns = o->seconds_ns ? o->seconds_ns : SECONDS_DEFAULT;
	if (make_room(&c))
		log_err("cannot start: %s", strerror(ENOMEM));
	else if (!bed_new(&c.bed, o) && !run(&c) && !evaluate(&c))
		ret = show(&c);
	for (i = 0; i < 2; i++)
		if (c.parked[i] >= 0)
			close(c.parked[i]);
	bed_free(c.bed);
	free(c.slices);
	free(c.ends);
	return ret;
}
