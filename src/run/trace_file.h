/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * --trace: every record into a file as JSON, beside the sink that the command shows. NULL stands
 * for no such file; functions then do nothing. Functions with a result return 0 or -errno.
 */
#ifndef PKTPATH_RUN_TRACE_FILE_H
#define PKTPATH_RUN_TRACE_FILE_H

#include "output/sink.h"

struct tee;

/* Creates the file. NULL after one line on stderr. */
struct tee *tee_new(const char *path);
int tee_begin(struct tee *t, const struct sink_env *env);
int tee_record(struct tee *t, const struct pp_rec *rec);
int tee_done(struct tee *t, const struct ledger *led);
/* Was it this file that could not be written? */
bool tee_failed(const struct tee *t);
void tee_free(struct tee *t);

#endif /* PKTPATH_RUN_TRACE_FILE_H */
