/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * A record's stamps as a list in time order with durations: what every sink shows. Between the
 * record as the kernel made it and the sinks.
 */
#ifndef PKTPATH_MODEL_TIMELINE_H
#define PKTPATH_MODEL_TIMELINE_H

#include <stdint.h>
#include "record.h"

struct timeline_row {
	int stage;		/* enum pp_stage */
	unsigned int cpu;
	uint64_t at_ns;		/* CLOCK_MONOTONIC, ns */
	uint64_t dur_ns;	/* to the next row; of the last row, to the record's end */
};

struct timeline {
	struct timeline_row row[PP_ST_NR];
	int nr;			/* rows in use, 0..PP_ST_NR */
	int slowest;		/* index of the row with the longest duration; -1 without rows */
	uint64_t first_ns;	/* earliest stamp; the record's end if it has no stamp */
	uint64_t total_ns;	/* end - first: exactly the sum of all dur_ns */
};

/*
 * Rows are ordered by time, by the order of enum pp_stage where times are equal. Returns 0, or
 * -ERANGE if the record ends before its last stamp, which the kernel side never writes: the
 * timeline is then still whole, and ends at that stamp.
 */
int timeline_build(const struct pp_rec *rec, struct timeline *tl);

/*
 * How long each row of a histogram (hist.h) took, if only the stages of a bit mask are measured:
 * a stage then lasts until the next one of these. Returns the rows that there are, a bit each.
 */
uint32_t timeline_measure(const struct timeline *tl, uint32_t stages, uint64_t ns[PP_H_ROWS]);

/* The row of this stage, or NULL if the record has no such stamp. */
const struct timeline_row *timeline_find(const struct timeline *tl, int stage);

#endif /* PKTPATH_MODEL_TIMELINE_H */
