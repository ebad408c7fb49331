// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* A command's words, read from the left to the right: options by their rows, and what is left. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/exit.h"
#include "base/like.h"
#include "base/log.h"
#include "cmd/option.h"

#define OPTIONS_MAX 64
#define ROUNDED_MAX 8

enum { KEY_HELP = 256, KEY_USAGE, KEY_ROW };	/* above all letters */

struct words {
	const struct command *c;
	const struct option_row *rows[OPTIONS_MAX];
	int nr_rows;
	struct option longs[OPTIONS_MAX + 3];
	char shorts[2 * OPTIONS_MAX + 4];
	/* Said at the end, as they are not if something is wrong, or with --quiet. */
	struct {
		const struct option_row *row;
		const char *word;
		uint64_t to;
	} rounded[ROUNDED_MAX];
	int nr_rounded;
	bool quiet;
};

static void list_options(struct words *w)
{
	const struct option_row *row;
	struct option *to = w->longs;
	char *s = w->shorts;

	*s++ = ':';	/* a missing argument is told apart from an unknown option */
	for (row = option_next(w->c, NULL); row && w->nr_rows < OPTIONS_MAX;
	     row = option_next(w->c, row)) {
		*to++ = (struct option){ row->name, !row->arg ? no_argument : row->bare ?
					 optional_argument : required_argument, NULL,
					 KEY_ROW + w->nr_rows };
		w->rows[w->nr_rows++] = row;
		if (row->letter)
			*s++ = row->letter;
		if (row->letter && row->arg)
			*s++ = ':';
	}
	*to++ = (struct option){ "help", no_argument, NULL, KEY_HELP };
	*to = (struct option){ "usage", no_argument, NULL, KEY_USAGE };
}

static const struct option_row *row_of(const struct words *w, int key)
{
	int i;

	if (key >= KEY_ROW)
		return w->rows[key - KEY_ROW];
	for (i = 0; i < w->nr_rows && w->rows[i]->letter != key; i++)
		;
	return i < w->nr_rows ? w->rows[i] : NULL;
}

/* The long option that somebody may have meant who typed --WORD or --WORD=VALUE; or NULL. */
static const char *meant(const struct words *w, const char *word)
{
	const char *names[OPTIONS_MAX];
	char name[OPTION_TEXT];
	int i;

	for (i = 0; i < w->nr_rows; i++)
		names[i] = w->rows[i]->name;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "="), word);
	return like_word(name, names, w->nr_rows);
}

/* `word` is the one getopt stopped at; in a group such as -qx only optopt says which it was. */
static void complain(const struct words *w, int key, const char *word, const char *command)
{
	char shown[3] = { '-', (char)optopt, 0 };
	bool is_long = !strncmp(word, "--", 2);
	const char *like = is_long ? meant(w, word + 2) : NULL;

	if (!is_long)
		word = shown;
	if (key == ':')
		log_err("%s: needs a value (%s --help)", word, command);
	else if (is_long && optopt)
		log_err("%s: takes no value (%s --help)", word, command);
	else
		log_err("%s: no such option%s%s%s (%s --help lists them)", word,
			like ? "; did you mean --" : "", like ? like : "", like ? "?" : "",
			command);
}

static int take(struct words *w, const struct option_row *row, char *word, void *into)
{
	uint64_t to = 0;
	int ret = option_set(row, word, into, &to);

	if (row->letter == 'q')
		w->quiet = true;
	if (ret == 1 && w->nr_rounded < ROUNDED_MAX) {
		w->rounded[w->nr_rounded].row = row;
		w->rounded[w->nr_rounded].word = word;
		w->rounded[w->nr_rounded++].to = to;
	}
	return ret < 0 ? EXIT_USAGE : OPTS_READ;
}

static int take_options(struct words *w, int argc, char **argv, void *into)
{
	int ret = OPTS_READ;

	opterr = 0;
	optind = 0;	/* GNU: start afresh */
	while (ret == OPTS_READ) {
		int key = getopt_long(argc, argv, w->shorts, w->longs, NULL);

		if (key == -1)
			break;
		if (key == '?' && (optopt == '?' || optopt == 'h'))
			key = KEY_HELP;	/* -?, -h */
		if (key == KEY_HELP || key == KEY_USAGE)
			return help_show(w->c, argv[0], key == KEY_USAGE);
		if (key == ':' || key == '?') {
			complain(w, key, argv[optind - 1], argv[0]);
			return EXIT_USAGE;
		}
		ret = take(w, row_of(w, key), optarg, into);
	}
	return ret;
}

/* What getopt has put behind the options. */
static int take_rest(const struct words *w, int argc, char **argv, void *into)
{
	int i;

	for (i = optind; i < argc; i++) {
		if (!w->c->word) {
			log_err("%s: unexpected word (%s --help)", argv[i], argv[0]);
			return EXIT_USAGE;
		}
		if (w->c->word(argv[i], into))
			return EXIT_USAGE;
	}
	return w->c->finish && w->c->finish(into) ? EXIT_USAGE : OPTS_READ;
}

static void say_rounded(const struct words *w)
{
	char name[OPTION_TEXT], to[OPTION_TEXT];
	int i;

	for (i = 0; i < w->nr_rounded && !w->quiet; i++)
		log_note("%s %s: rounded up to %s, a power of two",
			 option_text(name, w->rounded[i].row), w->rounded[i].word,
			 option_number(to, w->rounded[i].row, w->rounded[i].to));
}

int opts_parse(const struct command *c, int argc, char **argv, void *into)
{
	struct words w = { .c = c };
	int i, ret;

	list_options(&w);
	for (i = 0; i < w.nr_rows; i++)
		option_preset(w.rows[i], into);
	ret = take_options(&w, argc, argv, into);
	if (ret == OPTS_READ)
		ret = take_rest(&w, argc, argv, into);
	if (ret == OPTS_READ)
		say_rounded(&w);
	return ret;
}
