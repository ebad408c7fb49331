// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "host/drivers.h"
#include "host/ethtool.h"

bool drivers_use(const struct drivers *d, const char *driver)
{
	int i;

	for (i = 0; i < d->nr; i++)
		if (!strcmp(d->name[i], driver))
			return true;
	return false;
}

/* Devices that are only software say so by the bus they are on. */
static bool is_hardware(const struct ethtool_drvinfo *info)
{
	static const char *const soft[] = { "", "N/A", "tap", "tun" };
	size_t i;

	for (i = 0; i < sizeof(soft) / sizeof(soft[0]); i++)
		if (!strcmp(info->bus_info, soft[i]))
			return false;
	return true;
}

static int add_iface(struct drivers *d, const char *ifname)
{
	struct ethtool_drvinfo info;
	int err = ethtool_driver(ifname, &info);

	if (err == -EMFILE || err == -ENFILE || err == -ENOMEM || err == -ENOBUFS)
		return err;
	if (err) {
		d->soft = true;
		d->unknown |= err != -EOPNOTSUPP;
		return 0;
	}
	if (!is_hardware(&info) || d->nr == DRIVERS_MAX) {
		d->soft = true;
		return 0;
	}
	if (drivers_use(d, info.driver))
		return 0;
	snprintf(d->name[d->nr], sizeof(d->name[0]), "%.31s", info.driver);
	d->nr++;
	return 0;
}

static bool is_meant(const struct scope *scope, unsigned int ifindex)
{
	int i;

	for (i = 0; i < scope->nr; i++)
		if (scope->ifs[i] == ifindex)
			return true;
	return !scope->nr;
}

/* Not by sysfs, which shows the devices of the namespace in which it was mounted. */
int drivers_find(struct drivers *d, const struct scope *scope)
{
	struct if_nameindex *list = if_nameindex(), *p;
	int err = 0;

	memset(d, 0, sizeof(*d));
	if (!list)
		return -errno;
	for (p = list; !err && p->if_index; p++)
		if (is_meant(scope, p->if_index))
			err = add_iface(d, p->if_name);
	if_freenameindex(list);
	return err;
}
