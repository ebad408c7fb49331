// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include "host/cpus.h"

void cpus_read(struct cpus *c)
{
	CPU_ZERO(&c->set);
	if (sched_getaffinity(0, sizeof(c->set), &c->set))
		CPU_SET(0, &c->set);
	c->n = CPU_COUNT(&c->set);
}

int cpus_from_last(const struct cpus *c, unsigned int n)
{
	int i;

	for (i = CPU_SETSIZE - 1; i >= 0; i--)
		if (CPU_ISSET(i, &c->set) && !n--)
			return i;
	return 0;
}

static int set_affinity(const cpu_set_t *set)
{
	return sched_setaffinity(0, sizeof(*set), set) ? -errno : 0;
}

int cpu_pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return set_affinity(&set);
}

int cpus_avoid(const struct cpus *c, unsigned int busy)
{
	cpu_set_t set = c->set;
	unsigned int i;

	for (i = 0; i < busy && i < (unsigned int)c->n; i++)
		CPU_CLR(cpus_from_last(c, i), &set);
	return set_affinity(CPU_COUNT(&set) ? &set : &c->set);
}
