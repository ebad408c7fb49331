// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <string.h>
#include "bench/mode.h"

#define MODE_ROW(id, what, needs, at, is_floor, verdict, says)                                     \
	[XB_##id] = { .word = what, .text = says, .map = XB_MAP_##needs, .end = END_##at,          \
		      .floor = is_floor },
#define WORK_ROW(id, what, needs, code, says)                                                      \
	[XB_##id] = { .word = what, .text = says, .map = XB_MAP_##needs },
#define MAP_ROW(id, kind, nr, key, value, with)                                                    \
	[XB_MAP_##id] = { .name = #id, .entries = nr, .fill = XB_FILL_##with },

/* A program of the user's own may do anything: what counts is that packets reach it. */
const struct mode modes[XB_NR_MODES] = { XB_MODES(MODE_ROW)[XB_USER] = { .end = END_DEVICE } };
const struct work works[XB_NR_WORKS] = { XB_WORKS(WORK_ROW) };
const struct map_row map_rows[XB_NR_MAPS] = { XB_MAPS(MAP_ROW) };

int mode_parse(const char *word, size_t len)
{
	int i;

	for (i = 0; i < XB_NR_MODES; i++)
		if (modes[i].word && strlen(modes[i].word) == len &&
		    !strncmp(word, modes[i].word, len))
			return i;
	return -1;
}

int work_parse(const char *word)
{
	int i;

	for (i = 0; i < XB_NR_WORKS; i++)
		if (!strcmp(word, works[i].word))
			return i;
	return -1;
}

enum xb_fill mode_fill(enum xb_mode mode)
{
	return map_rows[modes[mode].map].fill;
}

/* Each behind a comma; that of the first is skipped. */
#define LISTED(id, word, ...) ", " word

const char *mode_words(void)
{
	return &XB_MODES(LISTED)[2];
}

const char *work_words(void)
{
	return &XB_WORKS(LISTED)[2];
}
