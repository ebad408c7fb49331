/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What a figure depends on besides the program: read once, before anything is loaded. */
#ifndef PKTPATH_HOST_MACHINE_H
#define PKTPATH_HOST_MACHINE_H

#include <stdbool.h>

struct machine {
	char kernel[128];		/* release and machine */
	char cpu[128];			/* its name */
	char mitigations[512];		/* active ones, and what of the CPU is vulnerable */
	int jit;			/* net.core.bpf_jit_enable; -1 = unknown */
	int bpf_stats;			/* kernel.bpf_stats_enabled; costs two clocks a program */
	int cpus;
	int programs;			/* BPF programs of others; -1 = unknown */
	int xdp_programs, tracing_programs;	/* of those */
	bool kicked;			/* the generator restarts now and then, for RCU */
	char napi[16];			/* softirq, threaded */
	int gro;			/* of the device under test; -1 = unknown */
};

/* Of the machine; the device under test is taken to be one of our own. */
void machine_read(struct machine *env, bool gro);
/* What is different about a device of somebody else. */
void machine_device(struct machine *env, const char *name);

#endif /* PKTPATH_HOST_MACHINE_H */
