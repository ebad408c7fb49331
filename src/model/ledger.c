// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <stddef.h>
#include "model/ledger.h"

static int last_stage(const struct pp_rec *r)
{
	int st, last = 0;

	for (st = 0; st < PP_ST_NR; st++)
		if (r->ts[st] && r->ts[st] >= r->ts[last])
			last = st;
	return last;
}

void ledger_add_in_flight(struct ledger *led, const struct pp_rec *slab, uint32_t records,
			  uint64_t blind_ns)
{
	uint32_t i;

	for (i = 0; i < records; i++) {
		const struct pp_rec *r = &slab[i];

		if (r->state == PP_S_FREE || r->state == PP_S_ZOMBIE)
			continue;
		if (r->last_ns < blind_ns) {
			led->n.verdict[PP_V_UNTRACKED]++;
			led->n.loss[PP_L_BLIND]++;
			continue;
		}
		led->in_flight++;
		led->in_flight_at[last_stage(r)]++;
	}
}

void ledger_add_counts(struct pp_counts *sum, const struct pp_counts *n)
{
	const uint64_t *from = (const uint64_t *)n;
	uint64_t *to = (uint64_t *)sum;
	size_t i;

	for (i = 0; i < sizeof(*n) / sizeof(*to); i++)
		to[i] += from[i];
}

void ledger_close(struct ledger *led, uint64_t missed)
{
	uint64_t ends = 0, all;
	int i;

	led->n.seen -= led->n.sampled_late;
	led->n.sampled_out += led->n.sampled_late;
	for (i = PP_V_LIVE + 1; i < PP_V_NR; i++)
		ends += led->n.verdict[i];
	led->balanced = led->n.seen + led->n.clones == ends + led->in_flight;
	led->n.seen += missed;
	led->n.verdict[PP_V_UNTRACKED] += missed;
	led->n.loss[PP_L_BIRTH] += missed;
	all = led->n.seen + led->n.clones;
	led->coverage = all ? 100.0 * (all - led->n.verdict[PP_V_UNTRACKED]) / all : 100.0;
}
