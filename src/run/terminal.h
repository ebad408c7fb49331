/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What standard output is, and what whoever looks at it can read: for sinks. */
#ifndef PKTPATH_RUN_TERMINAL_H
#define PKTPATH_RUN_TERMINAL_H

#include "output/sink.h"
#include "run/opts.h"

/* Fills in width, height, colour, ascii and line_buffered. */
void terminal_look(struct sink_env *env, const struct opts *o);

#endif /* PKTPATH_RUN_TERMINAL_H */
