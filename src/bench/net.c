// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>
#include "base/procfile.h"
#include "bench/net.h"
#include "host/netlink.h"

static void put_device(struct nl_request *r, const char *name, unsigned int queues)
{
	uint32_t n = queues;

	nl_put(r, IFLA_IFNAME, name, strlen(name) + 1);
	nl_put(r, IFLA_NUM_TX_QUEUES, &n, sizeof(n));
	nl_put(r, IFLA_NUM_RX_QUEUES, &n, sizeof(n));
}

int net_veth(const char *name, const char *peer, unsigned int queues)
{
	struct ifinfomsg none = { .ifi_family = AF_UNSPEC };
	struct rtattr *info, *data, *other;
	struct nl_request r;

	nl_begin(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &none, sizeof(none));
	put_device(&r, name, queues);
	info = nl_put(&r, IFLA_LINKINFO, NULL, 0);
	nl_put(&r, IFLA_INFO_KIND, "veth", 4);
	data = nl_put(&r, IFLA_INFO_DATA, NULL, 0);
	other = nl_put(&r, VETH_INFO_PEER, &none, sizeof(none));
	put_device(&r, peer, queues);
	nl_end(&r, other);
	nl_end(&r, data);
	nl_end(&r, info);
	return nl_talk(&r, NULL, NULL);
}

int net_addr(const char *name, const char *addr, int prefix, bool add)
{
	struct ifaddrmsg m = { .ifa_family = AF_INET, .ifa_prefixlen = prefix };
	struct in_addr a;
	struct nl_request r;

	m.ifa_index = if_nametoindex(name);
	if (!m.ifa_index || inet_pton(AF_INET, addr, &a) != 1)
		return -EINVAL;
	nl_begin(&r, add ? RTM_NEWADDR : RTM_DELADDR, add ? NLM_F_CREATE | NLM_F_EXCL : 0, &m,
	      sizeof(m));
	nl_put(&r, IFA_LOCAL, &a, sizeof(a));
	nl_put(&r, IFA_ADDRESS, &a, sizeof(a));
	return nl_talk(&r, NULL, NULL);
}

int net_blackhole(const char *addr, int prefix, bool add)
{
	struct rtmsg m = { .rtm_family = AF_INET, .rtm_dst_len = prefix, .rtm_table = RT_TABLE_MAIN,
			   .rtm_protocol = RTPROT_STATIC, .rtm_scope = RT_SCOPE_UNIVERSE,
			   .rtm_type = RTN_BLACKHOLE };
	struct in_addr a;
	struct nl_request r;

	if (inet_pton(AF_INET, addr, &a) != 1)
		return -EINVAL;
	nl_begin(&r, add ? RTM_NEWROUTE : RTM_DELROUTE, add ? NLM_F_CREATE | NLM_F_EXCL : 0, &m,
	      sizeof(m));
	nl_put(&r, RTA_DST, &a, sizeof(a));
	return nl_talk(&r, NULL, NULL);
}

int net_up(const char *name)
{
	/* No ARP, so that nothing but the generator's packets is on the wire. */
	return nl_device_up(name, IFF_NOARP);
}

static void take_mac(void *mac, struct nlmsghdr *m)
{
	struct rtattr *a = nl_find(IFLA_RTA(NLMSG_DATA(m)), (int)IFLA_PAYLOAD(m), IFLA_ADDRESS);

	if (a && RTA_PAYLOAD(a) >= 6)
		memcpy(mac, RTA_DATA(a), 6);
}

int net_mac(const char *name, uint8_t mac[6])
{
	struct ifinfomsg m = { .ifi_index = (int)if_nametoindex(name) };
	struct nl_request r;

	if (!m.ifi_index)
		return -errno;
	nl_begin(&r, RTM_GETLINK, 0, &m, sizeof(m));
	return nl_talk(&r, take_mac, mac);
}

int net_private(void)
{
	if (unshare(CLONE_NEWNET))
		return -errno;
	/* Neighbour discovery would be counted as packets; a kernel without IPv6 has none. */
	procfile_write("1", "/proc/sys/net/ipv6/conf/default/disable_ipv6");
	procfile_write("1", "/proc/sys/net/ipv6/conf/all/disable_ipv6");
	/* Defaults come from the namespace that the caller left, whose filter is not ours. */
	procfile_write("0", "/proc/sys/net/ipv4/conf/all/rp_filter");
	procfile_write("0", "/proc/sys/net/ipv4/conf/default/rp_filter");
	return 0;
}
