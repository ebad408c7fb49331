// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <net/if.h>
#include "bench/devices.h"
#include "bench/net.h"
#include "host/ethtool.h"

const char *const dev_names[NR_DEVS] = { "gen0", "dut0", "dut1", "sink0", "dut2", "sink1" };

static int make_pairs(unsigned int queues, struct why *why)
{
	int i, err = 0;

	for (i = 0; !err && i < NR_DEVS; i += 2)
		err = why_cannot(why, net_veth(dev_names[i], dev_names[i + 1], queues),
				 "cannot make the pair of veth devices %s and %s", dev_names[i],
				 dev_names[i + 1]);
	return err;
}

static int bring_up_one(struct devices *d, int i)
{
	int err = net_up(dev_names[i]);

	if (err)
		return err;
	d->ifindex[i] = if_nametoindex(dev_names[i]);
	return d->ifindex[i] ? net_counters_open(&d->counters[i], dev_names[i]) : -errno;
}

static int bring_up(struct devices *d, bool gro, struct why *why)
{
	int i, err = 0;

	for (i = 0; !err && i < NR_DEVS; i++)
		err = why_cannot(why, bring_up_one(d, i), "cannot set up %s", dev_names[i]);
	/* A veth that is up tells its peer that frames can be sent to it; a down one does not. */
	for (i = 0; !err && i < NR_DEVS; i++) {
		err = ethtool_set_gro(dev_names[i], false);
		if (!err && i == DEV_DUT && gro)
			err = ethtool_set_gro(dev_names[i], true);
		why_cannot(why, err, "cannot set generic receive offload of %s", dev_names[i]);
	}
	return err;
}

int devices_make(struct devices *d, unsigned int queues, bool gro, struct why *why)
{
	int err = why_cannot(why, net_private(), "cannot make a network namespace");

	if (!err)
		err = make_pairs(queues, why);
	if (!err)
		err = bring_up(d, gro, why);
	if (!err)
		err = why_cannot(why, net_addr(dev_names[DEV_DUT], "198.18.0.2", 15, true),
				 "cannot give %s its address", dev_names[DEV_DUT]);
	return err;
}

void devices_free(struct devices *d)
{
	int i;

	for (i = 0; i < NR_DEVS; i++)
		net_counters_free(d->counters[i]);
}
