/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* How each CPU spent its time (/proc/stat). */
#ifndef PKTPATH_HOST_CPU_USE_H
#define PKTPATH_HOST_CPU_USE_H

#include <stdint.h>
#include <stdio.h>

#define CPU_MAX 1024

/* How a CPU spent its time, in ticks of 1 / sysconf(_SC_CLK_TCK) s. */
struct cpu_use {
	int cpu;
	uint64_t user, system, softirq, irq, idle, steal;
};

/* Reads a file of /proc/stat's form. Returns how many CPUs, at most `max`; or -errno. */
int cpu_use_parse(FILE *f, struct cpu_use *use, int max);
int cpu_use_read(struct cpu_use *use, int max);
/* Turns what was read then into what was used since. Returns n; 0 if CPUs came or went. */
int cpu_use_since(struct cpu_use *use, int n);

#endif /* PKTPATH_HOST_CPU_USE_H */
