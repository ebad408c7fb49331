/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What the benchmark's JSON documents have in common: one object a line. */
#ifndef PKTPATH_BENCH_SHOW_JSON_H
#define PKTPATH_BENCH_SHOW_JSON_H

#include "bench/bench.h"
#include "bench/books.h"
#include "host/cpu_use.h"
#include "host/machine.h"
#include "bench/stats.h"
#include "yyjson.h"

/* A document with schema, command, options and environment. NULL without memory. */
yyjson_mut_doc *json_begin(const struct bench *b, const char *command);
/* Numbers that JSON has no word for are null. */
void json_real(yyjson_mut_doc *d, yyjson_mut_val *to, const char *key, double v);
/* { "value": .., "lo": .., "hi": .., "n": .. }; null where there is none. */
void json_estimate(yyjson_mut_doc *d, yyjson_mut_val *to, const char *key,
		   const struct estimate *e);
/* "cpu_ticks": an array, one object a CPU. */
void json_cpus(yyjson_mut_doc *d, yyjson_mut_val *to, const struct cpu_use *use, int n);
/* "packets": generated, received, lost by counter, unexplained. */
void json_books(yyjson_mut_doc *d, yyjson_mut_val *to, const struct books *b);
/* "no_rate": why there is none; null if there is one. */
void json_no_rate(yyjson_mut_doc *d, yyjson_mut_val *to, const char *why);
/* Writes and frees it. 0 or -errno. */
int json_end(yyjson_mut_doc *d);

#endif /* PKTPATH_BENCH_SHOW_JSON_H */
