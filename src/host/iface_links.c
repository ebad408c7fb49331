// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "host/iface_links.h"
#include "host/netlink.h"

/* What a message says of one interface. */
struct link {
	unsigned int ifindex, parent, master;
	bool parent_elsewhere;
	const char *name, *kind;
};

static const char *text(struct rtattr *a)
{
	return a ? RTA_DATA(a) : "";
}

static struct link read_link(struct nlmsghdr *m)
{
	struct ifinfomsg *body = NLMSG_DATA(m);
	struct rtattr *all = IFLA_RTA(body), *info;
	int len = (int)IFLA_PAYLOAD(m);

	info = nl_find(all, len, IFLA_LINKINFO);
	return (struct link){
		.ifindex = (unsigned int)body->ifi_index,
		.parent = nl_number(nl_find(all, len, IFLA_LINK), 0),
		.master = nl_number(nl_find(all, len, IFLA_MASTER), 0),
		.parent_elsewhere = nl_find(all, len, IFLA_LINK_NETNSID),
		.name = text(nl_find(all, len, IFLA_IFNAME)),
		.kind = text(info ? nl_find(RTA_DATA(info), (int)RTA_PAYLOAD(info),
					    IFLA_INFO_KIND) : NULL),
	};
}

struct search {
	struct iface_links *l;
	unsigned int ifindex;
};

static void take(void *arg, struct nlmsghdr *m)
{
	const struct search *s = arg;
	struct link link = read_link(m);
	struct iface_links *l = s->l;
	struct iface_link *port;

	if (link.ifindex == s->ifindex) {
		snprintf(l->kind, sizeof(l->kind), "%s", link.kind);
		l->parent.ifindex = link.parent_elsewhere ? 0 : link.parent;
	}
	if (link.master != s->ifindex || l->nr_ports == IFACE_PORTS_MAX)
		return;
	port = &l->ports[l->nr_ports++];
	port->ifindex = link.ifindex;
	snprintf(port->name, sizeof(port->name), "%s", link.name);
}

int iface_links_find(struct iface_links *l, unsigned int ifindex)
{
	struct search s = { .l = l, .ifindex = ifindex };
	struct ifinfomsg any = {};
	struct nl_request r;
	int err;

	memset(l, 0, sizeof(*l));
	nl_begin(&r, RTM_GETLINK, NLM_F_DUMP, &any, sizeof(any));
	err = nl_talk(&r, take, &s);
	if (l->parent.ifindex && !if_indextoname(l->parent.ifindex, l->parent.name))
		l->parent.ifindex = 0;
	return err;
}
