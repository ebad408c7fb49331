// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Histograms that are written as text: lines and options, for replay.c, which explains them. */
#include <err.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include "model/labels.h"
#include "replay.h"

/* NS*COUNT,NS*COUNT… */
static void parse_values(struct histogram *h, uint32_t group, uint32_t row, char *values)
{
	if (group > h->groups)
		errx(2, "no such group: %u", group);
	for (char *v = strtok(values, ","); v; v = strtok(NULL, ",")) {
		char *n = strchr(v, '*');
		uint64_t *counts = &h->count[((uint64_t)group * PP_H_ROWS + row) * PP_H_BUCKETS];

		if (!n)
			errx(2, "not a value: %s", v);
		*n = '\0';
		counts[pp_hist_bucket(number(v))] += number(n + 1);
	}
}

static void parse_count(struct histogram *h, char *line)
{
	uint32_t group = 0, row = PP_H_TOTAL;
	char *key, *value;

	while (next_word(&line, &key, &value)) {
		if (!strcmp(key, "row"))
			row = (uint32_t)find(row_find(value), value);
		else if (!strcmp(key, "group"))
			group = (uint32_t)number(value);
		else if (!strcmp(key, "values"))
			parse_values(h, group, row, value);
		else
			errx(2, "unknown field of a count: %s", key);
	}
}

static void parse_group(struct histogram *h, char *line)
{
	char *key, *value;
	uint64_t at = 0;

	while (next_word(&line, &key, &value)) {
		if (!strcmp(key, "at"))
			at = number(value) % PP_GROUPS_MAX;
		else
			h->key[at] = number(value);
	}
}

/* Shows what was counted so far; of an interval, it begins anew after it. */
static int show_span(const struct sink *sink, struct sink_env *env, struct histogram *h, char *line)
{
	struct hist_span span = { .h = h, .begin_ns = MONO_BASE };
	char *key, *value;
	int ret;

	while (next_word(&line, &key, &value)) {
		if (!strcmp(key, "interval"))
			span.nr = (uint32_t)number(value);
		else if (!strcmp(key, "begin"))
			span.begin_ns = parse_time(value);
		else if (!strcmp(key, "ns"))
			span.ns = number(value);
		else if (!strcmp(key, "final"))
			span.final = number(value);
		else if (!strcmp(key, "live"))
			span.live = number(value);
		else
			errx(2, "unknown field of a span: %s", key);
	}
	if (!sink->hist)
		return 0;
	ret = sink->hist(env, &span);
	if (span.nr)
		memset(h->count, 0, (h->groups + 1) * sizeof(h->count[0]) *
		       PP_H_ROWS * PP_H_BUCKETS);
	return ret;
}

bool hist_line_of(const struct sink *sink, struct sink_env *env, struct histogram *h, char *line,
			 int *ret)
{
	if (!strncmp(line, "count ", 6))
		parse_count(h, line + 6);
	else if (!strncmp(line, "group ", 6))
		parse_group(h, line + 6);
	else if (!strncmp(line, "span ", 5))
		*ret = show_span(sink, env, h, line + 5);
	else
		return false;
	return true;
}

uint32_t parse_stages(char *list)
{
	uint32_t mask = 0;

	for (char *s = strtok(list, ","); s; s = strtok(NULL, ","))
		mask |= PP_ST_BIT(find(row_find(s), s));
	return mask;
}

bool hist_option(struct hist_opts *h, int c)
{
	switch (c) {
	case 'b':
		h->by = (enum pp_by)find(by_find(optarg), optarg);
		return true;
	case 'g':
		h->groups = (uint32_t)number(optarg);
		return true;
	case 'k':
		h->worst = (uint32_t)number(optarg);
		return true;
	case 't':
		h->stages = parse_stages(optarg);
		return true;
	case 'm':
		h->wire = false;
		return true;
	case 'u':
		h->buckets = true;
		return true;
	case 'I':
		h->interval_ns = number(optarg);
		return true;
	}
	return false;
}
