// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* A line of output that counts its columns, and the flow, which adapts to them. See format.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include "text/format.h"

/* The longest escape sequence plus the newline must always fit, or a colour would not end. */
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

/* The parts of "proto [src]:sport > [dst]:dport". */
struct flow {
	char proto[FMT_MAX], src[FMT_ADDR_MAX], dst[FMT_ADDR_MAX];
	char sport[FMT_MAX], dport[FMT_MAX];
	bool brackets;
};

static void flow_parts(struct flow *f, const struct pp_rec *rec)
{
	bool ports = rec->l4_proto == IPPROTO_TCP || rec->l4_proto == IPPROTO_UDP;
	char buf[FMT_MAX];

	memset(f, 0, sizeof(*f));
	snprintf(f->proto, sizeof(f->proto), "%-4s", fmt_proto(buf, rec));
	fmt_addr(f->src, rec, rec->saddr);
	fmt_addr(f->dst, rec, rec->daddr);
	if (!f->src[0] || !ports)
		return;
	f->brackets = rec->eth_proto == 0x86dd;
	snprintf(f->sport, sizeof(f->sport), ":%u", ntohs(rec->sport));
	snprintf(f->dport, sizeof(f->dport), ":%u", ntohs(rec->dport));
}

static int parts_cols(const struct flow *f)
{
	if (!f->src[0])
		return (int)strlen(f->proto);
	return (int)(strlen(f->proto) + 1 + strlen(f->src) + strlen(f->sport) + 3 +
		     strlen(f->dst) + strlen(f->dport)) + (f->brackets ? 4 : 0);
}

int flow_cols(const struct pp_rec *rec)
{
	struct flow f;

	flow_parts(&f, rec);
	return parts_cols(&f);
}

/* An address, of which `cut` characters in the middle give way to a mark. */
static void add_addr(struct line *l, const char *addr, int cut, int mark, bool brackets)
{
	int len = (int)strlen(addr), keep = len - cut - mark;

	if (cut <= 0)
		line_addf(l, PLAIN, brackets ? "[%s]" : "%s", addr);
	else
		line_addf(l, PLAIN, brackets ? "[%.*s%s%s]" : "%.*s%s%s", keep - keep / 2, addr,
			  l->ascii ? ".." : "…", addr + len - keep / 2);
}

void line_flow(struct line *l, const struct pp_rec *rec, int cols)
{
	int over, cut[2] = { 0, 0 }, len[2], mark = l->ascii ? 2 : 1;
	struct flow f;

	flow_parts(&f, rec);
	line_add(l, PLAIN, f.proto);
	if (!f.src[0])
		return;
	len[0] = (int)strlen(f.src);
	len[1] = (int)strlen(f.dst);
	/* The longer address gives first; below 6 characters neither says anything. */
	for (over = cols ? parts_cols(&f) - cols : 0; over > 0; over--) {
		int i = len[1] - cut[1] >= len[0] - cut[0];

		if (len[i] - cut[i] <= 6)
			break;
		cut[i]++;
	}
	line_add(l, PLAIN, " ");
	add_addr(l, f.src, cut[0], mark, f.brackets);
	line_addf(l, PLAIN, "%s > ", f.sport);
	add_addr(l, f.dst, cut[1], mark, f.brackets);
	line_add(l, PLAIN, f.dport);
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
