/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What the kernel has counted of a program, while it counts (BPF_ENABLE_STATS, or its sysctl). */
#ifndef PKTPATH_TRACE_RUN_TIME_H
#define PKTPATH_TRACE_RUN_TIME_H

#include <stdint.h>

struct run_time {
	uint64_t runs, ns;
};

/*
 * Of a program, by its descriptor. 0 or -errno: -EPERM before v5.19 without a capability, where
 * unprivileged BPF is disabled; -ENODATA from a kernel that does not count.
 */
int run_time_read(int prog_fd, struct run_time *t);

#endif /* PKTPATH_TRACE_RUN_TIME_H */
