/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* `pktpath cost`: measures what tracing costs on this machine, and prints it. */
#ifndef PKTPATH_RUN_COST_RUN_H
#define PKTPATH_RUN_COST_RUN_H

#include "run/opts.h"

#define COST_LOOK_NS 2000000000ull	/* the default of `o->seconds_ns` */

/*
 * First on the machine's own packets, those that `o` chooses, for `o->seconds_ns`; then
 * on some of its own over loopback. Returns the exit status, having said on stderr what went wrong.
 */
int cost_run(const struct opts *o);

#endif /* PKTPATH_RUN_COST_RUN_H */
