// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "serve/metrics_text.h"

#define NUMBER_LEN 32

static bool open_metrics(const struct metrics *m)
{
	return m->format == METRICS_OPEN;
}

static bool make_room(struct metrics *m, size_t more)
{
	size_t room = m->room ? m->room : 4096;
	char *text;

	while (room - m->len <= more)
		room *= 2;
	if (room == m->room)
		return true;
	text = m->err ? NULL : realloc(m->text, room);
	if (!text) {
		m->err = -ENOMEM;
		return false;
	}
	m->text = text;
	m->room = room;
	return true;
}

static void add(struct metrics *m, const char *text)
{
	size_t n = strlen(text);

	if (m->err || !make_room(m, n))
		return;
	memcpy(m->text + m->len, text, n + 1);
	m->len += n;
}

/* In label values and help: a backslash, a line feed, and in the former a quote. */
static void add_escaped(struct metrics *m, const char *text, bool quote)
{
	char c[2] = "";

	for (; *text; text++) {
		c[0] = *text;
		if (*text == '\n')
			add(m, "\\n");
		else if (*text == '\\' || (quote && *text == '"'))
			add(m, "\\"), add(m, c);
		else
			add(m, c);
	}
}

/* Shortest of two forms that reads back as the same number. */
static const char *number(char buf[NUMBER_LEN], double v)
{
	if (isnan(v))
		return "NaN";
	if (isinf(v))
		return v > 0 ? "+Inf" : "-Inf";
	snprintf(buf, NUMBER_LEN, "%.15g", v);
	if (strtod(buf, NULL) != v)
		snprintf(buf, NUMBER_LEN, "%.17g", v);
	return buf;
}

static const char *whole(char buf[NUMBER_LEN], uint64_t v)
{
	snprintf(buf, NUMBER_LEN, "%llu", (unsigned long long)v);
	return buf;
}

/* Nanoseconds as seconds, all digits. */
static const char *bound(char buf[NUMBER_LEN], uint64_t ns)
{
	snprintf(buf, NUMBER_LEN, "%.12g", (double)ns / 1e9);
	return buf;
}

const char *metrics_content_type(enum metrics_format format)
{
	return format == METRICS_OPEN ?
	       "application/openmetrics-text; version=1.0.0; charset=utf-8" :
	       "text/plain; version=0.0.4; charset=utf-8";
}

/* The quality, 0..1, of one range of an Accept header; 0: another type, or not our version. */
static double quality(const char *range, size_t len, const char *type)
{
	char text[128], *p, *save = NULL;
	double q = 1;

	if (len >= sizeof(text))
		len = sizeof(text) - 1;
	snprintf(text, sizeof(text), "%.*s", (int)len, range);
	p = strtok_r(text, "; \t", &save);
	if (!p || strcasecmp(p, type) != 0)
		return 0;
	while ((p = strtok_r(NULL, "; \t", &save))) {
		if (!strncasecmp(p, "q=", 2))
			q = strtod(p + 2, NULL);
		else if (!strncasecmp(p, "version=", 8) && strcmp(p + 8, "1.0.0") != 0 &&
			 strcmp(p + 8, "0.0.1") != 0 && strcmp(p + 8, "0.0.4") != 0)
			return 0;
	}
	return q > 0 ? q : 0;
}

enum metrics_format metrics_negotiate(const char *accept)
{
	double open = 0, text = 0, q;
	size_t n;

	for (; accept && *accept; accept += n + (accept[n] == ',')) {
		n = strcspn(accept, ",");
		q = quality(accept, n, "application/openmetrics-text");
		open = q > open ? q : open;
		q = quality(accept, n, "text/plain");
		text = q > text ? q : text;
	}
	return open > 0 && open >= text ? METRICS_OPEN : METRICS_TEXT;
}

void metrics_start(struct metrics *m, enum metrics_format format)
{
	m->format = format;
	m->len = 0;
	m->err = 0;
	m->family = NULL;
}

int metrics_end(struct metrics *m)
{
	if (open_metrics(m))
		add(m, "# EOF\n");
	return m->err;
}

void metrics_free(struct metrics *m)
{
	free(m->text);
	memset(m, 0, sizeof(*m));
}

static const char *suffix(enum metrics_type type)
{
	return type == M_COUNTER ? "_total" : type == M_INFO ? "_info" : "";
}

static void add_header(struct metrics *m, const char *what, const char *text)
{
	add(m, what);
	add(m, m->family->name);
	/* To the older format a family is what its samples are called. */
	if (!open_metrics(m))
		add(m, suffix(m->family->type));
	add(m, " ");
	add_escaped(m, text, open_metrics(m));
	add(m, "\n");
}

void metrics_family(struct metrics *m, const struct family *family)
{
	static const char *const types[] = { "counter", "gauge", "histogram", "info" };

	m->family = family;
	add_header(m, "# HELP ", family->help);
	add_header(m, "# TYPE ", family->type == M_INFO && !open_metrics(m) ? "gauge" :
		   types[family->type]);
	if (open_metrics(m) && *family->unit)
		add_header(m, "# UNIT ", family->unit);
}

static void add_labels(struct metrics *m, const struct labels *labels, const char *le)
{
	int i, nr = labels ? labels->nr : 0;

	for (i = 0; i < nr; i++) {
		add(m, i ? "," : "{");
		add(m, labels->l[i].name);
		add(m, "=\"");
		add_escaped(m, labels->l[i].value, true);
		add(m, "\"");
	}
	if (le) {
		add(m, nr ? ",le=\"" : "{le=\"");
		add(m, le);
		add(m, "\"");
	}
	if (nr || le)
		add(m, "}");
}

static void add_sample(struct metrics *m, const char *ending, const struct labels *labels,
		       const char *le, const char *value)
{
	add(m, m->family->name);
	add(m, ending);
	add_labels(m, labels, le);
	add(m, " ");
	add(m, value);
}

void metrics_example(struct metrics *m, const struct labels *labels, uint64_t value,
		     const struct exemplar *ex)
{
	char buf[NUMBER_LEN];

	add_sample(m, suffix(m->family->type), labels, NULL, whole(buf, value));
	if (ex && open_metrics(m)) {
		add(m, " # ");
		add_labels(m, &ex->labels, NULL);
		add(m, " ");
		add(m, number(buf, ex->value));
		snprintf(buf, sizeof(buf), " %.3f", ex->time);
		add(m, buf);
	}
	add(m, "\n");
}

void metrics_count(struct metrics *m, const struct labels *labels, uint64_t value)
{
	metrics_example(m, labels, value, NULL);
}

void metrics_double(struct metrics *m, const struct labels *labels, double value)
{
	char buf[NUMBER_LEN];

	add_sample(m, suffix(m->family->type), labels, NULL, number(buf, value));
	add(m, "\n");
}

static double sum_of(const uint64_t row[PP_H_BUCKETS])
{
	double ns = 0;
	uint32_t i;

	for (i = 0; i < PP_H_BUCKETS; i++)
		if (row[i])
			ns += (double)row[i] * (double)(pp_hist_low(i) + pp_hist_low(i + 1) - 1) /
			      2;
	return ns / 1e9;
}

void metrics_histogram(struct metrics *m, const struct labels *labels,
		       const uint64_t row[PP_H_BUCKETS], uint32_t per_octave)
{
	uint32_t edge = pp_hist_bucket(METRICS_LE_MIN), last = pp_hist_bucket(METRICS_LE_MAX),
		 i = 0;
	char le[NUMBER_LEN], value[NUMBER_LEN];
	uint64_t n = 0;

	for (; edge <= last; edge += PP_H_SUB / per_octave) {
		for (; i < edge; i++)
			n += row[i];
		add_sample(m, "_bucket", labels, bound(le, pp_hist_low(edge) - 1), whole(value, n));
		add(m, "\n");
	}
	for (; i < PP_H_BUCKETS; i++)
		n += row[i];
	add_sample(m, "_bucket", labels, "+Inf", whole(value, n));
	add(m, "\n");
	add_sample(m, "_count", labels, NULL, whole(value, n));
	add(m, "\n");
	add_sample(m, "_sum", labels, NULL, number(value, sum_of(row)));
	add(m, "\n");
}

uint32_t metrics_histogram_series(uint32_t per_octave)
{
	uint32_t span = pp_hist_bucket(METRICS_LE_MAX) - pp_hist_bucket(METRICS_LE_MIN);

	return span / (PP_H_SUB / per_octave) + 4;
}
