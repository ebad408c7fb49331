// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "ifaces.h"

bool ifaces_use(const struct ifaces *ifs, const char *driver)
{
	int i;

	for (i = 0; i < ifs->nr; i++)
		if (!strcmp(ifs->driver[i], driver))
			return true;
	return false;
}

static void add_iface(struct ifaces *ifs, const char *ifname)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *base;
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/class/net/%s/device/driver", ifname);
	n = readlink(path, target, sizeof(target) - 1);
	if (n <= 0)
		return;
	target[n] = 0;
	base = strrchr(target, '/');
	base = base ? base + 1 : target;
	if (ifaces_use(ifs, base) || ifs->nr == IFACES_MAX)
		return;
	snprintf(ifs->driver[ifs->nr], sizeof(ifs->driver[0]), "%.31s", base);
	ifs->nr++;
}

/* What /proc/sys/net says of one interface, or of all: 0 if it cannot be read. */
static int net_sysctl(const char *family, const char *ifname, const char *name)
{
	char path[PATH_MAX];
	int value = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/%s", family, ifname, name);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%d", &value) != 1)
		value = 0;
	fclose(f);
	return value;
}

static bool forwards(const char *ifname)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/class/net/%s/bridge", ifname);
	return net_sysctl("ipv4", ifname, "forwarding") || net_sysctl("ipv6", ifname, "forwarding") ||
	       !access(path, F_OK);
}

void ifaces_find(struct ifaces *ifs, unsigned int ifindex)
{
	struct if_nameindex *list, *p;

	memset(ifs, 0, sizeof(*ifs));
	list = if_nameindex();
	if (!list)
		return;
	for (p = list; p->if_index; p++) {
		if (!ifindex || p->if_index == ifindex)
			add_iface(ifs, p->if_name);
		ifs->forward |= forwards(p->if_name);
	}
	if_freenameindex(list);
}

const char *iface_name(uint32_t ifindex)
{
	static struct {
		uint32_t ifindex;
		char name[IF_NAMESIZE];
	} seen[64];
	unsigned int i;

	for (i = 0; i < sizeof(seen) / sizeof(seen[0]) && seen[i].ifindex; i++)
		if (seen[i].ifindex == ifindex)
			return seen[i].name;
	i %= sizeof(seen) / sizeof(seen[0]);
	seen[i].ifindex = ifindex;
	if (!if_indextoname(ifindex, seen[i].name))
		snprintf(seen[i].name, sizeof(seen[i].name), "if%u", ifindex);
	return seen[i].name;
}
