// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include "text/line.h"

/* The longest escape sequence and the newline must always fit, or a colour would not end. */
#define LINE_RESERVE 16

static const char *const escapes[] = {
	[PLAIN] = "",	     [BOLD] = "\033[1m",     [DIM] = "\033[2m",	  [GREEN] = "\033[32m",
	[YELLOW] = "\033[1;33m", [RED] = "\033[1;31m", [CYAN] = "\033[36m",
};

void line_start(struct line *l)
{
	l->cols = 0;
	l->len = 0;
}

/* Columns and bytes of as much of `text` as fits in `room` bytes, whole characters only. */
static size_t measure(const char *text, size_t room, int *cols)
{
	size_t n = 0, next;

	for (*cols = 0; text[n]; n = next, (*cols)++) {
		for (next = n + 1; (text[next] & 0xc0) == 0x80; next++)
			;
		if (next > room)
			break;
	}
	return n;
}

static void put(struct line *l, const char *text, size_t reserve)
{
	int cols;
	size_t n = measure(text, sizeof(l->buf) - l->len - reserve, &cols);

	memcpy(l->buf + l->len, text, n);
	l->len += n;
	l->cols += cols;
}

static void put_escape(struct line *l, const char *escape)
{
	size_t n = strlen(escape);

	memcpy(l->buf + l->len, escape, n);
	l->len += n;
}

void line_add(struct line *l, enum style style, const char *text)
{
	bool colour = l->colour && style != PLAIN && *text;

	/* No room for the text between its escapes: the line is full. */
	if (l->len + 3 * LINE_RESERVE > sizeof(l->buf))
		return;
	if (colour)
		put_escape(l, escapes[style]);
	put(l, text, 2 * LINE_RESERVE);
	if (colour)
		put_escape(l, "\033[0m");
}

void line_addf(struct line *l, enum style style, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	line_add(l, style, text);
}

void line_to(struct line *l, int col)
{
	if (col > l->cols)
		line_addf(l, PLAIN, "%*s", col - l->cols, "");
}

int text_cols(const char *text)
{
	int cols;

	measure(text, SIZE_MAX, &cols);
	return cols;
}

const char *text_tail(const char *text, int cols)
{
	int skip = text_cols(text) - cols;

	for (; skip > 0; skip--)
		while ((*++text & 0xc0) == 0x80)
			;
	return text;
}

void line_right(struct line *l, int col, enum style style, const char *text)
{
	line_to(l, col - text_cols(text));
	line_add(l, style, text);
}

void line_break(struct line *l)
{
	line_add(l, PLAIN, "\n");
	l->cols = 0;
}

const char *line_duration(char buf[FMT_MAX], const struct line *l, uint64_t ns, bool with_s)
{
	return fmt_duration(buf, ns, (l->ascii ? FMT_ASCII : 0) | (with_s ? FMT_LONG : 0));
}

static int file_error(void)
{
	return errno ? -errno : -EIO;
}

int line_write(struct line *l, FILE *f)
{
	while (l->len && l->buf[l->len - 1] == ' ')
		l->len--;
	l->buf[l->len++] = '\n';
	errno = 0;
	if (fwrite(l->buf, 1, l->len, f) != l->len)
		return file_error();
	return 0;
}

int file_flush(FILE *f)
{
	errno = 0;
	return fflush(f) ? file_error() : 0;
}
