// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * pktpath bench compare: two programs in turn on the same device under the same traffic, ABBA, a
 * few milliseconds each. A machine's slow phases last longer than that, so they hit both.
 *
 * Where the loader puts a program matters, too: by some tenths of a nanosecond. So both are loaded
 * anew all the time, in changing order, and a load is what counts as one observation.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/median.h"
#include "bench/bed.h"
#include "bench/close_books.h"
#include "bench/compare.h"
#include "bench/compare_show.h"

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
	struct bench *b;
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
	struct compare_result r;
};

static int slice(struct compare *c, int which)
{
	struct reading a = {}, b;
	int i, err = bed_attach(c->bed, c->progs[which], &c->specs[which]);

	if (!err)
		err = pace_sleep(&c->b->pace, GUARD_NS);
	if (!err)
		err = bed_read(c->bed, &a);
	if (!err)
		err = pace_sleep(&c->b->pace, SLICE_NS);
	/* On a busy machine the generator may hardly have run. */
	for (i = 0; !err && i < LONGER && bed_cpu_ns(c->bed) - a.cpu_ns < SLICE_NS / 2; i++)
		err = pace_sleep(&c->b->pace, SLICE_NS / 4);
	if (!err)
		err = bed_read(c->bed, &b);
	if (err)
		return err;
	c->slices[c->n++] = (struct slice){ .ns = (double)(b.cpu_ns - a.cpu_ns),
					    .packets = (double)(b.delivered - a.delivered) };
	return bed_error(c->bed);
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
	return err >= 0 ? 0 : why_cannot(&c->b->why, err, "cannot keep %s at hand",
					 c->specs[which].label);
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
	int settled;
	size_t i;

	gen_set(g, XB_GEN_SEND);
	if (!err)
		err = pace_sleep(&c->b->pace, WARM_NS);
	for (i = 0; !err && i < c->groups; i++) {
		pace_show(&c->b->pace, "compare",
			 (double)(now_ns(CLOCK_MONOTONIC) - c->start) / (double)c->ns);
		err = group(c);
	}
	gen_set(g, XB_GEN_IDLE);
	c->ends[c->nr_loads++] = c->n;
	if (err && err != -EINTR)
		return err;
	settled = bed_settle(c->bed);
	return settled ? settled : err;
}

static int measure(struct compare *c)
{
	int err = 0;

	while (!err && !is_over(c))
		err = epoch(c);
	pace_clear(&c->b->pace);
	c->r.seconds = (double)(now_ns(CLOCK_MONOTONIC) - c->start) / 1e9;
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
	c->b->machine.kicked = gen_is_kicked(bed_gen(c->bed));
	c->start = now_ns(CLOCK_MONOTONIC);
	err = measure(c);
	if (!err)
		err = close_books(c->bed, mode_of_books(c), c->o->generic, &before, &c->r.books);
	if (err)
		return err;
	c->r.no_rate = bed_no_rate(c->bed, &c->r.books, now_ns(CLOCK_MONOTONIC) - c->start);
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
		c->r.side[which] = bootstrap_ratio(s, n, 0.95);
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
		c->r.nr_groups += nr;
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
		return why_cannot(&c->b->why, -ENOMEM, "cannot evaluate what was measured");
	}
	n = by_load(c, d);
	c->r.diff = signed_rank(d, n, 0.95);
	c->r.call = signed_rank(d, n, CALL_LEVEL);
	free(d);
	if (!c->r.no_rate && (!c->r.side[0].n || !c->r.side[1].n))
		c->r.no_rate = "nothing of one of them arrived at the end of the path";
	if (!c->r.no_rate && judge(&c->r.call) == FIND_TOO_FEW)
		c->r.no_rate = "it ended before there was enough to compare";
	return 0;
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

static int measure_and_show(struct compare *c)
{
	int err = make_room(c);

	why_cannot(&c->b->why, err, "cannot measure");
	if (!err)
		err = bed_new(&c->bed, c->o, &c->b->why);
	if (!err)
		err = run(c);
	if (!err)
		err = evaluate(c);
	if (err)
		return err;
	pace_end(&c->b->pace);
	err = why_cannot(&c->b->why, compare_show(&c->r), "cannot write: standard output");
	return err || !c->r.no_rate ? err :
	       why_is(&c->b->why, -ENODATA, "no comparison: %s", c->r.no_rate);
}

int bench_compare(struct bench *b)
{
	struct compare c = { .b = b, .o = &b->o, .parked = { -1, -1 }, .r.b = b };
	int i, err;

	memcpy(c.specs, b->o.specs, sizeof(c.specs));
	c.ns = b->o.seconds_ns ? b->o.seconds_ns : SECONDS_DEFAULT;
	err = measure_and_show(&c);
	for (i = 0; i < 2; i++)
		if (c.parked[i] >= 0)
			close(c.parked[i]);
	bed_free(c.bed);
	free(c.slices);
	free(c.ends);
	return err;
}
