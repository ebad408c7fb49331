/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What the floor is, as text or JSON. */
#ifndef PKTPATH_BENCH_FLOOR_SHOW_H
#define PKTPATH_BENCH_FLOOR_SHOW_H

#include "bench/floor.h"

/* 0 or -errno of standard output. */
int floor_show(const struct floor_result *f);

#endif /* PKTPATH_BENCH_FLOOR_SHOW_H */
