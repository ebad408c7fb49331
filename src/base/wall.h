/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What lies between the wall clock and the clock of records, and when that changes at a stroke. */
#ifndef PKTPATH_BASE_WALL_H
#define PKTPATH_BASE_WALL_H

#include <stdint.h>

/* CLOCK_REALTIME minus CLOCK_MONOTONIC, ns. */
uint64_t wall_offset(void);

/* A descriptor that can be read when the clock has been set, or the machine slept; or -errno. */
int wall_watch(void);

/* Has it been? Waits for the next time from here on. */
int wall_was_set(int fd);

#endif /* PKTPATH_BASE_WALL_H */
