/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* rtnetlink, in the calling thread's network namespace: one request at a time, built in place. */
#ifndef PKTPATH_HOST_NETLINK_H
#define PKTPATH_HOST_NETLINK_H

#include <linux/rtnetlink.h>
#include <stddef.h>

struct nl_request {
	struct nlmsghdr head;
	char body[1024];	/* nothing that is asked here comes near it */
};

/* RTM_xxx with NLM_F_xxx; `body` is the family's own header, a struct ifinfomsg for RTM_xxxLINK. */
void nl_begin(struct nl_request *r, int type, int flags, const void *body, size_t len);
/* Appends an attribute. It can be nested in: what is put until nl_end() then belongs to it. */
struct rtattr *nl_put(struct nl_request *r, int type, const void *data, size_t len);
void nl_end(struct nl_request *r, struct rtattr *nest);

/*
 * Sends it and waits until the kernel is through: 0 or -errno, which may be the kernel's answer.
 * `each` gets every message that is neither its end nor an error; NULL: none is expected.
 */
int nl_talk(struct nl_request *r, void (*each)(void *arg, struct nlmsghdr *m), void *arg);

/* The first attribute of a type among `len` bytes of them; NULL if there is none. */
struct rtattr *nl_find(struct rtattr *a, int len, int type);

/* An attribute's number; `none` if there is no such attribute. */
unsigned int nl_number(struct rtattr *a, unsigned int none);

#define NL_NAME_MAX 128	/* of an interface's alternative names; its own fits in IF_NAMESIZE */

/* The interface of that name, or that has it as an alternative one; 0: there is none. */
unsigned int nl_index(const char *name);

/* Sets a device up, and more of its flags (IFF_xxx) with it. 0 or -errno. */
int nl_device_up(const char *name, unsigned int flags);

#endif /* PKTPATH_HOST_NETLINK_H */
