/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What the sinks that write JSON share. Functions with a result return 0 or -errno. */
#ifndef PKTPATH_OUTPUT_RECORD_JSON_H
#define PKTPATH_OUTPUT_RECORD_JSON_H

#include "output/sink.h"
#include "yyjson.h"

/* Short names: the document is built in one go, and an allocation that fails shows at the end. */
typedef yyjson_mut_doc doc_t;
typedef yyjson_mut_val val_t;

struct json {
	uint64_t seq;		/* of the last record written */
	char pool[64 * 1024];	/* a record's whole document and its text: no malloc() per packet */
};

void json_num(doc_t *d, val_t *o, const char *key, uint64_t n);
/* A string from outside, or null if it is NULL or empty. Copied. */
void json_text(doc_t *d, val_t *o, const char *key, const char *text);
/* Writes `doc` as one line, with memory from `alc`, or from the heap if it is NULL. */
int json_line(const struct sink_env *env, const doc_t *doc, const yyjson_alc *alc);

/* One line for a record; `whole` as in lineage.h. */
int json_record(struct json *js, const struct sink_env *env, const struct pp_rec *rec,
		const struct pp_rec *whole);
/* One line for the account. */
int json_summary(const struct sink_env *env, const struct ledger *led);

#endif /* PKTPATH_OUTPUT_RECORD_JSON_H */
