/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* How a packet's end and its slow stages read: shared by the trace's lines and the waterfall. */
#ifndef PKTPATH_OUTPUT_RECORD_TEXT_H
#define PKTPATH_OUTPUT_RECORD_TEXT_H

#include "model/timeline.h"
#include "output/sink_env.h"
#include "text/line.h"

enum style record_text_verdict_style(unsigned int verdict);

/* BOLD for the slowest row, YELLOW if over half of the total, RED if also over 1 ms. */
enum style record_text_row_style(const struct timeline *tl, int row);

/*
 * What became of it, if the verdict does not say it all: reason and place, parent, loss, and what
 * conntrack made of its flow.
 */
void record_text_add_fate(const struct sink_env *env, struct line *l, const struct pp_rec *rec);

#endif /* PKTPATH_OUTPUT_RECORD_TEXT_H */
