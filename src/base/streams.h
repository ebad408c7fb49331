/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Standard output that a signal can interrupt. The ending signals are blocked and wait for the
 * loop; but when the reader of a pipe does not read, a write would never return to it.
 */
#ifndef PKTPATH_BASE_STREAMS_H
#define PKTPATH_BASE_STREAMS_H

#include <stdint.h>
#include <stdio.h>

/*
 * A stream onto `fd`, which stays open when the stream is closed. Writes fail with EINTR when
 * they cannot proceed and SIGINT, SIGTERM or SIGHUP is pending. NULL with errno set.
 */
FILE *out_open(int fd);

/* From then on (CLOCK_MONOTONIC, ns) they fail with ETIMEDOUT where nothing moves for a second. */
void out_until(uint64_t ns);

#endif /* PKTPATH_BASE_STREAMS_H */
