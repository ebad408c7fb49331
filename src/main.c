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
#include "base/like.h"

static const struct command *const commands[] = {
	&cmd_trace, &cmd_hist, &cmd_drops, &cmd_serve, &cmd_cost, &cmd_probes, &cmd_bench,
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *f)
{
	size_t i;

	fputs("Usage: pktpath COMMAND [OPTION...]\n\n"
	      "Where does a received packet spend its time between the wire and the application,\n"
	      "and where does it die?\n\n", f);
	for (i = 0; i < NR_COMMANDS; i++)
		fprintf(f, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\n`pktpath COMMAND --help` lists a command's options; pktpath(8) says it all.\n", f);
}

/* For programs; not in --help. */
static void print_options(void)
{
	size_t i;

	puts(OPTION_FIELDS);
	for (i = 0; i < NR_COMMANDS; i++)
		help_list(commands[i]);
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
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", modes[fd]) != fd) {
			log_err("cannot start: /dev/null, for a closed standard stream: %s",
				strerror(errno));
			_exit(EXIT_RUNTIME);
		}
}

static const struct command *command_of(const char *word)
{
	size_t i;

	for (i = 0; i < NR_COMMANDS; i++)
		if (!strcmp(word, commands[i]->name))
			return commands[i];
	return NULL;
}

static int no_such(const char *word)
{
	const char *names[NR_COMMANDS], *like;
	size_t i;

	for (i = 0; i < NR_COMMANDS; i++)
		names[i] = commands[i]->name;
	like = like_word(word, names, NR_COMMANDS);
	log_err("%s: no such command%s%s%s (pktpath --help lists them)", word,
		like ? "; did you mean " : "", like ? like : "", like ? "?" : "");
	return EXIT_USAGE;
}

static int help_on(const char *word)
{
	const struct command *c = command_of(word);
	char name[64];

	if (!c)
		return no_such(word);
	snprintf(name, sizeof(name), "pktpath %s", c->name);
	return help_show(c, name, false);
}

int main(int argc, char **argv)
{
	static char name[64];
	const struct command *c;

	open_standard_streams();
	if (argc < 2) {
		log_err("no command given (pktpath --help lists them)");
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "help") && argc > 2)
		return help_on(argv[2]);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return written();
	}
	if (!strcmp(argv[1], "--print-options")) {
		print_options();
		return written();
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V") ||
	    !strcmp(argv[1], "version")) {
		puts("pktpath " PP_VERSION);
		return written();
	}
	c = command_of(argv[1]);
	if (!c)
		return no_such(argv[1]);
	snprintf(name, sizeof(name), "pktpath %s", argv[1]);
	argv[1] = name;
	return c->run(argc - 1, argv + 1);
}
