/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Which drivers serve the traced interfaces, as ethtool has it. */
#ifndef PKTPATH_HOST_DRIVERS_H
#define PKTPATH_HOST_DRIVERS_H

#include <stdbool.h>
#include <stdint.h>
#include "host/scope.h"

#define DRIVERS_MAX 16

struct drivers {
	char name[DRIVERS_MAX][32];	/* each driver once; interfaces without device have none */
	int nr;
	bool soft;	/* and there are interfaces with none, or of more drivers */
	bool unknown;	/* and there are some that may not be asked */
};

/*
 * The drivers behind the chosen interfaces, or behind all. More than fit are left out. 0, or -errno
 * where interfaces cannot be listed or asked.
 */
int drivers_find(struct drivers *d, const struct scope *scope);
bool drivers_use(const struct drivers *d, const char *driver);

#endif /* PKTPATH_HOST_DRIVERS_H */
