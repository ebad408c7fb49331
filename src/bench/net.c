// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "bench/net.h"

/* --- netlink: one request at a time, built in place --- */

struct request {
	struct nlmsghdr head;
	char body[1024];
};

static void *tail(struct request *r)
{
	return (char *)r + NLMSG_ALIGN(r->head.nlmsg_len);
}

static void begin(struct request *r, int type, int flags, const void *body, size_t len)
{
	memset(r, 0, sizeof(*r));
	r->head.nlmsg_type = type;
	r->head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	r->head.nlmsg_len = NLMSG_LENGTH(len);
	memcpy(NLMSG_DATA(&r->head), body, len);
}

static struct rtattr *put(struct request *r, int type, const void *data, size_t len)
{
	struct rtattr *a = tail(r);

	a->rta_type = type;
	a->rta_len = RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(a), data, len);
	r->head.nlmsg_len = NLMSG_ALIGN(r->head.nlmsg_len) + RTA_ALIGN(a->rta_len);
	return a;
}

static void end_nest(struct request *r, struct rtattr *nest)
{
	nest->rta_len = (char *)tail(r) - (char *)nest;
}

static int talk(struct request *r)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr err;
		char text[512];
	} reply;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), err = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	if (send(fd, r, r->head.nlmsg_len, 0) < 0)
		err = -errno;
	n = err ? 0 : recv(fd, &reply, sizeof(reply), 0);
	if (n < 0)
		err = -errno;
	else if (!err)
		err = n < (ssize_t)NLMSG_LENGTH(sizeof(reply.err)) ||
		      reply.head.nlmsg_type != NLMSG_ERROR ? -EPROTO : reply.err.error;
	close(fd);
	return err;
}

static void put_device(struct request *r, const char *name, unsigned int queues)
{
	uint32_t n = queues;

	put(r, IFLA_IFNAME, name, strlen(name) + 1);
	put(r, IFLA_NUM_TX_QUEUES, &n, sizeof(n));
	put(r, IFLA_NUM_RX_QUEUES, &n, sizeof(n));
}

int net_veth(const char *name, const char *peer, unsigned int queues)
{
	struct ifinfomsg none = { .ifi_family = AF_UNSPEC };
	struct rtattr *info, *data, *other;
	struct request r;

	begin(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &none, sizeof(none));
	put_device(&r, name, queues);
	info = put(&r, IFLA_LINKINFO, NULL, 0);
	put(&r, IFLA_INFO_KIND, "veth", 4);
	data = put(&r, IFLA_INFO_DATA, NULL, 0);
	other = put(&r, VETH_INFO_PEER, &none, sizeof(none));
	put_device(&r, peer, queues);
	end_nest(&r, other);
	end_nest(&r, data);
	end_nest(&r, info);
	return talk(&r);
}

int net_addr(const char *name, const char *addr, int prefix, bool add)
{
	struct ifaddrmsg m = { .ifa_family = AF_INET, .ifa_prefixlen = prefix };
	struct in_addr a;
	struct request r;

	m.ifa_index = if_nametoindex(name);
	if (!m.ifa_index || inet_pton(AF_INET, addr, &a) != 1)
		return -EINVAL;
	begin(&r, add ? RTM_NEWADDR : RTM_DELADDR, add ? NLM_F_CREATE | NLM_F_EXCL : 0, &m,
	      sizeof(m));
	put(&r, IFA_LOCAL, &a, sizeof(a));
	put(&r, IFA_ADDRESS, &a, sizeof(a));
	return talk(&r);
}

int net_blackhole(const char *addr, int prefix, bool add)
{
	struct rtmsg m = { .rtm_family = AF_INET, .rtm_dst_len = prefix, .rtm_table = RT_TABLE_MAIN,
			   .rtm_protocol = RTPROT_STATIC, .rtm_scope = RT_SCOPE_UNIVERSE,
			   .rtm_type = RTN_BLACKHOLE };
	struct in_addr a;
	struct request r;

	if (inet_pton(AF_INET, addr, &a) != 1)
		return -EINVAL;
	begin(&r, add ? RTM_NEWROUTE : RTM_DELROUTE, add ? NLM_F_CREATE | NLM_F_EXCL : 0, &m,
	      sizeof(m));
	put(&r, RTA_DST, &a, sizeof(a));
	return talk(&r);
}

/* --- the rest by ioctl --- */

static int device_ioctl(unsigned long what, const char *name, struct ifreq *ifr)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = 0;

	if (fd < 0)
		return -errno;
	snprintf(ifr->ifr_name, sizeof(ifr->ifr_name), "%s", name);
	if (ioctl(fd, what, ifr))
		err = -errno;
	close(fd);
	return err;
}

int net_up(const char *name)
{
	struct ifreq ifr = {};
	int err = device_ioctl(SIOCGIFFLAGS, name, &ifr);

	if (err)
		return err;
	/* No ARP, so that nothing but the generator's packets is on the wire. */
	ifr.ifr_flags |= IFF_UP | IFF_NOARP;
	return device_ioctl(SIOCSIFFLAGS, name, &ifr);
}

int net_set_gro(const char *name, bool on)
{
	struct ethtool_value v = { .cmd = ETHTOOL_SGRO, .data = on };
	struct ifreq ifr = { .ifr_data = (char *)&v };

	return device_ioctl(SIOCETHTOOL, name, &ifr);
}

int net_get_gro(const char *name)
{
	struct ethtool_value v = { .cmd = ETHTOOL_GGRO };
	struct ifreq ifr = { .ifr_data = (char *)&v };
	int err = device_ioctl(SIOCETHTOOL, name, &ifr);

	return err ? err : !!v.data;
}

int net_mac(const char *name, uint8_t mac[6])
{
	struct ifreq ifr = {};
	int err = device_ioctl(SIOCGIFHWADDR, name, &ifr);

	memcpy(mac, ifr.ifr_hwaddr.sa_data, 6);
	return err;
}

void net_driver(const char *name, char driver[32])
{
	struct ethtool_drvinfo v = { .cmd = ETHTOOL_GDRVINFO };
	struct ifreq ifr = { .ifr_data = (char *)&v };

	driver[0] = 0;
	if (!device_ioctl(SIOCETHTOOL, name, &ifr))
		snprintf(driver, 32, "%.31s", v.driver);
}

int net_sysctl(const char *name, const char *value)
{
	char path[128];
	int fd, err = 0;

	snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, value, strlen(value)) < 0)
		err = -errno;
	close(fd);
	return err;
}

int net_private(void)
{
	if (unshare(CLONE_NEWNET))
		return -errno;
	/* Neighbour discovery would be counted as packets; a kernel without IPv6 has none. */
	net_sysctl("ipv6/conf/default/disable_ipv6", "1");
	net_sysctl("ipv6/conf/all/disable_ipv6", "1");
	/* Defaults come from the namespace that the caller left, whose filter is not ours. */
	net_sysctl("ipv4/conf/all/rp_filter", "0");
	net_sysctl("ipv4/conf/default/rp_filter", "0");
	return 0;
}
