// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The command table, and nothing else. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "cmd/cmd.h"
#include "base/exit.h"
#include "base/log.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "trace", cmd_trace, "show every received packet's way from the interrupt to the reader" },
	{ "hist", cmd_hist, "show how long packets spend in each stage, as quantiles" },
	{ "drops", cmd_drops, "show what is dropped, grouped by reason and place" },
	{ "serve", cmd_serve, "serve histograms and counters to Prometheus over HTTP" },
	{ "cost", cmd_cost, "measure what tracing costs on this machine, by hook and by packet" },
	{ "probes", cmd_probes, "show which hook serves each stage on this kernel" },
	{ "bench", cmd_bench, "measure what XDP costs, and where it is cheapest to drop" },
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

static int written(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return EXIT_OK;
	log_err("cannot write: standard output: %s", strerror(errno));
	return EXIT_RUNTIME;
}

/*
 * Where a standard stream was closed, the next file opened would take its number, and output
 * would end up in a BPF map. Reading standard input and writing standard output still fail.
 */
static void open_standard_streams(void)
{
	static const int modes[] = { O_WRONLY, O_RDONLY, O_RDWR };
	int fd;

	for (fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", modes[fd]) != fd)
			_exit(EXIT_RUNTIME);
}

int main(int argc, char **argv)
{
	static char name[64];
	size_t i;

	open_standard_streams();
	if (argc < 2) {
		log_err("no command given (pktpath --help lists them)");
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return written();
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		puts("pktpath " PP_VERSION);
		return written();
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
