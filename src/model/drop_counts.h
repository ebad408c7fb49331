/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Dropped packets by reason, with the newest of each as an example. Bounded; only ever grows. */
#ifndef PKTPATH_MODEL_DROP_COUNTS_H
#define PKTPATH_MODEL_DROP_COUNTS_H

#include "record.h"

#define REASONS_MAX 128		/* v6.12 has about 100; any further ones are counted together */

struct reason_count {
	uint32_t reason;	/* the kernel's, or pktpath's own; see pp_rec.reason */
	uint64_t count;
	double when;		/* of the example: seconds of CLOCK_REALTIME */
	struct pp_rec example;
};

struct reason_counts {
	int nr;
	uint64_t others;
	struct reason_count row[REASONS_MAX];
};

static inline void reason_add(struct reason_counts *c, const struct pp_rec *rec, double when)
{
	int i = 0;

	while (i < c->nr && c->row[i].reason != rec->reason)
		i++;
	if (i == REASONS_MAX) {
		c->others++;
		return;
	}
	if (i == c->nr)
		c->row[c->nr++].reason = rec->reason;
	c->row[i].count++;
	c->row[i].when = when;
	c->row[i].example = *rec;
}

#endif /* PKTPATH_MODEL_DROP_COUNTS_H */
