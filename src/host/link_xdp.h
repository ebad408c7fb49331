/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Which XDP programs are attached to interfaces, as rtnetlink has it: one question for all. */
#ifndef PKTPATH_HOST_LINK_XDP_H
#define PKTPATH_HOST_LINK_XDP_H

#include <net/if.h>
#include <stdint.h>

/* IDs of programs; 0 = none. */
struct link_xdp {
	unsigned int ifindex;
	char name[IF_NAMESIZE];
	uint32_t native, generic, hardware;
};

/* Calls `each` for all interfaces of the calling thread's network namespace. 0 or -errno. */
int link_xdp_all(void (*each)(void *arg, const struct link_xdp *x), void *arg);

/* Of one interface; `nsid` is links_nsid(), -1 the thread's own namespace. 0 or -errno. */
int link_xdp_ask(struct link_xdp *x, unsigned int ifindex, int nsid);

#endif /* PKTPATH_HOST_LINK_XDP_H */
