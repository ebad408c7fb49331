/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* pktpath bench floor: what programs cost where there is no device at all. */
#ifndef PKTPATH_BENCH_FLOOR_H
#define PKTPATH_BENCH_FLOOR_H

#include "bench/bench.h"
#include "bench/sample.h"
#include "bench/stats.h"

#define FLOOR_LIVE 3	/* rows of live frames */

struct floor_row {
	char name[LABEL_LEN];
	struct estimate ns;	/* a run */
	const char *why;	/* there is none, or NULL */
};

struct floor_result {
	const struct bench *b;
	int nr_rows;
	struct floor_row rows[FLOOR_MAX + FLOOR_LIVE];
};

/* Measures and shows it. 0 or -errno, with the `why` of `b` filled in. */
int bench_floor(struct bench *b);

#endif /* PKTPATH_BENCH_FLOOR_H */
