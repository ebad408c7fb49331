/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Options on durations: those of `hist`, and `--slow`. Errors as in opts.h. */
#ifndef PKTPATH_CMD_OPTIONS_HIST_H
#define PKTPATH_CMD_OPTIONS_HIST_H

#include "cmd/options.h"

enum { OPT_INTERVAL = 512, OPT_BY, OPT_GROUPS, OPT_STAGE, OPT_WEIGHT, OPT_WORST, OPT_BUCKETS,
       OPT_TRACE, OPT_SLOW };

/* For argp: the options of `hist`, and those that all runs share. */
error_t parse_hist_option(int key, char *arg, struct argp_state *state);

/* "1ms" or "sock=500us". */
int parse_slow(char *word, struct opts *o);

#endif /* PKTPATH_CMD_OPTIONS_HIST_H */
