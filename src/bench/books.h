/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Conservation: every generated packet was received or is in one counter of loss. Pure. */
#ifndef PKTPATH_BENCH_BOOKS_H
#define PKTPATH_BENCH_BOOKS_H

#include <stdbool.h>
#include <stdint.h>
#include "bench/ends.h"
#include "bench/tally.h"
#include "bench_modes.h"

struct book_line {
	const char *what;
	uint64_t packets;
};

struct books {
	uint64_t generated;	/* every copy, where packets are copied */
	uint64_t received;
	const char *where;	/* it was received */
	int nr_lost;
	struct book_line lost[NR_LOSSES];
};

/* The books of what happened between two tallies. `generic`: XDP in the stack. */
void books_make(struct books *b, enum xb_mode mode, bool generic, const struct tally *before,
		const struct tally *after);
uint64_t books_lost(const struct books *b);
/* Generated less received less lost: 0 where every packet is accounted for. */
int64_t books_unexplained(const struct books *b);

/* What has arrived by now where packets of this mode end. */
uint64_t tally_received(enum xb_mode mode, bool generic, const struct tally *t);

#endif /* PKTPATH_BENCH_BOOKS_H */
