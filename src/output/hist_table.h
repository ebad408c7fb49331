/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The table of a span: one row per stage, or per stage and group, and one for the total. As many
 * columns as the terminal has room for, the most useful ones first.
 */
#ifndef PKTPATH_OUTPUT_HIST_TABLE_H
#define PKTPATH_OUTPUT_HIST_TABLE_H

#include "output/hist_page.h"

/* 0 or -errno. */
int hist_table(struct sink_env *env, struct hist_page *page, const struct hist_span *span);

#endif /* PKTPATH_OUTPUT_HIST_TABLE_H */
