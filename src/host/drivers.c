// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/procfile.h"
#include "host/drivers.h"
#include "host/ethtool.h"

bool ifaces_use(const struct ifaces *ifs, const char *driver)
{
	int i;

	for (i = 0; i < ifs->nr; i++)
		if (!strcmp(ifs->driver[i], driver))
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

static void add_iface(struct ifaces *ifs, const char *ifname, bool meant)
{
	struct ethtool_drvinfo info;

	if (ethtool_driver(ifname, &info)) {
		ifs->soft |= meant;
		return;
	}
	ifs->forward |= !strcmp(info.driver, "bridge");
	if (!meant)
		return;
	if (!is_hardware(&info) || ifs->nr == IFACES_MAX) {
		ifs->soft = true;
		return;
	}
	if (ifaces_use(ifs, info.driver))
		return;
	snprintf(ifs->driver[ifs->nr], sizeof(ifs->driver[0]), "%.31s", info.driver);
	ifs->nr++;
}

static bool forwards(const char *ifname)
{
	return procfile_number(0, "/proc/sys/net/ipv4/conf/%s/forwarding", ifname) ||
	       procfile_number(0, "/proc/sys/net/ipv6/conf/%s/forwarding", ifname);
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
void ifaces_find(struct ifaces *ifs, const struct scope *scope)
{
	struct if_nameindex *list = if_nameindex(), *p;

	memset(ifs, 0, sizeof(*ifs));
	for (p = list; p && p->if_index; p++) {
		add_iface(ifs, p->if_name, is_meant(scope, p->if_index));
		ifs->forward |= forwards(p->if_name);
	}
	if (list)
		if_freenameindex(list);
}

const char *iface_name(uint32_t netns, uint32_t ifindex)
{
	static struct {
		uint32_t ifindex;
		char name[IF_NAMESIZE];
	} seen[64];
	static uint32_t own;
	unsigned int i;
	struct stat st;

	if (!own && !stat("/proc/self/ns/net", &st))
		own = (uint32_t)st.st_ino;
	if (netns && netns != own)
		return NULL;
	for (i = 0; i < sizeof(seen) / sizeof(seen[0]) && seen[i].ifindex; i++)
		if (seen[i].ifindex == ifindex)
			return seen[i].name[0] ? seen[i].name : NULL;
	i %= sizeof(seen) / sizeof(seen[0]);
	seen[i].ifindex = ifindex;
	if (!if_indextoname(ifindex, seen[i].name))
		seen[i].name[0] = 0;
	return seen[i].name[0] ? seen[i].name : NULL;
}
