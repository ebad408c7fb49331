/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What was seen of traffic from outside, as text or JSON. */
#ifndef PKTPATH_BENCH_OUTSIDE_SHOW_H
#define PKTPATH_BENCH_OUTSIDE_SHOW_H

#include "bench/outside.h"

/* 0 or -errno of standard output. */
int outside_show(const struct outside_result *r);

#endif /* PKTPATH_BENCH_OUTSIDE_SHOW_H */
