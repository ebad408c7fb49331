/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * --trace: every record into a file as JSON, beside the sink that the command shows. NULL stands
 * for no such file; functions then do nothing. Functions with a result return 0 or -errno.
 */
#ifndef PKTPATH_RUN_TRACE_FILE_H
#define PKTPATH_RUN_TRACE_FILE_H

#include "output/sink.h"

struct trace_file;

/* Creates the file. */
int trace_file_new(struct trace_file **out, const char *path);
int trace_file_begin(struct trace_file *t, const struct sink_env *env);
int trace_file_record(struct trace_file *t, const struct pp_rec *rec);
int trace_file_done(struct trace_file *t, const struct ledger *led);
/* Was it this file that could not be written? */
bool trace_file_failed(const struct trace_file *t);
void trace_file_free(struct trace_file *t);

#endif /* PKTPATH_RUN_TRACE_FILE_H */
