/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The options of all commands that trace, and how those are read that have a form of their own. */
#ifndef PKTPATH_CMD_OPTIONS_H
#define PKTPATH_CMD_OPTIONS_H

#include "cmd/option.h"
#include "run/opts.h"

/* They fill in struct opts; those of `serve` alone struct serve_opts, which begins with it. */
extern const struct option_row run_options[];

/* Enters the network namespace and looks the interfaces up: struct command's `finish`. */
int finish_run(void *opts);

/* Parsers of OPT_OWN, into struct opts. */
int parse_sample(char *word, void *opts);	/* "1/10", "10%", and ",packet" behind it */
int parse_pid(char *word, void *opts);
int parse_comm(char *word, void *opts);
int parse_cgroup(char *word, void *opts);
int parse_stages(char *word, void *opts);	/* "sock,run"; what is there already stays */
int parse_slow(char *word, void *opts);		/* "1ms" or "sock=500us" */

#endif /* PKTPATH_CMD_OPTIONS_H */
