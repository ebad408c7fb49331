// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "bench/mode.h"
#include "bench/subject.h"

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

static int parse_file(const char *word, const char *colon, struct bench_spec *spec,
		      struct why *why)
{
	size_t len = colon - word;

	if (len >= sizeof(spec->file) || strlen(colon + 1) >= sizeof(spec->section) || !colon[1])
		return why_usage(why, -EINVAL, "%s: not a program (give FILE.o:SECTION)", word);
	spec->mode = XB_USER;
	snprintf(spec->label, sizeof(spec->label), "%s", word);
	memcpy(spec->file, word, len);
	snprintf(spec->section, sizeof(spec->section), "%s", colon + 1);
	return 0;
}

void spec_make(struct bench_spec *spec, enum xb_mode mode, enum xb_work work)
{
	memset(spec, 0, sizeof(*spec));
	spec->mode = mode;
	spec->work = work;
	snprintf(spec->label, sizeof(spec->label), "%s%s%s", modes[mode].word,
		 work == XB_NOTHING ? "" : ":", work == XB_NOTHING ? "" : works[work].word);
}

int spec_parse(const char *word, enum xb_work work, struct bench_spec *spec, struct why *why)
{
	const char *colon = after_file(word);
	int mode, w = work;

	memset(spec, 0, sizeof(*spec));
	if (colon)
		return parse_file(word, colon, spec, why);
	colon = word + strcspn(word, ":");
	mode = mode_parse(word, colon - word);
	if (*colon)
		w = work_parse(colon + 1);
	if (mode < 0)
		return why_usage(why, -EINVAL, "%s: no such mode (%s, each also as MODE:WORK; "
				 "or FILE.o:SECTION)", word, mode_words());
	if (w < 0)
		return why_usage(why, -EINVAL, "%s: no such work (%s)", word, work_words());
	spec_make(spec, mode, w);
	if (*colon)
		snprintf(spec->label, sizeof(spec->label), "%s", word);
	return 0;
}
