/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The books at the end of a run. */
#ifndef PKTPATH_BENCH_CLOSE_BOOKS_H
#define PKTPATH_BENCH_CLOSE_BOOKS_H

#include "bench/bed.h"
#include "bench/books.h"

/*
 * What became of the packets since `before`, once those on their way have arrived. Waits for books
 * that balance, two seconds and more; if they never do, *books says what is missing.
 * 0 or -errno, with the reason said.
 */
int close_books(struct bed *b, enum xb_mode mode, bool generic, const struct tally *before,
		struct books *books);

#endif
