// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "host/netlink.h"

#define REPLY_BYTES 32768	/* the kernel sends no larger message (netlink_dump()) */

static void *tail(struct nl_request *r)
{
	return (char *)r + NLMSG_ALIGN(r->head.nlmsg_len);
}

void nl_begin(struct nl_request *r, int type, int flags, const void *body, size_t len)
{
	memset(r, 0, sizeof(*r));
	r->head.nlmsg_type = type;
	r->head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	r->head.nlmsg_len = NLMSG_LENGTH(len);
	memcpy(NLMSG_DATA(&r->head), body, len);
}

struct rtattr *nl_put(struct nl_request *r, int type, const void *data, size_t len)
{
	struct rtattr *a = tail(r);

	a->rta_type = type;
	a->rta_len = RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(a), data, len);
	r->head.nlmsg_len = NLMSG_ALIGN(r->head.nlmsg_len) + RTA_ALIGN(a->rta_len);
	return a;
}

void nl_end(struct nl_request *r, struct rtattr *nest)
{
	nest->rta_len = (char *)tail(r) - (char *)nest;
}

/* One datagram of the answer. 1: there is more to come. */
static int receive(int fd, void (*each)(void *arg, struct nlmsghdr *m), void *arg)
{
	char reply[REPLY_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));
	ssize_t n = recv(fd, reply, sizeof(reply), 0);
	struct nlmsghdr *m = (void *)reply;
	unsigned int len;

	if (n < 0)
		return -errno;
	for (len = (unsigned int)n; NLMSG_OK(m, len); m = NLMSG_NEXT(m, len)) {
		if (m->nlmsg_type == NLMSG_DONE)
			return 0;
		if (m->nlmsg_type == NLMSG_ERROR)
			return m->nlmsg_len < NLMSG_LENGTH(sizeof(struct nlmsgerr)) ? -EPROTO :
			       ((struct nlmsgerr *)NLMSG_DATA(m))->error;
		if (!each)
			return -EPROTO;
		each(arg, m);
	}
	return 1;
}

int nl_talk(struct nl_request *r, void (*each)(void *arg, struct nlmsghdr *m), void *arg)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), err;

	if (fd < 0)
		return -errno;
	err = send(fd, r, r->head.nlmsg_len, 0) < 0 ? -errno : 1;
	while (err > 0)
		err = receive(fd, each, arg);
	close(fd);
	return err;
}

struct rtattr *nl_find(struct rtattr *a, int len, int type)
{
	for (; RTA_OK(a, len); a = RTA_NEXT(a, len))
		if ((a->rta_type & NLA_TYPE_MASK) == type)
			return a;
	return NULL;
}

unsigned int nl_number(struct rtattr *a, unsigned int none)
{
	unsigned int n = none;

	if (a && RTA_PAYLOAD(a) >= sizeof(n))
		memcpy(&n, RTA_DATA(a), sizeof(n));
	return n;
}

static void take_index(void *arg, struct nlmsghdr *m)
{
	*(unsigned int *)arg = (unsigned int)((struct ifinfomsg *)NLMSG_DATA(m))->ifi_index;
}

unsigned int nl_index(const char *name)
{
	size_t len = strlen(name);
	struct ifinfomsg any = {};
	struct nl_request r;
	unsigned int index = 0;

	if (!len || len >= NL_NAME_MAX)
		return 0;
	nl_begin(&r, RTM_GETLINK, 0, &any, sizeof(any));
	nl_put(&r, len < IF_NAMESIZE ? IFLA_IFNAME : IFLA_ALT_IFNAME, name, len + 1);
	return nl_talk(&r, take_index, &index) ? 0 : index;
}

int nl_device_up(const char *name, unsigned int flags)
{
	struct ifinfomsg m = { .ifi_index = (int)if_nametoindex(name),
			       .ifi_flags = IFF_UP | flags, .ifi_change = IFF_UP | flags };
	struct nl_request r;

	if (!m.ifi_index)
		return -errno;
	nl_begin(&r, RTM_NEWLINK, 0, &m, sizeof(m));
	return nl_talk(&r, NULL, NULL);
}
