/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The account of a run: what the kernel side's tables add up to. Between the tracer, which reads
 * them, and what shows the account. Pure.
 */
#ifndef PKTPATH_MODEL_LEDGER_H
#define PKTPATH_MODEL_LEDGER_H

#include <stdbool.h>
#include <stdint.h>
#include "model/hook_report.h"
#include "record.h"

/*
 * Some hooks run whether packets come or not (the scheduler's). So what a packet costs is only told
 * from this many a second on.
 */
#define COST_RATE 100

/* What tracing cost while it was measured; shares of one CPU, 1 = all of it. */
struct cost_figures {
	bool known;			/* packets came in while it was measured, */
	bool each;			/* enough to say what one costs: packet_ns, packet_runs */
	double packet_ns, packet_runs;	/* a packet: ns in programs, programs run */
	double packets_s;
	double cpu, own_cpu;		/* in programs; in this process */
	double budget;			/* 0: none */
	double share, least;		/* of packets followed: now, and when it was fewest */
	bool over;			/* the budget was exceeded when it was last measured */
};

/* seen + clones + birth losses = verdicts + in flight, or `balanced` is false. */
struct ledger {
	uint64_t duration_ns;
	struct pp_counts n;		/* summed over CPUs */
	uint64_t in_flight;		/* live records found in the slab */
	__u64 in_flight_at[PP_ST_NR];	/* of those, by the last stage reached */
	__u64 absent[PP_ST_NR];		/* delivered, but without this stage though it has a hook */
	uint64_t shown;			/* records given to the sink */
	bool slow_only;			/* records were sent only if slow (--slow) … */
	uint64_t slow;			/* … and this many were */
	bool softnet_known;		/* the next two could be read; both of the whole host */
	uint64_t time_squeeze;		/* runs of NET_RX that ended with work left */
	uint64_t backlog_drops;		/* packets that found a CPU's backlog full */
	bool so_far;			/* read while packets are moving: need not balance */
	bool balanced;
	double coverage;		/* percent of packets with a full record, 0..100 */
	struct cost_figures cost;
	const struct hook_report *hooks;
	int nr_hooks;
};

/*
 * Counts the records of a slab that have not ended, by the last stage that each reached. Those with
 * no stamp since `blind_ns` are untracked instead: hooks did not run that would have seen more.
 */
void ledger_add_in_flight(struct ledger *led, const struct pp_rec *slab, uint32_t records,
			  uint64_t blind_ns);

/* sum += n: the counters of one more CPU. */
void ledger_add_counts(struct pp_counts *sum, const struct pp_counts *n);

/*
 * Works out the rest of a ledger that has its counters and packets in flight. `missed` births were
 * skipped by the kernel: packets that nobody else saw, which belong in the account.
 */
void ledger_close(struct ledger *led, uint64_t missed);

#endif /* PKTPATH_MODEL_LEDGER_H */
