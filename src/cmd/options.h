/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* How words become values: what the commands' parsers share. */
#ifndef PKTPATH_CMD_OPTIONS_H
#define PKTPATH_CMD_OPTIONS_H

#include <argp.h>
#include <stdint.h>
#include "run/opts.h"

/*
 * argp_parse() for all commands: an option that argp would complain about in several lines gets
 * one line on stderr. Returns 0 or the exit status; --help and --usage exit.
 */
int opts_parse(const struct argp *argp, int argc, char **argv, void *input);

/* Options that the tracing commands share: rows for their argp_option tables, and the parser. */
enum { OPT_COLOUR = 256, OPT_BACKEND, OPT_RECORDS, OPT_RING, OPT_NETNS, OPT_SAMPLE, OPT_PID,
       OPT_COMM, OPT_CGROUP, OPT_BUDGET, OPT_XDP };

#define SCOPE_OPTIONS                                                                              \
	{ "interface", 'i', "IF", 0,                                                               \
	  "only packets of this interface, by name or index; may be repeated (default: any)", 0 }, \
	{ "netns", OPT_NETNS, "NS", 0,                                                             \
	  "interfaces of this network namespace, by name, process ID or path; all: of every "      \
	  "one", 0 }

#define RUN_OPTIONS                                                                                \
	SCOPE_OPTIONS,                                                                             \
	{ "sample", OPT_SAMPLE, "1/N", 0,                                                          \
	  "only one flow of N, chosen by its hash; 1/N,packet: one packet of N", 0 },              \
	{ "overhead-budget", OPT_BUDGET, "P%", 0,                                                 \
	  "follow fewer packets if tracing takes more than P percent of a CPU", 0 },              \
	{ "pid", OPT_PID, "PID", 0, "only packets that this process read", 0 },                    \
	{ "comm", OPT_COMM, "NAME", 0, "only packets that a process of this name read", 0 },       \
	{ "cgroup", OPT_CGROUP, "PATH", 0,                                                         \
	  "only packets read by a process of this control group (v2) or one below it", 0 },        \
	{ "xdp", OPT_XDP, "MODE", OPTION_ARG_OPTIONAL,                                             \
	  "attach an XDP program that passes all on where there is none, to see the stage "        \
	  "xdp: native, generic or auto (default); needs -i", 0 },                                 \
	{ "duration", 'd', "SECONDS", 0, "stop after SECONDS", 0 },                                \
	{ "color", OPT_COLOUR, "WHEN", 0,                                                          \
	  "auto (default), always or never; NO_COLOR is honoured", 0 },                            \
	{ "backend", OPT_BACKEND, "NAME", 0,                                                       \
	  "auto (default), fentry, kprobe.multi or kprobe", 0 },                                   \
	SIZE_OPTIONS

#define SIZE_OPTIONS                                                                               \
	{ "records", OPT_RECORDS, "N", 0,                                                          \
	  "packets that can be under way at once (default 32768)", 0 },                            \
	{ "ring", OPT_RING, "BYTES", 0,                                                            \
	  "room for ended packets not yet shown (default 8388608)", 0 }

error_t parse_run_option(int key, char *arg, struct argp_state *state);

/* Parsers: 0, or -1 after one line on stderr that names the option and what it takes. */
int parse_count(const char *option, const char *word, uint64_t *out);
int parse_seconds(const char *option, const char *word, uint64_t *out_ns);
int parse_size(const char *option, const char *word, uint32_t min, uint32_t max, uint32_t *out);
int parse_sample(const char *word, struct opts *o);
int parse_budget(const char *word, double *out);
int parse_pid(const char *word, uint32_t *out);
int parse_comm(const char *word, const char **out);
int parse_cgroup(const char *word, const char **out);
int parse_backend(const char *word, struct opts *o);

#endif /* PKTPATH_CMD_OPTIONS_H */
