/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What every command of `pktpath bench` is given. In the order of the flow: subject (what a word
 * names), mode and ends (what becomes of packets), program, generator, bed (devices, counters, one
 * slice of time) and books; then run, compare, ladder, floor and outside, which measure, and
 * X_show, which print.
 */
#ifndef PKTPATH_BENCH_H
#define PKTPATH_BENCH_H

#include <stdbool.h>
#include <stdint.h>
#include "base/why.h"
#include "bench/pace.h"
#include "bench/subject.h"
#include "host/cpus.h"
#include "host/machine.h"

#define BENCH_SCHEMA "pktpath.bench.v2"

struct bench_opts {
	struct bench_spec specs[2];
	int nr_specs;
	const char *ifname;	/* a device with traffic from outside, NULL = a bed of our own */
	const char *to[2];	/* where redirects go then */
	int nr_to;
	bool generic;		/* XDP in the stack instead of in the driver */
	bool gro, sink;		/* on; off shows what is lost then */
	bool json, quiet;
	enum xb_work work;	/* of specs that name none */
	uint32_t size, flows, batch, cores, repeat;
	uint64_t seconds_ns;	/* 0 = the command's own */
	struct cpus cpus;	/* that it began with */
};

/*
 * One run. The commands return 0 or -errno, and `why` says the rest. A run that measured but
 * found no rate shows what it has, and returns -ENODATA.
 */
struct bench {
	struct bench_opts o;
	struct why why;
	struct pace pace;
	struct machine machine;
};

#endif /* PKTPATH_BENCH_H */
