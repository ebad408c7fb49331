/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What lies below an interface of this network namespace, as rtnetlink has it. */
#ifndef PKTPATH_HOST_IFACE_LINKS_H
#define PKTPATH_HOST_IFACE_LINKS_H

#include <net/if.h>

#define IFACE_PORTS_MAX 16

struct iface_link {
	unsigned int ifindex;
	char name[IF_NAMESIZE];
};

struct iface_links {
	char kind[16];			/* "vlan", "bond", …; "": none that the kernel names */
	struct iface_link parent;	/* the one it was made on; ifindex 0: none in here */
	struct iface_link ports[IFACE_PORTS_MAX];	/* those whose master it is */
	int nr_ports;			/* no more than fit */
};

/* 0 or -errno. */
int iface_links_find(struct iface_links *l, unsigned int ifindex);

#endif /* PKTPATH_HOST_IFACE_LINKS_H */
