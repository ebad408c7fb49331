/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* --buckets: the histogram of each row itself, as fine as a few dozen lines allow. */
#ifndef PKTPATH_OUTPUT_HIST_BUCKETS_H
#define PKTPATH_OUTPUT_HIST_BUCKETS_H

#include "output/hist_page.h"

/* The buckets of each row, joined so that a row has a few dozen lines. 0 or -errno. */
int hist_buckets(struct sink_env *env, struct hist_page *page, const struct hist_span *span);

#endif /* PKTPATH_OUTPUT_HIST_BUCKETS_H */
