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

/* The heap, watched: yyjson leaves out of a document what it gets no memory for. */
struct json_heap {
	yyjson_alc alc;
	bool failed;
};

/* A new document, to be freed with yyjson_mut_doc_free() before `h` is gone; NULL: no memory. */
doc_t *json_doc(struct json_heap *h);

/* Writes it as one line; -ENOMEM if something is missing from it. */
int json_doc_line(const struct sink_env *env, const doc_t *doc, const struct json_heap *h);

void json_num(doc_t *d, val_t *o, const char *key, uint64_t n);

/* A number, or null where there is none. */
void json_known(doc_t *d, val_t *o, const char *key, bool known, uint64_t n);

/* A number, or null if it is 0. */
void json_id(doc_t *d, val_t *o, const char *key, uint64_t id);

/* A string from outside, or null if it is NULL or empty. Copied. */
void json_text(doc_t *d, val_t *o, const char *key, const char *text);

/* Writes `doc` as one line, with memory from `alc`. */
int json_line(const struct sink_env *env, const doc_t *doc, const yyjson_alc *alc);

#endif /* PKTPATH_OUTPUT_JSON_H */
