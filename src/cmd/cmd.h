/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The commands. Each is one file in src/cmd/ and one row of the table in main.c. */
#ifndef PKTPATH_CMD_CMD_H
#define PKTPATH_CMD_CMD_H

#include "cmd/option.h"

extern const struct command cmd_trace, cmd_hist, cmd_drops, cmd_serve, cmd_cost, cmd_probes,
	cmd_bench;

#endif /* PKTPATH_CMD_CMD_H */
