// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include "host/cpu_use.h"

int cpu_use_parse(FILE *f, struct cpu_use *use, int max)
{
	unsigned long long v[8];
	char line[512];
	int n = 0, cpu;

	while (n < max && fgets(line, sizeof(line), f)) {
		/* The line of all CPUs together has no number, only a space. */
		if (line[3] == ' ' ||
		    sscanf(line, "cpu%d %llu %llu %llu %llu %llu %llu %llu %llu", &cpu, &v[0],
			   &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]) != 9)
			continue;
		use[n++] = (struct cpu_use){ .cpu = cpu, .user = v[0] + v[1], .system = v[2],
					     .idle = v[3] + v[4], .irq = v[5], .softirq = v[6],
					     .steal = v[7] };
	}
	return n;
}

int cpu_use_read(struct cpu_use *use, int max)
{
	FILE *f = fopen("/proc/stat", "re");
	int n;

	if (!f)
		return -errno;
	n = cpu_use_parse(f, use, max);
	fclose(f);
	return n;
}

int cpu_use_since(struct cpu_use *use, int n)
{
	struct cpu_use now[CPU_MAX] = { 0 };
	int i;

	if (cpu_use_read(now, CPU_MAX) != n)
		return 0;
	for (i = 0; i < n; i++) {
		use[i].user = now[i].user - use[i].user;
		use[i].system = now[i].system - use[i].system;
		use[i].softirq = now[i].softirq - use[i].softirq;
		use[i].irq = now[i].irq - use[i].irq;
		use[i].idle = now[i].idle - use[i].idle;
		use[i].steal = now[i].steal - use[i].steal;
	}
	return n;
}
