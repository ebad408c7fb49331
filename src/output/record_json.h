/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * A record as JSON. Fields are documented in docs/SCHEMA.md and docs/record.schema.json; a test
 * holds all three against each other.
 */
#ifndef PKTPATH_OUTPUT_RECORD_JSON_H
#define PKTPATH_OUTPUT_RECORD_JSON_H

#include "output/json.h"
#include "record.h"

struct record_json {
	uint64_t seq;		/* of the last record written */
	char pool[64 * 1024];	/* a record's whole document and its text: no malloc() per packet */
};

/* Writes one line for a record; `whole` as in lineage.h. 0 or -errno. */
int record_json(struct record_json *rj, const struct sink_env *env, const struct pp_rec *rec,
		const struct pp_rec *whole);

#endif /* PKTPATH_OUTPUT_RECORD_JSON_H */
