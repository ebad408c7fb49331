/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* A packet's flow in a line: protocol, addresses and ports, cut to the columns that there are. */
#ifndef PKTPATH_TEXT_FLOW_H
#define PKTPATH_TEXT_FLOW_H

#include "record.h"
#include "text/line.h"

/* In at most `cols` columns, addresses cut in their middle; 0 = no limit. */
void flow_add(struct line *l, const struct pp_rec *rec, int cols);

/* " nat SRC > DST": what conntrack made of it; nothing if it was left alone. */
void flow_add_nat(struct line *l, const struct pp_rec *rec);

/* Columns that flow_add() takes when there is no limit. */
int flow_cols(const struct pp_rec *rec);

#endif /* PKTPATH_TEXT_FLOW_H */
