/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Which drivers serve the traced interfaces, read from sysfs. */
#ifndef PKTPATH_IFACES_H
#define PKTPATH_IFACES_H

#include <stdbool.h>
#include <stdint.h>

#define IFACES_MAX 16

struct ifaces {
	char driver[IFACES_MAX][32];	/* each driver once; interfaces without a device have none */
	int nr;
	bool forward;			/* this network namespace routes packets on, or bridges them */
};

/* The drivers behind one interface, or behind all of them (0). More than fit are left out. */
void ifaces_find(struct ifaces *ifs, unsigned int ifindex);
bool ifaces_use(const struct ifaces *ifs, const char *driver);

/* An interface's name for people, remembered after it vanished; "if7" if it was never known. */
const char *iface_name(uint32_t ifindex);

#endif /* PKTPATH_IFACES_H */
