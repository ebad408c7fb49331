// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "host/kallsyms.h"

#define MAX_FUNC (1u << 20)	/* farther behind a function's start nothing belongs to it */

struct kallsym {
	uint64_t addr;
	char *name;
};

static void add(struct kallsyms *k, size_t *room, uint64_t addr, const char *name,
		const char *module)
{
	struct kallsym *s;
	char *text;

	if (k->nr == *room) {
		s = realloc(k->all, (*room ? 2 * *room : 1 << 16) * sizeof(*s));
		if (!s)
			return;
		k->all = s;
		*room = *room ? 2 * *room : 1 << 16;
	}
	if (asprintf(&text, "%s%s%s", name, *module ? " " : "", module) < 0)
		return;
	k->all[k->nr++] = (struct kallsym){ addr, text };
}

static int by_addr(const void *a, const void *b)
{
	const struct kallsym *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/* Lines are "ADDRESS TYPE NAME", and a tab and "[MODULE]" behind those of modules. */
static void load(struct kallsyms *k)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	char *line = NULL, *end, *name, *module;
	size_t size = 0, room = 0;
	uint64_t addr;

	k->loaded = true;
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
		add(k, &room, addr, name, module);
	}
	free(line);
	fclose(f);
	if (k->nr)
		qsort(k->all, k->nr, sizeof(*k->all), by_addr);
}

void kallsyms_name(struct kallsyms *k, uint64_t addr, char *buf, size_t len)
{
	size_t low = 0, high, mid;

	buf[0] = '\0';
	if (!k->loaded)
		load(k);
	high = k->nr;
	while (low < high) {
		mid = (low + high) / 2;
		if (k->all[mid].addr <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	/* Of several names of one address the first in order, as the kernel has it. */
	while (low > 1 && k->all[low - 2].addr == k->all[low - 1].addr)
		low--;
	if (low && addr - k->all[low - 1].addr < MAX_FUNC)
		snprintf(buf, len, "%s", k->all[low - 1].name);
}

void kallsyms_walk(struct kallsyms *k, kallsyms_fn fn, void *arg)
{
	uint64_t end;
	size_t i, next = 0;

	if (!k->loaded)
		load(k);
	for (i = 0; i < k->nr; i++) {
		/* A function may have several names. */
		while (next < k->nr && k->all[next].addr <= k->all[i].addr)
			next++;
		end = next < k->nr ? k->all[next].addr : k->all[i].addr + MAX_FUNC;
		if (!fn(arg, k->all[i].name, k->all[i].addr, end))
			break;
	}
}

void kallsyms_free(struct kallsyms *k)
{
	while (k->nr)
		free(k->all[--k->nr].name);
	free(k->all);
	*k = (struct kallsyms){ 0 };
}
