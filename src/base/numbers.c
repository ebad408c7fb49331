// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/numbers.h"

#define DIGITS	  "0123456789"
#define PLACES	  12	/* behind the point that are kept */
#define ONE	  1000000000000ull	/* so numbers are kept in units of 1/ONE */
#define GIGA	  1000000000ull

struct unit {
	const char *name;
	uint64_t scale;
	bool far;		/* of times: only where seconds can be meant */
};

static const struct unit counts[] = {
	{ "", 1, false }, { "k", 1000, false }, { "K", 1000, false }, { "M", 1000000, false },
	{ "G", GIGA, false }, { NULL, 0, false },
};

static const struct unit sizes[] = {
	{ "", 1, false },	  { "B", 1, false },
	{ "k", 1 << 10, false },  { "K", 1 << 10, false },   { "kB", 1 << 10, false },
	{ "KB", 1 << 10, false }, { "KiB", 1 << 10, false }, { "M", 1 << 20, false },
	{ "MB", 1 << 20, false }, { "MiB", 1 << 20, false }, { "G", 1 << 30, false },
	{ "GB", 1 << 30, false }, { "GiB", 1 << 30, false }, { NULL, 0, false },
};

static const struct unit times[] = {
	{ "ns", 1, false },	    { "us", 1000, false },	 { "µs", 1000, false },
	{ "μs", 1000, false },	    { "ms", 1000000, false },	 { "s", GIGA, false },
	{ "sec", GIGA, false },	    { "m", 60 * GIGA, true },	 { "min", 60 * GIGA, true },
	{ "h", 3600 * GIGA, true }, { "d", 86400 * GIGA, true }, { NULL, 0, false },
};

static const struct unit seconds[] = { { "", GIGA, false }, { NULL, 0, false } };
static const struct unit percents[] = { { "", 1, false }, { "%", 1, false }, { NULL, 0, false } };

/* DIGITS[.DIGITS] or .DIGITS in 1/ONE; *end is what follows. */
static int parse_decimal(const char *word, unsigned __int128 *out, const char **end)
{
	size_t whole = strspn(word, DIGITS), part = 0, i;
	const char *dot = word + whole;
	unsigned __int128 v = 0;

	if (*dot == '.')
		part = strspn(dot + 1, DIGITS);
	if (!whole && !part)
		return -EINVAL;
	for (i = 0; i < whole; i++) {
		v = 10 * v + (word[i] - '0');
		if (v > UINT64_MAX)
			return -ERANGE;
	}
	for (i = 0; i < PLACES; i++)
		v = 10 * v + (i < part ? dot[1 + i] - '0' : 0);
	/* What is too small to be kept still makes it no whole number. */
	for (; i < part; i++)
		v |= dot[1 + i] != '0';
	*out = v;
	*end = dot + (*dot == '.') + part;
	return 0;
}

static const struct unit *find_unit(const struct unit *units, const char *name, size_t len)
{
	for (; units->name; units++)
		if (strlen(units->name) == len && !strncmp(units->name, name, len))
			return units;
	return NULL;
}

/* One number times its unit, in 1/ONE; *word moves behind them. */
static int parse_scaled(const char **word, const struct unit **unit, unsigned __int128 *out)
{
	unsigned __int128 v;
	const char *name;
	int err = parse_decimal(*word, &v, &name);

	if (err)
		return err;
	*word = name + strcspn(name, DIGITS ".");
	*unit = find_unit(*unit, name, *word - name);
	if (!*unit)
		return -EINVAL;
	if (v > (unsigned __int128)UINT64_MAX * ONE / (*unit)->scale)
		return -ERANGE;
	*out = v * (*unit)->scale;
	return 0;
}

static int parse_whole(const char *word, const struct unit *units, uint64_t *out)
{
	unsigned __int128 v;
	int err = parse_scaled(&word, &units, &v);

	if (err)
		return err;
	if (*word || v % ONE)
		return -EINVAL;
	*out = (uint64_t)(v / ONE);
	return 0;
}

int num_whole(const char *word, uint64_t *out)
{
	return parse_whole(word, counts, out);
}

int num_size(const char *word, uint64_t *out)
{
	return parse_whole(word, sizes, out);
}

static bool is_bare(const char *word)
{
	return *word && strspn(word, DIGITS ".") == strlen(word);
}

/* Times that are written one behind the other, each shorter than the one before: "1m30s". */
static int parse_times(const char *word, enum num_bare bare, unsigned __int128 *sum)
{
	const struct unit *last = NULL;

	*sum = 0;
	do {
		const struct unit *unit = times;
		unsigned __int128 v;
		int err = parse_scaled(&word, &unit, &v);

		if (err)
			return err;
		if ((unit->far || last) && bare == NUM_UNIT)
			return -EINVAL;
		if (last && unit->scale >= last->scale)
			return -EINVAL;
		last = unit;
		*sum += v;
	} while (*word);
	return 0;
}

int num_time(const char *word, enum num_bare bare, uint64_t *out_ns)
{
	const struct unit *unit = seconds;
	unsigned __int128 v;
	int err;

	if (bare == NUM_SECONDS && is_bare(word)) {
		err = parse_scaled(&word, &unit, &v);
		if (!err && *word)
			err = -EINVAL;
	} else {
		err = parse_times(word, bare, &v);
	}
	if (err)
		return err;
	v /= ONE;
	if (v > UINT64_MAX)
		return -ERANGE;
	if (!v)
		return -EINVAL;
	*out_ns = (uint64_t)v;
	return 0;
}

/* Percent in 1/ONE, above 0 to 100 %. */
static int parse_percent(const char *word, const struct unit *units, uint64_t *out)
{
	unsigned __int128 v;
	int err = parse_scaled(&word, &units, &v);

	if (err)
		return err;
	if (*word || !v)
		return -EINVAL;
	if (v > 100 * ONE)
		return -ERANGE;
	*out = (uint64_t)v;
	return 0;
}

int num_percent(const char *word, double *out)
{
	uint64_t v;
	int err = parse_percent(word, percents, &v);

	if (!err)
		*out = (double)v / (100.0 * ONE);
	return err;
}

int num_one_of(const char *word, uint64_t *out)
{
	uint64_t v;
	int err;

	if (!strncmp(word, "1/", 2)) {
		err = num_whole(word + 2, &v);
	} else {
		err = parse_percent(word, &percents[1], &v);
		if (!err && 100 * ONE % v)
			err = -EINVAL;
		if (!err)
			v = 100 * ONE / v;
	}
	if (!err && !v)
		err = -EINVAL;
	if (!err)
		*out = v;
	return err;
}

uint64_t num_power_of_two(uint64_t v)
{
	uint64_t p = 1;

	while (p && p < v)
		p <<= 1;
	return p;
}

const char *num_size_text(char buf[NUM_TEXT], uint64_t v)
{
	static const char *const letters[] = { "", "K", "M", "G" };
	int i = 0;

	for (; i < 3 && v && v % 1024 == 0; i++)
		v /= 1024;
	snprintf(buf, NUM_TEXT, "%llu%s", (unsigned long long)v, letters[i]);
	return buf;
}
