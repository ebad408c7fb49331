/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Numbers as people type them: "10", "64K", "1.5ms", "2%", "1/100". Pure: each returns 0 or
 * -errno and prints nothing; *out is only written on success. -EINVAL: not such a number;
 * -ERANGE: too large for *out. No sign, no space, no exponent is taken anywhere.
 */
#ifndef PKTPATH_BASE_NUMBERS_H
#define PKTPATH_BASE_NUMBERS_H

#include <stdint.h>

/* "5", "10k", "1.5M": k is 1000, and what comes out must be whole. */
int num_whole(const char *word, uint64_t *out);

/* "65536", "64K", "16MiB", "1G": K is 1024, and what comes out must be whole. */
int num_size(const char *word, uint64_t *out);

/* Does a time without a unit mean seconds, or is there no such time? */
enum num_bare { NUM_UNIT, NUM_SECONDS };

/*
 * "10s", "500ms", "1.5us", "250ns" as nanoseconds, which less than one is not (-EINVAL). Where
 * seconds can be meant also "2.5", "1m", "1h", "7d" and "1m30s": elsewhere `m` is as likely to
 * mean milliseconds.
 */
int num_time(const char *word, enum num_bare bare, uint64_t *out_ns);

/* "2", "2%", "0.5%" as a share: above 0, at most 1. */
int num_percent(const char *word, double *out);

/* N of "1/N", or of a percentage of which it is the whole reciprocal: "10%" is 10. Not 0. */
int num_one_of(const char *word, uint64_t *out);

/* The smallest power of two that is not less; 0 if it has no place. */
uint64_t num_power_of_two(uint64_t v);

/* Room for what num_size_text() writes. */
#define NUM_TEXT 24

/* A size as short as num_size() takes it, exactly: "8M", "1000". Returns buf. */
const char *num_size_text(char buf[NUM_TEXT], uint64_t v);

#endif /* PKTPATH_BASE_NUMBERS_H */
