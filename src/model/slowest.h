/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The slowest journeys of each row of a histogram, kept as examples. Between the tracer, which
 * sends candidates (each CPU's slowest), and what shows them. Its memory is fixed.
 */
#ifndef PKTPATH_MODEL_SLOWEST_H
#define PKTPATH_MODEL_SLOWEST_H

#include <stdint.h>
#include "record.h"

struct slowest_entry {
	uint64_t ns;		/* how long this row took */
	struct pp_rec rec;
};

struct slowest;

/* Keeps `k` of each row, 0..PP_WORST_MAX. NULL: no memory. */
struct slowest *slowest_new(uint32_t k);

/*
 * Takes a record into the rows where it is slow enough; `stages` as in timeline_measure(). Records
 * without a whole journey of their own (merged, untracked) are left out.
 */
void slowest_add(struct slowest *w, const struct pp_rec *rec, uint32_t stages);

/* Lists a row's, slowest first; returns how many. list[PP_WORST_MAX] is valid until a change. */
uint32_t slowest_list(const struct slowest *w, uint32_t row, const struct slowest_entry **list);

void slowest_clear(struct slowest *w);
void slowest_free(struct slowest *w);

#endif /* PKTPATH_MODEL_SLOWEST_H */
