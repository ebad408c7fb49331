// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "kallsyms.h"

static int next_text(FILE *f, unsigned long long *addr, char name[256])
{
	char line[512], type;

	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%llx %c %255s", addr, &type, name) == 3 &&
		    (type == 't' || type == 'T'))
			return 1;
	return 0;
}

int kallsyms_range(const char *symbol, __u64 *start, __u64 *len)
{
	unsigned long long addr, begin = 0, end = ~0ull;
	FILE *f = fopen("/proc/kallsyms", "re");
	char name[256];

	*start = *len = 0;
	if (!f)
		return -ENOENT;
	while (next_text(f, &addr, name))
		if (!strcmp(name, symbol))
			begin = addr;
	rewind(f);
	while (begin && next_text(f, &addr, name))
		if (addr > begin && addr < end)
			end = addr;
	fclose(f);
	if (!begin || end == ~0ull)
		return -ENOENT;
	*start = begin;
	*len = end - begin;
	return 0;
}
