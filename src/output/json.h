/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What the outputs that write JSON share. Functions with a result return 0 or -errno. */
#ifndef PKTPATH_OUTPUT_JSON_H
#define PKTPATH_OUTPUT_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include "output/sink_env.h"
#include "yyjson.h"

/* Short names: the document is built in one go, and an allocation that fails shows at the end. */
typedef yyjson_mut_doc doc_t;
typedef yyjson_mut_val val_t;

void json_num(doc_t *d, val_t *o, const char *key, uint64_t n);

/* A number, or null where there is none. */
void json_known(doc_t *d, val_t *o, const char *key, bool known, uint64_t n);

/* A number, or null if it is 0. */
void json_id(doc_t *d, val_t *o, const char *key, uint64_t id);

/* A string from outside, or null if it is NULL or empty. Copied. */
void json_text(doc_t *d, val_t *o, const char *key, const char *text);

/* Writes `doc` as one line, with memory from `alc`, or from the heap if it is NULL. */
int json_line(const struct sink_env *env, const doc_t *doc, const yyjson_alc *alc);

#endif /* PKTPATH_OUTPUT_JSON_H */
