/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The tables of include/bench_modes.h, as user space needs them. */
#ifndef PKTPATH_BENCH_MODE_H
#define PKTPATH_BENCH_MODE_H

#include <stdbool.h>
#include <stddef.h>
#include "bench/ends.h"
#include "bench_modes.h"

struct mode {
	const char *word, *text;	/* NULL: XB_USER, which has no word */
	enum xb_map map;
	enum end end;
	bool floor;
};

struct work {
	const char *word, *text;
	enum xb_map map;
};

struct map_row {
	const char *name;		/* in the BPF program */
	unsigned int entries;
	enum xb_fill fill;
};

extern const struct mode modes[XB_NR_MODES];
extern const struct work works[XB_NR_WORKS];
extern const struct map_row map_rows[XB_NR_MAPS];	/* that of XB_MAP_none has no name */

/* Of the first `len` bytes of `word`; -1 if there is no such mode. */
int mode_parse(const char *word, size_t len);
/* -1 if there is no such work. */
int work_parse(const char *word);
/* What user space puts into the map of a mode. */
enum xb_fill mode_fill(enum xb_mode mode);

/* Lists for messages: "drop, pass, tx". */
const char *mode_words(void);
const char *work_words(void);

/* The same with what each does, a line a row: strings for --help. */
#define MODE_HELP(id, word, map, end, floor, verdict, text) "  " word ": " text "\n"
#define WORK_HELP(id, word, map, code, text)		    "  " word ": " text "\n"
#define MODES_HELP XB_MODES(MODE_HELP)
#define WORKS_HELP XB_WORKS(WORK_HELP)

#endif /* PKTPATH_BENCH_MODE_H */
