/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* An AF_XDP socket and the thread that receives from it. */
#ifndef PKTPATH_BENCH_XSK_H
#define PKTPATH_BENCH_XSK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xsk;

/* A socket on one queue of a device, bound. 0 or -errno; -EAFNOSUPPORT: the kernel has none. */
int xsk_new(struct xsk **out, unsigned int ifindex, uint32_t queue);
int xsk_fd(const struct xsk *x);
/* Starts the thread on a CPU. xsk_free() ends it. */
int xsk_start(struct xsk *x, int cpu);
int xsk_tid(const struct xsk *x);
uint64_t xsk_received(const struct xsk *x);
/* What the kernel could not give to the socket: no buffer in the fill ring, or no room. */
int xsk_losses(const struct xsk *x, uint64_t *no_buffer, uint64_t *ring_full);
/* Notes latencies of stamped packets; XB_SAMPLES at most. */
void xsk_stamps(struct xsk *x, bool on);
size_t xsk_samples(const struct xsk *x, const uint64_t **samples);
void xsk_free(struct xsk *x);

#endif /* PKTPATH_BENCH_XSK_H */
