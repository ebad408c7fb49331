/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef PKTPATH_BASE_CLOCK_H
#define PKTPATH_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* A clock's time in ns: CLOCK_MONOTONIC, as in records, or another one's. */
static inline uint64_t now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

#endif /* PKTPATH_BASE_CLOCK_H */
