// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The command table, and nothing else. */
#include <argp.h>
#include <stdio.h>
#include <string.h>
#include "cmd.h"
#include "log.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "trace", cmd_trace, "show every received packet's way from the interrupt to the reader" },
	{ "probes", cmd_probes, "show which hook serves each stage on this kernel" },
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *f)
{
	size_t i;

	fputs("Usage: pktpath COMMAND [OPTION...]\n\n"
	      "Where does a received packet spend its time between the wire and the application,\n"
	      "and where does it die?\n\n", f);
	for (i = 0; i < NR_COMMANDS; i++)
		fprintf(f, "  %-8s %s\n", commands[i].name, commands[i].help);
	fputs("\n`pktpath COMMAND --help` lists a command's options; pktpath(8) says it all.\n", f);
}

int main(int argc, char **argv)
{
	static char name[64];
	size_t i;

	argp_err_exit_status = EXIT_USAGE;
	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return EXIT_OK;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		puts("pktpath " PP_VERSION);
		return EXIT_OK;
	}
	for (i = 0; i < NR_COMMANDS; i++) {
		if (strcmp(argv[1], commands[i].name))
			continue;
		snprintf(name, sizeof(name), "pktpath %s", argv[1]);
		argv[1] = name;
		return commands[i].run(argc - 1, argv + 1);
	}
	log_err("%s: no such command (pktpath --help lists them)", argv[1]);
	return EXIT_USAGE;
}
