/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The calling thread's capabilities (capabilities(7)): bit n of a set is capability n. */
#ifndef PKTPATH_HOST_CAPS_H
#define PKTPATH_HOST_CAPS_H

#include <stdbool.h>
#include <stdint.h>

struct caps {
	uint64_t effective, permitted, inheritable;
};

/* 0 or -errno. */
int caps_read(struct caps *c);

/* Is this one (CAP_xxx) effective? */
bool caps_have(int cap);

#endif /* PKTPATH_HOST_CAPS_H */
