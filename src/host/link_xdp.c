// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <stdio.h>
#include <string.h>
#include "host/link_xdp.h"
#include "host/netlink.h"

struct asked {
	void (*each)(void *arg, const struct link_xdp *x);
	void *arg;
};

static uint32_t id(struct rtattr *xdp, int type)
{
	return xdp ? nl_number(nl_find(RTA_DATA(xdp), (int)RTA_PAYLOAD(xdp), type), 0) : 0;
}

static void take(void *arg, struct nlmsghdr *m)
{
	const struct asked *asked = arg;
	struct ifinfomsg *body = NLMSG_DATA(m);
	int len = (int)IFLA_PAYLOAD(m);
	struct rtattr *xdp = nl_find(IFLA_RTA(body), len, IFLA_XDP);
	struct rtattr *name = nl_find(IFLA_RTA(body), len, IFLA_IFNAME);
	struct link_xdp x = {
		.ifindex = (unsigned int)body->ifi_index,
		.native = id(xdp, IFLA_XDP_DRV_PROG_ID),
		.generic = id(xdp, IFLA_XDP_SKB_PROG_ID),
		.hardware = id(xdp, IFLA_XDP_HW_PROG_ID),
	};

	snprintf(x.name, sizeof(x.name), "%s", name ? (char *)RTA_DATA(name) : "");
	asked->each(asked->arg, &x);
}

int link_xdp_all(void (*each)(void *arg, const struct link_xdp *x), void *arg)
{
	struct asked asked = { each, arg };
	struct ifinfomsg any = {};
	struct nl_request r;

	nl_begin(&r, RTM_GETLINK, NLM_F_DUMP, &any, sizeof(any));
	return nl_talk(&r, take, &asked);
}

static void keep(void *arg, const struct link_xdp *x)
{
	*(struct link_xdp *)arg = *x;
}

int link_xdp_ask(struct link_xdp *x, unsigned int ifindex, int nsid)
{
	struct ifinfomsg body = { .ifi_index = (int)ifindex };
	struct asked asked = { keep, x };
	struct nl_request r;

	memset(x, 0, sizeof(*x));
	nl_begin(&r, RTM_GETLINK, 0, &body, sizeof(body));
	if (nsid >= 0)
		nl_put(&r, IFLA_TARGET_NETNSID, &nsid, sizeof(nsid));
	return nl_talk(&r, take, &asked);
}
