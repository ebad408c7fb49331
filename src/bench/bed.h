/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The test bed: in a namespace of its own
 *
 *	generator ─► gen0 ══ dut0 [program under test] ─► dut1 ══ sink0 [sink]
 *						       └► dut2 ══ sink1 [sink]   (redirect-multi)
 *
 * and all that is counted there. Functions return 0 or -errno, and the bed's `why` is set then.
 */
#ifndef PKTPATH_BENCH_BED_H
#define PKTPATH_BENCH_BED_H

#include <stdbool.h>
#include <stdint.h>
#include "base/why.h"
#include "bench/bench.h"
#include "bench/books.h"
#include "bench/generator.h"
#include "bench/program.h"

struct bed;

/* Leaves the caller's network namespace: call it before there are threads, once. */
int bed_new(struct bed **out, const struct bench_opts *o, struct why *why);
void bed_free(struct bed *b);

/*
 * Loads a program for this bed, which owns it; `stamps`: one that notes latencies, or NULL in
 * *out where another place does (bed_samples()).
 */
int bed_load(struct bed *b, const struct bench_spec *spec, bool stamps, struct prog **out);
/*
 * Frees one that is attached nowhere any more (or NULL) before the bed does; only with the
 * generator idle and no packet on its way.
 */
void bed_discard(struct bed *b, struct prog *p);
/* Puts it under test; from then on bed_read() counts what this mode delivers. */
int bed_attach(struct bed *b, struct prog *p, const struct bench_spec *spec);
void bed_detach(struct bed *b);

struct gen *bed_gen(struct bed *b);
unsigned int bed_ifindex(const struct bed *b, enum bed_dev dev);

/* One look at everything that a slice of time is made of. */
struct reading {
	uint64_t wall_ns, cpu_ns;
	uint64_t delivered;	/* at the end of the path */
	uint64_t alone;		/* frames that the generator made for itself */
};

int bed_read(struct bed *b, struct reading *r);
/* All counters; only when nothing moves is their sum exact (bed_settle()). */
int bed_tally(struct bed *b, struct tally *t);
/* Waits until packets on their way have arrived. */
int bed_settle(struct bed *b);

/* The same for packets that never come to the end: waits until none arrives at the device. */
int bed_quiet(struct bed *b);

/* The generator's threads run, idling; the meters of CPU time are on them. */
int bed_start(struct bed *b);
int bed_stop(struct bed *b);
/* What ended a thread of the generator that should run; 0 if nothing did. */
int bed_error(struct bed *b);
/* Finds the threads to meter again, after programs were loaded: some bring threads along. */
int bed_meter(struct bed *b);
/* One more thread, until the next bed_meter(). */
int bed_meter_add(struct bed *b, int tid);
uint64_t bed_cpu_ns(struct bed *b);

/* Notes latencies from now on, or no more: where the packets of this mode end. */
int bed_stamps(struct bed *b, bool on);
size_t bed_samples(struct bed *b, const uint64_t **samples);

/*
 * Why there can be no rate of what was generated between two tallies: NULL, or a sentence in a
 * buffer of the bed's.
 */
const char *bed_no_rate(struct bed *b, const struct books *books, uint64_t ns);

#endif /* PKTPATH_BENCH_BED_H */
