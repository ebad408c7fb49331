/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What the ladder found, as text or JSON. */
#ifndef PKTPATH_BENCH_LADDER_SHOW_H
#define PKTPATH_BENCH_LADDER_SHOW_H

#include "bench/ladder.h"

/* 0 or -errno of standard output. */
int ladder_show(const struct ladder *l);

#endif /* PKTPATH_BENCH_LADDER_SHOW_H */
