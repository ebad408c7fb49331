/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What makes a rate worthless. Pure. */
#ifndef PKTPATH_BENCH_NO_RATE_H
#define PKTPATH_BENCH_NO_RATE_H

#include "bench/bench.h"
#include "bench/books.h"

#define WHY_NO_RATE 256

/*
 * Why there can be no rate: NULL, or a sentence, in `buf` where it has figures. `calls` of
 * BPF_PROG_RUN came back by themselves within `ns`.
 */
const char *why_no_rate(char buf[WHY_NO_RATE], const struct bench_opts *o, enum xb_mode mode,
			const struct books *books, uint64_t calls, uint64_t ns);

#endif /* PKTPATH_BENCH_NO_RATE_H */
