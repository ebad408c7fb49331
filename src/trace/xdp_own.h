/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Attaching pktpath's own XDP program to an interface, and saying what that changes. */
#ifndef PKTPATH_TRACE_XDP_OWN_H
#define PKTPATH_TRACE_XDP_OWN_H

#include "trace/xdp_stage.h"

/*
 * Attaches one of the two programs (the second also takes frames of several buffers; -1: there is
 * none) to a device that has no XDP program, and notes how in `d`. Returns the link, or -errno
 * after one line on stderr.
 */
int xdpown_attach(struct xdp_dev *d, enum xdp_want want, const int prog[2]);

/* Waits for the link of those devices that had one and lost it. */
void xdpown_wait(const struct xdpscan *s, const bool had_link[PP_IFS]);

bool xdpown_has_link(const struct xdp_dev *d);

#endif /* PKTPATH_TRACE_XDP_OWN_H */
