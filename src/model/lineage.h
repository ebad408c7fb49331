/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Joins merged packets to the packet that carried their data on, so that an output can show the
 * whole way of every frame of the wire. Between the tracer and a sink that wants it: a merged
 * record, which ends early, waits for its parent's end and follows it.
 */
#ifndef PKTPATH_MODEL_LINEAGE_H
#define PKTPATH_MODEL_LINEAGE_H

#include <stdint.h>
#include "record.h"

#define LINEAGE_MAX 16384	/* merged records that wait; then the oldest goes without parent */

struct lineage;

/*
 * Gets a record. `whole`: the ended record that holds a merged packet's data; NULL if it is not
 * known, or for a packet that was not merged. A result other than 0 ends the call in progress,
 * which returns it.
 */
typedef int (*lineage_fn)(void *arg, const struct pp_rec *rec, const struct pp_rec *whole);

struct lineage *lineage_new(lineage_fn fn, void *arg);	/* NULL: no memory */

/* Takes a record that has ended, and hands out all records that are complete now. */
int lineage_add(struct lineage *l, const struct pp_rec *rec);

/* Hands out the records that still wait, without parents. */
int lineage_flush(struct lineage *l);

void lineage_free(struct lineage *l);

/*
 * The whole way of a merged frame as one record: its own stages, then those that the packet with
 * its data reached after the merge. It ends when and as that one does.
 */
struct pp_rec lineage_journey(const struct pp_rec *rec, const struct pp_rec *whole);

#endif /* PKTPATH_MODEL_LINEAGE_H */
