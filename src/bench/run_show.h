/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What one run found, as text or JSON. */
#ifndef PKTPATH_BENCH_RUN_SHOW_H
#define PKTPATH_BENCH_RUN_SHOW_H

#include "bench/run.h"

/* 0 or -errno of standard output. */
int run_show(const struct run_result *r);

#endif /* PKTPATH_BENCH_RUN_SHOW_H */
