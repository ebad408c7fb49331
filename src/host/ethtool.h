/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What ethtool asks of a device and its driver. All functions return 0 or -errno. */
#ifndef PKTPATH_HOST_ETHTOOL_H
#define PKTPATH_HOST_ETHTOOL_H

#include <linux/ethtool.h>
#include <stdbool.h>

/*
 * A socket for such questions about the devices of the calling thread's network namespace; it
 * goes on meaning that one wherever the thread goes. close() it.
 */
int ethtool_open(void);

/* `what` is a structure of <linux/ethtool.h> whose first word says what is asked. */
int ethtool_ask(int fd, const char *ifname, void *what);

/* The driver's name, the bus that it is on, and more. */
int ethtool_driver(const char *ifname, struct ethtool_drvinfo *info);

/* Generic receive offload. ethtool_get_gro() returns 1 = on, 0 = off, or -errno. */
int ethtool_get_gro(const char *ifname);
int ethtool_set_gro(const char *ifname, bool on);

#endif /* PKTPATH_HOST_ETHTOOL_H */
