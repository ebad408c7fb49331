/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What the programs of floors.bpf.c do, and how `floors` puts them on the tracer's hooks. */
#ifndef PKTPATH_FLOORS_H
#define PKTPATH_FLOORS_H

enum floor_kind {
	FLOOR_EMPTY,	/* nothing */
	FLOOR_CLOCK,	/* read the clock */
	FLOOR_SLOT,	/* read the clock and note it in an array's slot, by the skb's address */
	FLOOR_COUNT,	/* count how often they run */
	FLOOR_NR
};

#ifndef __bpf__
#include <stdint.h>
#include "hooks/plan.h"

struct floor;

/* Load, not attached yet. 0 or -errno. */
int floor_new(struct floor **out, enum floor_kind kind, const struct plan *plan);
int floor_attach(struct floor *f);
void floor_detach(struct floor *f);
uint64_t floor_calls(const struct floor *f);
void floor_free(struct floor *f);
#endif

#endif /* PKTPATH_FLOORS_H */
