/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * `pktpath bench`: what the words ask for, and what each of its commands does with them. In the
 * order of the flow: bench_spec (what a word names), bench_prog (its program), bench_gen (who
 * sends), bench_bed (devices, counters, one slice of time), then bench_run, bench_compare,
 * bench_ladder and bench_floor, and bench_text and bench_json, which show the results.
 */
#ifndef PKTPATH_BENCH_BENCH_H
#define PKTPATH_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "xdpbench.h"

#define BENCH_SCHEMA "pktpath.bench.v1"
#define LABEL_LEN    96

/* One program to measure: "drop", "drop:clock", "prog.o:xdp". */
struct bench_spec {
	enum xb_mode mode;
	enum xb_work work;
	char file[256], section[64];	/* of XB_USER */
	char label[LABEL_LEN];
};

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
};

/* Each returns the exit status, having said why where it is not 0. */
int bench_run(const struct bench_opts *o);
int bench_outside(const struct bench_opts *o);	/* with -i */
int bench_compare(const struct bench_opts *o);
int bench_ladder(const struct bench_opts *o);
int bench_floor(const struct bench_opts *o);

/* --- bench_spec.c --- */

/* "MODE", "MODE:WORK" or "FILE.o:SECTION". 0, or -1 after one line on stderr. */
int spec_parse(const char *word, enum xb_work work, struct bench_spec *spec);
void spec_make(struct bench_spec *spec, enum xb_mode mode, enum xb_work work);

/* --- bench_stop.c: the end of a run, and its progress --- */

/* From now on SIGINT, SIGTERM and SIGHUP only end the measurement. */
void stop_on_signals(void);
bool stop_asked(void);
/* 0, or -EINTR if it is time to stop. */
int bench_sleep(uint64_t ns);
/* One line on the terminal that says how far it is; nothing elsewhere, or if `quiet`. */
void progress(bool quiet, const char *what, double share);
void progress_end(void);

#endif /* PKTPATH_BENCH_BENCH_H */
