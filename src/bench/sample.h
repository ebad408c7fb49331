/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What a program costs by itself: BPF_PROG_RUN without a device. */
#ifndef PKTPATH_BENCH_SAMPLE_H
#define PKTPATH_BENCH_SAMPLE_H

#include <stdint.h>
#include "bench_modes.h"
#include "bench/pace.h"

#define FLOOR_SAMPLES 11
#define FLOOR_PIECE   4000000ull	/* ns that one sample takes */
#define FLOOR_MAX     (XB_NR_MODES + XB_NR_WORKS)	/* programs at once */

/*
 * CPU ns per run of several programs on the calling thread's CPU, measured in turn: for each
 * FLOOR_SAMPLES values in out[i]. Returns 0 or -errno;
 * -EINTR if `pace`, which may be NULL, says that it is time to stop.
 */
int floor_sample(const int *fds, int n, uint32_t size, struct pace *pace,
		 double (*out)[FLOOR_SAMPLES]);

#endif /* PKTPATH_BENCH_SAMPLE_H */
