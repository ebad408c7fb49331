// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The driver's own counters, as `ethtool -S` prints them; saves the guest from needing ethtool. */
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "traffic.h"

static int ethtool(int fd, const char *ifname, void *data)
{
	struct ifreq ifr = { .ifr_data = data };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	return ioctl(fd, SIOCETHTOOL, &ifr);
}

static int print_stats(int fd, const char *ifname, unsigned int n)
{
	struct ethtool_gstrings *names = calloc(1, sizeof(*names) + (size_t)n * ETH_GSTRING_LEN);
	struct ethtool_stats *values = calloc(1, sizeof(*values) + (size_t)n * sizeof(__u64));
	int rc = 1;

	if (names && values) {
		names->cmd = ETHTOOL_GSTRINGS;
		names->string_set = ETH_SS_STATS;
		names->len = n;
		values->cmd = ETHTOOL_GSTATS;
		values->n_stats = n;
		rc = ethtool(fd, ifname, names) || ethtool(fd, ifname, values);
	}
	for (unsigned int i = 0; !rc && i < n; i++)
		printf("%.*s: %llu\n", ETH_GSTRING_LEN, (char *)names->data + i * ETH_GSTRING_LEN,
		       (unsigned long long)values->data[i]);
	if (rc)
		fail(ifname);
	free(names);
	free(values);
	return rc;
}

int nic_stats(const struct opts *o)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	int rc, fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || ethtool(fd, o->ifname, &info))
		return fail(o->ifname);
	rc = print_stats(fd, o->ifname, info.n_stats);
	close(fd);
	return rc;
}
