// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * pktpath bench ladder: the same traffic dropped at one place after the other, round after
 * round. Each figure is held against XDP native of the same round, so that what the rest of the
 * machine does hits both; and a rung counts only if its own counter has every packet.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "bench/ladder.h"
#include "bench/ladder_show.h"
#include "bench/rungs.h"

#define SECONDS_DEFAULT 45000000000ull
#define SLICE_NS	30000000ull	/* of CPU time */
#define SLICE_MAX	1000000000ull
#define LOOK_NS		3000000ull
#define ROUNDS_MIN	7	/* without which there is no interval */
#define SIDE_SHARE	10	/* of the time, for each group of one */

struct climb {
	struct bench *b;
	struct ladder l;
	struct bed *bed;
	uint64_t start, end;
};

static void give_up(struct step *s, const char *fmt, uint64_t a, uint64_t b)
{
	if (!*s->why)
		snprintf(s->why, sizeof(s->why), fmt, (unsigned long long)a, (unsigned long long)b);
}

/*
 * The generator works from one look at its clock to the next, so that idling costs nothing. A
 * slice is this much of its CPU time: on a busy machine it may not run for long.
 */
static int traffic(struct climb *c, uint64_t *cpu_ns)
{
	struct bed *b = c->bed;
	uint64_t before = bed_cpu_ns(b), end = now_ns(CLOCK_MONOTONIC) + SLICE_MAX;
	int err = 0;

	gen_set(bed_gen(b), XB_GEN_SEND);
	while (!err && bed_cpu_ns(b) - before < SLICE_NS && now_ns(CLOCK_MONOTONIC) < end)
		err = pace_sleep(&c->b->pace, LOOK_NS);
	gen_set(bed_gen(b), XB_GEN_IDLE);
	*cpu_ns = bed_cpu_ns(b) - before;
	return err;
}

/* All that was generated is in the rung's counter, or was lost before it. */
static int note(struct climb *c, struct step *s, const struct rung *r, const struct tally *before,
		uint64_t cpu_ns, uint64_t dropped)
{
	struct tally after;
	uint64_t sent, lost;
	int err = bed_tally(c->bed, &after);

	if (err)
		return err;
	sent = after.sent - before->sent;
	lost = after.dev[DEV_GEN].xmit_errors - before->dev[DEV_GEN].xmit_errors;
	if (r->drops == RUNG_SOME)
		lost += after.snmp.udp_rcvbuf_errors - before->snmp.udp_rcvbuf_errors;
	s->generated += sent;
	s->dropped += dropped;
	s->lost += lost;
	if (sent != dropped + lost)
		give_up(s, "its counter has %llu of %llu packets", dropped, sent - lost);
	else if (dropped)
		s->ns[c->l.rounds] = (double)cpu_ns / (double)dropped;
	return 0;
}

static int one(struct climb *c, int i)
{
	struct rung_state st = { .bed = c->bed, .fd = -1 };
	struct step *s = &c->l.steps[i];
	uint64_t cpu_ns, dropped = 0;
	struct tally before;
	int err;

	if (*s->why)
		return 0;
	err = rungs[i].up(&st);
	if (err) {
		snprintf(s->why, sizeof(s->why), "%s", st.why.err ? st.why.text : strerror(-err));
		rungs[i].down(&st);
		return 0;
	}
	err = bed_tally(c->bed, &st.base);
	before = st.base;
	if (!err)
		err = traffic(c, &cpu_ns);
	if (!err)
		err = bed_quiet(c->bed);
	if (!err && rungs[i].count(&st, &dropped))
		snprintf(s->why, sizeof(s->why), "its counter cannot be read");
	else if (!err)
		err = note(c, s, &rungs[i], &before, cpu_ns, dropped);
	rungs[i].down(&st);
	return err;
}

/* XDP native first, the others from another place each time. */
static int round_of(struct climb *c, int group)
{
	int i, at, n = nr_rungs - 1, err = one(c, RUNG_NATIVE);

	for (i = 0; !err && i < n; i++) {
		at = 1 + (i + c->l.rounds * 5) % n;
		if (rungs[at].group == group)
			err = one(c, at);
	}
	return err ? err : bed_error(c->bed);
}

static bool has_any(const struct climb *c, int group)
{
	int i;

	for (i = 1; i < nr_rungs; i++)
		if (rungs[i].group == group && !*c->l.steps[i].why)
			return true;
	return false;
}

/* Until `end`, but at least as many rounds as an interval needs. */
static int climb_group(struct climb *c, int group, uint64_t end)
{
	uint64_t start = c->start;
	int first = c->l.rounds, err = bed_new(&c->bed, &c->b->o, &c->b->why);

	if (!err)
		err = bed_start(c->bed);
	if (!err)
		c->b->machine.kicked = gen_is_kicked(bed_gen(c->bed));
	while (!err && c->l.rounds < ROUNDS_MAX && has_any(c, group) &&
	       (c->l.rounds - first < ROUNDS_MIN || now_ns(CLOCK_MONOTONIC) < end)) {
		pace_show(&c->b->pace, "ladder",
			 (double)(now_ns(CLOCK_MONOTONIC) - start) / (double)(c->end - start));
		err = round_of(c, group);
		if (!err)
			c->l.rounds++;
	}
	if (!err)
		err = bed_stop(c->bed);
	bed_free(c->bed);
	c->bed = NULL;
	return err;
}

static int climb(struct climb *c, uint64_t ns)
{
	int i, err = 0;

	c->start = now_ns(CLOCK_MONOTONIC);
	c->end = c->start + ns;
	for (i = NR_GROUPS - 1; !err && i >= 0; i--)
		err = climb_group(c, i, i ? now_ns(CLOCK_MONOTONIC) + ns / SIDE_SHARE : c->end);
	pace_clear(&c->b->pace);
	c->l.seconds = (double)(now_ns(CLOCK_MONOTONIC) - c->start) / 1e9;
	return err == -EINTR && c->l.rounds >= ROUNDS_MIN ? 0 : err;
}

static void evaluate(struct ladder *l)
{
	const struct step *native = &l->steps[RUNG_NATIVE];
	double cost[ROUNDS_MAX], ratio[ROUNDS_MAX];
	int i, j, n, m;

	for (i = 0; i < l->nr_steps; i++) {
		struct step *s = &l->steps[i];

		for (j = n = m = 0; !*s->why && j < l->rounds; j++) {
			if (s->ns[j] <= 0)
				continue;
			cost[n++] = s->ns[j];
			if (!*native->why && native->ns[j] > 0)
				ratio[m++] = native->ns[j] / s->ns[j];
		}
		s->cost = bootstrap_median(cost, n, 0.95);
		s->ratio = bootstrap_median(ratio, m, 0.95);
		if (!*s->why && !s->cost.n)
			give_up(s, "it dropped nothing", 0, 0);
	}
}

static int prepare(struct climb *c)
{
	int i;

	c->l.nr_steps = nr_rungs;
	c->l.steps = calloc(nr_rungs, sizeof(*c->l.steps));
	if (!c->l.steps)
		return why_cannot(&c->b->why, -ENOMEM, "cannot measure");
	for (i = 0; i < nr_rungs; i++) {
		c->l.steps[i].name = rungs[i].name;
		c->l.steps[i].counter = rungs[i].counter;
	}
	return 0;
}

int bench_ladder(struct bench *b)
{
	uint64_t ns = b->o.seconds_ns ? b->o.seconds_ns : SECONDS_DEFAULT;
	struct climb c = { .b = b, .l.b = b };
	int err = prepare(&c);

	if (!err)
		err = climb(&c, ns);
	if (err == -EINTR)
		why_is(&b->why, err, "ladder: interrupted before there was enough to compare");
	if (!err) {
		evaluate(&c.l);
		pace_end(&b->pace);
		err = why_cannot(&b->why, ladder_show(&c.l), "cannot write: standard output");
	}
	free(c.l.steps);
	return err;
}
