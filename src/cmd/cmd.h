/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The commands. Each is one file in src/cmd/ and one row of the table in main.c. */
#ifndef PKTPATH_CMD_CMD_H
#define PKTPATH_CMD_CMD_H

/* argv[0] is "pktpath COMMAND". Returns the exit status. */
int cmd_trace(int argc, char **argv);
int cmd_hist(int argc, char **argv);
int cmd_drops(int argc, char **argv);
int cmd_serve(int argc, char **argv);
int cmd_cost(int argc, char **argv);
int cmd_probes(int argc, char **argv);
int cmd_bench(int argc, char **argv);

#endif /* PKTPATH_CMD_CMD_H */
