/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What becomes of packets that a program transmits or redirects: its verdict says nothing of
 * arrival. The far end is on another machine, so the last that can be known is whether the
 * target's driver took them.
 */
#ifndef PKTPATH_BENCH_SENT_H
#define PKTPATH_BENCH_SENT_H

#include "bench/program.h"
#include "xdpbench.h"

struct sent;

/* Does this mode send packets on, and can it be told whether they left? */
bool sent_can_tell(enum xb_mode mode, bool generic);
/* Watches `p`, which is not attached yet to `ifindex`. 0 or -errno. */
int sent_open(struct sent **out, const struct prog *p, enum xb_mode mode, bool generic,
	      unsigned int ifindex);
void sent_free(struct sent *s);
/* Packets that a target's driver took, of `seen` that the program did. */
uint64_t sent_on(const struct sent *s, uint64_t seen);
/* All since it was opened. */
void sent_read(const struct sent *s, struct xb_sent *counts);

#endif /* PKTPATH_BENCH_SENT_H */
