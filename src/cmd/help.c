// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* What --help says of a command, laid out by argp, and the same for programs. */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/exit.h"
#include "base/log.h"
#include "cmd/option.h"

#define HELP_TEXT 512

const struct option_row *option_next(const struct command *c, const struct option_row *row)
{
	for (row = row ? row + 1 : c->rows; row->name; row++)
		if (row->commands & c->bit)
			return row;
	return NULL;
}

/* What {name} stands for; NULL: nothing. */
static const char *meaning(char buf[OPTION_TEXT], const struct option_row *row, const char *name,
			   size_t len)
{
	if (!strncmp(name, "default", len))
		return option_default(buf, row);
	if (!strncmp(name, "min", len))
		return option_number(buf, row, row->min);
	if (!strncmp(name, "max", len))
		return option_number(buf, row, row->max);
	if (!strncmp(name, "choices", len))
		return option_choices(buf, row, true, ", ", " or ");
	return NULL;
}

/* The row's help with what its {words} stand for. */
static const char *help_text(char buf[HELP_TEXT], const struct option_row *row)
{
	const char *from = row->help, *brace, *word;
	char value[OPTION_TEXT];
	size_t n = 0;

	for (; (brace = strchr(from, '{')) && n < HELP_TEXT; from = strchr(brace, '}') + 1) {
		word = meaning(value, row, brace + 1, strcspn(brace + 1, "}"));
		n += snprintf(buf + n, HELP_TEXT - n, "%.*s%s", (int)(brace - from), from,
			      word ? word : "?");
	}
	if (n < HELP_TEXT)
		snprintf(buf + n, HELP_TEXT - n, "%s", from);
	return buf;
}

/* Entries for argp, which keeps pointers to the texts; ends with an empty one. */
static void fill_in(const struct command *c, struct argp_option *to, char (*text)[HELP_TEXT])
{
	const struct option_row *row;
	int key = 256;

	for (row = option_next(c, NULL); row; row = option_next(c, row)) {
		*to++ = (struct argp_option){ row->name, row->letter ? row->letter : key++,
					      row->arg, row->bare ? OPTION_ARG_OPTIONAL : 0,
					      help_text(*text++, row), 0 };
	}
	*to++ = (struct argp_option){ "help", '?', NULL, 0, "Give this help list", -1 };
	*to++ = (struct argp_option){ "usage", key, NULL, 0, "Give a short usage message", -1 };
	*to = (struct argp_option){ 0 };
}

int help_show(const struct command *c, const char *argv0, bool usage_only)
{
	const struct option_row *row;
	struct argp argp = { .args_doc = c->words, .doc = c->doc };
	struct argp_option *options;
	char (*text)[HELP_TEXT];
	char name[64];
	size_t n = 3;

	for (row = option_next(c, NULL); row; row = option_next(c, row))
		n++;
	options = calloc(n, sizeof(*options));
	text = calloc(n, sizeof(*text));
	if (options && text) {
		fill_in(c, options, text);
		argp.options = options;
		snprintf(name, sizeof(name), "%s", argv0);
		argp_help(&argp, stdout, usage_only ? ARGP_HELP_USAGE : ARGP_HELP_STD_HELP, name);
	} else {
		errno = ENOMEM;
	}
	n = options && text && !fflush(stdout) && !ferror(stdout);
	if (!n)
		log_err("cannot write: standard output: %s", strerror(errno));
	free(options);
	free(text);
	return n ? EXIT_OK : EXIT_RUNTIME;
}

static const char *const types[] = {
	[OPT_FLAG] = "flag", [OPT_NUMBER] = "number", [OPT_SIZE] = "size", [OPT_TIME] = "time",
	[OPT_PERCENT] = "percent", [OPT_CHOICE] = "choice", [OPT_WORD] = "word", [OPT_OWN] = "own",
	[OPT_IGNORED] = "flag",
};

static void list_meanings(const struct option_row *row)
{
	const char *bar = "";
	unsigned int i;

	for (i = 0; row->meaning && row->choice(i); i++) {
		if (!option_can_choose(row, i))
			continue;
		printf("%s%s", bar, row->meaning(i));
		bar = "|";
	}
}

static void list_row(const struct command *c, const struct option_row *row)
{
	bool has_range = row->type == OPT_NUMBER || row->type == OPT_SIZE;
	char preset[OPTION_TEXT], min[OPTION_TEXT] = "", max[OPTION_TEXT] = "";
	char choices[OPTION_TEXT] = "", letter[2] = { row->letter, 0 }, help[HELP_TEXT];

	if (has_range)
		option_number(min, row, row->min);
	if (has_range && row->max)
		option_number(max, row, row->max);
	if (row->type == OPT_CHOICE)
		option_choices(choices, row, false, ",", ",");
	printf("%s\t%s\t%s\t%s%s\t%s\t%s\t%s\t%s\t%s\t%s\t", c->name, row->name, letter,
	       row->bare ? "?" : "", row->arg ? row->arg : "", types[row->type],
	       row->unit ? row->unit : "", option_default(preset, row), min, max, choices);
	list_meanings(row);
	printf("\t%s\n", help_text(help, row));
}

void help_list(const struct command *c)
{
	const struct option_row *row;

	for (row = option_next(c, NULL); row; row = option_next(c, row))
		list_row(c, row);
}
