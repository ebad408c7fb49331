/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What lies below an interface of this network namespace, as rtnetlink tells. */
#ifndef PKTPATH_HOST_IFACE_LINKS_H
#define PKTPATH_HOST_IFACE_LINKS_H

#include <net/if.h>
#include "record.h"

struct layer_if {
	unsigned int ifindex;
	char name[IF_NAMESIZE];
};

struct layers {
	char kind[16];			/* "vlan", "bond", …; "": none that the kernel names */
	struct layer_if parent;		/* the one it was made on; ifindex 0: none in here */
	struct layer_if ports[PP_IFS];	/* those that have it as their master */
	int nr_ports;			/* no more than fit */
};

/* 0 or -errno. */
int layers_find(struct layers *l, unsigned int ifindex);

#endif /* PKTPATH_HOST_IFACE_LINKS_H */
