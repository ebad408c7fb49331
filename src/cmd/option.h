/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * An option is one row: its name, its value's type, range, unit and default, what --help says, the
 * field that it fills in, and which commands have it. The parser (words.c, value.c), --help
 * (help.c), the manual's heads, ranges and defaults (tests/manual.py, by way of --print-options)
 * and completion are made from the rows. Rows are in options.c and bench.c.
 */
#ifndef PKTPATH_CMD_OPTION_H
#define PKTPATH_CMD_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_type {
	OPT_FLAG,	/* takes no value: sets a bool, or clears it */
	OPT_NUMBER,	/* num_whole() into a uint32_t or uint64_t */
	OPT_SIZE,	/* num_size() into a uint32_t: rounded up to a power of two, and said */
	OPT_TIME,	/* num_time() into a uint64_t: ns, at most a year; bare: seconds */
	OPT_PERCENT,	/* num_percent() into a double: 0..1 */
	OPT_CHOICE,	/* a word's number in choice() into an enum or a bool */
	OPT_WORD,	/* as it is given, into a const char * */
	OPT_OWN,	/* as parse() says */
	OPT_IGNORED,	/* takes no value and does nothing */
};

/* Commands that may have an option, as bits. */
enum {
	CMD_TRACE = 1 << 0,
	CMD_HIST = 1 << 1,
	CMD_DROPS = 1 << 2,
	CMD_SERVE = 1 << 3,
	CMD_COST = 1 << 4,
	CMD_PROBES = 1 << 5,
	CMD_BENCH = 1 << 6,
};

struct option_row {
	const char *name;
	char letter;		/* 0: none */
	const char *arg;	/* what --help calls the value; NULL: it takes none */
	const char *bare;	/* the value may be left out, and is this word then */
	uint32_t commands;	/* CMD_* */

	enum option_type type;
	uint32_t at, size;	/* the field in what opts_parse() fills in: offset and bytes */
	bool clears;		/* OPT_FLAG: it was set and becomes false */
	uint64_t preset;	/* the default, as the field has it; not OPT_OWN, OPT_PERCENT */
	const char *preset_word;	/* of OPT_WORD; NULL: none */
	uint64_t min, max;	/* of OPT_NUMBER and OPT_SIZE; max 0: no limit */
	const char *unit;	/* of a bare number; NULL: it counts things */

	/* OPT_CHOICE: word `i`, "" if it cannot be chosen; NULL after the last. */
	const char *(*choice)(unsigned int i);
	const char *(*meaning)(unsigned int i);	/* for the manual; NULL: the prose there says it */
	uint32_t choices;	/* bit mask: those that there are here; 0: all */
	const char *not_here;	/* why the others are not; NULL: they are unknown here */

	/* OPT_OWN: 0, or -1 after one line on stderr. It may cut the word up and keep it. */
	int (*parse)(char *word, void *into);

	const char *wrong;	/* what a bad word is called; NULL: as the type says */
	const char *more;	/* what else to say about it, after what can be given */
	/* {default}, {min}, {max} and {choices} stand for what the row says of them. */
	const char *help;
};

/* The row's type and field in one: a field of another type does not compile. */
#define FIELD(s, f, type)                                                                          \
	.at = _Generic(&((s *)NULL)->f, type *: offsetof(s, f)), .size = sizeof(((s *)NULL)->f)
#define FLAG(s, f)	.type = OPT_FLAG, FIELD(s, f, bool)
#define NUMBER(s, f)                                                                               \
	.type = OPT_NUMBER, .size = sizeof(((s *)NULL)->f),                                        \
	.at = _Generic(&((s *)NULL)->f, uint32_t *: offsetof(s, f), uint64_t *: offsetof(s, f))
#define SIZE(s, f)	.type = OPT_SIZE, FIELD(s, f, uint32_t)
#define TIME(s, f)	.type = OPT_TIME, .unit = "seconds", FIELD(s, f, uint64_t)
#define PERCENT(s, f)	.type = OPT_PERCENT, .unit = "percent", FIELD(s, f, double)
#define CHOICE(s, f)	.type = OPT_CHOICE, .at = offsetof(s, f), .size = sizeof(((s *)NULL)->f)
#define WORD(s, f)	.type = OPT_WORD, FIELD(s, f, const char *)
#define OWN(fn)		.type = OPT_OWN, .parse = (fn)

struct command {
	const char *name;
	uint32_t bit;			/* CMD_* */
	const char *summary;		/* its line in `pktpath --help` */
	const char *words;		/* what comes after the options, for --help */
	const char *doc;		/* what it does, for --help */
	const struct option_row *rows;	/* those with `bit`; ends with a row without a name */
	/* A word that is no option: 0, or -1 after one line on stderr. NULL: none is taken. */
	int (*word)(char *word, void *into);
	/* What can be said once all is read, as `word`; may be NULL. */
	int (*finish)(void *into);
	/* argv[0] is "pktpath COMMAND". Returns the exit status. */
	int (*run)(int argc, char **argv);
};

/*
 * Fills `into` in: the defaults, then what the words say. Returns OPTS_READ, or the exit status
 * after one line on stderr, or after --help.
 */
#define OPTS_READ (-1)
int opts_parse(const struct command *c, int argc, char **argv, void *into);

/* --- value.c: one option's value --- */

#define OPTION_TEXT 256		/* room for a name, a value, or a list of choices */

/* "-c", "--records": as messages call it. Returns buf. */
const char *option_text(char buf[OPTION_TEXT], const struct option_row *row);

/* Puts the default into its field. */
void option_preset(const struct option_row *row, void *into);

/*
 * Puts a word's value into its field; `word` is NULL where there is none. 0, 1 if it was rounded
 * up (*rounded is what it became then), or -1 after one line on stderr.
 */
int option_set(const struct option_row *row, char *word, void *into, uint64_t *rounded);

/* The default, a number in the row's unit, or the choices, as words; "" if there is no such. */
const char *option_default(char buf[OPTION_TEXT], const struct option_row *row);
const char *option_number(char buf[OPTION_TEXT], const struct option_row *row, uint64_t v);

/* May it be chosen here? */
bool option_can_choose(const struct option_row *row, unsigned int i);

/* "a, b or c", the default marked if `mark`; with `between` and `last` between the words. */
const char *option_choices(char buf[OPTION_TEXT], const struct option_row *row, bool mark,
			   const char *between, const char *last);

/* --- help.c --- */

/* Next row that the command has, NULL after the last; begin with NULL. */
const struct option_row *option_next(const struct command *c, const struct option_row *row);

/* Both write standard output and return the exit status. */
int help_show(const struct command *c, const char *argv0, bool usage_only);

/*
 * All options of a command as lines of fields between tabs, for programs: command, name, letter,
 * argument ("?" before it: may be left out), type, unit, default, smallest, largest, choices (with
 * commas), what they mean (with bars), help. `pktpath --print-options` prints them for all commands
 * below a line with the fields' names; nobody is meant to type it.
 */
#define OPTION_FIELDS                                                                              \
	"command\toption\tletter\targument\ttype\tunit\tdefault\tmin\tmax\tchoices\t"       \
	"meanings\thelp"
void help_list(const struct command *c);

#endif /* PKTPATH_CMD_OPTION_H */
