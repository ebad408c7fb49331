// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "host/kallsyms.h"

#define MAX_FUNC (1u << 20)	/* farther behind a function's start nothing belongs to it */

struct symbol {
	uint64_t addr;
	char *name;
};

static struct symbol *symbols;
static size_t nr, room;
static bool loaded;

static void add(uint64_t addr, const char *name, const char *module)
{
	struct symbol *s;
	char *text;

	if (nr == room) {
		s = realloc(symbols, (room ? 2 * room : 1 << 16) * sizeof(*s));
		if (!s)
			return;
		symbols = s;
		room = room ? 2 * room : 1 << 16;
	}
	if (asprintf(&text, "%s%s%s", name, *module ? " " : "", module) < 0)
		return;
	symbols[nr++] = (struct symbol){ addr, text };
}

static int by_addr(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/* Lines are "ADDRESS TYPE NAME", and a tab and "[MODULE]" behind those of modules. */
static void load(void)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	char *line = NULL, *end, *name, *module;
	size_t size = 0;
	uint64_t addr;

	loaded = true;
	if (!f)
		return;
	while (getline(&line, &size, f) > 0) {
		addr = strtoull(line, &end, 16);
		/* All zeros: kernel.kptr_restrict hides them. */
		if (!addr || *end != ' ' || !strchr("tw", tolower(end[1])) || end[2] != ' ')
			continue;
		name = end + 3;
		end = name + strcspn(name, "\t\n");
		module = *end == '\t' ? end + 1 : end;
		module[strcspn(module, "\n")] = '\0';
		*end = '\0';
		add(addr, name, module);
	}
	free(line);
	fclose(f);
	qsort(symbols, nr, sizeof(*symbols), by_addr);
}

void symbol_name(uint64_t addr, char *buf, size_t len)
{
	size_t low = 0, high, mid;

	buf[0] = '\0';
	if (!loaded)
		load();
	high = nr;
	while (low < high) {
		mid = (low + high) / 2;
		if (symbols[mid].addr <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	/* Of several names of one address the first in order, as the kernel has it. */
	while (low > 1 && symbols[low - 2].addr == symbols[low - 1].addr)
		low--;
	if (low && addr - symbols[low - 1].addr < MAX_FUNC)
		snprintf(buf, len, "%s", symbols[low - 1].name);
}

void symbols_free(void)
{
	while (nr)
		free(symbols[--nr].name);
	free(symbols);
	symbols = NULL;
	room = 0;
	loaded = false;
}
