/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Histograms as user space sees them: a copy of what all CPUs have counted by some moment. Between
 * the tracer, which fills them in, and what shows them. include/hist.h has the buckets.
 */
#ifndef PKTPATH_HISTO_H
#define PKTPATH_HISTO_H

#include <stdint.h>
#include "hist.h"

struct histo {
	uint32_t groups;		/* not counting the one of all others; 0 without --by */
	uint64_t key[PP_GROUPS_MAX];	/* 0 = not used */
	uint64_t count[];		/* [group][row][bucket]; group `groups`: all others */
};

/* All zero; NULL: no memory. Give back with free(). */
struct histo *histo_new(uint32_t groups);

/* The buckets of one row (enum pp_stage or PP_H_TOTAL) of one group. */
static inline uint64_t *histo_row(struct histo *h, uint32_t group, uint32_t row)
{
	return &h->count[((uint64_t)group * PP_H_ROWS + row) * PP_H_BUCKETS];
}

/* to = newer - older: what came in between. All three were made for as many groups. */
void histo_since(struct histo *to, const struct histo *newer, const struct histo *older);

#endif /* PKTPATH_HISTO_H */
