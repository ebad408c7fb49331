// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <linux/if_ether.h>
#include "base/clock.h"
#include "base/log.h"
#include "model/labels.h"
#include "trace/sight.h"
#include "trace/tracer_state.h"

#define LOOK_NS 1000000000ull	/* how often; and how long a packet may stay where it is */
#define SAMPLE	4096		/* records that one look takes, about */

void sight_new(struct sight *s, const struct tracer *t)
{
	int i;

	*s = (struct sight){ .looked_ns = now_ns(CLOCK_MONOTONIC) };
	for (i = 0; i < NR_HOOKS; i++)
		s->backends |= BE_BIT(t->plan.backend[i]);
}

static void go_blind(struct sight *s, struct tracer *t)
{
	s->blind = true;
	*t->o.enabled = PP_BLIND;
}

static void see_again(struct sight *s, struct tracer *t, uint64_t now)
{
	log_note("%s no longer: packets are followed again", s->off->why);
	s->off = NULL;
	s->blind = false;
	s->blind_until_ns = now;
	*t->o.enabled = PP_ON;
}

uint64_t sight_blind_ns(const struct sight *s)
{
	return s->blind ? UINT64_MAX : s->blind_until_ns;
}

/* Which stages have a hook for packets of this protocol: bit mask. */
static uint32_t served(const struct tracer *t, bool ip6)
{
	static const enum pp_slot by_family[][2] = {
		{ PP_SL_IP4, PP_SL_IP6 }, { PP_SL_LOCAL4, PP_SL_LOCAL6 },
		{ PP_SL_TCP4, PP_SL_TCP6 }, { PP_SL_UDP4, PP_SL_UDP6 },
	};
	static const int stage[] = { PP_ST_IP, PP_ST_LOCAL, PP_ST_L4, PP_ST_L4 };
	uint32_t stages = t->plan.stages;
	size_t i;

	for (i = 0; i < sizeof(stage) / sizeof(stage[0]); i++)
		if (!plan_serves(&t->plan, by_family[i][ip6], LEVEL_ANY))
			stages &= ~PP_ST_BIT(stage[i]);
	return stages;
}

/* Packets that ended, and those whose end was missed, since the last look. */
static void look_at_counters(struct sight *s, const struct tracer *t, struct neighbours_look *look)
{
	uint64_t stale = 0, ended = 0;
	int i, v;

	for (i = 0; i < t->nr_cpus; i++) {
		const volatile struct pp_counts *n = &t->cpus[i].n;

		stale += n->loss[PP_L_STALE];
		for (v = PP_V_DELIVERED; v <= PP_V_FORWARDED; v++)
			ended += n->verdict[v];
	}
	look->stale = t->plan.have_end ? stale - s->stale : 0;
	look->ended = ended - s->ended;
	s->stale = stale;
	s->ended = ended;
}

/*
 * The records that each CPU used last, ended or not. They are read while programs change them: what
 * is torn is one of many.
 */
static void look_at_records(struct sight *s, const struct tracer *t, struct neighbours_look *look,
			    uint64_t now)
{
	const uint32_t have[2] = { served(t, false), served(t, true) };
	uint32_t each = SAMPLE / t->nr_cpus + 1, mask = t->opts.records - 1, k;
	int i;

	for (i = 0; i < t->nr_cpus; i++)
		for (k = 0; k < each && k <= mask; k++) {
			const struct pp_rec *rec = &t->slab[(t->cpus[i].cursor - k) & mask];
			/* A packet in flight is given some time to go on. */
			uint64_t grace = rec->state == PP_S_FREE ? 0 : LOOK_NS;

			if (rec->last_ns + grace > s->looked_ns && rec->last_ns + grace <= now)
				neighbours_add(look, rec, have[rec->eth_proto == ETH_P_IPV6]);
		}
	s->looked_ns = now;
}

/* The hook of a stage, or what sees the end of packets, as it is named to users. */
static const char *hook_of(const struct tracer *t, int stage)
{
	int i;

	for (i = 0; i < NR_HOOKS; i++)
		if (hooks[i].stage == stage && t->plan.backend[i] &&
		    (stage != PP_ST_NONE || hooks[i].slot == PP_SL_END))
			return hooks[i].symbol;
	return "no hook";
}

static void look_at_neighbours(struct sight *s, struct tracer *t, uint64_t now)
{
	struct neighbours_look look = { 0 };
	int stage;

	look_at_counters(s, t, &look);
	look_at_records(s, t, &look, now);
	stage = neighbours_missing(&s->near, &look);
	if (stage < 0)
		return;
	log_note("%s (%s) does not run, though packets pass there: from here on they are untracked",
		 hook_of(t, stage), stage == PP_ST_NONE ? "end" : stage_label(stage));
	go_blind(s, t);
}

void sight_look(struct sight *s, struct tracer *t)
{
	uint64_t now = now_ns(CLOCK_MONOTONIC);
	const struct hook_switch *off;

	if (now < s->next_look_ns || *t->o.enabled == PP_OFF || *t->o.enabled == PP_LAST)
		return;
	s->next_look_ns = now + LOOK_NS;
	off = switch_off(s->backends, true);
	if (s->off && !off) {
		see_again(s, t, now);
	} else if (off && !s->off) {
		s->off = off;
		log_note("%s: hooks do not run, and packets are untracked until that is undone "
			 "(%s)", off->why, off->remedy);
		go_blind(s, t);
	}
	if (!s->blind)
		look_at_neighbours(s, t, now);
}
