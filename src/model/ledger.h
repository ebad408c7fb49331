/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What the kernel side's tables add up to. */
#ifndef PKTPATH_MODEL_LEDGER_H
#define PKTPATH_MODEL_LEDGER_H

#include "output/sink.h"

/* Records that have not ended, and the last stage that each reached. */
void count_in_flight(struct ledger *led, const struct pp_rec *slab, uint32_t records);

void counts_add(struct pp_counts *sum, const struct pp_counts *n);

/*
 * The rest of a ledger whose counters and packets in flight are there. `missed` births were skipped
 * by the kernel: packets seen by nobody else, which belong in the account.
 */
void account_close(struct ledger *led, uint64_t missed);

#endif /* PKTPATH_MODEL_LEDGER_H */
