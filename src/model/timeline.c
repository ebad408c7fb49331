// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <stddef.h>
#include "model/timeline.h"

/* Stages come in enum order; as only later stamps are moved, equal ones stay in that order. */
static void insert(struct timeline *tl, const struct timeline_row *row)
{
	int i = tl->nr++;

	for (; i > 0 && tl->row[i - 1].at_ns > row->at_ns; i--)
		tl->row[i] = tl->row[i - 1];
	tl->row[i] = *row;
}

int timeline_build(const struct pp_rec *rec, struct timeline *tl)
{
	uint64_t end = rec->end_ns;
	int err = 0;

	tl->nr = 0;
	tl->slowest = -1;
	for (int st = 0; st < PP_ST_NR; st++) {
		struct timeline_row row = { .stage = st, .cpu = rec->cpu[st],
					    .at_ns = rec->ts[st] };

		if (rec->ts[st])
			insert(tl, &row);
	}
	if (tl->nr && end < tl->row[tl->nr - 1].at_ns) {
		end = tl->row[tl->nr - 1].at_ns;
		err = -ERANGE;
	}
	for (int i = 0; i < tl->nr; i++) {
		uint64_t next = i + 1 < tl->nr ? tl->row[i + 1].at_ns : end;

		tl->row[i].dur_ns = next - tl->row[i].at_ns;
		if (tl->slowest < 0 || tl->row[i].dur_ns > tl->row[tl->slowest].dur_ns)
			tl->slowest = i;
	}
	tl->first_ns = tl->nr ? tl->row[0].at_ns : end;
	tl->total_ns = end - tl->first_ns;
	return err;
}

const struct timeline_row *timeline_find(const struct timeline *tl, int stage)
{
	for (int i = 0; i < tl->nr; i++)
		if (tl->row[i].stage == stage)
			return &tl->row[i];
	return NULL;
}

uint32_t timeline_measure(const struct timeline *tl, uint32_t stages, uint64_t ns[PP_H_ROWS])
{
	uint64_t next = tl->first_ns + tl->total_ns;
	uint32_t rows = 1u << PP_H_TOTAL;

	ns[PP_H_TOTAL] = tl->total_ns;
	for (int i = tl->nr - 1; i >= 0; i--) {
		const struct timeline_row *row = &tl->row[i];

		if (!(stages & PP_ST_BIT(row->stage)))
			continue;
		ns[row->stage] = next - row->at_ns;
		next = row->at_ns;
		rows |= PP_ST_BIT(row->stage);
	}
	return rows;
}
