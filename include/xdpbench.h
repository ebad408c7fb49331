/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What the benchmark's BPF programs (bpf/bench/) and its loader (src/bench/) share. */
#ifndef PKTPATH_INCLUDE_XDPBENCH_H
#define PKTPATH_INCLUDE_XDPBENCH_H

#include <linux/types.h>
#include "bench_modes.h"

/* Set before load, so that what is not wanted vanishes from the program. */
struct xb_recv_cfg {
	__u32 mode;
	__u32 work;
	__u32 count;	/* count packets in counts[] */
	__u32 stamps;	/* note the latency of stamped packets in samples[]: here, */
	__u32 cpu_stamps;	/* or on the CPU that they were sent to */
	__u32 ifindex;	/* of the target, for modes without a map */
};

/* What the generator does with a frame; changes while it runs. The last is said with another. */
enum xb_gen { XB_GEN_IDLE, XB_GEN_ALONE, XB_GEN_SEND, XB_GEN_VARIED = 4 };

struct xb_gen_cfg {
	__u32 what;		/* and XB_GEN_VARIED where frames differ: flows or stamps */
	__u32 flows;		/* source ports */
	__u32 stamp_every;	/* 0 = no stamps */
};

#define XB_CPUS	   1024
#define XB_CPUMAPS 4

/* One a CPU, a cache line each. */
struct xb_slot {
	__u64 sent;	/* frames given to the device */
	__u64 alone;	/* frames made and thrown away by the generator itself */
	__u64 pad[6];
};

/* What the kernel says of packets that a program sent on. */
struct xb_sent {
	__u64 taken;	/* by the target's driver; native redirects only */
	__u64 refused;	/* by the driver, from a bulk */
	__u64 failed;	/* one by one, before or at the driver */
	__u32 err;	/* the last reason that was given, a positive errno; 0 = none was */
	__u32 pad;
};

/* A stamped packet's payload, behind Ethernet, IPv4 and UDP: the magic, then CLOCK_MONOTONIC. */
#define XB_STAMP_AT  42
#define XB_STAMP_LEN 16
#define XB_MAGIC     0x70706b7470617468ull
#define XB_SAMPLES   (1u << 16)
#define XB_PORT	     9		/* destination: discard */

#endif /* PKTPATH_INCLUDE_XDPBENCH_H */
