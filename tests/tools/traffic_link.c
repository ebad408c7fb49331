// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* How long GSO and GRO may make IPv4 packets of a device: newer than Debian 12's ip(8). */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "traffic.h"

/* linux/if_link.h, v6.3 */
#define GSO_IPV4_MAX_SIZE 63
#define GRO_IPV4_MAX_SIZE 64

struct request {
	struct nlmsghdr h;
	struct ifinfomsg link;
	struct {
		struct rtattr a;
		__u32 value;
	} limit[2];
};

struct answer {
	struct nlmsghdr h;
	struct nlmsgerr e;
	char more[512];
};

int big_tcp4(const struct opts *o)
{
	struct request r = {
		.h = { .nlmsg_len = sizeof(r), .nlmsg_type = RTM_SETLINK,
		       .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.link = { .ifi_index = (int)if_nametoindex(o->ifname) },
		.limit = { { { RTA_LENGTH(4), GSO_IPV4_MAX_SIZE }, (__u32)o->count },
			   { { RTA_LENGTH(4), GRO_IPV4_MAX_SIZE }, (__u32)o->count } },
	};
	struct answer a = { 0 };
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	if (fd < 0 || send(fd, &r, sizeof(r), 0) < 0 || recv(fd, &a, sizeof(a), 0) < 0)
		return fail("netlink");
	close(fd);
	errno = -a.e.error;
	return a.e.error ? fail(o->ifname) : 0;
}
