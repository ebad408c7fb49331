// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "host/iface_links.h"

#define REPLY_BYTES 32768	/* as libnetlink has it; the kernel sends no larger one */

/* What a message says of one interface. */
struct link {
	unsigned int ifindex, parent, master;
	bool parent_elsewhere;
	const char *name, *kind;
};

static unsigned int number(struct rtattr *a)
{
	unsigned int n = 0;

	if (RTA_PAYLOAD(a) >= sizeof(n))
		memcpy(&n, RTA_DATA(a), sizeof(n));
	return n;
}

static const char *kind_of(struct rtattr *info)
{
	struct rtattr *a = RTA_DATA(info);
	int len = (int)RTA_PAYLOAD(info);

	for (; RTA_OK(a, len); a = RTA_NEXT(a, len))
		if (a->rta_type == IFLA_INFO_KIND)
			return RTA_DATA(a);
	return "";
}

static struct link read_link(struct nlmsghdr *m)
{
	struct ifinfomsg *body = NLMSG_DATA(m);
	struct link l = { .ifindex = (unsigned int)body->ifi_index, .name = "", .kind = "" };
	struct rtattr *a = IFLA_RTA(body);
	int len = (int)IFLA_PAYLOAD(m);

	for (; RTA_OK(a, len); a = RTA_NEXT(a, len)) {
		switch (a->rta_type) {
		case IFLA_IFNAME: l.name = RTA_DATA(a); break;
		case IFLA_LINK: l.parent = number(a); break;
		case IFLA_LINK_NETNSID: l.parent_elsewhere = true; break;
		case IFLA_MASTER: l.master = number(a); break;
		case IFLA_LINKINFO: l.kind = kind_of(a); break;
		default: break;
		}
	}
	return l;
}

static void take(struct layers *l, unsigned int ifindex, struct nlmsghdr *m)
{
	struct link link = read_link(m);
	struct layer_if *port;

	if (link.ifindex == ifindex) {
		snprintf(l->kind, sizeof(l->kind), "%s", link.kind);
		l->parent.ifindex = link.parent_elsewhere ? 0 : link.parent;
	}
	if (link.master != ifindex || l->nr_ports == PP_IFS)
		return;
	port = &l->ports[l->nr_ports++];
	port->ifindex = link.ifindex;
	snprintf(port->name, sizeof(port->name), "%s", link.name);
}

/* One answer of the dump. 1: it was the last. */
static int receive(int fd, struct layers *l, unsigned int ifindex)
{
	char reply[REPLY_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));
	ssize_t n = recv(fd, reply, sizeof(reply), 0);
	struct nlmsghdr *m = (void *)reply;
	unsigned int len;

	if (n < 0)
		return -errno;
	len = (unsigned int)n;
	for (; NLMSG_OK(m, len); m = NLMSG_NEXT(m, len)) {
		if (m->nlmsg_type == NLMSG_DONE)
			return 1;
		if (m->nlmsg_type == NLMSG_ERROR)
			return -EPROTO;
		if (m->nlmsg_type == RTM_NEWLINK)
			take(l, ifindex, m);
	}
	return 0;
}

int layers_find(struct layers *l, unsigned int ifindex)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg body;
	} ask = { .head = { .nlmsg_len = sizeof(ask), .nlmsg_type = RTM_GETLINK,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP } };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), err;

	memset(l, 0, sizeof(*l));
	if (fd < 0)
		return -errno;
	err = send(fd, &ask, sizeof(ask), 0) < 0 ? -errno : 0;
	while (!err)
		err = receive(fd, l, ifindex);
	close(fd);
	if (l->parent.ifindex && !if_indextoname(l->parent.ifindex, l->parent.name))
		l->parent.ifindex = 0;
	return err < 0 ? err : 0;
}
