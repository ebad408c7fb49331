// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "host/ethtool.h"

int ethtool_open(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

int ethtool_ask(int fd, const char *ifname, void *what)
{
	struct ifreq req = { .ifr_data = what };

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", ifname);
	return ioctl(fd, SIOCETHTOOL, &req) ? -errno : 0;
}

static int ask_once(const char *ifname, void *what)
{
	int fd = ethtool_open(), err;

	if (fd < 0)
		return fd;
	err = ethtool_ask(fd, ifname, what);
	close(fd);
	return err;
}

int ethtool_driver(const char *ifname, struct ethtool_drvinfo *info)
{
	*info = (struct ethtool_drvinfo){ .cmd = ETHTOOL_GDRVINFO };
	return ask_once(ifname, info);
}

int ethtool_get_gro(const char *ifname)
{
	struct ethtool_value v = { .cmd = ETHTOOL_GGRO };
	int err = ask_once(ifname, &v);

	return err ? err : !!v.data;
}

int ethtool_set_gro(const char *ifname, bool on)
{
	struct ethtool_value v = { .cmd = ETHTOOL_SGRO, .data = on };

	return ask_once(ifname, &v);
}
