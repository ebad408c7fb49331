/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Which CPUs there are for this process, and which thread may run where. */
#ifndef PKTPATH_HOST_CPUS_H
#define PKTPATH_HOST_CPUS_H

#include <sched.h>

struct cpus {
	cpu_set_t set;
	int n;
};

/* Those that the calling thread may use now: ask before cpu_pin() and cpus_avoid(). */
void cpus_read(struct cpus *c);
/* The (n + 1)th from the end; the first CPUs tend to serve the machine's interrupts. */
int cpus_from_last(const struct cpus *c, unsigned int n);

/* Pins the calling thread to a CPU. 0 or -errno. */
int cpu_pin(int cpu);
/* Keeps it off the last `busy` ones, unless these are all. 0 or -errno. */
int cpus_avoid(const struct cpus *c, unsigned int busy);

#endif /* PKTPATH_HOST_CPUS_H */
