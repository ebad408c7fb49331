/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Where packets arrive, a row each in ends.c. A mode names one (include/bench_modes.h), and from
 * that follows what is counted, what can be lost on the way, and where latencies are noted. Pure.
 */
#ifndef PKTPATH_BENCH_ENDS_H
#define PKTPATH_BENCH_ENDS_H

#include <stdbool.h>
#include "bench/tally.h"

enum end {
	END_PROGRAM,	/* the program itself drops them */
	END_DEVICE,	/* its verdict is not known: they reach it */
	END_STACK, END_BACK, END_SINK, END_SINKS, END_CPU, END_SOCKET,
	NR_ENDS,
};

/* Losses on the way, rows of books.c. */
enum loss {
	LOST_RING, LOST_REFUSED, LOST_BACK, LOST_OUT, LOST_QUEUE, LOST_BUFFERS, LOST_SOCKET,
	LOST_STACK, NR_LOSSES,
};

/* Who notes latencies. */
enum end_stamps { STAMPS_NOBODY, STAMPS_PROGRAM, STAMPS_CPU, STAMPS_SINK, STAMPS_SOCKET };

/* With traffic from outside: what can be known of packets that a program sends on. */
enum end_told {
	TOLD_NOT,	/* it sends none on */
	TOLD_LOST,	/* those that failed; the others were taken by a driver */
	TOLD_TAKEN,	/* those that a driver took; with generic XDP as TOLD_LOST */
	TOLD_NATIVE,	/* the same; with generic XDP nothing */
};

struct end_row {
	const char *where;		/* packets were, for people */
	const char *no_sink;		/* why none arrive without a sink; NULL: they do */
	/* How many have arrived by now. `generic`: XDP in the stack. */
	uint64_t (*arrived)(const struct tally *t, bool generic);
	unsigned int devices;		/* whose driver it asks: bits of enum bed_dev */
	bool stack, sockets;		/* and whether it asks these */
	unsigned int targets;		/* devices that packets are sent on to */
	unsigned int copies;		/* of each packet */
	unsigned int losses;		/* bits of enum loss */
	enum end_stamps stamps;
	enum end_told told;
};

extern const struct end_row ends[NR_ENDS];

#endif /* PKTPATH_BENCH_ENDS_H */
