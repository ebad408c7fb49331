/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* A program under test, from its spec to the device. */
#ifndef PKTPATH_BENCH_PROGRAM_H
#define PKTPATH_BENCH_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>
#include "base/why.h"
#include "bench/subject.h"

/* What it is loaded for. */
struct prog_env {
	bool count;		/* it counts what it sees: where the driver does not */
	bool stamps;		/* it notes latencies */
	unsigned int to[2];	/* devices that redirects go to */
	int cpu;		/* that packets are sent to */
};

struct prog;

/* 0 or -errno, with `why` filled in. */
int prog_load(struct prog **out, const struct bench_spec *spec, const struct prog_env *env,
	      struct why *why);
void prog_free(struct prog *p);
int prog_fd(const struct prog *p);
/* Packets that it counted; those sent to another CPU are counted there. */
uint64_t prog_counted(const struct prog *p);
/* The map of sockets of an xsk program; -1 if it has none. */
int prog_socks_fd(const struct prog *p);
/* The ID of its map of CPUs, from which the kernel names its threads; 0 if none. */
uint32_t prog_cpumap_id(const struct prog *p);
/* Latencies in ns since it was loaded, at most XB_SAMPLES; returns how many. */
size_t prog_samples(const struct prog *p, const uint64_t **samples);

/* The tc program that drops and counts, in a prog of its own. 0 or -errno. */
int prog_load_shot(struct prog **out);

/*
 * Attaches by a link, which replaces nobody's program and ends with the process. Returns the
 * link's descriptor or -errno: -EBUSY or -EEXIST where somebody else's program is.
 */
int prog_attach(const struct prog *p, unsigned int ifindex, bool generic);
/* Puts another program in its place. */
int prog_swap(int link, const struct prog *p);
/* The ID of a device's XDP program; 0 if it has none or cannot be asked. */
uint32_t prog_on_device(unsigned int ifindex);

#endif /* PKTPATH_BENCH_PROGRAM_H */
