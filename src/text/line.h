/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * A line of output that knows how many columns it has used, and its styles. What does not fit into
 * it is cut; only writing it can fail.
 */
#ifndef PKTPATH_TEXT_LINE_H
#define PKTPATH_TEXT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "text/format.h"

enum style { PLAIN, BOLD, DIM, GREEN, YELLOW, RED, CYAN };

/* A line of output being put together. Set `ascii` and `colour`; line_start() clears the rest. */
struct line {
	bool ascii, colour;
	int cols;		/* display columns used */
	size_t len;		/* bytes used */
	char buf[4096];
};

void line_start(struct line *l);
/* Appends text in a style; counts columns, each code point as one. */
void line_add(struct line *l, enum style style, const char *text);
void line_addf(struct line *l, enum style style, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Spaces up to column `col`; none if the line is there already. */
void line_to(struct line *l, int col);
/* `text` right-aligned so that it ends at column `col`, or directly if it does not fit. */
void line_right(struct line *l, int col, enum style style, const char *text);
/* A duration in the line's own alphabet; `with_s`: with the unit's "s", as FMT_LONG. */
const char *line_duration(char buf[FMT_MAX], const struct line *l, uint64_t ns, bool with_s);
/* Continues in a new line, which is written together with this one. */
void line_break(struct line *l);
/* Columns of a UTF-8 string. */
int text_cols(const char *text);
/* Its last `cols` columns. */
const char *text_tail(const char *text, int cols);

/* Writes the line without trailing spaces, and a newline. 0 or -errno. */
int line_write(struct line *l, FILE *f);
/* Flushes what was written. 0 or -errno. */
int file_flush(FILE *f);

#endif /* PKTPATH_TEXT_LINE_H */
