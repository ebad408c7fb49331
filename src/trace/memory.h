/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* How much memory a trace takes in the kernel: all of it at the start, none later. */
#ifndef PKTPATH_TRACE_MEMORY_H
#define PKTPATH_TRACE_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* What the sizes of the tables depend on. */
struct memory_opts {
	uint32_t records;	/* --records */
	uint32_t ring_bytes;	/* --ring */
	uint32_t cpus;		/* possible CPUs */
	uint64_t hist_counts;	/* counters of all histograms; 0 = none */
	uint32_t worst;		/* --worst; 0 = none */
	bool legacy;		/* the kernel needs the object for old ones: OBJECT_LEGACY */
	bool fifos;		/* the read of UDP cannot be hooked: each socket has a FIFO */
};

/*
 * Entries of the table of sockets: two per record, so that sockets with one unread record each
 * nearly always find a free neighbour; a power of two, as the records are.
 */
uint32_t memory_socks(const struct memory_opts *o);

/* Bytes in tables and the ring buffer; the programs themselves are not in it. */
uint64_t memory_bytes(const struct memory_opts *o);

#define MEMORY_LEN 112	/* size of memory_text()'s buffer */

/* "22.1 MB in the kernel, fixed (13.1 for records, 8.4 for the ring)", and for histograms where
 * there are any; returns buf. */
const char *memory_text(char buf[MEMORY_LEN], const struct memory_opts *o);

#endif /* PKTPATH_TRACE_MEMORY_H */
