/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * -v: one block a packet, with a row a stage: when, how long, on which CPU, and a bar on a time
 * axis that all rows share.
 */
#ifndef PKTPATH_OUTPUT_WATERFALL_H
#define PKTPATH_OUTPUT_WATERFALL_H

#include "model/timeline.h"
#include "output/sink_env.h"
#include "text/line.h"

/* Writes the block to env->out, each line by way of `l`. 0 or -errno. */
int waterfall_print(const struct sink_env *env, struct line *l, const struct pp_rec *rec,
		    const struct timeline *tl);

#endif /* PKTPATH_OUTPUT_WATERFALL_H */
