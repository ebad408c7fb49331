/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What the user asks of histograms. The tracer and the outputs do it. */
#ifndef PKTPATH_MODEL_HIST_OPTS_H
#define PKTPATH_MODEL_HIST_OPTS_H

#include <stdbool.h>
#include <stdint.h>
#include "by_keys.h"
#include "hist.h"

struct hist_opts {
	enum pp_by by;
	uint32_t groups;		/* with `by`: 1..PP_GROUPS_MAX, and one for the rest */
	uint32_t stages;		/* bit mask: only these; 0 = all. PP_H_TOTAL: none */
	uint32_t worst;			/* show this many of the slowest of each row */
	bool wire;			/* a packet counts for each frame merged into it */
	bool buckets;			/* show the buckets themselves */
	uint64_t interval_ns;		/* 0 = only the whole run */
};

/* Groups that rows are split into, not counting the one of all others; 0 if they are not split. */
static inline uint32_t hist_opts_groups(const struct hist_opts *o)
{
	return o->by == PP_BY_NONE ? 0 : o->groups;
}

/* Is a row wanted? The total always is. */
static inline bool hist_opts_want(const struct hist_opts *o, uint32_t row)
{
	return !o->stages || row == PP_H_TOTAL || o->stages & 1u << row;
}

#endif /* PKTPATH_MODEL_HIST_OPTS_H */
