/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The generator: one pinned thread a core inside BPF_PROG_RUN with live frames. */
#ifndef PKTPATH_BENCH_GENERATOR_H
#define PKTPATH_BENCH_GENERATOR_H

#include <stdbool.h>
#include <stdint.h>
#include "host/cpus.h"
#include "xdpbench.h"

#define GEN_REPEAT (1u << 30)	/* frames a call: a call costs a fixed 10 to 30 ms */
/* No multiple of NAPI's budget of 64, which would cost one more poll that finds nothing. */
#define GEN_BATCH     96
#define GEN_BATCH_MAX 256	/* TEST_XDP_MAX_BATCH (net/bpf/test_run.c, v5.18) */

struct gen_opts {
	unsigned int ifindex;	/* the device that the frames leave by */
	uint8_t dst[6];		/* its peer's address */
	uint32_t size;		/* bytes without the checksum */
	uint32_t flows, batch, cores, repeat;
	struct cpus cpus;	/* of these the last */
};

struct gen;

/* Loads the program. 0 or -errno; -EOPNOTSUPP: this kernel has no live frames (before v5.18). */
int gen_new(struct gen **out, const struct gen_opts *o);
/* Starts the threads, which idle until gen_set(). */
int gen_start(struct gen *g);
/* Ends them; what they counted stays. 0 or the -errno that ended one before. */
int gen_stop(struct gen *g);
void gen_free(struct gen *g);

/* What the threads do from their next frame on; every Nth frame is stamped, 0 = none. */
void gen_set(struct gen *g, enum xb_gen what);
void gen_stamp(struct gen *g, uint32_t every);

/* Frames so far: given to the device; made for nothing (XB_GEN_ALONE). */
uint64_t gen_sent(const struct gen *g);
uint64_t gen_alone(const struct gen *g);
/* Calls of BPF_PROG_RUN that came back by themselves. */
uint64_t gen_calls(const struct gen *g);
/* Its calls are ended and started anew now and then, for RCU's sake. */
bool gen_is_kicked(const struct gen *g);
/* 0, or what ended a thread that should run. */
int gen_error(const struct gen *g);

/* The CPU and the thread ID of generator `i`. */
int gen_cpu(const struct gen *g, unsigned int i);
int gen_tid(const struct gen *g, unsigned int i);

/* Writes an Ethernet, IPv4 and UDP frame of `size` bytes, 60 or more. */
void gen_frame(uint8_t *frame, uint32_t size, const uint8_t dst[6]);

#endif /* PKTPATH_BENCH_GENERATOR_H */
