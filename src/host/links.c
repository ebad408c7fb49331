// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/net_namespace.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "host/links.h"
#include "host/netlink.h"

#define EVENT_BYTES 32768
#define QUEUE_BYTES (1 << 20)	/* what may be told before it is read */
#define GONE_MAX    1024	/* names of the gone that are kept */

struct name {
	unsigned int ifindex;
	bool gone, told;	/* told: in the listing that is being read */
	char text[IF_NAMESIZE];
};

struct links {
	int fd;
	int nsid;		/* the namespace, as the socket's own numbers it; -1: it is that */
	uint32_t netns;		/* its inode; 0 = not known */
	bool lost, read;
	struct name *all;
	size_t nr, room, nr_gone;
	int err;		/* of the message that is being read */
	bool changed;
};

/* Where the interface is among all, which are in the order of their indexes, or would be. */
static size_t place_of(const struct links *l, unsigned int ifindex)
{
	size_t from = 0, to = l->nr, mid;

	while (from < to) {
		mid = (from + to) / 2;
		if (l->all[mid].ifindex < ifindex)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

static struct name *find(const struct links *l, unsigned int ifindex)
{
	size_t i = place_of(l, ifindex);

	return i < l->nr && l->all[i].ifindex == ifindex ? &l->all[i] : NULL;
}

static void forget_gone(struct links *l)
{
	size_t i, n = 0;

	for (i = 0; i < l->nr; i++)
		if (!l->all[i].gone)
			l->all[n++] = l->all[i];
	l->nr = n;
	l->nr_gone = 0;
}

static struct name *add(struct links *l, unsigned int ifindex)
{
	size_t room = l->room ? l->room : 64, i = place_of(l, ifindex);
	struct name *all;

	while (room <= l->nr)
		room *= 2;
	if (room != l->room) {
		all = realloc(l->all, room * sizeof(*all));
		if (!all) {
			l->err = -ENOMEM;
			return NULL;
		}
		l->all = all;
		l->room = room;
	}
	memmove(&l->all[i + 1], &l->all[i], (l->nr++ - i) * sizeof(*all));
	l->all[i] = (struct name){ .ifindex = ifindex };
	l->changed = true;
	return &l->all[i];
}

static void is_gone(struct links *l, struct name *n)
{
	if (!n || n->gone)
		return;
	n->gone = true;
	l->changed = true;
	l->nr_gone++;
}

static void is_there(struct links *l, unsigned int ifindex, const char *text)
{
	struct name *n = find(l, ifindex);

	if (!n)
		n = add(l, ifindex);
	if (!n)
		return;
	n->told = true;
	if (n->gone)
		l->nr_gone--;
	l->changed |= n->gone || strcmp(n->text, text) != 0;
	n->gone = false;
	snprintf(n->text, sizeof(n->text), "%s", text);
}

static void on_link(struct links *l, struct nlmsghdr *m)
{
	struct ifinfomsg *body = NLMSG_DATA(m);
	struct rtattr *name;

	/* A bridge's port that leaves it is told as a RTM_DELLINK of the family AF_BRIDGE. */
	if (m->nlmsg_len < NLMSG_LENGTH(sizeof(*body)) || body->ifi_family != AF_UNSPEC)
		return;
	name = nl_find(IFLA_RTA(body), (int)IFLA_PAYLOAD(m), IFLA_IFNAME);
	if (m->nlmsg_type == RTM_DELLINK)
		is_gone(l, find(l, (unsigned int)body->ifi_index));
	else if (name)
		is_there(l, (unsigned int)body->ifi_index, RTA_DATA(name));
}

static int nsid_of(struct nlmsghdr *m)
{
	struct rtattr *first = (void *)((char *)NLMSG_DATA(m) +
					NLMSG_ALIGN(sizeof(struct rtgenmsg)));

	return (int)nl_number(nl_find(first, (int)NLMSG_PAYLOAD(m, sizeof(struct rtgenmsg)),
				      NETNSA_NSID), (unsigned int)-1);
}

static void on_message(void *arg, struct nlmsghdr *m)
{
	struct links *l = arg;

	if (m->nlmsg_type == RTM_NEWLINK || m->nlmsg_type == RTM_DELLINK)
		on_link(l, m);
}

/* All that there are; what is not among them is gone. */
static int list(struct links *l)
{
	struct ifinfomsg any = {};
	struct nl_request r;
	size_t i;
	int err;

	l->err = 0;
	for (i = 0; i < l->nr; i++)
		l->all[i].told = false;
	nl_begin(&r, RTM_GETLINK, NLM_F_DUMP, &any, sizeof(any));
	if (l->nsid >= 0)
		nl_put(&r, IFLA_TARGET_NETNSID, &l->nsid, sizeof(l->nsid));
	err = nl_talk(&r, on_message, l);
	if (!err)
		err = l->err;
	for (i = 0; !err && i < l->nr; i++)
		if (!l->all[i].told)
			is_gone(l, &l->all[i]);
	return err;
}

static int listen_here(struct links *l)
{
	struct sockaddr_nl groups = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK |
				      1u << (RTNLGRP_NSID - 1) };
	int one = 1, bytes = QUEUE_BYTES;

	l->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (l->fd < 0)
		return -errno;
	if (setsockopt(l->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		setsockopt(l->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (l->nsid >= 0 && setsockopt(l->fd, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, &one,
				       sizeof(one)))
		return -errno;
	return bind(l->fd, (void *)&groups, sizeof(groups)) ? -errno : 0;
}

static void take_nsid(void *arg, struct nlmsghdr *m)
{
	*(int *)arg = nsid_of(m);
}

/* The number under which the thread's namespace knows another one, made up if it has none yet. */
static int ask_nsid(int netns, int *nsid)
{
	struct rtgenmsg any = {};
	struct nl_request r;
	int fresh = -1, err;

	nl_begin(&r, RTM_NEWNSID, 0, &any, sizeof(any));
	nl_put(&r, NETNSA_NSID, &fresh, sizeof(fresh));
	nl_put(&r, NETNSA_FD, &netns, sizeof(netns));
	err = nl_talk(&r, NULL, NULL);
	if (err && err != -EEXIST)
		return err;
	nl_begin(&r, RTM_GETNSID, 0, &any, sizeof(any));
	nl_put(&r, NETNSA_FD, &netns, sizeof(netns));
	err = nl_talk(&r, take_nsid, nsid);
	return err ? err : *nsid < 0 ? -ENOENT : 0;
}

static void stop_listening(struct links *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = l->nsid = -1;
}

/* From `home`, where the thread is afterwards. -errno: it is still in `there`. */
static int open_from(struct links *l, int home, int there)
{
	int err = setns(home, CLONE_NEWNET) ? -errno : 0;

	if (err)
		return err;
	err = ask_nsid(there, &l->nsid);
	if (!err)
		err = listen_here(l);
	if (!err)
		err = list(l);
	if (!err)
		return 0;
	stop_listening(l);
	return setns(there, CLONE_NEWNET) ? -errno : err;
}

static int open_here(struct links *l)
{
	int err = listen_here(l);

	return err ? err : list(l);
}

static int open_links(struct links *l, int home)
{
	int there = home < 0 ? -1 : open(OWN_NETNS, O_RDONLY | O_CLOEXEC), err = -1;

	if (there >= 0) {
		err = open_from(l, home, there);
		close(there);
	}
	return err ? open_here(l) : 0;
}

int links_new(struct links **out, int home)
{
	struct links *l = calloc(1, sizeof(*l));
	struct stat st;
	int err;

	if (!l)
		return -ENOMEM;
	l->fd = l->nsid = -1;
	if (!stat(OWN_NETNS, &st))
		l->netns = (uint32_t)st.st_ino;
	err = open_links(l, home);
	if (err)
		links_free(l);
	else
		*out = l;
	return err;
}

void links_free(struct links *l)
{
	if (!l)
		return;
	stop_listening(l);
	free(l->all);
	free(l);
}

int links_fd(const struct links *l)
{
	return l->fd;
}

/* Whose event it is: the number of its namespace, or -1 of the socket's own. */
static int whose(struct msghdr *h)
{
	struct cmsghdr *c;
	int nsid;

	for (c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c))
		if (c->cmsg_level == SOL_NETLINK && c->cmsg_type == NETLINK_LISTEN_ALL_NSID) {
			memcpy(&nsid, CMSG_DATA(c), sizeof(nsid));
			return nsid;
		}
	return -1;
}

/* One datagram. -EAGAIN: there is none. */
static int read_event(struct links *l)
{
	char event[EVENT_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));
	char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8)));
	struct iovec v = { event, sizeof(event) };
	struct msghdr h = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control,
			    .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(l->fd, &h, MSG_DONTWAIT);
	struct nlmsghdr *m = (void *)event;
	unsigned int len;
	int from;

	if (n < 0)
		return -errno;
	from = whose(&h);
	for (len = (unsigned int)n; NLMSG_OK(m, len); m = NLMSG_NEXT(m, len)) {
		if (from == l->nsid)
			on_message(l, m);
		if (m->nlmsg_type == RTM_DELNSID && from < 0 && l->nsid >= 0 &&
		    nsid_of(m) == l->nsid)
			l->lost = true;
	}
	return l->err;
}

int links_read(struct links *l)
{
	bool overrun = false;
	int err;
	size_t i;

	if (l->nr_gone > GONE_MAX)
		forget_gone(l);
	l->changed = !l->read;
	l->read = true;
	l->err = 0;
	do {
		err = read_event(l);
		overrun |= err == -ENOBUFS;
	} while (!err || err == -ENOBUFS || err == -EINTR);
	if (err != -EAGAIN)
		return err;
	for (i = 0; l->lost && i < l->nr; i++)
		is_gone(l, &l->all[i]);
	err = overrun && !l->lost ? list(l) : 0;
	return err ? err : l->changed;
}

const char *links_name(const struct links *l, uint32_t netns, uint32_t ifindex)
{
	const struct name *n;

	if (!ifindex || (netns && netns != l->netns))
		return NULL;
	n = find(l, ifindex);
	return n ? n->text : NULL;
}

unsigned int links_index(const struct links *l, const char *name)
{
	size_t i;

	for (i = 0; i < l->nr; i++)
		if (!l->all[i].gone && !strcmp(l->all[i].text, name))
			return l->all[i].ifindex;
	return 0;
}

bool links_has(const struct links *l, unsigned int ifindex)
{
	const struct name *n = find(l, ifindex);

	return n && !n->gone;
}

int links_nsid(const struct links *l)
{
	return l->nsid;
}

bool links_lost(const struct links *l)
{
	return l->lost;
}
