// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * A command's words, before argp gets them. argp explains a wrong option in two lines and cannot
 * be told otherwise without losing --help, so the words are checked here, from the same table.
 */
#include <argp.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/exit.h"
#include "base/log.h"
#include "cmd/options.h"

#define OPTIONS_MAX 64

enum { KEY_HELP = 0x7ffffff0, KEY_USAGE };	/* which argp adds by itself */

struct words {
	struct option longs[OPTIONS_MAX + 1];
	char shorts[2 * OPTIONS_MAX + 4];
};

static void add_option(struct words *w, int *n, const char *name, int key, int has_arg)
{
	char *s = w->shorts + strlen(w->shorts);

	w->longs[(*n)++] = (struct option){ name, has_arg, NULL, key };
	if (key > ' ' && key < 127)
		sprintf(s, "%c%s", key, has_arg ? ":" : "");
}

static void list_options(struct words *w, const struct argp_option *o)
{
	int n = 0;

	memset(w, 0, sizeof(*w));
	w->shorts[0] = ':';	/* a missing argument is told apart from an unknown option */
	for (; o->name && n < OPTIONS_MAX - 2; o++)
		add_option(w, &n, o->name, o->key, !o->arg ? no_argument :
			   (o->flags & OPTION_ARG_OPTIONAL) ? optional_argument :
			   required_argument);
	add_option(w, &n, "help", KEY_HELP, no_argument);
	add_option(w, &n, "usage", KEY_USAGE, no_argument);
}

/* `word` is the one getopt stopped at; in a group such as -qx only optopt says which it was. */
static void complain(int key, const char *word, const char *command)
{
	char shown[3] = { '-', (char)optopt, 0 };
	bool is_long = !strncmp(word, "--", 2);

	if (!is_long)
		word = shown;
	if (key == ':')
		log_err("%s: needs a value (%s --help)", word, command);
	else if (is_long && optopt)
		log_err("%s: takes no value (%s --help)", word, command);
	else
		log_err("%s: no such option (%s --help lists them)", word, command);
}

static int check_words(const struct argp_option *options, int argc, char **argv)
{
	char **copy = calloc(argc + 1, sizeof(*copy));	/* getopt reorders it */
	struct words w;
	int key, ret = 0;

	if (!copy) {
		log_err("cannot start: %s", strerror(ENOMEM));
		return EXIT_RUNTIME;
	}
	memcpy(copy, argv, argc * sizeof(*copy));
	list_options(&w, options);
	opterr = 0;
	optind = 0;	/* GNU: start afresh */
	do {
		key = getopt_long(argc, copy, w.shorts, w.longs, NULL);
		if (key == '?' && optopt == '?')
			key = KEY_HELP;	/* -?, for argp */
		if (key == ':' || key == '?') {
			complain(key, copy[optind - 1], argv[0]);
			ret = EXIT_USAGE;
		}
	} while (!ret && key != -1 && key != KEY_HELP && key != KEY_USAGE);
	free(copy);
	return ret;
}

static bool in_argp;

/* argp writes --help and exits, whether or not it could be written. */
static void check_help(void)
{
	if (!in_argp || (!fflush(stdout) && !ferror(stdout)))
		return;
	log_err("cannot write: standard output: %s", strerror(errno));
	_exit(EXIT_RUNTIME);
}

int opts_parse(const struct argp *argp, int argc, char **argv, void *input)
{
	int ret = check_words(argp->options, argc, argv);

	if (ret)
		return ret;
	in_argp = !atexit(check_help);
	ret = argp_parse(argp, argc, argv, 0, NULL, input) ? EXIT_USAGE : 0;
	in_argp = false;
	return ret;
}
