// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "model/labels.h"
#include "cmd/options_hist.h"

#define SLOW_MAX_NS (365 * 86400 * 1e9)

static int parse_by(const char *word, struct hist_opts *h)
{
	int by = by_find(word);

	if (by > PP_BY_NONE) {
		h->by = (enum pp_by)by;
		return 0;
	}
	log_err("--by %s: not a way to split packets (dev, queue, cpu, proto, port, verdict, pid "
		"or cgroup)", word);
	return -1;
}

/* A whole number from `min` to `max`. */
static int parse_number(const char *option, const char *word, uint32_t min, uint32_t max,
			uint32_t *out)
{
	size_t digits = strspn(word, "0123456789");
	unsigned long v = digits && digits < 6 && !word[digits] ? strtoul(word, NULL, 10) : ~0ul;

	if (v >= min && v <= max) {
		*out = (uint32_t)v;
		return 0;
	}
	log_err("%s %s: not a number from %u to %u", option, word, min, max);
	return -1;
}

static int unknown_stage(const char *option, const char *word)
{
	log_err("%s %s: no such stage (irq, napi, softirq … total; pktpath probes lists them)",
		option, word);
	return -1;
}

/* STAGE[,STAGE...]; what is there already stays. */
static int parse_stages(char *word, struct hist_opts *h)
{
	char *rest = word, *one;

	while ((one = strsep(&rest, ","))) {
		int row = row_find(one);

		if (row < 0)
			return unknown_stage("--stage", one);
		h->stages |= 1u << row;
	}
	return 0;
}

static int parse_weight(const char *word, struct hist_opts *h)
{
	h->wire = !strcmp(word, "wire");
	if (h->wire || !strcmp(word, "skb"))
		return 0;
	log_err("--weight %s: not a choice (wire or skb)", word);
	return -1;
}

/* "500us", "1.5ms": above 0, with its unit. */
static int parse_time(const char *word, uint64_t *ns)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {
		{ "ns", 1 }, { "us", 1e3 }, { "µs", 1e3 }, { "μs", 1e3 }, { "ms", 1e6 },
		{ "s", 1e9 },
	};
	size_t digits = strspn(word, "0123456789."), i;
	char *end;
	double v = strtod(word, &end);

	if (!digits || end != word + digits)
		return -1;
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].name) != 0)
			continue;
		v *= units[i].ns;
		if (!isfinite(v) || v < 1 || v > SLOW_MAX_NS)
			return -1;
		*ns = (uint64_t)v;
		return 0;
	}
	return -1;
}

static void no_thresholds(struct opts *o)
{
	uint32_t row;

	for (row = 0; !o->slow_any && row < PP_H_ROWS; row++)
		o->slow[row] = UINT64_MAX;
	o->slow_any = true;
}

int parse_slow(char *word, struct opts *o)
{
	char *time = strchr(word, '=');
	int row = PP_H_TOTAL;
	uint64_t ns;

	if (time) {
		*time = '\0';
		row = row_find(word);
		if (row < 0)
			return unknown_stage("--slow", word);
		*time = '=';
	}
	if (parse_time(time ? time + 1 : word, &ns)) {
		log_err("--slow %s: not a time with its unit (such as 500us, 1.5ms or sock=1ms)",
			word);
		return -1;
	}
	no_thresholds(o);
	o->slow[row] = ns;
	return 0;
}

error_t parse_hist_option(int key, char *arg, struct argp_state *state)
{
	struct opts *o = state->input;
	struct hist_opts *h = &o->hist;
	int bad = 0;

	switch (key) {
	case OPT_INTERVAL: bad = parse_seconds("--interval", arg, &h->interval_ns); break;
	case OPT_BY: bad = parse_by(arg, h); break;
	case OPT_GROUPS: bad = parse_number("--groups", arg, 1, PP_GROUPS_MAX, &h->groups); break;
	case OPT_STAGE: bad = parse_stages(arg, h); break;
	case OPT_WEIGHT: bad = parse_weight(arg, h); break;
	case OPT_WORST: bad = parse_number("--worst", arg, 0, PP_WORST_MAX, &h->worst); break;
	case OPT_BUCKETS: h->buckets = true; break;
	case OPT_TRACE: o->trace_file = arg; break;
	default:
		return parse_run_option(key, arg, state);
	}
	return bad ? EINVAL : 0;
}
