/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What a comparison found, as text or JSON. */
#ifndef PKTPATH_BENCH_COMPARE_SHOW_H
#define PKTPATH_BENCH_COMPARE_SHOW_H

#include "bench/compare.h"

/* 0 or -errno of standard output. */
int compare_show(const struct compare_result *c);

#endif /* PKTPATH_BENCH_COMPARE_SHOW_H */
