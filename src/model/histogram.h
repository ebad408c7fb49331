/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Histograms as user space sees them: a copy of what all CPUs have counted by some moment. Between
 * the tracer, which fills them in, and what shows them. include/hist.h has the buckets.
 */
#ifndef PKTPATH_MODEL_HISTOGRAM_H
#define PKTPATH_MODEL_HISTOGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include "hist.h"

/* What is asked of histograms. */
struct hist_opts {
	enum pp_by by;
	uint32_t groups;		/* with `by`: 1..PP_GROUPS_MAX, and one for the rest */
	uint32_t stages;		/* bit mask: only these; 0 = all. PP_H_TOTAL: none */
	uint32_t worst;			/* show the slowest so many of each row */
	bool wire;			/* a packet counts for each frame merged into it */
	bool buckets;			/* show the buckets themselves */
	uint64_t interval_ns;		/* 0 = only the whole run */
};

struct histo {
	uint32_t groups;		/* not counting the one of all others; 0 without --by */
	uint64_t key[PP_GROUPS_MAX];	/* 0 = not used */
	uint64_t count[];		/* [group][row][bucket]; group `groups`: all others */
};

/* All zero; NULL: no memory. Give back with free(). */
struct histo *histo_new(uint32_t groups);

/* The buckets of one row (enum pp_stage or PP_H_TOTAL) of one group. */
static inline const uint64_t *histo_row(const struct histo *h, uint32_t group, uint32_t row)
{
	return &h->count[((uint64_t)group * PP_H_ROWS + row) * PP_H_BUCKETS];
}

/* Groups that rows are split into, without the one of all others: 0 without a dimension. */
static inline uint32_t hist_groups(const struct hist_opts *o)
{
	return o->by == PP_BY_NONE ? 0 : o->groups;
}

/* Is a row wanted? The total always is. */
static inline bool hist_wants(const struct hist_opts *o, uint32_t row)
{
	return !o->stages || row == PP_H_TOTAL || o->stages & 1u << row;
}

/* A row of all groups together, into sum[PP_H_BUCKETS]. */
void histo_sum(const struct histo *h, uint32_t row, uint64_t *sum);

/* to = newer - older: what came in between. All three were made for as many groups. */
void histo_since(struct histo *to, const struct histo *newer, const struct histo *older);

#endif /* PKTPATH_MODEL_HISTOGRAM_H */
