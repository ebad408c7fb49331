/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What the benchmark's texts have in common. All write to standard output. */
#ifndef PKTPATH_BENCH_SHOW_TEXT_H
#define PKTPATH_BENCH_SHOW_TEXT_H

#include "bench/bench.h"
#include "bench/books.h"
#include "host/cpu_use.h"
#include "host/machine.h"
#include "bench/stats.h"

/* "101.8 [101.0 to 102.5]", with `digits` after the point; without bounds where there are none. */
const char *text_estimate(char buf[80], const struct estimate *e, double scale, int digits);
/* The same of packets a second, with its unit: Mpps, or packets/s where those are few. */
const char *text_rate(char buf[96], const struct estimate *pps);
void text_head(const struct bench_opts *o, const char *what);
/* Generated, received, and each counter of losses. */
void text_books(const struct books *b);
void text_cpus(const struct cpu_use *use, int n);
void text_env(const struct machine *env);

#endif /* PKTPATH_BENCH_SHOW_TEXT_H */
