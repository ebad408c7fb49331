/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* CPUs: which there are, who may run where, what threads used and how each CPU spent its time. */
#ifndef PKTPATH_HOST_CPUS_H
#define PKTPATH_HOST_CPUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CPU_MAX 1024

/* CPUs that this process may use, as it was when first asked. */
int cpu_count(void);
/* The (n + 1)th from the end; the first CPUs tend to serve the machine's interrupts. */
int cpu_nth_from_last(unsigned int n);
/* Pins the calling thread to a CPU; cpu_avoid() keeps it off the last `busy` ones. */
int cpu_pin(int cpu);
int cpu_avoid(unsigned int busy);

/* CPU time of several threads, the kernel's among them. */
struct meter;

int meter_new(struct meter **out);
/* A thread of this process, or one of the kernel's. 0 or -errno. */
int meter_add(struct meter *m, int tid);
/* The kernel thread of this name: "ksoftirqd/1". -ESRCH if there is none. */
int meter_add_named(struct meter *m, const char *comm);
/* Sum in ns since each thread began. */
uint64_t meter_read(struct meter *m);
void meter_free(struct meter *m);

/* How a CPU spent its time, in ticks of 1 / sysconf(_SC_CLK_TCK) s (/proc/stat). */
struct cpu_use {
	int cpu;
	uint64_t user, system, softirq, irq, idle, steal;
};

/* Reads a file of /proc/stat's form. Returns how many CPUs, at most `max`; or -errno. */
int cpu_use_parse(FILE *f, struct cpu_use *use, int max);
int cpu_use_read(struct cpu_use *use, int max);
/* Turns what was read then into what was used since. Returns n; 0 if CPUs came or went. */
int cpu_use_since(struct cpu_use *use, int n);

#endif /* PKTPATH_HOST_CPUS_H */
