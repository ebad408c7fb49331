/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Hooks that should have run, by what their neighbours saw: a packet that came to a later place
 * must have passed the earlier one, and one that entered the stack does not stay there. Pure.
 */
#ifndef PKTPATH_MODEL_NEIGHBOURS_H
#define PKTPATH_MODEL_NEIGHBOURS_H

#include <stdbool.h>
#include <stdint.h>
#include "record.h"

#define NEIGHBOURS_ENOUGH 20	/* packets without a stage, and none with it */

struct neighbours {
	uint32_t lack[PP_ST_NR];	/* packets since one last had the stage */
	uint64_t stale;			/* … since one last ended as packets do */
};

/* One look at records that were not looked at before: add them all, then ask. */
struct neighbours_look {
	uint32_t has[PP_ST_NR], lacks[PP_ST_NR];
	uint64_t stale, ended;	/* by the counters: records lost as stale; ended otherwise */
};

/* `served`: bit mask of stages that have a hook. The record's last stamp is some time ago. */
void neighbours_add(struct neighbours_look *look, const struct pp_rec *rec, uint32_t served);

/*
 * A stage whose hook has not run though its neighbours did; PP_ST_NONE: nothing is seen to end; -1:
 * all is well. With `stale` counted only where hooks see every free, so that none should be.
 */
int neighbours_missing(struct neighbours *n, const struct neighbours_look *look);

#endif /* PKTPATH_MODEL_NEIGHBOURS_H */
