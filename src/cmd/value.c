// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* One option's value: from a word into the field that its row names, and what is wrong with it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "base/numbers.h"
#include "cmd/option.h"

#define YEAR_NS (365 * 86400 * 1000000000ull)

const char *option_text(char buf[OPTION_TEXT], const struct option_row *row)
{
	if (row->letter)
		snprintf(buf, OPTION_TEXT, "-%c", row->letter);
	else
		snprintf(buf, OPTION_TEXT, "--%s", row->name);
	return buf;
}

/* Always -1, after "OPTION WORD: why (what to try)". */
static int refuse(const struct option_row *row, const char *word, const char *why, const char *hint)
{
	char name[OPTION_TEXT];

	log_err("%s%c%s: %s (%s%s%s)", option_text(name, row), row->bare ? '=' : ' ', word, why,
		hint, row->more ? "; " : "", row->more ? row->more : "");
	return -1;
}

static void store(const struct option_row *row, void *into, uint64_t v)
{
	char *field = (char *)into + row->at;
	uint32_t v32 = (uint32_t)v;
	uint8_t v8 = (uint8_t)v;

	switch (row->size) {
	case sizeof(v): memcpy(field, &v, sizeof(v)); break;
	case sizeof(v32): memcpy(field, &v32, sizeof(v32)); break;
	default: memcpy(field, &v8, sizeof(v8));
	}
}

void option_preset(const struct option_row *row, void *into)
{
	switch (row->type) {
	case OPT_OWN:
	case OPT_PERCENT:
	case OPT_IGNORED:
		break;
	case OPT_WORD:
		memcpy((char *)into + row->at, &row->preset_word, sizeof(row->preset_word));
		break;
	case OPT_FLAG:
		store(row, into, row->clears);
		break;
	default:
		store(row, into, row->preset);
	}
}

/* The largest that the row and its field take. */
static uint64_t largest(const struct option_row *row)
{
	return row->max ? row->max : row->size == sizeof(uint64_t) ? UINT64_MAX : UINT32_MAX;
}

static int set_number(const struct option_row *row, const char *word, void *into)
{
	char why[OPTION_TEXT], hint[OPTION_TEXT];
	uint64_t v;
	int err = num_whole(word, &v);

	if (!err && v >= row->min && v <= largest(row)) {
		store(row, into, v);
		return 0;
	}
	if (!row->max) {
		snprintf(hint, sizeof(hint), "give a whole number from %" PRIu64
			 " on, such as 1000 or 10k", row->min);
		return refuse(row, word, err == -ERANGE || (!err && v > row->min) ? "too large" :
			      row->wrong ? row->wrong : "not a number", hint);
	}
	snprintf(why, sizeof(why), "not a number from %" PRIu64 " to %" PRIu64, row->min, row->max);
	snprintf(hint, sizeof(hint), "give a whole one, such as %" PRIu64,
		 row->preset ? row->preset : row->min);
	return refuse(row, word, why, hint);
}

static int set_size(const struct option_row *row, const char *word, void *into, uint64_t *rounded)
{
	char min[OPTION_TEXT], max[OPTION_TEXT], hint[3 * OPTION_TEXT];
	uint64_t v, power;

	if (!num_size(word, &v) && v) {
		power = num_power_of_two(v);
		if (power >= row->min && power <= row->max) {
			store(row, into, power);
			*rounded = power;
			return power != v;
		}
	}
	snprintf(hint, sizeof(hint), "give a power of two from %s to %s, others are rounded up",
		 option_number(min, row, row->min), option_number(max, row, row->max));
	return refuse(row, word, "not a size", hint);
}

static int set_time(const struct option_row *row, const char *word, void *into)
{
	uint64_t ns;
	int err = num_time(word, NUM_SECONDS, &ns);

	if (!err && ns <= YEAR_NS) {
		store(row, into, ns);
		return 0;
	}
	return refuse(row, word, "not a time",
		      "give seconds above 0, at most a year, such as 2.5, or 10s, 500ms, 1m");
}

static int set_percent(const struct option_row *row, const char *word, void *into)
{
	double share;

	if (!num_percent(word, &share)) {
		memcpy((char *)into + row->at, &share, sizeof(share));
		return 0;
	}
	return refuse(row, word, "not a share",
		      "give percent, above 0, at most 100, such as 2%");
}

bool option_can_choose(const struct option_row *row, unsigned int i)
{
	return *row->choice(i) && (!row->choices || row->choices & 1u << i);
}

static int set_choice(const struct option_row *row, const char *word, void *into)
{
	const char *wrong = row->wrong ? row->wrong : "not a choice", *choice;
	char choices[OPTION_TEXT];
	unsigned int i;

	for (i = 0; (choice = row->choice(i)); i++) {
		if (!*choice || strcmp(choice, word) != 0)
			continue;
		if (option_can_choose(row, i)) {
			store(row, into, i);
			return 0;
		}
		if (row->not_here)
			wrong = row->not_here;
	}
	return refuse(row, word, wrong, option_choices(choices, row, false, ", ", " or "));
}

int option_set(const struct option_row *row, char *word, void *into, uint64_t *rounded)
{
	switch (row->type) {
	case OPT_FLAG:
		store(row, into, !row->clears);
		return 0;
	case OPT_NUMBER: return set_number(row, word, into);
	case OPT_SIZE: return set_size(row, word, into, rounded);
	case OPT_TIME: return set_time(row, word, into);
	case OPT_PERCENT: return set_percent(row, word, into);
	case OPT_CHOICE: return set_choice(row, word ? word : row->bare, into);
	case OPT_WORD:
		memcpy((char *)into + row->at, &word, sizeof(word));
		return 0;
	case OPT_OWN: return row->parse(word, into);
	case OPT_IGNORED: break;
	}
	return 0;
}

const char *option_number(char buf[OPTION_TEXT], const struct option_row *row, uint64_t v)
{
	char size[NUM_TEXT];

	if (row->type == OPT_SIZE && row->unit)
		snprintf(buf, OPTION_TEXT, "%s", num_size_text(size, v));
	else
		snprintf(buf, OPTION_TEXT, "%" PRIu64, v);
	return buf;
}

const char *option_default(char buf[OPTION_TEXT], const struct option_row *row)
{
	buf[0] = 0;
	if (row->type == OPT_WORD && row->preset_word)
		snprintf(buf, OPTION_TEXT, "%s", row->preset_word);
	else if (row->type == OPT_CHOICE && (row->bare || option_can_choose(row, row->preset)))
		snprintf(buf, OPTION_TEXT, "%s",
			 row->bare ? row->bare : row->choice((unsigned int)row->preset));
	else if (row->type == OPT_TIME && row->preset)
		snprintf(buf, OPTION_TEXT, "%gs", (double)row->preset / 1e9);
	else if ((row->type == OPT_NUMBER || row->type == OPT_SIZE) && row->preset)
		option_number(buf, row, row->preset);
	return buf;
}

const char *option_choices(char buf[OPTION_TEXT], const struct option_row *row, bool mark,
			   const char *between, const char *last)
{
	unsigned int i, left = 0;
	char preset[OPTION_TEXT];
	size_t n = 0;

	option_default(preset, row);
	for (i = 0; row->choice(i); i++)
		left += option_can_choose(row, i);
	buf[0] = 0;
	for (i = 0; left && n < OPTION_TEXT; i++) {
		if (!option_can_choose(row, i))
			continue;
		left--;
		n += snprintf(buf + n, OPTION_TEXT - n, "%s%s%s", row->choice(i),
			      mark && !strcmp(row->choice(i), preset) ? " (default)" : "",
			      !left ? "" : left == 1 ? last : between);
	}
	return buf;
}
