/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Which drivers serve the traced interfaces, as ethtool tells. */
#ifndef PKTPATH_HOST_DRIVERS_H
#define PKTPATH_HOST_DRIVERS_H

#include <stdbool.h>
#include <stdint.h>
#include "host/scope.h"

#define IFACES_MAX 16

struct ifaces {
	char driver[IFACES_MAX][32];	/* each driver once; interfaces without device have none */
	int nr;
	bool soft;	/* and there are interfaces with none, or of more drivers */
	bool unknown;	/* and there are some that may not be asked */
	bool forward;			/* this netns routes packets on, or bridges them, or may */
};

/*
 * The drivers behind the chosen interfaces, or behind all. More than fit are left out. 0, or -errno
 * where interfaces cannot be listed or asked.
 */
int ifaces_find(struct ifaces *ifs, const struct scope *scope);
bool ifaces_use(const struct ifaces *ifs, const char *driver);

/*
 * The name of an interface of the process's own network namespace (0 means it, too), remembered
 * after it vanished. NULL if it is of another, or was never known.
 */
const char *iface_name(uint32_t netns, uint32_t ifindex);

#endif /* PKTPATH_HOST_DRIVERS_H */
