// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <stdlib.h>
#include <string.h>
#include "trace/places.h"

#define PLACE(kind, function) { PP_AT_##kind, #function },

static const struct {
	enum pp_place place;
	const char *function;
} places[] = { PP_PLACES(PLACE) };

#define NR_PLACES (sizeof(places) / sizeof(places[0]))

/* Is the symbol this function, or a part of it that the compiler has given a suffix? */
static bool is_part_of(const char *symbol, const char *function)
{
	size_t len = strlen(function);

	return !strncmp(symbol, function, len) && strchr(". ", symbol[len]);
}

struct finding {
	struct pp_range *ranges;
	unsigned int nr;
};

/* Symbols come in the order of their addresses. */
static bool add_symbol(void *arg, const char *symbol, uint64_t begin, uint64_t end)
{
	struct finding *f = arg;
	size_t i;

	for (i = 0; i < NR_PLACES; i++) {
		if (!is_part_of(symbol, places[i].function))
			continue;
		f->ranges[f->nr++] = (struct pp_range){ begin, end - begin, places[i].place };
		break;
	}
	return f->nr < PP_PLACE_MAX;
}

void places_find(struct pp_range ranges[PP_PLACE_MAX], struct kallsyms *symbols)
{
	struct finding f = { .ranges = ranges };
	int i;

	for (i = 0; i < PP_PLACE_MAX; i++)
		ranges[i] = (struct pp_range){ .begin = ~0ull };
	kallsyms_walk(symbols, add_symbol, &f);
}
