/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The interfaces of one network namespace under the names that they have now, as rtnetlink tells
 * when one comes, goes or is renamed. Those that went keep their last name.
 *
 * Nothing of it keeps the namespace alive, where that is another one than this process's own: it is
 * listened to from outside (NETLINK_LISTEN_ALL_NSID), and its end is told, too (RTM_DELNSID).
 */
#ifndef PKTPATH_HOST_LINKS_H
#define PKTPATH_HOST_LINKS_H

#include <stdbool.h>
#include <stdint.h>

#define OWN_NETNS "/proc/thread-self/ns/net"	/* that of the calling thread */

struct links;

/*
 * Those of the namespace in which the calling thread is. `home`: of the namespace that it came
 * from; it is back there afterwards, unless what that takes is refused; -1: it came from none.
 * 0 or -errno.
 */
int links_new(struct links **out, int home);
void links_free(struct links *l);

/* Ready to be read when there is something to tell. */
int links_fd(const struct links *l);

/* Takes note of what was told: 1 (as the first time), 0 if that changed nothing, or -errno. */
int links_read(struct links *l);

/* The name of an interface of that namespace (0 means it, too). NULL: of another, or not known. */
const char *links_name(const struct links *l, uint32_t netns, uint32_t ifindex);

/* Of those that are there now. 0: none has that name. */
unsigned int links_index(const struct links *l, const char *name);
bool links_has(const struct links *l, unsigned int ifindex);

/* How the calling thread's namespace numbers that one for rtnetlink; -1: it is the same. */
int links_nsid(const struct links *l);

/* Is the whole namespace gone? */
bool links_lost(const struct links *l);

#endif /* PKTPATH_HOST_LINKS_H */
