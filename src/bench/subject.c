// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <stdio.h>
#include <string.h>
#include "bench/bench.h"
#include "base/log.h"

static const char *const modes[] = {
	[XB_DROP] = "drop", [XB_PASS] = "pass", [XB_TX] = "tx", [XB_REDIRECT] = "redirect",
	[XB_REDIRECT_MAP] = "redirect-map", [XB_REDIRECT_CPU] = "redirect-cpu",
	[XB_REDIRECT_MULTI] = "redirect-multi", [XB_XSK] = "xsk", [XB_ABORTED] = "aborted",
	[XB_USER] = "program",
};

static const char *const works[] = {
	[XB_NOTHING] = "nothing", [XB_TOUCH] = "touch", [XB_PARSE] = "parse", [XB_COUNT] = "count",
	[XB_CLOCK] = "clock", [XB_LOOKUP] = "lookup",
};

#define NR_WORKS (sizeof(works) / sizeof(works[0]))

const char *mode_name(enum xb_mode mode)
{
	return modes[mode];
}

const char *work_name(enum xb_work work)
{
	return works[work];
}

int work_parse(const char *word)
{
	size_t i;

	for (i = 0; i < NR_WORKS; i++)
		if (!strcmp(word, works[i]))
			return (int)i;
	return -1;
}

static int mode_parse(const char *word, size_t len)
{
	int i;

	for (i = 0; i < XB_ABORTED; i++)
		if (strlen(modes[i]) == len && !strncmp(word, modes[i], len))
			return i;
	return -1;
}

/* A path may hold colons, a section's name may not hold a slash before one: take the last .o: */
static const char *after_file(const char *word)
{
	const char *at = NULL, *next = strstr(word, ".o:");

	while (next) {
		at = next + 2;
		next = strstr(at, ".o:");
	}
	return at;
}

static int parse_file(const char *word, const char *colon, struct bench_spec *spec)
{
	size_t len = colon - word;

	if (len >= sizeof(spec->file) || strlen(colon + 1) >= sizeof(spec->section) || !colon[1]) {
		log_err("%s: not a program (give FILE.o:SECTION)", word);
		return -1;
	}
	spec->mode = XB_USER;
	memcpy(spec->file, word, len);
	snprintf(spec->section, sizeof(spec->section), "%s", colon + 1);
	return 0;
}

int spec_parse(const char *word, enum xb_work work, struct bench_spec *spec)
{
	const char *colon = after_file(word);
	int mode, w = work;

	memset(spec, 0, sizeof(*spec));
	snprintf(spec->label, sizeof(spec->label), "%s", word);
	if (colon)
		return parse_file(word, colon, spec);
	colon = word + strcspn(word, ":");
	mode = mode_parse(word, colon - word);
	if (*colon)
		w = work_parse(colon + 1);
	if (mode < 0 || w < 0) {
		log_err("%s: no such mode (drop, pass, tx, redirect, redirect-map, redirect-cpu, "
			"redirect-multi, xsk, each also as MODE:WORK; or FILE.o:SECTION)", word);
		return -1;
	}
	spec->mode = mode;
	spec->work = w;
	if (!*colon && w != XB_NOTHING)
		snprintf(spec->label, sizeof(spec->label), "%s:%s", modes[mode], works[w]);
	return 0;
}
